"""vLLM in the replica: one thread owns the engine and steps it; everyone else submits and waits.

On CPU the engine core lives in this very process (no core process, no worker process), which loads in half the time
and generates faster; on GPU it keeps the process that vLLM gives it. An engine that dies answers everything it holds
with ``engine_died``: the replica's owner decides what becomes of the process. A request is held from when it is
submitted until its future has a completion, so that no future can be lost on the way.
"""

import math
import queue
import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Completion, Load, Request
from a2r_ray.engines.vllm import cpu, private
from a2r_ray.engines.vllm.arguments import (
    check_sampling,
    check_there,
    engine_arguments,
    prepare_environment,
    sampling_params,
    threads,
)
from a2r_ray.engines.vllm.chats import Chats, Prompt
from a2r_ray.engines.vllm.core_process import name_replica
from a2r_ray.engines.vllm.texts import Texts
from a2r_ray.errors import EngineError, ErrorKind

_ENDS = {"stop": "stop", "length": "length", "repetition": "length"}
"""How vLLM ends what it has generated, with what it is called here; whatever else it says, it gave the request up."""
_ATTEMPTS = 3
"""What was given up, or ended with nothing said, is asked again up to so often in all."""


@dataclass(slots=True)
class _Held:
    """A request that is not answered yet."""

    request: Request
    prompt: Prompt
    future: Future[Completion] = field(default_factory=Future)
    submitted: float = field(default_factory=time.monotonic)
    attempts: int = 1


class VllmEngine:
    """One vLLM engine.

    Raises:
        EngineError: the model cannot be loaded, or vLLM does not know an engine argument.
    """

    def __init__(self, role: RoleConfig, *, seeded: bool = False) -> None:
        prepare_environment(role)
        if not role.gpus:
            cpu.keep_memory()
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        """Names of what is held and not yet in the engine; None: look around."""
        self._inside = 0
        self._tokens = [0, 0]
        self._running = 0
        self._progress_at = 0.0
        self._dead = ""
        self._ids = 0
        loaded: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._live, kwargs={"role": role, "seeded": seeded, "loaded": loaded}, name="vllm", daemon=True
        )
        self._thread.start()
        loaded.result()

    def submit(self, request: Request) -> Future[Completion]:
        """Queues the request; its chat is encoded here, in the caller's thread."""
        try:
            prompt = self._chats.encode(request.messages, request.template_kwargs, request.thinking)
        except Exception as error:  # noqa: BLE001 (a template may refuse a chat in any way; that request alone fails)
            return _answered(Completion(error=f"the chat template failed: {error}", error_kind=ErrorKind.REFUSED))
        if len(prompt.token_ids) >= self._max_model_len:
            message = f"the prompt has {len(prompt.token_ids)} tokens and the model's context is {self._max_model_len}"
            return _answered(Completion(error=message, error_kind=ErrorKind.PROMPT_TOO_LONG))
        held = _Held(request, prompt)
        with self._lock:
            if self._dead:
                return _answered(Completion(error=self._dead, error_kind=ErrorKind.ENGINE_DIED))
            self._ids += 1
            name = str(self._ids)
            self._held[name] = held
        self._inbox.put(name)
        return held.future

    def load(self) -> Load:
        """Requests running as of the last step, and all others that are held, waiting."""
        held, inside = len(self._held), self._inside
        running = min(self._running, held)
        stalled_s = time.monotonic() - self._progress_at if inside else 0.0
        if private.core_is_dead(self._engine):
            stalled_s = math.inf
        return Load(running, held - running, self._tokens[0], self._tokens[1], stalled_s)

    def close(self) -> None:
        """Stops the thread and the engine core; what is in flight resolves with an error."""
        with self._lock:
            self._dead = self._dead or "the engine was closed"
        self._inbox.put(None)
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            private.shut_down_core(self._engine)

    def _start(self, role: RoleConfig, *, seeded: bool) -> Any:
        from vllm import EngineArgs
        from vllm.v1.engine.llm_engine import LLMEngine

        arguments = engine_arguments(role, seeded=seeded)
        check_sampling(role.sampling)
        check_there(role.model)
        if not role.gpus:
            cpu.draw_faster()
            private.inspect_models_here()
        name_replica()
        try:
            with nullcontext() if role.gpus else cpu.mapped_zeros():
                return LLMEngine.from_engine_args(EngineArgs(**arguments), stat_loggers=[self._stat_logger()])
        except Exception as error:
            raise EngineError(f"vLLM cannot load {role.model}: {type(error).__name__}: {error}") from error

    def _stat_logger(self) -> Any:
        """A vLLM stat logger that keeps how many requests run, and counts tokens as vLLM does."""
        from vllm.v1.metrics.loggers import StatLoggerBase

        engine = self

        class Scheduled(StatLoggerBase):
            def __init__(self, vllm_config: Any, engine_index: int = 0) -> None:
                pass

            def record(self, scheduler_stats: Any, iteration_stats: Any, *_args: Any, **_kwargs: Any) -> None:
                if scheduler_stats is not None:
                    engine._running = scheduler_stats.num_running_reqs
                if iteration_stats is not None:
                    engine._tokens[0] += iteration_stats.num_prompt_tokens
                    engine._tokens[1] += iteration_stats.num_generation_tokens

            def log_engine_initialized(self) -> None:
                pass

        return Scheduled

    def _live(self, *, role: RoleConfig, seeded: bool, loaded: Future[None]) -> None:
        """Loads and steps in one thread: each thread that computes has OpenMP threads of its own, and on CPU a second
        set of them, idle as it is, makes the first give up its core between any two operations.
        """
        try:
            with cpu.collector_at_rest():
                if not role.gpus:
                    cpu.load_openmp(threads(role))
                self._engine = self._start(role, seeded=seeded)
            self._max_model_len: int = self._engine.model_config.max_model_len
            self._chats, self._texts = Chats(self._engine.get_tokenizer()), Texts(self._engine.get_tokenizer())
        except BaseException as error:  # noqa: BLE001 (the constructor raises it)
            loaded.set_exception(error)
            return
        loaded.set_result(None)
        self._run()

    def _run(self) -> None:
        why = ""
        try:
            while not self._dead:
                self._admit()
                if self._engine.has_unfinished_requests():
                    for output in self._engine.step():
                        self._finish(output)
                    self._progress_at = time.monotonic()
                if not self._engine.has_unfinished_requests():
                    self._running = 0
        except BaseException as error:  # noqa: BLE001 (whatever ends the thread ends the engine, and every caller must hear of it)
            why = f"the engine died: {type(error).__name__}: {error}"
        self._give_up(why)
        private.shut_down_core(self._engine)  # here: a core process is killed where the thread that began it ends

    def _admit(self) -> None:
        """Takes what was submitted; waits for it where there is nothing else to do."""
        idle = not self._engine.has_unfinished_requests()
        while True:
            try:
                name = self._inbox.get(block=idle)
            except queue.Empty:
                return
            if name is None:
                return
            idle = False
            self._add(name, self._held[name])

    def _add(self, name: str, held: _Held) -> None:
        from vllm.exceptions import VLLMClientError

        try:
            params = sampling_params(held.request.sampling, held.request.seed)
            params.skip_special_tokens &= not self._texts.keeps_special(held.request)
            self._engine.add_request(name, {"prompt_token_ids": held.prompt.token_ids}, params)
        except (ValueError, TypeError, VLLMClientError) as error:
            self._resolve(name, Completion(error=f"vLLM refused the request: {error}", error_kind=ErrorKind.REFUSED))
            return
        except Exception as error:  # noqa: BLE001 (vLLM gives no list of what it raises; this request alone fails)
            text = f"vLLM failed at the request: {type(error).__name__}: {error}"
            self._resolve(name, Completion(error=text, error_kind=ErrorKind.ENGINE))
            return
        if not self._inside:
            self._progress_at = time.monotonic()
        self._inside += 1

    def _finish(self, output: Any) -> None:
        if not output.finished:
            return
        self._inside -= 1
        held, sample = self._held[output.request_id], output.outputs[0]
        end, failure = _end(sample)
        if failure and held.attempts < _ATTEMPTS:
            held.attempts += 1
            self._inbox.put(output.request_id)
            return
        self._resolve(
            output.request_id,
            Completion(
                text=self._texts.text(held.request, held.prompt, sample.text),
                finish_reason=end,
                prompt_tokens=len(output.prompt_token_ids),
                completion_tokens=len(sample.token_ids),
                latency_s=time.monotonic() - held.submitted,
                **failure,
            ),
        )

    def _resolve(self, name: str, completion: Completion) -> None:
        with self._lock:
            held = self._held.pop(name)
        held.future.set_result(completion)

    def _give_up(self, why: str) -> None:
        """Resolves whatever is still held with the reason of the end."""
        with self._lock:
            self._dead = self._dead or why
            lost = list(self._held.values())
            self._held.clear()
        for held in lost:
            held.future.set_result(Completion(error=self._dead, error_kind=ErrorKind.ENGINE_DIED))


def _answered(completion: Completion) -> Future[Completion]:
    future: Future[Completion] = Future()
    future.set_result(completion)
    return future


def _end(sample: Any) -> tuple[str, dict[str, Any]]:
    """How a request ended, and what is to be said of an end that is none."""
    reason = sample.finish_reason
    if reason not in _ENDS:
        kind = ErrorKind.ABORTED if reason == "abort" else ErrorKind.ENGINE
        return "error", {"error": f"vLLM ended the request with {reason!r}", "error_kind": kind}
    if _ENDS[reason] == "stop" and not sample.text.strip():
        return "error", {"error": "the model ended without a word", "error_kind": ErrorKind.EMPTY}
    return _ENDS[reason], {}
