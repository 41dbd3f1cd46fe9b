"""The simulation: determinism first, then the shares it promises, then how it queues, fails and closes."""

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from typing import Any

import pytest

from a2r_ray.config.asking import Sampling
from a2r_ray.config.schema import RoleConfig
from a2r_ray.config.simulation import LogNormal
from a2r_ray.engines import Completion, Request, create_engine, simulated
from a2r_ray.engines.simulated import SimulatedEngine
from a2r_ray.errors import EngineError


def role(engine_args: dict[str, Any] | None = None, **simulated: object) -> RoleConfig:
    return RoleConfig.model_validate(
        {"engine": "simulated", "model": "tiny", "engine_args": engine_args or {}, "simulated": simulated}
    )


def request(
    key: str = "p/0", *, max_tokens: int = 4096, seed: int | None = None, expected: str | None = "42"
) -> Request:
    messages = ({"role": "user", "content": "What is 6 times 7?"},)
    return Request(messages, Sampling(max_tokens=max_tokens), key, seed, expected)


def complete(engine: SimulatedEngine, requests: list[Request]) -> list[Completion]:
    return [future.result(timeout=20) for future in [engine.submit(r) for r in requests]]


def answers(completions: list[Completion]) -> list[str | None]:
    found = [re.search(r"\\boxed\{(.*)\}", completion.text) for completion in completions]
    return [match and match[1] for match in found]


KEYS = [f"p{i // 4}/{i % 4}" for i in range(400)]
UNEVEN = {"tokens": {"median": 50.0, "sigma": 0.5}, "faults": {"error": 0.1, "unanswered": 0.1, "truncated": 0.1}}


def test_same_request_same_completion_in_any_order_thread_and_instance() -> None:
    requests = [request(key) for key in KEYS]
    first = complete(SimulatedEngine(role(**UNEVEN)), requests)
    backwards = complete(SimulatedEngine(role(**UNEVEN)), requests[::-1])[::-1]
    engine = SimulatedEngine(role(**UNEVEN))
    with ThreadPoolExecutor(8) as pool:
        threaded = list(pool.map(lambda r: engine.submit(r).result(), requests))
    assert first == backwards == threaded
    assert len(set(first)) > 50, "the completions are all alike"


def test_latency_changes_when_a_completion_comes_not_what_it_says() -> None:
    requests = [request(key) for key in KEYS]
    slow = SimulatedEngine(role(latency_s={"median": 0.005, "sigma": 1.0}, **UNEVEN))
    delayed = complete(slow, requests)
    slow.close()
    assert [replace(c, latency_s=0.0) for c in delayed] == complete(SimulatedEngine(role(**UNEVEN)), requests)
    assert all(c.latency_s > 0 for c in delayed)


@pytest.mark.parametrize("changed", ["salt", "model", "key", "seed"])
def test_each_part_of_the_source_changes_the_draws(changed: str) -> None:
    config = role(tokens={"median": 500.0, "sigma": 1.0})
    base = complete(SimulatedEngine(config), [request(key) for key in KEYS[:20]])
    if changed == "model":
        config = config.model_copy(update={"model": "other"})
    other = complete(
        SimulatedEngine(config, salt="7" if changed == "salt" else ""),
        [request("x" + key if changed == "key" else key, seed=7 if changed == "seed" else None) for key in KEYS[:20]],
    )
    differ = sum(a.completion_tokens != b.completion_tokens for a, b in zip(base, other, strict=True))
    assert differ >= 15


def test_accuracy_is_the_share_of_right_answers_and_wrong_ones_are_few() -> None:
    requests = [request(f"p/{i}") for i in range(4000)]
    counts = Counter(answers(complete(SimulatedEngine(role(accuracy=0.3)), requests)))
    assert 0.27 < counts["42"] / 4000 < 0.33
    assert len(counts) == 4
    assert min(counts.values()) > 700


@pytest.mark.parametrize(("accuracy", "right"), [(0.0, 0), (1.0, 50)])
@pytest.mark.parametrize("expected", ["42", "-1", "1/2", "x^2", "1" * 5000])
def test_accuracy_at_its_ends(accuracy: float, right: int, expected: str) -> None:
    requests = [request(f"p/{i}", expected=expected) for i in range(50)]
    assert answers(complete(SimulatedEngine(role(accuracy=accuracy)), requests)).count(expected) == right


def test_without_expected_answer_the_paths_of_a_problem_and_its_synthesis_agree() -> None:
    keys = ["a/b/0", "a/b/1", "a/b/synthesis"]
    engine = SimulatedEngine(role(accuracy=1.0))
    other_model = SimulatedEngine(role(accuracy=1.0).model_copy(update={"model": "large"}))
    found = answers(complete(engine, [request(key, expected=None) for key in keys]))
    assert len(set(found)) == 1
    assert answers(complete(other_model, [request("a/b/synthesis", expected=None)])) == found[:1]
    assert answers(complete(engine, [request("a/c/0", expected=None)])) != found[:1]


def test_tokens_are_log_normal_and_the_text_is_about_as_long() -> None:
    requests = [request(f"p/{i}", max_tokens=100_000) for i in range(2000)]
    done = complete(SimulatedEngine(role(tokens={"median": 200.0, "sigma": 0.5})), requests)
    tokens = sorted(c.completion_tokens for c in done)
    assert 188 < median(tokens) < 212
    assert 1.5 < tokens[1682] / median(tokens) < 1.8, "e^0.5 = 1.65 one sigma up"
    assert all(0.9 < len(c.text) / 4 / c.completion_tokens < 1.1 for c in done if c.completion_tokens > 40)
    assert all(c.text.startswith("[simulated] ") for c in done)
    assert {c.prompt_tokens for c in done} == {8}


def test_latency_is_log_normal(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []  # a busy machine makes what is measured longer
    draw = simulated._log_normal

    def noted(shape: LogNormal, bits: int) -> float:
        value = draw(shape, bits)
        if shape.median == 0.1:
            drawn.append(value)
        return value

    monkeypatch.setattr(simulated, "_log_normal", noted)
    engine = SimulatedEngine(role({"max_num_seqs": 1000}, latency_s={"median": 0.1, "sigma": 0.3}))
    measured = [c.latency_s for c in complete(engine, [request(f"p/{i}") for i in range(500)])]
    engine.close()
    assert len(drawn) == 500
    assert 0.085 < median(drawn) < 0.115
    assert max(drawn) > 0.15
    assert sum(measured) >= sum(drawn)


def test_max_tokens_cuts_off_the_answer() -> None:
    (cut,) = complete(SimulatedEngine(role(tokens={"median": 64.0}, accuracy=1.0)), [request(max_tokens=63)])
    (whole,) = complete(SimulatedEngine(role(tokens={"median": 64.0}, accuracy=1.0)), [request(max_tokens=64)])
    assert (cut.finish_reason, cut.completion_tokens, cut.error, answers([cut])) == ("length", 63, "", [None])
    assert (whole.finish_reason, whole.completion_tokens, answers([whole])) == ("stop", 64, ["42"])


@pytest.mark.parametrize("fault", ["error", "truncated", "unanswered"])
def test_a_fault_hits_its_share(fault: str) -> None:
    done = complete(SimulatedEngine(role(faults={fault: 0.2})), [request(f"p/{i}", max_tokens=99) for i in range(2000)])
    hit = [c for c, answer in zip(done, answers(done), strict=True) if answer is None]
    assert 340 < len(hit) < 460
    expected = {"error": ("error", 0), "truncated": ("length", 99), "unanswered": ("stop", 64)}[fault]
    assert {(c.finish_reason, c.completion_tokens) for c in hit} == {expected}
    assert {bool(c.error) for c in hit} == {fault == "error"}
    assert {c.error_kind for c in hit} == {"simulated" if fault == "error" else ""}


CRASH = """
from a2r_ray.config.asking import Sampling
from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Request
from a2r_ray.engines.simulated import SimulatedEngine
import sys
role = RoleConfig.model_validate({"engine": "simulated", "model": "m", "simulated": {
    "faults": {"crash": float(sys.argv[1])}, "latency_s": {"median": float(sys.argv[2])}}})
SimulatedEngine(role).submit(Request([], Sampling(), "p/0")).result(timeout=20)
print("survived")
"""


@pytest.mark.parametrize(
    ("share", "latency_s", "code", "out"), [(1, 0, 1, ""), (1, 0.01, 1, ""), (0, 0, 0, "survived\n")]
)
def test_crash_ends_the_process(share: int, latency_s: float, code: int, out: str) -> None:
    command = [sys.executable, "-c", CRASH, str(share), str(latency_s)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, "")


class _Exited(Exception):  # noqa: N818 (what stands for the end of the process)
    pass


def test_a_crash_is_drawn_anew_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise _Exited(code)

    def crashes(pid: int, key: str) -> bool:
        monkeypatch.setattr("os.getpid", lambda: pid)
        try:
            engine.submit(request(key)).result(timeout=0)
        except _Exited:
            return True
        return False

    monkeypatch.setattr("os._exit", leave)
    engine = SimulatedEngine(role(faults={"crash": 0.3}))
    first = [key for key in KEYS if crashes(1000, key)]
    assert 80 < len(first) < 160
    assert [key for key in KEYS if crashes(1000, key)] == first
    again = [key for key in first if crashes(1001, key)]
    assert len(again) < len(first) / 2


def test_load_takes_its_time_and_may_fail() -> None:
    started = time.monotonic()
    with pytest.raises(EngineError, match="out of memory"):
        SimulatedEngine(role(load_s=0.05, faults={"load": "out of memory"}))
    assert time.monotonic() - started >= 0.05


@pytest.mark.parametrize(
    ("engine_args", "message"),
    [
        ({"max_seqs": 4}, r"engine_args\.max_seqs: unknown .*; known are max_num_seqs"),
        ({"max_num_seqs": 0}, r"engine_args\.max_num_seqs: 0: expected a whole number from 1"),
        ({"max_num_seqs": "4"}, r"engine_args\.max_num_seqs: '4': expected"),
    ],
)
def test_engine_args_are_checked(engine_args: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        SimulatedEngine(role(engine_args))


def test_no_latency_is_answered_inside_submit_without_a_thread() -> None:
    before = threading.active_count()
    engine = create_engine(role(), context="7")
    future = engine.submit(request())
    assert future.done()
    assert threading.active_count() == before
    assert engine.load().completion_tokens == 64
    assert engine.load().prompt_tokens == 8


def test_slots_bound_what_runs() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 4}, latency_s={"median": 6000.0}))
    for key in KEYS[:12]:
        engine.submit(request(key))
    load = engine.load()
    engine.close()
    assert (load.running, load.waiting, load.completion_tokens) == (4, 8, 0)


def test_tokens_are_counted_as_they_come() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 2}, latency_s={"median": 1.0}))
    futures = [engine.submit(request(f"p/{i}")) for i in range(2)]
    seen = [0]
    while not all(future.done() for future in futures):
        seen.append(engine.load().completion_tokens)
        time.sleep(0.01)
    tokens = engine.load().completion_tokens
    engine.close()
    assert tokens == sum(future.result().completion_tokens for future in futures) == 128
    assert seen == sorted(seen)
    assert any(0 < each < 128 for each in seen)


def test_tokens_of_what_a_close_drops_stay_counted() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 2}, latency_s={"median": 2.0}))
    engine.submit(request("p/0"))
    deadline = time.monotonic() + 10
    while not (before := engine.load().completion_tokens) and time.monotonic() < deadline:
        time.sleep(0.01)
    engine.close()
    assert engine.load().completion_tokens >= before > 0


def test_what_waits_starts_in_order_when_a_slot_is_free() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 4}, latency_s={"median": 0.05}))
    order: list[int] = []
    futures = [engine.submit(request(f"p/{i}")) for i in range(12)]
    for i, future in enumerate(futures):
        future.add_done_callback(lambda _, i=i: order.append(i))  # type: ignore[misc]
    complete(engine, [request("last")])
    engine.close()
    assert order == list(range(12))
    load = engine.load()
    assert (load.running, load.waiting, load.completion_tokens) == (0, 0, 13 * 64)


def test_latency_includes_the_waiting() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 1}, latency_s={"median": 0.3}))
    first, second = complete(engine, [request("p/0"), request("p/1")])
    engine.close()
    assert first.latency_s >= 0.3
    assert second.latency_s >= 0.35


def test_a_shorter_request_overtakes_a_longer_one() -> None:
    engine = SimulatedEngine(role(latency_s={"median": 0.03, "sigma": 1.0}))
    order: list[str] = []
    futures = [engine.submit(request(key)) for key in KEYS[:20]]
    for key, future in zip(KEYS, futures, strict=False):
        future.add_done_callback(lambda _, key=key: order.append(key))  # type: ignore[misc]
    assert {future.result(timeout=20).error for future in futures} == {""}
    engine.close()
    assert sorted(order) == sorted(KEYS[:20])
    assert order != KEYS[:20]


def test_the_clock_neither_dawdles_nor_spins() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 2}, latency_s={"median": 0.02}))
    started, worked = time.monotonic(), time.process_time()
    complete(engine, [request(key) for key in KEYS[:40]])
    assert 0.4 <= time.monotonic() - started < 3
    assert time.process_time() - worked < 0.2
    engine.close()


@pytest.mark.parametrize("latency_s", [0.0, 60.0])
def test_close_resolves_what_is_in_flight_and_what_comes_later(latency_s: float) -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 2}, latency_s={"median": latency_s}))
    in_flight = [engine.submit(request(key)) for key in KEYS[:5]]
    engine.close()
    engine.close()
    later = engine.submit(request())
    kinds = [future.result(timeout=1).error_kind for future in in_flight]
    assert kinds == (["engine_died"] * 5 if latency_s else [""] * 5)
    assert (later.result(timeout=1).error_kind, later.result().finish_reason) == ("engine_died", "error")
    assert not any(thread.name == "simulated-engine" for thread in threading.enumerate())
    assert (engine.load().running, engine.load().waiting) == (0, 0)


def test_close_while_many_threads_submit_leaves_no_future_behind() -> None:
    engine = SimulatedEngine(role({"max_num_seqs": 3}, latency_s={"median": 0.02, "sigma": 1.0}))
    with ThreadPoolExecutor(4) as pool:
        submitted = [pool.submit(engine.submit, request(f"p/{i}")) for i in range(400)]
        time.sleep(0.01)
        engine.close()
    done = [future.result(timeout=5).result(timeout=5) for future in submitted]
    assert {c.error for c in done if c.error} == {"the simulated engine was closed"}


def test_a_callback_may_submit_and_close() -> None:
    engine = SimulatedEngine(role(latency_s={"median": 0.001}))
    second: Future[Future[Completion]] = Future()
    engine.submit(request()).add_done_callback(lambda _: second.set_result(engine.submit(request("p/1"))))
    assert second.result(timeout=5).result(timeout=5).error == ""
    closed = threading.Event()
    engine.submit(request()).add_done_callback(lambda _: (engine.close(), closed.set())[1])  # type: ignore[func-returns-value]
    assert closed.wait(5)


def test_odd_requests_are_answered_too() -> None:
    engine = SimulatedEngine(role(tokens={"median": 1.0, "sigma": 500.0}))
    odd: Any = ({"role": "user"}, {"role": "user", "content": None}, {"role": "user", "content": 7})
    requests = [Request(odd, Sampling(max_tokens=5), f"\ud800/{i}") for i in range(20)]
    assert {c.error for c in complete(engine, requests)} == {""}
