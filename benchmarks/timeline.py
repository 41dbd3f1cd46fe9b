"""When things happened in a run, read from its tables: seconds since the epoch."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage


@dataclass(frozen=True)
class Timeline:
    """The moments of a run that has ended."""

    opened: float
    """The last attempt began: the folder was there, Ray was not yet."""
    first_request: float
    first_path: float
    first_result: float
    last_result: float
    closed: float
    """The receipt was written."""

    @classmethod
    def of(cls, folder: str) -> Self:
        """The timeline of a run folder."""
        run = Storage(folder)
        attempt = json.loads(run.read("run.json") or b"{}")["attempts"][-1]
        paths = list(_spans(run))
        results = [_seconds(batch) for batch in table.scan(run, "results", ["finished_at"])]
        return cls(
            opened=datetime.fromisoformat(attempt["start"]).timestamp(),
            first_request=min(pc.min(start).as_py() for start, _ in paths),
            first_path=min(pc.min(end).as_py() for _, end in paths),
            first_result=min(pc.min(end).as_py() for end in results),
            last_result=max(pc.max(end).as_py() for end in results),
            closed=datetime.fromisoformat(attempt["end"]).timestamp(),
        )

    @property
    def window_s(self) -> float:
        """From the first request sent to the last result."""
        return self.last_result - self.first_request


def _spans(run: Storage) -> Iterator[tuple[Any, Any]]:
    """When the paths of each batch were asked for, and when they were there."""
    for batch in table.scan(run, "paths", ["finished_at", "latency_s"]):
        end = _seconds(batch)
        yield pc.subtract(end, pc.cast(batch["latency_s"], pa.float64())), end


def _seconds(batch: pa.RecordBatch) -> Any:
    return pc.divide(pc.cast(pc.cast(batch["finished_at"], pa.int64()), pa.float64()), 1e6)
