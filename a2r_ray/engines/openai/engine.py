"""Any OpenAI-compatible server as an engine: one event-loop thread, one chat completion per request.

- What goes wrong with a request is data, after retries with exponential backoff; what keeps the server from serving at
  all is an EngineError when the engine starts, and later an outage that requests wait out. Where a server that has
  answered nothing yet refuses all that it is asked, the engine ends, and says so of every request.
- At most ``max_num_seqs`` requests are at the server; one that backs off or is held keeps its place.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from a2r_ray.config.asking import Sampling
from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Completion, Load, Request
from a2r_ray.engines.openai.arguments import engine_args
from a2r_ray.engines.openai.failures import Failure, refuses
from a2r_ray.engines.openai.outage import Outage
from a2r_ray.engines.openai.refusals import Refusals
from a2r_ray.engines.openai.reply import Reply, Transcript
from a2r_ray.engines.openai.retries import Patience
from a2r_ray.engines.openai.server import Server
from a2r_ray.engines.openai.wire import Wire
from a2r_ray.errors import ErrorKind

_TRIAL_TIMEOUT_S = 30.0
"""A server that takes longer for a token loads the model, so it has it."""


class OpenAIEngine:
    """A client of the server at ``role.base_url``, of OpenAI's own where none is given."""

    def __init__(self, role: RoleConfig) -> None:
        self._args = engine_args(role.engine_args)
        self._server = Server(role, self._args.timeout)
        self._wire = Wire(self._server.client, self._server.url, role.model)
        self._refusals = Refusals(self._try_out)
        self._outage = Outage(self._server.served_models, self._args.timeout, self._args.max_backoff_s)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._slots = asyncio.Semaphore(self._args.max_num_seqs)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._in_flight: set[Future[Completion]] = set()
        self._ended = ""
        """Why the engine takes no more requests; "" while it does."""
        self._end_kind = ErrorKind.ENGINE_DIED
        self._running = self._prompt_tokens = self._completion_tokens = 0
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="openai-engine", daemon=True)
        self._thread.start()
        started.result()

    def submit(self, request: Request) -> Future[Completion]:
        """Queues the request; the future always resolves with a completion, an error being one."""
        future: Future[Completion] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            if not self._ended:
                self._in_flight.add(future)
                self._loop.call_soon_threadsafe(self._start, request, future, time.monotonic())
                return future
        future.set_result(Completion(error=self._ended, error_kind=self._end_kind))
        return future

    def load(self) -> Load:
        """How full the engine is, and for how long it has been without its server."""
        waiting = max(0, len(self._in_flight) - self._running)
        away = self._outage.away
        return Load(
            self._running,
            waiting,
            self._prompt_tokens,
            self._completion_tokens,
            held_s=away.held_s if away else 0.0,
            held_for=self._server.away(away.failure) if away else "",
        )

    def close(self) -> None:
        """Drops what is in flight, then ends the client and its thread."""
        if self._end(f"the engine for {self._server.url} was closed"):
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _end(self, reason: str, kind: ErrorKind = ErrorKind.ENGINE_DIED) -> bool:
        """Takes no more requests; False where that was so before."""
        with self._lock:
            ends = not self._ended
            if ends:
                self._ended, self._end_kind = reason, kind
        return ends

    # From here on all runs in the loop's thread.

    def _run(self, started: Future[None]) -> None:
        failed: BaseException | None = None
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve(started))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (whatever it is, nobody may wait for ever)
            failed = error
        with self._lock:
            dropped, self._in_flight = self._in_flight, set()
        for future in dropped:
            future.set_result(Completion(error=self._ended, error_kind=self._end_kind))
        if failed and not started.done():
            started.set_exception(failed)

    async def _serve(self, started: Future[None]) -> None:
        try:
            async with self._server.client:
                await self._server.check(self._args.max_backoff_s, self._try_out)
                started.set_result(None)
                await self._stop.wait()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, self._outage.close(), return_exceptions=True)
        finally:
            self._end(f"the engine for {self._server.url} died")

    def _start(self, request: Request, future: Future[Completion], submitted: float) -> None:
        task = self._loop.create_task(self._resolve(request, future, submitted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resolve(self, request: Request, future: Future[Completion], submitted: float) -> None:
        async with self._slots:
            self._running += 1
            try:
                completion = await self._complete(request, submitted)
            finally:
                self._running -= 1
        with self._lock:
            self._in_flight.discard(future)
        future.set_result(completion)

    async def _complete(self, request: Request, submitted: float) -> Completion:
        patience = Patience(self._args.max_retries + 1, self._args.timeout, self._args.max_backoff_s)
        self._refusals.sent()
        heard: list[Transcript] = []
        try:
            reply = await self._outage.ask(lambda answered: self._ask(request, answered, heard), patience)
        except Failure as failure:
            if await self._refusals.failed(failure, request.key.rpartition("/")[0]):
                self._end(f"{self._server.url} {self._server.complaint(failure)}", ErrorKind.NO_SERVICE)
                self._stop.set()
                return Completion(error=self._ended, error_kind=self._end_kind)
            message, latency_s = self._server.message(failure), time.monotonic() - submitted
            return Completion(
                prompt_tokens=sum(each.prompt_tokens for each in heard),
                completion_tokens=sum(each.completion_tokens for each in heard),
                latency_s=latency_s,
                error=message,
                error_kind=failure.kind,
            )
        return Completion(
            text=reply.text,
            finish_reason=reply.finish_reason,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            latency_s=time.monotonic() - submitted,
        )

    async def _ask(self, request: Request, answered: Callable[[], None], every: list[Transcript]) -> Reply:
        """Asks once; what is heard is one more of ``every``."""

        def heard_of() -> None:
            answered()
            self._refusals.answered()

        heard = Transcript(request.thinking)
        every.append(heard)
        try:
            reply = await self._wire.ask(request, self._args.timeout, heard, heard_of)
        finally:
            # Also where the reply broke off: the server has generated what came of it.
            self._prompt_tokens += heard.prompt_tokens
            self._completion_tokens += heard.completion_tokens
        self._refusals.answered()
        return reply

    async def _try_out(self) -> Failure | None:
        """Asks for a single token; returns the server's refusal, None where it refuses nothing.

        Raises:
            Failure: the server is away.
        """
        request = Request([{"role": "user", "content": "Hello."}], Sampling(temperature=None, max_tokens=1), "trial")
        heard = Transcript(request.thinking)
        try:
            await self._wire.ask(request, min(self._args.timeout, _TRIAL_TIMEOUT_S), heard, lambda: None)
        except Failure as failure:
            if failure.away and failure.kind != ErrorKind.TIMEOUT:
                raise
            return failure if refuses(failure) else None
        finally:
            self._prompt_tokens += heard.prompt_tokens
            self._completion_tokens += heard.completion_tokens
        return None
