"""What Ray Data is given for each pool, without a cluster."""

from typing import Any, Self, cast

import pytest

from a2r_ray.cluster import graph, private
from a2r_ray.cluster.monitor import RemoteMonitor
from a2r_ray.config.loading import parse_config
from a2r_ray.method.compile import compile_method


class Recorder:
    """Stands in for a Dataset and keeps what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, dict[str, Any]]] = []
        self.options: list[dict[str, Any]] = []

    def map_batches(self, function: Any, **options: Any) -> Self:
        self.asked.append((function, options))
        return self


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()

    def keep(dataset: Recorder, options: dict[str, Any]) -> Recorder:
        dataset.options.append(options)
        return dataset

    monkeypatch.setattr(private, "with_task_options", keep)
    return recorder


def test_each_pool_is_given_what_its_engine_asks_for(document: dict[str, Any], recorder: Recorder) -> None:
    document["explorer"] |= {
        "engine": "vllm",
        "resources": {"cpus": 2, "gpus": 1, "accelerator_type": "L4", "labels": {"zone": "a"}, "custom": {"disk": 1}},
        "replicas": {"min": 2, "max": 5},
        "engine_args": {"max_num_seqs": 64},
    }
    document["synthesizer"]["resources"] = {"cpus": 0.5}
    graph.build(recorder, compile_method(parse_config(document), "streaming"), rows=1)
    (explorer, explorer_options), (synthesizer, synthesizer_options) = recorder.asked
    assert (explorer.__name__, synthesizer.__name__) == ("explorer", "synthesizer")
    assert (explorer_options["num_cpus"], explorer_options["accelerator_type"]) == (2, "L4")
    assert (synthesizer_options["num_cpus"], synthesizer_options["accelerator_type"]) == (0.5, None)
    assert (explorer_options["label_selector"], explorer_options["resources"]) == ({"zone": "a"}, {"disk": 1})
    assert recorder.options == [{"num_gpus": 1.0}]  # of the explorer; map_batches takes no whole blocks beside it
    for options, sizes in ((explorer_options, (2, 5)), (synthesizer_options, (1, 1))):
        strategy = options["compute"]
        assert (strategy.min_size, strategy.max_size) == sizes
        assert strategy.enable_true_multi_threading
        # Ray Data, which sizes these pools itself, grows one at 1.75 times what its replicas serve.
        assert strategy.max_tasks_in_flight_per_actor == 2 * strategy.max_concurrent_calls_per_actor
        assert strategy.max_concurrent_calls_per_actor <= 512
        assert options["batch_size"] is None
        assert options["batch_format"] == "pyarrow"
    assert explorer_options["compute"].max_concurrent_calls_per_actor * 4 >= 2 * 64
    assignment = explorer_options["fn_constructor_args"][0]
    assert [stage.name for stage in assignment.pool.stages] == ["explore"]
    assert assignment.width == explorer_options["compute"].max_concurrent_calls_per_actor


def test_a_steered_replica_may_hold_blocks_whose_seats_are_taken_by_others(
    document: dict[str, Any], recorder: Recorder
) -> None:
    for role in ("explorer", "synthesizer"):
        document[role]["engine_args"] = {"max_num_seqs": 64}
    monitor = cast("RemoteMonitor", object())
    graph.build(recorder, compile_method(parse_config(document), "streaming"), rows=1, monitor=monitor)
    for _, options in recorder.asked:
        strategy = options["compute"]
        assert strategy.max_tasks_in_flight_per_actor < strategy.max_concurrent_calls_per_actor <= 512


def test_the_key_of_a_server_travels_with_the_replica_that_needs_it(
    document: dict[str, Any], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    document["synthesizer"] |= {"engine": "openai", "api_key_env": "A_KEY"}
    graph.build(recorder, compile_method(parse_config(document), "streaming"), rows=1)
    environments = [options["fn_constructor_args"][0].environment for _, options in recorder.asked]
    assert environments == [{}, {"A_KEY": "sk-secret"}]
    assert "sk-secret" not in str(recorder.asked)


def test_only_the_last_pool_of_a_run_answers_to_the_driver(document: dict[str, Any], recorder: Recorder) -> None:
    from a2r_ray.replica.tables import RunTables
    from a2r_ray.runs.storage import Storage

    tables = RunTables(Storage("nowhere"), "attempt")
    graph.build(recorder, compile_method(parse_config(document), "streaming"), rows=4, tables=tables)
    assignments = [options["fn_constructor_args"][0] for _, options in recorder.asked]
    assert [assignment.last for assignment in assignments] == [False, True]
    assert [assignment.tables for assignment in assignments] == [tables, tables]
