"""Any OpenAI-compatible server as an engine: one event-loop thread, one chat completion per request.

- What goes wrong with a request is data, after retries with exponential backoff; what keeps the server from serving at
  all is an EngineError when the engine starts.
- At most ``max_num_seqs`` requests are at the server; one that backs off keeps its place, so a busy server sees less.
- The key comes from the environment and never gets into a message: all are scrubbed of it, then cut.
"""

import asyncio
import ipaddress
import os
import re
import threading
import time
from concurrent.futures import Future
from http import HTTPStatus
from typing import Annotated, Any, cast
from urllib.parse import quote, urlsplit

import openai
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from a2r_ray.config.schema import RoleConfig, Sampling
from a2r_ray.engines import Completion, Load, Request
from a2r_ray.engines.openai.retries import Failure, persist
from a2r_ray.errors import EngineError, ErrorKind

_OPENAI_URL = "https://api.openai.com/v1"
_MAX_CONNECTIONS = 1000
"""The openai client opens no more."""
_CONNECT_TIMEOUT_S = 10.0
_START_ATTEMPTS = 3
_MAX_MESSAGE_CHARS = 500
_MAX_NAMES = 10


class OpenAIEngine:
    """A client of the server at ``role.base_url``, of OpenAI's own where none is given."""

    def __init__(self, role: RoleConfig) -> None:
        self._role = role
        self._args = _engine_args(role.engine_args)
        self._url = _server_url(role)
        self._key = _api_key(role, self._url)
        self._client = openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._url,
            max_retries=0,
            timeout=openai.Timeout(self._args.timeout, connect=min(_CONNECT_TIMEOUT_S, self._args.timeout)),
        )
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._slots = asyncio.Semaphore(self._args.max_num_seqs)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._in_flight: set[Future[Completion]] = set()
        self._ended = ""
        """Why the engine takes no more requests; "" while it does."""
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
        future.set_result(Completion(error=self._ended, error_kind=ErrorKind.ENGINE_DIED))
        return future

    def load(self) -> Load:
        """How full the engine is."""
        waiting = max(0, len(self._in_flight) - self._running)
        return Load(self._running, waiting, self._prompt_tokens, self._completion_tokens)

    def close(self) -> None:
        """Drops what is in flight, then ends the client and its thread."""
        if self._end(f"the engine for {self._url} was closed"):
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _end(self, reason: str) -> bool:
        """Takes no more requests; False where that was so before."""
        with self._lock:
            ends = not self._ended
            self._ended = self._ended or reason
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
            future.set_result(Completion(error=self._ended, error_kind=ErrorKind.ENGINE_DIED))
        if failed and not started.done():
            started.set_exception(failed)

    async def _serve(self, started: Future[None]) -> None:
        try:
            async with self._client:
                await self._check_server()
                started.set_result(None)
                await self._stop.wait()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            self._end(f"the engine for {self._url} died")

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
        self._prompt_tokens += completion.prompt_tokens
        self._completion_tokens += completion.completion_tokens
        with self._lock:
            self._in_flight.discard(future)
        future.set_result(completion)

    async def _complete(self, request: Request, submitted: float) -> Completion:
        try:
            reply = await persist(
                lambda: self._ask(request), self._args.max_retries + 1, self._args.timeout, self._args.max_backoff_s
            )
        except Failure as failure:
            message, latency_s = self._message(failure), time.monotonic() - submitted
            return Completion(error=message, error_kind=failure.kind, latency_s=latency_s)
        return Completion(
            text=reply.text,
            finish_reason=reply.choices[0].finish_reason or "stop",
            prompt_tokens=(reply.usage and reply.usage.prompt_tokens) or 0,
            completion_tokens=(reply.usage and reply.usage.completion_tokens) or 0,
            latency_s=time.monotonic() - submitted,
        )

    async def _ask(self, request: Request) -> "_Reply":
        raw = await self._client.chat.completions.with_raw_response.create(
            model=self._role.model,
            messages=[cast("Any", dict(message)) for message in request.messages],
            extra_body={**_sampling(request, self._url), **self._args.extra_body},
        )
        content = raw.http_response.content
        try:
            return _Reply.model_validate_json(content)
        except ValidationError as error:
            text = f"{_first_mistake(error)}: {content.decode(errors='replace')}"
        raise Failure(ErrorKind.BAD_REPLY, text)

    async def _served_models(self) -> list[str]:
        raw = await self._client.models.with_raw_response.list()
        try:
            return [model.id for model in _Models.model_validate_json(raw.http_response.content).data]
        except ValidationError:
            text = "lists no models"
        raise Failure(ErrorKind.REFUSED, text, may_pass=False)

    async def _check_server(self) -> None:
        """Raises EngineError where the server is away, refuses the key or serves other models."""
        role, complaint = self._role, ""
        try:
            timeout_s = min(_CONNECT_TIMEOUT_S, self._args.timeout)
            served = await persist(self._served_models, _START_ATTEMPTS, timeout_s, self._args.max_backoff_s)
            if not {role.model, f"{role.model}:latest", f"models/{role.model}"} & set(served):
                names = ", ".join(served[:_MAX_NAMES]) + (", …" if len(served) > _MAX_NAMES else "") or "no model"
                complaint = f"does not serve {role.model}; it serves {names}: correct `model`, or serve it there"
        except Failure as failure:
            if failure.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                does = "refuses the key" if self._key else "asks for a key"
                complaint = f"{does}: {self._message(failure)}: set {role.api_key_env} to a key that it takes"
            elif failure.means_no_service:
                complaint = f"cannot be used: {self._message(failure)}: start the server, or correct `base_url`"
        if complaint:
            raise EngineError(f"{self._url} {complaint}")

    def _message(self, failure: "Failure") -> str:
        """What may be shown: scrubbed before it is cut, so that no half of a key stays."""
        message = str(failure)
        for look in (self._key, quote(self._key, safe=""), self._key.replace("/", r"\/")):
            if look:
                message = message.replace(look, "[key]")
        return message if len(message) <= _MAX_MESSAGE_CHARS else message[: _MAX_MESSAGE_CHARS - 1] + "…"


class _EngineArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    max_num_seqs: Annotated[int, Field(ge=1, le=_MAX_CONNECTIONS)] = 256
    """Requests at the server at once."""
    timeout: Annotated[float, Field(gt=0)] = 600.0
    """Seconds that one attempt may take, and the longest Retry-After that is waited for."""
    max_retries: Annotated[int, Field(ge=0)] = 5
    max_backoff_s: Annotated[float, Field(gt=0)] = 60.0
    """The backoff's window doubles from a second up to this; the server's Retry-After comes on top."""
    extra_body: dict[str, Any] = {}
    """More fields of the request's body, for what only this server knows."""

    @field_validator("extra_body")
    @classmethod
    def _leaves_ours_alone(cls, value: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(value.keys() & {"model", "messages", "n", "stream", "seed", *Sampling.model_fields}):
            raise ValueError(f"{', '.join(taken)}: set from the config's own fields, not here")
        return value


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(BaseModel):
    """As much of a chat completion as is used, checked; servers differ in the rest."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None

    @property
    def text(self) -> str:
        """The content, behind the thinking where the server parts them; left open where it was cut off thinking."""
        choice = self.choices[0]
        answer = choice.message.content or choice.message.refusal or ""
        thinking = choice.message.reasoning_content or choice.message.reasoning
        if not thinking:
            return answer
        cut_off = not answer and choice.finish_reason == "length"
        return f"<think>{thinking}" if cut_off else f"<think>{thinking}</think>{answer}"


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


def _engine_args(given: dict[str, Any]) -> _EngineArgs:
    try:
        return _EngineArgs.model_validate(given)
    except ValidationError as error:
        mistakes = [_explain(mistake["loc"], mistake["type"], mistake["msg"]) for mistake in error.errors()]
    raise EngineError("\n".join(mistakes))


def _explain(location: tuple[int | str, ...], kind: str, message: str) -> str:
    field = ".".join(str(part) for part in ("engine_args", *location))
    if kind == "extra_forbidden":
        return f"{field}: unknown to the openai engine; known are {', '.join(_EngineArgs.model_fields)}"
    return f"{field}: {message.removeprefix('Value error, ')}"


def _server_url(role: RoleConfig) -> str:
    """The server's address, sure to hold no secret."""
    try:
        parts = urlsplit(role.base_url or _OPENAI_URL)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise EngineError("base_url: not a URL") from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    url = f"{parts.scheme}://{host}{port}{parts.path}"
    if parts.scheme not in {"http", "https"} or not host:
        raise EngineError("base_url: expected http:// or https://, a host, and mostly /v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise EngineError(
            f"base_url {url}: expected no user, password or query in it; a key belongs into the environment variable "
            f"{role.api_key_env}"
        )
    return url


def _api_key(role: RoleConfig, url: str) -> str:
    """The key; "" where there is none and the server is a local one, which mostly asks for none."""
    key = os.environ.get(role.api_key_env, "").strip()
    if not key and not _is_local(urlsplit(url).hostname or ""):
        raise EngineError(
            f"{url}: no key; set the environment variable {role.api_key_env}, or name another in `api_key_env`"
        )
    if not re.fullmatch(r"[!#-\[\]-~]*", key):
        raise EngineError(
            f"the key in the environment variable {role.api_key_env} has spaces, quotes or odd characters"
        )
    return key


def _is_local(host: str) -> bool:
    """Loopback, a private address, or a name that only a local network resolves."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))


def _sampling(request: Request, url: str) -> dict[str, Any]:
    """The request's sampling as the API has it; what is not set is not sent."""
    sampling = request.sampling.model_dump(exclude_none=True)
    if url.startswith("https://api.openai.com/"):
        sampling["max_completion_tokens"] = sampling.pop("max_tokens")  # its reasoning models know no other name
    if request.seed is not None:
        sampling["seed"] = request.seed
    return {"n": 1, **sampling}


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in mistake["loc"]) or "the body"
    return f"the reply is no chat completion: {where}: {mistake['msg']}"
