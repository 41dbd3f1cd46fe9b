"""The route of a problem follows from what its paths and the synthesis gave."""

from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.engines import Completion
from a2r_ray.errors import ConfigError, EngineError, ErrorKind
from a2r_ray.method.compile import compile_method, conclusion
from a2r_ray.method.stage import Case, Context
from a2r_ray.records import Path, Reject, Result
from tests.conftest import problem
from tests.scripted import ScriptedEngine, said


def path(index: int, text: str = "text", answer: str | None = None, **fields: Any) -> Path:
    shown = text if answer is None or text != "text" else f"The answer is {answer}."
    return Path("p1", index, "e", "m", shown, answer, fields.pop("finish_reason", "stop"), 10, 5, 0.1, **fields)


def served(config: Config, engine: ScriptedEngine | None, paths: list[Path], **fields: Any) -> Result | Reject:
    [pool] = conclusion(compile_method(config, "streaming"))
    [outcome] = pool.stages[0]([Case(problem(**fields), tuple(paths))], Context(engine))
    assert not isinstance(outcome, Case)
    return outcome


def conclude(config: Config, paths: list[Path], reply: Completion, **fields: Any) -> Result | Reject:
    return served(config, ScriptedEngine(lambda _: reply), paths, **fields)


def result(record: Result | Reject) -> Result:
    assert isinstance(record, Result)
    return record


def test_the_synthesis_answers(config: Config) -> None:
    paths = [path(0, answer="3"), path(1, answer="3"), path(2, answer="2"), path(3)]
    found = result(conclude(config, paths, said(r"\boxed{2}", 40, 7)))
    assert (found.route, found.answer, found.vote_answer) == ("synthesized", "2", "3")
    assert found.vote_share == pytest.approx(2 / 3)
    assert (found.correct, found.vote_correct) == (True, False)
    assert found.path_answers == ("3", "3", "2", None)
    assert found.path_correct == (False, False, True, False)
    assert found.references == (0, 1, 2, 3)
    assert (found.explorer_prompt_tokens, found.explorer_completion_tokens) == (40, 20)
    assert (found.synthesizer_prompt_tokens, found.synthesizer_completion_tokens) == (40, 7)
    assert found.error == ""


def test_the_references_are_what_follows_the_thinking_of_paths_that_did_not_fail(config: Config) -> None:
    engine = ScriptedEngine(lambda _: said(r"\boxed{2}"))
    paths = [
        path(0, "<think>secret</think>shown", "2"),
        path(1, "<think>never closed", None, finish_reason="length"),
        path(2, "", None, error="timeout: t"),
        path(3, "also shown", "2"),
    ]
    found = served(config, engine, paths)
    content = engine.requests[0].messages[-1]["content"]
    assert "Attempt 1:\nshown\n\nAttempt 2:\nalso shown" in content
    assert "secret" not in content
    assert "never closed" not in content
    assert result(found).references == (0, 3)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Completion(error="boom", error_kind="server"), "server: boom"),
        (said("no answer here"), "no_answer: the synthesis gives none"),
    ],
)
def test_a_synthesis_that_fails_or_gives_no_answer_falls_back_to_the_vote(
    config: Config, reply: Completion, error: str
) -> None:
    found = result(conclude(config, [path(0, answer="2"), path(1)], reply))
    assert (found.route, found.answer, found.correct, found.error) == ("vote_fallback", "2", True, error)


def test_where_no_path_can_be_shown_nothing_is_synthesized(config: Config) -> None:
    engine = ScriptedEngine(lambda _: said("x"))
    found = served(config, engine, [path(0, "<think>The answer is 2."), path(1, "", None)])
    assert engine.requests == []
    assert isinstance(found, Reject)
    assert found.error_kind == "nothing_visible"


def test_a_path_without_a_stored_answer_is_read(config: Config) -> None:
    found = result(conclude(config, [path(0, "The answer is 2."), path(1, answer="3")], said("no answer")))
    assert found.path_answers == ("2", "3")


def test_a_problem_none_of_whose_paths_succeeded_is_rejected_with_the_reasons(config: Config) -> None:
    failed = [path(index, "", error="prompt_too_long: 9000 tokens") for index in range(3)]
    found = conclude(config, failed, said("x"))
    assert isinstance(found, Reject)
    assert (found.stage, found.error_kind) == ("explore", "prompt_too_long")
    assert found.error == "3 of 3 paths: prompt_too_long: 9000 tokens"
    mixed = conclude(config, [*failed, path(3, "<think>cut", finish_reason="length")], said("x"))
    assert isinstance(mixed, Reject)
    assert mixed.error_kind == "no_path"
    assert "1 of 4 paths: nothing_visible: finish_reason length" in mixed.error


def test_no_answer_anywhere_is_failed_and_a_failing_synthesis_then_a_reject(config: Config) -> None:
    found = result(conclude(config, [path(0), path(1)], said("no answer")))
    assert (found.route, found.answer, found.correct, found.synthesis) == ("failed", None, False, "no answer")
    failed = conclude(config, [path(0), path(1)], Completion(error="boom", error_kind="server"))
    assert isinstance(failed, Reject)
    assert (failed.stage, failed.error_kind, failed.error) == ("synthesize", "server", "boom")


def test_without_a_reference_answer_nothing_is_scored(config: Config) -> None:
    found = result(conclude(config, [path(0, answer="2")], said(r"\boxed{2}"), reference_answer=None))
    assert (found.correct, found.vote_correct, found.path_correct) == (None, None, (None,))


def test_without_a_synthesizer_the_answer_is_the_vote(document: dict[str, Any]) -> None:
    config = parse_config({**document, "synthesizer": None})
    found = served(config, None, [path(0, answer="2"), path(1, answer="2")])
    assert (result(found).route, result(found).answer, result(found).synthesizer) == ("vote_fallback", "2", "")


def test_the_cost_is_that_of_both_roles_and_unknown_where_one_has_no_price(document: dict[str, Any]) -> None:
    document["explorer"]["price"] = {"input": 1.0, "output": 10.0}
    paths = [path(0, answer="2")]
    half = result(conclude(parse_config(document), paths, said(r"\boxed{2}", 100, 50)))
    assert half.cost_usd is None
    document["synthesizer"]["price"] = {"input": 2.0, "output": 20.0}
    whole = result(conclude(parse_config(document), paths, said(r"\boxed{2}", 100, 50)))
    assert whole.cost_usd == pytest.approx((10 * 1 + 5 * 10 + 100 * 2 + 50 * 20) / 1e6)


def test_a_dead_engine_raises(config: Config) -> None:
    with pytest.raises(EngineError, match="gone"):
        conclude(config, [path(0, answer="2")], Completion(error="gone", error_kind=ErrorKind.ENGINE_DIED))


def test_a_chat_keeps_its_system_message(config: Config) -> None:
    engine = ScriptedEngine(lambda _: said("x"))
    chat = ({"role": "system", "content": "be brief"}, {"role": "user", "content": "q"})
    served(config, engine, [path(0)], messages=chat, problem="q")
    assert [message["role"] for message in engine.requests[0].messages] == ["system", "user"]
    assert engine.requests[0].messages[1]["content"].count("\nq\n") == 1


def gated(config: Config, share: float | None) -> Config:
    return parse_config(config.model_dump() | {"method": {"skip_at_share": share}})


def test_a_vote_that_is_sure_stands_and_nobody_is_asked(config: Config) -> None:
    engine = ScriptedEngine(lambda _: said(r"\boxed{3}"))
    paths = [path(0, answer="2"), path(1, answer="2.0"), path(2, answer="2"), path(3)]
    found = result(served(gated(config, 0.75), engine, paths))
    assert (found.route, found.answer, found.correct, found.synthesis) == ("unanimous", "2", True, None)
    assert (found.references, found.synthesizer_prompt_tokens, found.error) == ((), 0, "")
    assert engine.requests == []
    assert result(served(gated(config, 1.0), engine, paths)).route == "synthesized"
    assert result(served(gated(config, None), engine, paths)).route == "synthesized"


def test_each_case_of_a_block_is_decided_for_itself(config: Config) -> None:
    [pool] = conclusion(compile_method(gated(config, 1.0), "streaming"))
    engine = ScriptedEngine(lambda _: said(r"\boxed{3}"))
    cases = [Case(problem(), (path(0, answer="2"), path(1, answer=other))) for other in ("2", "3", "2")]
    routes = [result(each).route for each in pool.stages[0](cases, Context(engine)) if not isinstance(each, Case)]
    assert routes == ["unanimous", "synthesized", "unanimous"]
    assert len(engine.requests) == 1


def test_a_gate_without_a_synthesizer_is_refused(config: Config) -> None:
    with pytest.raises(ConfigError, match="skip_at_share skips syntheses, and there is no synthesizer"):
        parse_config(config.model_dump() | {"method": {"skip_at_share": 1.0}, "synthesizer": None})
