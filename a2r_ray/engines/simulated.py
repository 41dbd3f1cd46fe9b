"""An engine without a model: each completion is drawn from a hash of its request, and says that it is simulated.

- The same salt, model, key and seed give the same completion, whatever the order, the threads or the replica;
  ``latency_s`` is measured, and a crash also depends on the process, so that a restarted one gets past it.
- It queues as a real engine does: ``max_num_seqs`` requests run at once, the others wait, first come first served; and
  it counts its tokens as they come, so that one that is killed has generated what nobody gets.
- Without latency a request is answered inside ``submit``; with it, one thread holds the clock for all.
"""

import os
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from heapq import heappop, heappush
from math import exp
from statistics import NormalDist
from typing import Any, NamedTuple

from a2r_ray.config.schema import RoleConfig
from a2r_ray.config.simulation import LogNormal, SimulatedConfig
from a2r_ray.engines import Completion, Load, Request
from a2r_ray.errors import EngineError, ErrorKind

_MAX_NUM_SEQS = 256
_CHARS_PER_TOKEN = 4
_FILLER = "and so it goes, step by step, "
_WRONG_ANSWERS = 3
"""Wrong answers are few, so that they can win a vote."""
_LONGEST_WAIT_S = 60.0
_STEEPEST = 20.0
"""The exponent of a log-normal stops here: a long tail, but never an overflow."""
_CLOSED = Completion(error="the simulated engine was closed", error_kind=ErrorKind.ENGINE_DIED)
_FAULT = Completion(error="simulated fault: the request failed", error_kind=ErrorKind.SIMULATED)
_NORMAL = NormalDist()


class SimulatedEngine:
    """Answers as ``role.simulated`` says, by default at once and right half of the time."""

    def __init__(self, role: RoleConfig, *, salt: str = "") -> None:
        self._simulated = role.simulated or SimulatedConfig()
        self._slots = max_num_seqs(role.engine_args)
        self._source = f"{salt}\0{role.model}\0"
        time.sleep(self._simulated.load_s)
        if self._simulated.faults.load:
            raise EngineError(self._simulated.faults.load)
        self._wake = threading.Condition()
        self._closed = False
        self._stalled_at: float | None = None
        self._running: list[_Job] = []
        """A heap: what finishes first stands first."""
        self._waiting: deque[_Job] = deque()
        self._submitted = self._prompt_tokens = self._completion_tokens = 0
        self._clock: threading.Thread | None = None
        if self._simulated.latency_s.median > 0:
            self._clock = threading.Thread(target=self._tick, name="simulated-engine", daemon=True)
            self._clock.start()

    def submit(self, request: Request) -> Future[Completion]:
        """Queues the request; without latency the future is already resolved."""
        future: Future[Completion] = Future()
        if self._closed:
            future.set_result(_CLOSED)
        elif self._clock is None:
            completion = self._complete(request)
            with self._wake:
                self._prompt_tokens += completion.prompt_tokens
                self._completion_tokens += completion.completion_tokens
            future.set_result(completion)
        else:
            future.set_running_or_notify_cancel()
            self._enqueue(request, future)
        return future

    def load(self) -> Load:
        """How full the engine is."""
        with self._wake:
            now = time.monotonic()
            stalled_s = 0.0 if self._stalled_at is None else now - self._stalled_at
            generated = self._completion_tokens + sum(job.generated(now) for job in self._running)
            return Load(len(self._running), len(self._waiting), self._prompt_tokens, generated, stalled_s)

    def close(self) -> None:
        """Ends the clock; what is in flight resolves with an error."""
        with self._wake:
            self._closed = True
            dropped = [*self._running, *self._waiting]
            now = time.monotonic()
            self._completion_tokens += sum(job.generated(now) for job in self._running)  # nobody gets them
            self._running.clear()
            self._waiting.clear()
            self._wake.notify()
        for job in dropped:
            job.future.set_result(_CLOSED)
        if self._clock is not None and self._clock is not threading.current_thread():
            self._clock.join()

    def _enqueue(self, request: Request, future: Future[Completion]) -> None:
        with self._wake:
            if not self._closed:
                self._submitted += 1
                job = _Job(order=self._submitted, request=request, future=future)
                if len(self._running) >= self._slots:
                    self._waiting.append(job)
                else:
                    self._start(job, job.submitted)
                    if self._running[0] is job:
                        self._wake.notify()
                return
        future.set_result(_CLOSED)

    def _start(self, job: "_Job", at: float) -> None:
        lot = _draw(self._digest(job.request))
        job.started, job.due = at, at + _log_normal(self._simulated.latency_s, lot.latency)
        if not self._fails(lot):
            job.tokens, _ = self._length(job.request, lot)
        heappush(self._running, job)

    def _tick(self) -> None:
        finished = 0
        while job := self._next_due():
            finished += 1
            if finished == self._simulated.faults.hang_at:
                self._stalled_at = time.monotonic()
                return
            completion = self._complete(job.request)
            with self._wake:
                self._prompt_tokens += completion.prompt_tokens
            job.future.set_result(replace(completion, latency_s=time.monotonic() - job.submitted))

    def _next_due(self) -> "_Job | None":
        """Sleeps until a request is due and hands its slot on; None once the engine is closed."""
        with self._wake:
            while not self._closed:
                wait_s = self._running[0].due - time.monotonic() if self._running else _LONGEST_WAIT_S
                if wait_s <= 0:
                    job = heappop(self._running)
                    self._completion_tokens += job.tokens
                    if self._waiting:
                        successor = self._waiting.popleft()
                        self._start(successor, max(job.due, successor.submitted))
                    return job
                self._wake.wait(min(wait_s, _LONGEST_WAIT_S))
        return None

    def _fails(self, lot: "_Lot") -> bool:
        return _uniform(lot.error) < self._simulated.faults.error

    def _length(self, request: Request, lot: "_Lot") -> tuple[int, bool]:
        """A completion's tokens, and whether it is cut off there."""
        limit = request.sampling.max_tokens
        tokens = max(1, round(_log_normal(self._simulated.tokens, lot.tokens)))
        truncated = tokens > limit or _uniform(lot.truncated) < self._simulated.faults.truncated
        return limit if truncated else tokens, truncated

    def _digest(self, request: Request) -> bytes:
        source = f"{self._source}{request.key}\0{request.seed}"
        return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=_DRAWS.size).digest()

    def _complete(self, request: Request) -> Completion:
        faults = self._simulated.faults
        digest = self._digest(request)
        if faults.crash and _uniform(_process_draw(digest)) < faults.crash:
            os._exit(1)
        if faults.poison and any(faults.poison in str(message.get("content")) for message in request.messages):
            os._exit(1)
        lot = _draw(digest)
        if self._fails(lot):
            return _FAULT
        tokens, truncated = self._length(request, lot)
        ending = "" if truncated or _uniform(lot.unanswered) < faults.unanswered else self._answer(request, lot)
        return Completion(
            text=_text(tokens, ending),
            finish_reason="length" if truncated else "stop",
            prompt_tokens=_prompt_tokens(request),
            completion_tokens=tokens,
        )

    def _answer(self, request: Request, lot: "_Lot") -> str:
        right = _made_up_answer(request.key) if request.expected is None else request.expected
        is_right = _uniform(lot.right) < self._simulated.accuracy
        return f"The answer is \\boxed{{{right if is_right else _wrong_answer(right, lot.wrong)}}}."


class _Lot(NamedTuple):
    """64 random bits for each thing that is drawn, so that one fault's share does not move another draw."""

    error: int
    truncated: int
    unanswered: int
    right: int
    wrong: int
    tokens: int
    latency: int


_DRAWS = struct.Struct(f"<{len(_Lot._fields)}Q")


def _draw(digest: bytes) -> _Lot:
    return _Lot._make(_DRAWS.unpack(digest))


@dataclass(slots=True)
class _Job:
    """A request on its way, ordered by when it is due."""

    order: int
    request: Request
    future: Future[Completion]
    submitted: float = field(default_factory=time.monotonic)
    started: float = 0.0
    due: float = 0.0
    tokens: int = 0
    """That it will have generated by then."""

    def generated(self, now: float) -> int:
        """Tokens so far: they come evenly."""
        return self.tokens if now >= self.due else int(self.tokens * (now - self.started) / (self.due - self.started))

    def __lt__(self, other: "_Job") -> bool:
        return (self.due, self.order) < (other.due, other.order)


def max_num_seqs(engine_args: Mapping[str, Any]) -> int:
    """Requests at once; raises EngineError where the arguments have anything else, or no such number."""
    for name in engine_args:
        if name != "max_num_seqs":
            raise EngineError(f"engine_args.{name}: unknown to the simulated engine; known are max_num_seqs")
    value = engine_args.get("max_num_seqs", _MAX_NUM_SEQS)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise EngineError(f"engine_args.max_num_seqs: {value!r}: expected a whole number from 1")
    return value


def _uniform(bits: int) -> float:
    """A number strictly between 0 and 1: 52 bits and a half, exact in a float."""
    return ((bits >> 12) + 0.5) / 2**52


def _log_normal(shape: LogNormal, bits: int) -> float:
    if not shape.sigma:
        return shape.median
    return shape.median * exp(min(shape.sigma * _NORMAL.inv_cdf(_uniform(bits)), _STEEPEST))


def _hash_bits(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def _process_draw(digest: bytes) -> int:
    """Bits that are others in each process: what crashed one is not bound to crash the next."""
    return _hash_bits(digest + os.getpid().to_bytes(8, "little"))


def _made_up_answer(key: str) -> str:
    """Where nobody knows the answer, one that all paths of the problem and its synthesis share."""
    problem_id, _, _ = key.rpartition("/")
    return str(_hash_bits(problem_id.encode("utf-8", "surrogatepass")) % 1000)


_LETTERS = "ABCDE"


def _wrong_answer(right: str, bits: int) -> str:
    nth = bits % _WRONG_ANSWERS + 1
    try:
        return str(int(right) + nth)
    except ValueError:
        if len(right) == 1 and right in _LETTERS:
            return _LETTERS[(_LETTERS.index(right) + nth) % len(_LETTERS)]
        return f"{nth}0{nth}0{nth}"


def _text(tokens: int, ending: str) -> str:
    """About ``tokens`` tokens, never less than the ending needs."""
    opening = "[simulated] "
    room = max(0, tokens * _CHARS_PER_TOKEN - len(opening) - len(ending))
    return f"{opening}{(_FILLER * (room // len(_FILLER) + 1))[:room].rstrip()} {ending}".rstrip()


def _prompt_tokens(request: Request) -> int:
    tokens = 0
    for message in request.messages:
        tokens += len(str(message.get("content") or "")) // _CHARS_PER_TOKEN + 4
    return tokens
