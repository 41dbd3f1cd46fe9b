"""A local run folder must be one that every node sees, and that outlives the run.

- Object storage is seen from everywhere. Of a local folder it is known only where each node has looked: for a file that
  lies there for that time.
- Nodes that a cluster will grow by later cannot be asked. Those that are up speak for them.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from a2r_ray.config.local_files import outlasting
from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage

_ELSEWHERE = "set `output` to an s3:// or gs:// URI, or to a folder that all nodes mount"
_ANSWER_S = 60.0
_LOOK_S = 5.0
"""A network's file system may take a while to show what another machine has written."""
_SHOWN = 5

Look = Callable[[str], bool]
Ask = Callable[[Mapping[str, str], str], Callable[[], Mapping[str, str]]]


@contextmanager
def output_looked_for(uri: str, look: Look | None = None) -> Iterator[None]:
    """Checks the run folder of a run that is about to begin, on the cluster that is connected; leaves nothing there.

    The nodes look while the block runs, and are waited for at its end.

    Args:
        uri: the run folder.
        look: whether there is a file; it is asked on each node.

    Raises:
        OutputError: it would be lost with the job, or a node does not see it; with the remedy.
    """
    output = Storage(uri)
    folder = output.local
    if folder is not None:
        outlasting(str(folder), f"output {output.shown}")
    nodes = _other_nodes() if folder is not None else {}
    if folder is None or not nodes:
        yield
        return
    with shared(output, folder, nodes, lambda nodes, probe: _ask(nodes, probe, look or is_there)):
        yield


@contextmanager
def shared(output: Storage, folder: Path, nodes: Mapping[str, str], ask: Ask) -> Iterator[None]:
    """Has other nodes look for a file that is put into the folder for the time of the block, until all have looked.

    Args:
        output: the run folder, for the message.
        folder: where it is.
        nodes: the address of each node, by its id.
        ask: has these nodes look for a file; what it returns waits for them, and says why not, by node, of those that
            do not see it.

    Raises:
        OutputError: a node does not see it, or the file cannot be put there.
    """
    with _probe(output, folder) as probe:
        answers = ask(nodes, str(probe))
        yield
        blind = answers()
    if not blind:
        return
    lines = sorted(f"  {nodes[node]}: {why}" for node, why in blind.items())
    more = [f"  and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    raise OutputError(
        f"output {output.shown}: it is a local folder, and not seen to be the same one on {len(blind)} of {len(nodes)} "
        "other nodes:\n" + "\n".join(lines[:_SHOWN] + more) + f"\n{_ELSEWHERE}"
    )


def is_there(path: str) -> bool:
    """Whether a file appears within a few seconds."""
    deadline = time.monotonic() + _LOOK_S
    while not Path(path).exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _other_nodes() -> dict[str, str]:
    """The address of each node that replicas may be on, by its id; not of the driver's own."""
    own = ray.get_runtime_context().get_node_id()
    return {
        node["NodeID"]: node["NodeManagerAddress"]
        for node in ray.nodes()
        if node["Alive"] and node["NodeID"] != own and node["Resources"].keys() & {"CPU", "GPU"}
    }


@contextmanager
def _probe(output: Storage, folder: Path) -> Iterator[Path]:
    """A file in the folder; in the nearest folder above where that is not there yet, so that none has to be made."""
    parent = next(each for each in (folder, *folder.parents) if each.is_dir())
    probe = parent / f".a2r-{secrets.token_hex(8)}"
    try:
        probe.touch()
    except OSError as error:
        raise OutputError(f"output {output.shown}: cannot be written: {error.strerror}") from error
    try:
        yield probe
    finally:
        probe.unlink(missing_ok=True)


def _ask(nodes: Mapping[str, str], path: str, look: Look) -> Callable[[], dict[str, str]]:
    """Has all nodes look at once; one that has gone meanwhile is not missed."""
    task = ray.remote(num_cpus=0)(look)
    asked = {
        node: task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(path)
        for node in nodes
    }

    def answers() -> dict[str, str]:
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=_ANSWER_S)
        said = {node: _answer(answer) for node, answer in asked.items()}
        still = _other_nodes()
        return {node: why for node, why in said.items() if why and node in still}

    return answers


def _answer(answer: "ray.ObjectRef[bool]") -> str:
    """Why a node does not see the file; "" where it does."""
    try:
        return "" if ray.get(answer, timeout=0) else "what lies there is another folder, or none"
    except ray.exceptions.GetTimeoutError:
        with suppress(ray.exceptions.RayError):
            ray.cancel(answer, force=True)
        return f"it did not say within {_ANSWER_S:.0f} s"
    except ray.exceptions.RayError as error:
        return f"it could not look: {' '.join(str(error).split()[-30:])}"
