"""In Python: the stages as functions that compose onto any Ray Dataset.

The columns that they add begin with ``a2r_``, so that none of the dataset's own is ever hidden or replaced.
"""

from ray.data import Dataset

from a2r_ray.cluster import private
from a2r_ray.cluster.graph import build, rows_per_block
from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError
from a2r_ray.method.compile import Method, before_conclusion, compile_method, conclusion


def explore(dataset: Dataset, config: Config) -> Dataset:
    """Adds ``a2r_paths``, a list of rows as in the paths table, to every problem of a dataset.

    Args:
        dataset: any with ``problem_id`` and ``problem`` (or ``messages``, a chat, where there is no ``problem``), and
            ``reference_answer`` where it is known; other columns are kept, and read where a prompt names them.
        config: its explorer samples; nothing is written to its output.

    Returns:
        The dataset with ``a2r_paths`` and ``a2r_error``, "" where nothing went wrong.
    """
    method = before_conclusion(_method(config))
    rows = rows_per_block(method)
    # It takes no CPU of its own: where pools hold all that there are, it would wait for them, and they for it.
    blocks = private.with_task_options(dataset.repartition(target_num_rows_per_block=rows), {"num_cpus": 0})
    private.allow_unread_blocks(blocks.context)
    return build(blocks, method, rows=rows)


def synthesize(dataset: Dataset, config: Config) -> Dataset:
    """Adds a result's columns, ``a2r_answer`` and so on, to every problem of a dataset with ``a2r_paths``.

    Args:
        dataset: as ``explore`` returns it.
        config: its synthesizer reads the paths; without one the vote is the answer.

    Returns:
        The dataset with the columns of a result, each with ``a2r_`` before its name.
    """
    method = conclusion(_method(config))
    return build(dataset, method, rows=rows_per_block(method))


def _method(config: Config) -> Method:
    if config.answer.kind == "auto":
        raise ConfigError(["answer.kind: auto is told from the input of a run; name the kind of a dataset's answers"])
    return compile_method(config, "streaming")
