"""A server that refuses whatever it is asked ends the engine at once; one that refuses a request does not."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from a2r_ray.engines import Completion
from a2r_ray.engines.openai.engine import OpenAIEngine
from tests.engines.conftest import Start, ask, eventually, request
from tests.engines.scripted_server import Reply, ScriptedServer, error, streamed


def at_once(engine: OpenAIEngine, problems: Sequence[str]) -> list[Completion]:
    futures = [engine.submit(replace(request(), key=f"{problem}/0")) for problem in problems]
    return [future.result(timeout=20) for future in futures]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (error(401, "wrong key"), "refuses the key: HTTP 401: wrong key: set OPENAI_API_KEY"),
        (error(403, "not yours"), "refuses the key: HTTP 403: not yours"),
        (error(402, "no credits"), "refuses whatever it is asked for tiny: HTTP 402: no credits"),
        (error(404, "no such model"), "refuses whatever it is asked for tiny: HTTP 404: no such model"),
        (error(429, "check your plan", "insufficient_quota"), "refuses whatever it is asked for tiny: HTTP 429: check"),
        (error(400, "Unrecognized request argument supplied: top_k"), "HTTP 400: Unrecognized request argument"),
        (error(400, "The model `tiny` does not exist"), "HTTP 400: The model `tiny` does not exist"),
        (error(400, "temperature", "unsupported_value"), "HTTP 400: temperature: correct `model`, `base_url`, or what"),
    ],
)
def test_a_server_that_refuses_all_ends_the_engine(
    server: ScriptedServer, start: Start, refusal: Reply, words: str
) -> None:
    server.script(refusal)
    engine = start()
    done = at_once(engine, [f"p{number}" for number in range(300)])
    assert {(each.error_kind, each.error) for each in done} == {("no_service", done[0].error)}
    assert done[0].error.startswith(f"{server.url} ")
    assert words in done[0].error
    assert len(server.bodies) <= 257  # what was at the server already, and the trial
    assert ask(engine).error_kind == "no_service"


def test_one_request_is_enough_where_the_trial_is_refused_too(server: ScriptedServer, start: Start) -> None:
    server.script(error(404))
    assert ask(start()).error_kind == "no_service"
    assert [len(body["messages"]) for body in server.bodies] == [2, 1]


def test_a_refusal_that_is_meant_for_a_request_is_data(server: ScriptedServer, start: Start) -> None:
    server.script(error(403, "flagged"), streamed("trial"), error(403, "flagged"), streamed())
    engine = start()
    assert [ask(engine).error_kind for _ in range(3)] == ["refused", "refused", ""]
    server.script(*[error(403, "flagged")] * 3, streamed())
    assert [ask(engine).error_kind for _ in range(4)] == ["refused"] * 3 + [""]
    assert len(server.bodies) == 8  # one trial speaks for some seconds


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (error(401, "revoked"), "refuses the key: HTTP 401: revoked"),
        (error(429, "check your plan", "insufficient_quota"), "refuses whatever it is asked for tiny: HTTP 429: check"),
    ],
)
def test_a_key_that_is_revoked_in_the_middle_ends_the_engine(
    server: ScriptedServer, start: Start, refusal: Reply, words: str
) -> None:
    server.script(streamed(), refusal)
    engine = start()
    assert ask(engine).error_kind == ""
    done = at_once(engine, [f"p{number}" for number in range(300)])
    assert {(each.error_kind, each.error) for each in done} == {("no_service", done[0].error)}
    assert words in done[0].error


def test_a_served_engine_is_not_ended_by_a_trial_that_is_refused_for_another_reason(
    server: ScriptedServer, start: Start
) -> None:
    server.script(streamed(), error(403, "flagged"), error(404, "no such route"), error(403, "flagged"), streamed())
    engine = start()
    assert [ask(engine).error_kind for _ in range(4)] == ["", "refused", "refused", ""]


def taken(engine: OpenAIEngine) -> OpenAIEngine:
    """The trial is never refused."""

    async def nothing_refused() -> None:
        pass

    engine._refusals._try_out = nothing_refused
    return engine


def test_all_that_was_asked_is_refused_and_no_request_is_to_blame(server: ScriptedServer, start: Start) -> None:
    refusal = error(404)
    refusal.wait_for = threading.Barrier(5)  # all are on their way at once
    server.script(refusal)
    done = at_once(taken(start(max_num_seqs=5)), ["a", "a", "b", "b", "c"])
    assert [each.error_kind for each in done] == ["no_service"] * 5


def test_the_third_problem_in_a_row_ends_it_where_only_one_is_asked_at_a_time(
    server: ScriptedServer, start: Start
) -> None:
    server.script(error(404), streamed("trial"), error(404))
    done = at_once(start(max_num_seqs=1), ["a", "a", "b", "b", "c", "d"])
    assert [each.error_kind for each in done] == [*["refused"] * 4, "no_service", "no_service"]


@pytest.mark.parametrize("last", [streamed(), error(500, "broken")])
def test_while_a_request_is_on_its_way_nothing_is_concluded(server: ScriptedServer, start: Start, last: Reply) -> None:
    last.wait_for = gate = threading.Event()
    server.script(last, error(403))
    engine = taken(start(max_num_seqs=3, max_retries=0))
    first = engine.submit(request())
    assert eventually(lambda: len(server.bodies) == 1)
    others = [engine.submit(replace(request(), key=f"p{number}/0")) for number in range(2)]
    assert eventually(lambda: len(server.bodies) == 3 and server.at_once == 1)
    assert not any(other.done() for other in others)
    gate.set()
    assert {other.result(timeout=20).error_kind for other in others} == {"refused"}
    assert first.result(timeout=20).error_kind == ("" if last.events else "server")


@pytest.mark.parametrize("status", [400, 422, 500])
def test_what_says_nothing_of_other_requests_ends_nothing(server: ScriptedServer, start: Start, status: int) -> None:
    server.script(error(status, "this text is not allowed"))
    done = at_once(start(max_retries=0), [f"p{number}" for number in range(10)])
    assert "no_service" not in {each.error_kind for each in done}
