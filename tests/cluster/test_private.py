"""Canaries: each private name of Ray is there, and does what it is used for."""

import inspect
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import ray
from ray._private import auto_init_hook, node, parameter, services, utils, worker
from ray._private.ray_constants import DEBUG_AUTOSCALING_STATUS
from ray._private.state import state
from ray.data import DataContext
from ray.experimental.internal_kv import _internal_kv_get

from a2r_ray.cluster import private
from tests.nodes import wait_until

pytestmark = pytest.mark.usefixtures("local_ray")

GONE = f"Ray {ray.__version__} has changed a private name; see a2r_ray/cluster/private.py: "


def test_a_task_may_have_more_than_two_unread_blocks() -> None:
    context = DataContext.get_current().copy()
    assert hasattr(context, "_max_num_blocks_in_streaming_gen_buffer"), GONE + "the bound on unread blocks"
    private.allow_unread_blocks(context)
    assert context._max_num_blocks_in_streaming_gen_buffer > 2


def test_a_step_without_options_takes_some() -> None:
    dataset = private.with_task_options(ray.data.range(2).repartition(2), {"num_cpus": 0.25})
    assert dataset._logical_plan.dag.ray_remote_args["num_cpus"] == 0.25, GONE + "the options of a step"
    whole = ray.data.range(2).map_batches(seen_gpus, batch_size=None)
    found = private.with_task_options(whole, {"num_gpus": 0.5}).take_all()
    assert {row["gpus"] for row in found} == {1}, GONE + "they do not reach the task"


def seen_gpus(_: Any) -> dict[str, list[int]]:
    return {"gpus": [len(ray.get_gpu_ids())]}


class Mortal:
    """An actor that ends at a call, where it has not been begun before."""

    def call(self, *, end: bool) -> int:
        begun = private.times_begun_before()
        if end and not begun:
            os._exit(1)
        return begun


def test_a_call_knows_that_it_was_begun_before() -> None:
    actor = ray.remote(max_restarts=1, max_task_retries=1, num_cpus=0)(Mortal).remote()
    assert ray.get(actor.call.remote(end=False)) == 0, GONE + "the number of the attempt"
    assert ray.get(actor.call.remote(end=True)) > 0, GONE + "the number of the attempt"


def test_what_goes_along_with_a_job_is_visited(tmp_path: Path) -> None:
    for name in ("kept", "ignored", ".git"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("ignored\n")
    visited: list[str] = []
    private.visit_what_goes_along(tmp_path, lambda path: visited.append(path.relative_to(tmp_path).as_posix()))
    assert sorted(visited) == [".", ".gitignore", "kept"], GONE + "what goes along with a job"


def test_a_cluster_that_does_not_scale_has_no_node_types() -> None:
    assert private.node_types() == [], GONE + "what the cluster may grow to"
    wait_until(lambda: _internal_kv_get(DEBUG_AUTOSCALING_STATUS), 30, GONE + "what `ray status` says")
    assert private.autoscales() is False, GONE + "whether an autoscaler runs"


class Canary:
    """An actor, by its class."""

    def call(self) -> None: ...


def test_the_states_of_a_class_of_actors_are_those_of_this_job() -> None:
    actor = ray.remote(num_cpus=0)(Canary).remote()
    ray.get(actor.call.remote())
    [state] = private.actor_states("Canary") or {"nothing"}
    assert state == "ALIVE", GONE + "the list of actors"
    assert private.actor_states("NobodyCalledSo") == set()
    waiting = ray.remote(num_cpus=0, num_gpus=64)(Canary).remote()
    wait_until(lambda: "PENDING_CREATION" in private.actor_states("Canary"), 30, GONE + "actors without a place")
    del waiting


class Slow:
    """An actor that takes its time to begin."""

    def __init__(self) -> None:
        time.sleep(10)


def test_an_actor_that_has_its_place_and_is_not_ready_is_starting() -> None:
    actor = ray.remote(num_cpus=0)(Slow).remote()
    wait_until(
        lambda: private.actor_states("Slow") == {"STARTING"}, 8, GONE + "the address of an actor that is pending"
    )
    del actor


def test_ray_s_prints_and_its_connecting_by_itself_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(getattr(worker, "listen_error_messages", None)), GONE + "what prints errors on stdout"
    assert hasattr(auto_init_hook, "enable_auto_connect"), GONE + "what connects by itself"
    monkeypatch.setattr(worker, "listen_error_messages", worker.listen_error_messages)
    monkeypatch.setattr(auto_init_hook, "enable_auto_connect", True)
    private.keep_errors_off_stdout()
    private.connect_only_when_asked()
    assert auto_init_hook.enable_auto_connect is False


def test_sigterm_is_handled_by_nobody_but_us(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hasattr(utils, "set_sigterm_handler"), GONE + "how Ray handles SIGTERM"
    monkeypatch.setattr(utils, "set_sigterm_handler", utils.set_sigterm_handler)
    before = signal.getsignal(signal.SIGTERM)
    private.leave_sigterm_alone()
    utils.set_sigterm_handler(lambda *_: None)
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_is_kept_when_ray_disconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hasattr(state, "disconnect"), (
        GONE + "what is called between the end of Ray's native code and of its processes"
    )
    set_again: list[int] = []
    monkeypatch.setattr(state, "disconnect", lambda: None)
    with private.sigterm_kept():
        monkeypatch.setattr(signal, "signal", lambda signum, _: set_again.append(signum))
        state.disconnect()
        assert set_again == [signal.SIGTERM]


def test_ray_s_processes_are_out_of_reach_of_a_signal_to_our_group() -> None:
    assert "process = ConsolePopen(" in inspect.getsource(services.start_ray_process), GONE + "what begins a process"
    with private.out_of_our_group():
        process = services.ConsolePopen([sys.executable, "-c", "import os; print(os.getpgrp())"], stdout=-1, text=True)
    own, _ = process.communicate(timeout=60)
    assert int(own) == process.pid != os.getpgrp()
    assert services.ConsolePopen.__name__ == "ConsolePopen"


def test_a_ray_of_this_machine_alone_has_few_processes() -> None:
    assert "parameter.RayParams(" in inspect.getsource(worker.init), GONE + "what says which processes Ray begins"
    begun = inspect.getsource(node.Node.start_api_server)
    assert "_private.services.start_api_server(" in begun, GONE + "what begins the dashboard"
    assert "if process_info is not None" in begun, GONE + "a dashboard that is not there"
    with private.few_processes():
        few = parameter.RayParams()
    whole = parameter.RayParams()
    for each in (few, whole):
        each.update_if_absent(include_log_monitor=True)  # as a node does
    assert [(each.include_log_monitor, each.no_monitor) for each in (few, whole)] == [(False, True), (True, False)]
