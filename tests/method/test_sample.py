"""One request a path; only missing paths are asked for; each is stored when it finishes; failures are data."""

import threading
from collections.abc import Sequence

import pytest

from a2r_ray.config.schema import Config
from a2r_ray.engines import Completion
from a2r_ray.errors import EngineError, ErrorKind
from a2r_ray.method.compile import compile_method
from a2r_ray.method.sample import explorer_messages, path_seed
from a2r_ray.method.stage import Case, Context
from a2r_ray.records import Path
from tests.conftest import problem
from tests.nodes import wait_until
from tests.scripted import ScriptedEngine, said


class Kept:
    """Keeps paths in a list."""

    def __init__(self) -> None:
        self.paths: list[Path] = []

    def __call__(self, paths: Sequence[Path]) -> None:
        self.paths += paths


def sample(config: Config, engine: ScriptedEngine, *stored: Path, keep: Kept | None = None) -> list[Path]:
    [pool, _] = compile_method(config, "streaming")
    [moved] = pool.stages[0]([Case(problem(), stored)], Context(engine, keep or Kept(), "r"))
    assert isinstance(moved, Case)
    return list(moved.paths)


def test_one_request_a_path_with_its_own_seed(config: Config) -> None:
    engine = ScriptedEngine(lambda request: said(rf"\boxed{{{request.key[-1]}}}"))
    paths = sample(config, engine)
    assert [request.key for request in engine.requests] == ["p1/0", "p1/1", "p1/2", "p1/3"]
    assert len({request.seed for request in engine.requests}) == 4
    assert [path.answer for path in paths] == ["0", "1", "2", "3"]
    assert [path.seed for path in paths] == [path_seed(1, "p1", index) for index in range(4)]
    assert {(path.explorer, path.model, path.replica) for path in paths} == {
        (config.explorer_fingerprint, "sim-small", "r")
    }
    assert {(path.prompt_tokens, path.completion_tokens, path.finish_reason) for path in paths} == {(10, 5, "stop")}


def test_unseeded_by_default(config: Config) -> None:
    engine = ScriptedEngine(lambda _: said("x"))
    sample(config.model_copy(update={"seed": None}), engine)
    assert {request.seed for request in engine.requests} == {None}


def test_only_missing_paths_are_sampled(config: Config) -> None:
    stored = Path("p1", 2, config.explorer_fingerprint, "m", "stored", "7", "stop", 1, 1, 0.1)
    engine = ScriptedEngine(lambda _: said("new"))
    paths = sample(config, engine, stored)
    assert [request.key for request in engine.requests] == ["p1/0", "p1/1", "p1/3"]
    assert [path.text for path in paths] == ["new", "new", "stored", "new"]


def test_a_finished_path_is_stored_while_its_siblings_run(config: Config) -> None:
    engine, kept = ScriptedEngine(lambda _: said("x"), held=True), Kept()
    thread = threading.Thread(target=sample, args=(config, engine), kwargs={"keep": kept})
    thread.start()
    wait_until(lambda: len(engine.requests) == 4, 10, "not asked")
    engine.release("p1/2")
    wait_until(lambda: bool(kept.paths), 10, "nothing is kept")
    assert [path.path_index for path in kept.paths] == [2]
    for index in (0, 1, 3):
        engine.release(f"p1/{index}")
    thread.join(10)
    assert sorted(path.path_index for path in kept.paths) == [0, 1, 2, 3]


def test_a_failed_path_is_data_and_a_cut_off_one_keeps_its_answer(config: Config) -> None:
    replies = {
        "p1/0": Completion(error="too slow", error_kind="timeout"),
        "p1/1": said(r"so \boxed{3} and then", finish_reason="length"),
    }
    engine = ScriptedEngine(lambda request: replies.get(request.key, said("nothing")))
    paths = sample(config, engine)
    assert (paths[0].error, paths[0].finish_reason, paths[0].answer) == ("timeout: too slow", "error", None)
    assert (paths[1].error, paths[1].finish_reason, paths[1].answer) == ("", "length", "3")


def test_an_engine_that_died_raises_and_what_finished_is_stored(config: Config) -> None:
    dead = Completion(error="gone", error_kind=ErrorKind.ENGINE_DIED)
    engine = ScriptedEngine(lambda request: dead if request.key == "p1/3" else said("x"), held=True)
    kept = Kept()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            sample(config, engine, keep=kept)
        except EngineError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: len(engine.requests) == 4, 10, "not asked")
    engine.release("p1/0")
    wait_until(lambda: bool(kept.paths), 10, "nothing is kept")
    engine.release("p1/3")
    thread.join(10)
    assert str(failed[0]) == "gone"
    assert [path.path_index for path in kept.paths] == [0]


def test_a_chat_is_asked_as_it_was_given_and_text_in_the_template(config: Config) -> None:
    chat = ({"role": "system", "content": "s"}, {"role": "user", "content": "q"})
    assert config.explorer is not None
    assert explorer_messages(config.explorer, problem(messages=chat), {}) == chat
    [message] = explorer_messages(config.explorer, problem(problem="{references} 1+1?"), {})
    assert message["content"].endswith("{references} 1+1?")


@pytest.mark.parametrize(
    ("one", "other"), [((1, "p", 0), (2, "p", 0)), ((1, "p", 0), (1, "q", 0)), ((1, "p", 0), (1, "p", 1))]
)
def test_seeds_differ_by_run_problem_and_index(one: tuple[int, str, int], other: tuple[int, str, int]) -> None:
    assert path_seed(*one) != path_seed(*other)
    assert path_seed(*one) == path_seed(*one)
    assert 0 <= path_seed(*one) < 2**32
