"""The server: its address, its key, whether it is there and serves the model.

The key comes from the environment and never gets into a message: all are scrubbed of it, then cut.
"""

import asyncio
import ipaddress
import os
import re
import socket
from collections.abc import Awaitable, Callable
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import openai
from pydantic import BaseModel, ValidationError

from a2r_ray.config.schema import RoleConfig
from a2r_ray.config.secrets import public
from a2r_ray.engines.openai.arguments import server_url
from a2r_ray.engines.openai.failures import Failure, attempt
from a2r_ray.engines.openai.retries import Patience, persist
from a2r_ray.errors import EngineError, ErrorKind

_CONNECT_TIMEOUT_S = 10.0
_START_ATTEMPTS = 3
_MAX_MESSAGE_CHARS = 500
_MAX_NAMES = 10


async def _check_redirect(response: Any) -> None:
    """Raises Failure where a redirect leads nowhere, or would make another request of one: of a POST it makes a GET."""
    status, where = response.status_code, response.headers.get("location", "elsewhere")
    fault = ""
    if response.request.method == "POST" and status in _OTHER_METHOD:
        fault = "which loses the request: name that in base_url"
    elif status in _SAME_METHOD and not _is_address(where):
        fault = "which is no address of a server: correct base_url, or the server"
    if fault:
        text = f"HTTP {status}: it redirects to {public(where)}, {fault}"
        raise Failure(ErrorKind.REFUSED, text, status=status, may_pass=False, of_all=True)


_OTHER_METHOD, _SAME_METHOD = (301, 302, 303), (307, 308)


def _is_address(where: str) -> bool:
    try:
        return urlsplit(where).scheme in {"http", "https", ""}
    except ValueError:  # of a bracket that is not closed
        return False


class Server:
    """The server at ``role.base_url``, OpenAI's own where none is given."""

    def __init__(self, role: RoleConfig, timeout_s: float) -> None:
        self._role = role
        self.url = server_url(role.base_url, role.api_key_env)
        self._key = _api_key(role, self.url)
        self._short_timeout_s = min(_CONNECT_TIMEOUT_S, timeout_s)
        try:
            self.client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.url,
                max_retries=0,
                timeout=openai.Timeout(timeout_s, connect=self._short_timeout_s),
                http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [_check_redirect]}),
            )
        except (ValueError, ImportError) as error:  # of a proxy in the environment
            raise EngineError(f"{self.url} cannot be used: {public(str(error))}{self._proxy}") from None

    @cached_property
    def _proxy(self) -> str:
        """That a proxy stands in the way, for the end of a message."""
        return _proxy_in_the_way(self.url)

    async def served_models(self) -> list[str]:
        """The names of the models that it lists.

        Raises:
            Failure: it is away, or has no such list.
        """
        return await attempt(self._served_models)

    async def _served_models(self) -> list[str]:
        async with asyncio.timeout(self._short_timeout_s):
            raw = await self.client.models.with_raw_response.list()
        try:
            return [model.id for model in _Models.model_validate_json(raw.http_response.content).data]
        except ValidationError:
            text = "lists no models"
        raise Failure(ErrorKind.REFUSED, text, may_pass=False)

    async def check(self, max_backoff_s: float, try_out: Callable[[], Awaitable[Failure | None]]) -> None:
        """Raises EngineError where the server is away, refuses the key or does not serve the model.

        Args:
            max_backoff_s: the longest wait between two attempts.
            try_out: what says so of a model that the server does not list by this name: many answer to others, too.
        """
        complaint, role = "", self._role
        try:
            patience = Patience(_START_ATTEMPTS, self._short_timeout_s, max_backoff_s)
            served = await persist(self.served_models, patience)
            unlisted = not {role.model, f"{role.model}:latest", f"models/{role.model}"} & set(served)
            if unlisted and (refusal := await try_out()) is not None:
                names = ", ".join(served[:_MAX_NAMES]) + (", …" if len(served) > _MAX_NAMES else "") or "no model"
                said = self.message(refusal)
                complaint = f"does not serve {role.model}: {said}; it lists {names}: correct `model`, or serve it there"
        except Failure as failure:
            if failure.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or failure.means_no_service:
                complaint = self.complaint(failure)
        if complaint:
            raise EngineError(f"{self.url} {complaint}")

    def complaint(self, failure: Failure) -> str:
        """Why the server is of no use, in its own words, and the remedy."""
        said = self.message(failure)
        if failure.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            does = "refuses the key" if self._key else "asks for a key"
            return f"{does}: {said}: set {self._role.api_key_env} to a key that it takes{self._proxy}"
        if failure.of_all:
            return (
                f"refuses whatever it is asked for {self._role.model}: {said}: correct `model`, `base_url`, or what it "
                f"names{self._proxy}"
            )
        return f"cannot be used: {said}: start the server, or correct `base_url`{self._proxy}"

    def away(self, failure: Failure) -> str:
        """That it is away, and why."""
        return f"{self.url} is away: {self.message(failure)}{self._proxy}"

    def message(self, failure: Failure) -> str:
        """What may be shown: scrubbed before it is cut, so that no half of a key stays."""
        message = str(failure)
        for look in (self._key, quote(self._key, safe=""), self._key.replace("/", r"\/")):
            if look:
                message = message.replace(look, "[key]")
        return message if len(message) <= _MAX_MESSAGE_CHARS else message[: _MAX_MESSAGE_CHARS - 1] + "…"


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


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


def _proxy_in_the_way(url: str) -> str:
    """That a proxy of the environment stands before a server nearby, which it mostly does not reach; else ""."""
    parts = urlsplit(url)
    host, proxies = parts.hostname or "", getproxies()
    scheme = next((name for name in (parts.scheme, "all") if proxies.get(name)), "")
    if not scheme or proxy_bypass(host) or not _is_nearby(host):
        return ""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    name = next(name for name in names if os.environ.get(name))
    return f"; ${name} sends what is meant for {host} through {public(proxies[scheme])}: add {host} to $NO_PROXY"


def _is_nearby(host: str) -> bool:
    """Whether it is local, or its name stands for private addresses."""
    if _is_local(host):
        return True
    try:
        found = {str(address[4][0]) for address in socket.getaddrinfo(host, None)}
    except OSError:  # only the proxy knows it
        return False
    return all(ipaddress.ip_address(address.partition("%")[0]).is_private for address in found)


def _is_local(host: str) -> bool:
    """Loopback, a private address, or a name that only a local network resolves."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))
