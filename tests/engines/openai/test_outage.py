"""A server that goes away: what is asked of it meanwhile, what is shown, and that no request pays for it."""

import threading
import time
from concurrent.futures import Future

import pytest

from a2r_ray.engines import Completion
from a2r_ray.engines.openai.engine import OpenAIEngine
from tests.engines.conftest import KEY, Start, ask, eventually, hurry, request
from tests.engines.scripted_server import Reply, ScriptedServer, completion, error, models, streamed


def submit(engine: OpenAIEngine, number: int) -> list[Future[Completion]]:
    return [engine.submit(request()) for _ in range(number)]


def answers(futures: list[Future[Completion]]) -> set[tuple[str, str]]:
    done = [future.result(timeout=20) for future in futures]
    return {(completion.text, completion.error) for completion in done}


def holds(engine: OpenAIEngine) -> bool:
    return engine.load().held_s > 0


def all_fail_at_once(server: ScriptedServer, number: int, status: int = 503) -> None:
    """So many requests fail together, and all that follow them."""
    first = error(status, "no upstream")
    first.wait_for = threading.Barrier(number)
    server.script(*[first] * number, error(status, "no upstream"))


@pytest.mark.parametrize("max_retries", [0, 1, 5])
def test_a_server_that_goes_away_and_comes_back_costs_nobody(
    server: ScriptedServer, start: Start, max_retries: int
) -> None:
    engine = start(max_retries=max_retries, max_num_seqs=4)
    assert ask(engine).text == "hello"
    server.stop()
    futures = submit(engine, 12)
    assert eventually(lambda: holds(engine))
    before = engine.load().held_s
    assert eventually(lambda: engine.load().held_s > before + 0.1)
    assert not any(future.done() for future in futures)
    server.come_back()
    assert answers(futures) == {("hello", "")}
    assert (engine.load().held_s, engine.load().held_for) == (0, "")


def test_it_goes_away_in_the_middle_of_replies(server: ScriptedServer, start: Start) -> None:
    slow = streamed()
    gate = threading.Event()
    assert slow.events
    slow.events.insert(2, gate)
    server.script(slow)
    engine = start(max_retries=1, max_num_seqs=6)
    futures = submit(engine, 20)
    assert eventually(lambda: len(server.bodies) == 6)
    server.stop()
    gate.set()  # those that were being answered write into closed connections
    assert eventually(lambda: holds(engine))
    server.come_back()
    assert answers(futures) == {("hello", "")}


def test_an_outage_excuses_what_fails_only_after_it(server: ScriptedServer, start: Start) -> None:
    late = error(503)
    late.wait_for = gate = threading.Event()
    server.script(late, error(503))
    engine = start(max_retries=0, max_num_seqs=2)
    last = engine.submit(request())
    assert eventually(lambda: server.at_once == 1)
    server.models = error(503)
    first = engine.submit(request())
    assert eventually(lambda: holds(engine))
    server.script(streamed())
    server.models = models("tiny")
    assert answers([first]) == {("hello", "")}
    gate.set()
    assert answers([last]) == {("hello", "")}


def test_an_outage_uses_up_no_retries(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=1)
    server.script(error(503), error(503), error(500), streamed())
    server.models = error(503)
    future = engine.submit(request())
    assert eventually(lambda: holds(engine))
    assert len(server.bodies) == 2
    server.models = models("tiny")
    assert answers([future]) == {("hello", "")}
    assert len(server.bodies) == 4


def test_it_may_go_away_again_and_again(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=2, max_num_seqs=3)
    for _ in range(4):
        server.stop()
        futures = submit(engine, 5)
        assert eventually(lambda: holds(engine))
        server.come_back()
        assert answers(futures) == {("hello", "")}


def test_nothing_is_sent_while_it_is_away(server: ScriptedServer, start: Start) -> None:
    all_fail_at_once(server, 8)
    engine = start(max_num_seqs=8)
    futures = submit(engine, 8)
    assert eventually(lambda: holds(engine))
    server.models = error(503)
    asked = server.models_asked
    assert eventually(lambda: server.models_asked > asked + 1)
    sent = len(server.bodies)
    futures += submit(engine, 4)
    asked = server.models_asked
    assert eventually(lambda: server.models_asked > asked + 5)
    assert len(server.bodies) == sent
    server.script(streamed())
    server.models = models("tiny")
    assert answers(futures) == {("hello", "")}


def test_pauses_between_probes_grow(server: ScriptedServer, start: Start) -> None:
    engine = start(max_num_seqs=4, max_backoff_s=0.2)
    server.models = server.replies[0] = error(503)
    futures = submit(engine, 4)
    assert eventually(lambda: holds(engine))
    asked, began = server.models_asked, time.monotonic()
    assert eventually(lambda: server.models_asked >= asked + 3)
    assert time.monotonic() - began > 0.35
    engine.close()
    assert {future.result(timeout=1).error_kind for future in futures} == {"engine_died"}


@pytest.mark.parametrize("status", [502, 503, 504, 522])
def test_a_gateway_that_lists_models_for_a_server_that_is_away(
    server: ScriptedServer, start: Start, status: int
) -> None:
    all_fail_at_once(server, 4, status)
    engine = start(max_retries=1, max_num_seqs=4)
    futures = submit(engine, 10)
    assert eventually(lambda: holds(engine))
    assert engine.load().held_for == f"{server.url} is away: HTTP {status}: no upstream"
    sent = len(server.bodies)
    assert eventually(lambda: len(server.bodies) > sent + 8)
    assert not any(future.done() for future in futures)
    server.script(streamed())
    assert answers(futures) == {("hello", "")}


@pytest.mark.parametrize("trouble", [error(404), error(405), error(501)])
def test_where_there_is_no_list_of_models_a_request_is_the_probe(
    server: ScriptedServer, start: Start, trouble: Reply
) -> None:
    server.models = trouble
    engine = start(max_retries=1, max_num_seqs=4)
    all_fail_at_once(server, 4)
    futures = submit(engine, 6)
    assert eventually(lambda: holds(engine))
    hanging = error(503)
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    assert eventually(lambda: server.at_once == 1)
    before = engine.load().held_s
    assert eventually(lambda: engine.load().held_s > before + 0.1)
    assert server.at_once == 1
    server.script(streamed())
    gate.set()
    assert answers(futures) == {("hello", "")}


def test_one_that_stays_away_keeps_all_waiting_until_the_engine_is_closed(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=0, max_num_seqs=4)
    server.stop()
    futures = submit(engine, 10)
    assert eventually(lambda: engine.load().held_s > 0.2)
    assert engine.load().held_for.startswith(f"{server.url} is away: Connection error.")
    assert (engine.load().running, engine.load().waiting) == (4, 6)
    assert not any(future.done() for future in futures)
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 2
    assert {future.result(timeout=1).error_kind for future in futures} == {"engine_died"}


def test_close_does_not_wait_for_the_next_probe(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=0, max_backoff_s=60)
    server.models = server.replies[0] = error(503, retry_after="9")
    future = engine.submit(request())
    assert eventually(lambda: holds(engine))
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 2
    assert future.result(timeout=1).error_kind == "engine_died"


def test_what_is_shown_of_an_outage_holds_no_key(server: ScriptedServer, start: Start) -> None:
    engine = start()
    server.models = server.replies[0] = error(503, "sent {authorization}")
    submit(engine, 3)
    assert eventually(lambda: holds(engine))
    assert engine.load().held_for == f"{server.url} is away: HTTP 503: sent Bearer [key]"
    assert KEY not in engine.load().held_for


def test_one_request_that_no_gateway_lets_through_holds_nobody(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=4, max_num_seqs=2)
    server.script(error(504, "too slow"))
    assert ask(engine).error == "HTTP 504: too slow"
    assert len(server.bodies) == 5
    assert engine.load().held_s == 0
    server.script(streamed())
    assert answers(submit(engine, 4)) == {("hello", "")}


def test_a_server_that_is_slow_is_not_away(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=1, max_num_seqs=6)
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    hurry(engine, 0.5)
    done = [future.result(timeout=20) for future in submit(engine, 6)]
    gate.set()
    assert {completion.error_kind for completion in done} == {"timeout"}
    assert eventually(lambda: len(server.bodies) == 12)
    assert engine.load().held_s == 0


def test_one_that_is_slow_and_lists_no_models_is_away(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=0, max_num_seqs=4)
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    hurry(engine, 0.5)
    server.models = error(503)
    futures = submit(engine, 4)
    assert eventually(lambda: holds(engine))
    server.script(streamed())
    gate.set()
    server.models = models("tiny")
    assert answers(futures) == {("hello", "")}


def test_a_busy_server_is_not_away(server: ScriptedServer, start: Start) -> None:
    server.script(error(429))
    engine = start(max_retries=2, max_num_seqs=4)
    done = [future.result(timeout=20) for future in submit(engine, 8)]
    assert {completion.error_kind for completion in done} == {"rate_limited"}
    assert len(server.bodies) == 8 * 3
    assert server.models_asked == 1
