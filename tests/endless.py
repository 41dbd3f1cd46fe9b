"""Work that does not end by itself, for tests of what ends it; it ends with its test, whatever becomes of that."""

import time
from pathlib import Path
from typing import Any


class Endless:
    """A step of a dataset that hears no interrupt. It goes on for as long as its folder is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, row: Any) -> Any:
        begun = self._folder / f"begun-{time.time_ns()}"
        while self._folder.exists():
            try:
                begun.touch()
                time.sleep(0.1)
            except (KeyboardInterrupt, FileNotFoundError):
                continue
        return row

    @property
    def actor(self) -> type:
        """The same as a class, for a pool of actors."""
        folder = self._folder

        class EndlessActor:
            def __call__(self, row: Any) -> Any:
                return Endless(folder)(row)

        return EndlessActor

    def has_begun(self) -> bool:
        """Whether any of it runs, or has run since the last time that this was asked."""
        begun = list(self._folder.iterdir())
        for each in begun:
            each.unlink(missing_ok=True)
        return bool(begun)
