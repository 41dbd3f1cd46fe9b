"""What a config may hold for the openai engine: ``engine_args``, and the server's address."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from a2r_ray.errors import EngineError

_OPENAI_URL = "https://api.openai.com/v1"
_MAX_CONNECTIONS = 1000
"""The openai client opens no more."""


class EngineArgs(BaseModel):
    """The arguments, checked; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    max_num_seqs: Annotated[int, Field(ge=1, le=_MAX_CONNECTIONS)] = 256
    """Requests at the server at once."""
    timeout: Annotated[float, Field(gt=0)] = 600.0
    """Seconds until the first token and between two tokens, for the whole reply where the server does not stream; and
    the longest Retry-After that is waited for."""
    max_retries: Annotated[int, Field(ge=0)] = 5
    """Not counted is what fails while the server is away."""
    max_backoff_s: Annotated[float, Field(gt=0)] = 60.0
    """The backoff's window doubles from a second up to this; the server's Retry-After comes on top."""


def server_url(base_url: str | None, api_key_env: str) -> str:
    """The server's address, sure to hold no secret; OpenAI's own where none is given.

    Raises:
        EngineError: it is none.
    """
    try:
        parts = urlsplit(base_url or _OPENAI_URL)
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
            f"{api_key_env}"
        )
    return url


def engine_args(given: dict[str, Any]) -> EngineArgs:
    """The arguments as the config gives them.

    Raises:
        EngineError: with a line for each that is wrong.
    """
    try:
        return EngineArgs.model_validate(given)
    except ValidationError as error:
        mistakes = [_explain(mistake["loc"], mistake["type"], mistake["msg"]) for mistake in error.errors()]
    raise EngineError("\n".join(mistakes))


def _explain(location: tuple[int | str, ...], kind: str, message: str) -> str:
    field = ".".join(str(part) for part in ("engine_args", *location))
    if kind == "extra_forbidden":
        return f"{field}: unknown to the openai engine; known are {', '.join(EngineArgs.model_fields)}"
    return f"{field}: {message.removeprefix('Value error, ')}"
