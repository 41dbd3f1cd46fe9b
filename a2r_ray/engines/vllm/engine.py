"""vLLM in the replica: one thread owns the engine and steps it; everyone else submits and waits.

On CPU the engine core lives in this very process (no core process, no worker process), which loads in half the time
and generates faster; on GPU it keeps the process that vLLM gives it. An engine that dies answers everything it holds
with ``engine_died``: the replica's owner decides what becomes of the process.
"""

import ctypes
import difflib
import math
import multiprocessing
import os
import queue
import secrets
import signal
import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from a2r_ray.config.schema import RoleConfig, Sampling
from a2r_ray.engines import Completion, Load, Request
from a2r_ray.engines.vllm import cpu as vllm_cpu
from a2r_ray.errors import EngineError, ErrorKind
from a2r_ray.records import Message

_CPU_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # Even enforce_eager compiles at the first token, which needs a C++ compiler and Python's headers.
    "TORCH_COMPILE_DISABLE": "1",
    # The default binds every engine of a machine to its first core.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "2",
}


class VllmEngine:
    """One vLLM engine.

    Raises:
        EngineError: the model cannot be loaded, or vLLM does not know an engine argument.
    """

    def __init__(self, role: RoleConfig, *, seeded: bool = False) -> None:
        _prepare_environment(role)
        if not role.gpus:
            vllm_cpu.keep_memory()
        self._inbox: queue.SimpleQueue[tuple[Request, Future[Completion], float] | None] = queue.SimpleQueue()
        self._pending: dict[str, tuple[Future[Completion], float, bool]] = {}
        self._tokens = [0, 0]
        self._running = 0
        self._progress_at = 0.0
        self._dead = ""
        self._ids = 0
        self._encode = lru_cache(maxsize=1024)(self._encode_uncached)
        loaded: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._live, kwargs={"role": role, "seeded": seeded, "loaded": loaded}, name="vllm", daemon=True
        )
        self._thread.start()
        loaded.result()

    def submit(self, request: Request) -> Future[Completion]:
        """Queues the request; tokenization happens here, in the caller's thread."""
        future: Future[Completion] = Future()
        if self._dead:
            future.set_result(Completion(error=self._dead, error_kind=ErrorKind.ENGINE_DIED))
            return future
        self._inbox.put((request, future, time.monotonic()))
        return future

    def load(self) -> Load:
        """Requests running as of the last step, and all others that are held, waiting."""
        held = len(self._pending) + self._inbox.qsize()
        running = min(self._running, held)
        stalled_s = time.monotonic() - self._progress_at if self._pending else 0.0
        # The thread that steps waits for a core process whatever becomes of it; vLLM's own watch knows.
        if getattr(getattr(self._engine.engine_core, "resources", None), "engine_dead", False):
            stalled_s = math.inf
        return Load(running, held - running, self._tokens[0], self._tokens[1], stalled_s)

    def close(self) -> None:
        """Stops the thread and the engine core; what is in flight resolves with an error."""
        self._dead = self._dead or "the engine was closed"
        self._inbox.put(None)
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            self._engine.engine_core.shutdown()

    def _start(self, role: RoleConfig, *, seeded: bool) -> Any:
        from vllm import EngineArgs
        from vllm.v1.engine.llm_engine import LLMEngine

        arguments = _engine_arguments(role, seeded=seeded)
        known = [field.name for field in fields(EngineArgs)]
        for name in arguments:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean `{near[0]}`?" if near else ""
                raise EngineError(f"engine_args.{name}: vLLM knows no such argument{hint}")
        if not role.gpus:
            vllm_cpu.draw_faster()
            vllm_cpu.inspect_here()
        os.environ[_REPLICA] = str(os.getpid())
        try:
            with nullcontext() if role.gpus else vllm_cpu.mapped_zeros():
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
            with vllm_cpu.collector_at_rest():
                if not role.gpus:
                    vllm_cpu.load_openmp(_threads(role))
                self._engine = self._start(role, seeded=seeded)
            self._max_model_len: int = self._engine.model_config.max_model_len
            self._tokenizer = self._engine.get_tokenizer()
        except BaseException as error:  # noqa: BLE001 (the constructor raises it)
            loaded.set_exception(error)
            return
        loaded.set_result(None)
        self._run()

    def _run(self) -> None:
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
            self._dead = f"the engine died: {type(error).__name__}: {error}"
        self._give_up()
        self._engine.engine_core.shutdown()  # here: a core process is killed where the thread that began it ends

    def _admit(self) -> None:
        """Takes what was submitted; waits for it where there is nothing else to do."""
        idle = not self._engine.has_unfinished_requests()
        while True:
            try:
                item = self._inbox.get(block=idle)
            except queue.Empty:
                return
            if item is None:
                return
            idle = False
            self._add(*item)

    def _add(self, request: Request, future: Future[Completion], submitted: float) -> None:
        try:
            token_ids, thinking = self._encode(tuple((m["role"], m["content"]) for m in request.messages))
        except Exception as error:  # noqa: BLE001 (a template may refuse a chat in any way; that request alone fails)
            future.set_result(Completion(error=f"the chat template failed: {error}", error_kind=ErrorKind.REFUSED))
            return
        if len(token_ids) >= self._max_model_len:
            message = f"the prompt has {len(token_ids)} tokens and the model's context is {self._max_model_len}"
            future.set_result(Completion(prompt_tokens=0, error=message, error_kind=ErrorKind.PROMPT_TOO_LONG))
            return
        self._ids += 1
        name = str(self._ids)
        try:
            params = _sampling_params(request.sampling, request.seed)
            self._engine.add_request(name, {"prompt_token_ids": token_ids}, params)
        except ValueError as error:
            future.set_result(Completion(error=f"vLLM refused the request: {error}", error_kind=ErrorKind.REFUSED))
            return
        if not self._pending:
            self._progress_at = time.monotonic()
        self._pending[name] = (future, submitted, thinking)

    def _encode_uncached(self, messages: tuple[tuple[str, str], ...]) -> tuple[list[int], bool]:
        """The chat as token ids, and whether the template has already opened the model's thinking."""
        chat: list[Message] = [{"role": role, "content": content} for role, content in messages]
        text = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
        return self._tokenizer.encode(text, add_special_tokens=False), text.rstrip().endswith("<think>")

    def _finish(self, output: Any) -> None:
        if not output.finished:
            return
        future, submitted, thinking = self._pending.pop(output.request_id)
        sample = output.outputs[0]
        prompt_tokens, completion_tokens = len(output.prompt_token_ids), len(sample.token_ids)
        future.set_result(
            Completion(
                # A prefilled <think> belongs to the text: without it a trace cut off looks like a solution.
                text=f"<think>{sample.text}" if thinking else sample.text,
                finish_reason=sample.finish_reason or "stop",
                prompt_tokens=prompt_tokens,
                completion_tokens=completion_tokens,
                latency_s=time.monotonic() - submitted,
            )
        )

    def _give_up(self) -> None:
        """Resolves whatever is still held with the reason of the end."""
        lost = [future for future, _, _ in self._pending.values()]
        self._pending.clear()
        while not self._inbox.empty():
            item = self._inbox.get()
            if item is not None:
                lost.append(item[1])
        for future in lost:
            future.set_result(Completion(error=self._dead, error_kind=ErrorKind.ENGINE_DIED))


def end_with_replica() -> None:
    """Has the engine core's process end with its replica; vLLM calls it in each of its processes (pyproject.toml).

    Ray ends what a replica leaves behind, but where Ray's own processes were killed with it, a core would wait for
    ever and keep its GPU. vLLM's workers look after their core by themselves.
    """
    parent = multiprocessing.parent_process()
    if parent is None or str(parent.pid) != os.environ.get(_REPLICA):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:  # it was quicker
        os._exit(1)


_PR_SET_PDEATHSIG = 1
_REPLICA = "A2R_REPLICA_PID"


def _prepare_environment(role: RoleConfig) -> None:
    """What vLLM reads from the environment when it is imported."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    if Path(role.model).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if not role.gpus:
        os.environ["OMP_NUM_THREADS"] = str(_threads(role))
        for name, value in _CPU_ENVIRONMENT.items():
            os.environ.setdefault(name, value)


def _threads(role: RoleConfig) -> int:
    return max(1, int(role.resources.cpus))


def _engine_arguments(role: RoleConfig, *, seeded: bool) -> dict[str, Any]:
    # vLLM's own default seed is 0 in every engine: replicas would draw alike.
    arguments: dict[str, Any] = {"model": role.model, "seed": secrets.randbits(31), "max_num_seqs": role.max_num_seqs}
    if role.revision:
        arguments["revision"] = role.revision
    if not role.gpus:
        arguments |= {
            "enforce_eager": True,
            "distributed_executor_backend": "uni",
            "dtype": vllm_cpu.dtype(),
            "block_size": vllm_cpu.BLOCK_TOKENS,
        }
        if seeded:
            # On CPU a seeded request whose prefill is chunked kills the engine.
            arguments |= {"enable_chunked_prefill": False}
    return arguments | role.engine_args


def _sampling_params(sampling: Sampling, seed: int | None) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    given = sampling.model_dump(exclude_none=True)
    return SamplingParams(**given, n=1, seed=seed, output_kind=RequestOutputKind.FINAL_ONLY)
