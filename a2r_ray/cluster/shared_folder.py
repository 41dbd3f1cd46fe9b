"""A local run folder must be one that every node sees, and that outlives the run.

Nodes that a cluster will grow by later cannot be asked: of these, what is up speaks for them.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage

_JOB_COPIES = "runtime_resources/working_dir_files"
"""Below such a folder Ray unpacks the working directory of a job, and removes it after."""
_ELSEWHERE = "set `output` to an s3:// or gs:// URI, or to a folder that all nodes mount"
_LOOK_S = 60.0


def check_output(output: Storage) -> None:
    """Checks the run folder of a run that is about to begin, on the cluster that is connected.

    Raises:
        OutputError: it would be lost with the job, or a node does not see it; with the remedy.
    """
    if not output.is_local:
        return
    folder = Path(output.open()[1])
    if _JOB_COPIES in folder.as_posix():
        raise OutputError(
            f"output {output.shown}: it lies in the copy of the working directory that the job runs in, and would be "
            f"removed with it; name an absolute path, or {_ELSEWHERE}"
        )
    nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    if len(nodes) > 1:
        check_shared(output, folder, nodes, _sees)


def check_shared(output: Storage, folder: Path, nodes: Mapping[str, str], sees: Callable[[str, str], bool]) -> None:
    """Has every node look for a file that is put into the folder for that time.

    Args:
        output: the run folder, for the message.
        folder: where it is.
        nodes: the address of each node, by its id.
        sees: whether a node, by its id, sees a file.
    """
    with _probe(folder) as probe:
        blind = sorted({address for node, address in nodes.items() if not sees(node, str(probe))})
    if blind:
        raise OutputError(
            f"output {output.shown}: it is a local folder, and not seen by {len(blind)} of {len(nodes)} nodes "
            f"({', '.join(blind[:5])}{', …' if len(blind) > 5 else ''}); {_ELSEWHERE}"  # noqa: PLR2004
        )


@contextmanager
def _probe(folder: Path) -> Any:
    """A file in the folder, or in the nearest folder above it that there is."""
    parent = next(each for each in (folder, *folder.parents) if each.is_dir())
    probe = parent / f".a2r-{secrets.token_hex(8)}"
    try:
        probe.touch()
    except OSError as error:
        raise OutputError(f"output {folder}: cannot be written: {error.strerror}") from error
    try:
        yield probe
    finally:
        probe.unlink(missing_ok=True)


def _sees(node: str, path: str) -> bool:
    place = NodeAffinitySchedulingStrategy(node, soft=False)
    look = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=place)(_is_there)
    try:
        return bool(ray.get(look.remote(path), timeout=_LOOK_S))
    except ray.exceptions.RayError:
        return True  # it went away meanwhile, or is too busy to say


def _is_there(path: str) -> bool:
    return Path(path).exists()
