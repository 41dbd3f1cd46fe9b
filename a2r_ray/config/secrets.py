"""What may be written down or shown: nothing whose field or look says that it is a secret."""

import re
import textwrap
from typing import Any

NOT_SHOWN = "(not shown)"
"""What stands where a secret stood."""

_SECRET = re.compile(r"key|token$|secret|passw|credential|auth", re.IGNORECASE)


def shown(field: str, value: Any) -> str:
    """The value as it may be echoed: never one whose field or look says that it is a secret."""
    if _SECRET.search(field.rsplit(".", 1)[-1]) or (isinstance(value, str) and re.search(r"\bsk-|://[^/]*@", value)):
        return NOT_SHOWN
    return textwrap.shorten(repr(value), 80, placeholder="…")


def redact(value: Any, field: str = "") -> Any:
    """The value with ``NOT_SHOWN`` for each secret in it."""
    if isinstance(value, dict):
        return {name: redact(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [redact(inner, field) for inner in value]
    secret = isinstance(value, str) and field != "api_key_env" and shown(field, value) == NOT_SHOWN
    return NOT_SHOWN if secret else value


_URI = re.compile(r"(://)(?:[^/@\s]*@|[^/@\s:]+:[^@\s']*@)?([^?\s']*)(?:\?[^\s']*)?")


def public(text: str) -> str:
    """The text without what the URIs in it may hold of credentials: the user and the options."""
    return _URI.sub(r"\1\2", text)
