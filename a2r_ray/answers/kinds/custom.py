"""Kind ``custom``: what somebody's own function, or object, says of answers."""

from functools import cache
from importlib import import_module
from typing import Any

from a2r_ray.answers.finding import clean
from a2r_ray.errors import A2RError, ConfigError


class Custom:
    """A function of two answers that says whether they mean the same, or an object like those of this package.

    What it raises counts as no: an answer is whatever a model said.

    Args:
        name: ``module:name``.

    Raises:
        ConfigError: it cannot be imported, or is neither.
    """

    name = "custom"

    def __init__(self, name: str) -> None:
        self._own = _imported(name)
        self._equal = getattr(self._own, "equal", self._own)
        self.raised = ""
        """What it raised last."""

    def read(self, announced: str) -> str | None:
        """The answer in what announces it; where it is a function, as it stands there."""
        if not hasattr(self._own, "read"):
            return clean(announced) or None
        try:
            found = self._own.read(announced)
        except Exception:  # noqa: BLE001  as above
            return None
        return found if isinstance(found, str) else None

    def equal(self, a: str, b: str) -> bool:
        """Whether it says so in either order: in a vote neither is the known one."""
        return self._says(a, b) or self._says(b, a)

    def fits(self, known: str) -> bool:
        """No known answer tells by itself that it is one of these."""
        del known
        return False

    def _says(self, a: str, b: str) -> bool:
        try:
            return bool(self._equal(a, b))
        except A2RError:
            raise
        except Exception as error:  # noqa: BLE001  as above
            self.raised = f"{type(error).__name__}: {error}"
            return False


@cache
def _imported(name: str) -> Any:
    where = f"answer.kind.custom: {name}"
    module, _, attribute = name.partition(":")
    try:
        own = getattr(import_module(module), attribute)
        own = own() if isinstance(own, type) else own
    except (Exception, SystemExit) as error:  # importing runs somebody's code
        said = f"{type(error).__name__}: {error}"
        remedy = "install it, or put its folder into PYTHONPATH, here and where the replicas run"
        raise ConfigError([f"{where}: cannot be imported ({said}): {remedy}"]) from error
    if not callable(getattr(own, "equal", own)):
        raise ConfigError([f"{where}: expected a function of two answers, or an object with `equal` and `read`"])
    return own
