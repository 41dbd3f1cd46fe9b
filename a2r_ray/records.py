"""The data: what a problem, a path, a result and a reject are, and the Arrow schema each is stored with.

A record is frozen and knows no behaviour but how it becomes a row. Schemas are written out, never inferred.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
Message = Mapping[str, Any]
"""One chat message: ``{"role": …, "content": …}``, and whatever else it was given with."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def stamp() -> int:
    """The time of the ``finished_at`` columns: microseconds since the epoch, which cost less to read than datetimes."""
    return time.time_ns() // 1000


def storable(text: str) -> str:
    """A text as UTF-8 can hold it: halves of a surrogate pair that stand together are joined, any other is U+FFFD.

    JSON may escape an emoji in halves, and a stream may send one of them at a time.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@dataclass(frozen=True, slots=True)
class Problem:
    """One accepted input row."""

    problem_id: str
    problem: str
    """The problem's text; for chat messages, what the last user message says."""
    messages: tuple[Message, ...] | None = None
    """The chat as given, where the input has chat messages."""
    reference_answer: str | None = None
    metadata: str = "{}"
    """JSON object of the other input columns."""
    answer_kind: str | None = None
    """Its own kind of answer, such as ``choice``, or ``gym:NAME`` of a dataset of reasoning_gym; None: the run's."""
    source: str = ""
    """The file or dataset it came from."""
    line: int = 0
    """Where in it: the line of a text file, the row of a table; from 1."""
    shown: str = ""
    """JSON of the other columns that prompts have places for, as pairs of a name and what it holds; "" of none."""


@dataclass(frozen=True, slots=True)
class Reject:
    """An input row, or a problem, that got no answer."""

    problem_id: str | None
    source: str
    line: int
    stage: str
    """``input``, ``explore`` or ``synthesize``."""
    error_kind: str
    error: str
    row: str
    """The row as it was read, as text."""
    reference_answer: str | None = None
    """Where it is known."""
    problem_hash: str = ""
    """Of a problem; "" where the row is none."""


@dataclass(frozen=True, slots=True)
class Path:
    """One sampled solution of one problem; its key is (problem_id, path_index, round, explorer)."""

    problem_id: str
    path_index: int
    explorer: str
    model: str
    text: str
    answer: str | None
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    latency_s: float
    seed: int | None = None
    mean_logprob: float | None = None
    round: int = 0
    references: tuple[int, ...] | None = None
    error: str = ""
    replica: str = ""
    finished_at: int = field(default_factory=stamp)
    problem_hash: str = ""
    """Of the question that it answers; "" where nobody knows."""

    @property
    def key(self) -> tuple[str, int, int, str]:
        """What tells it from every other path."""
        return self.problem_id, self.path_index, self.round, self.explorer


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one problem, and what led to it."""

    problem_id: str
    problem: str
    messages: str | None
    reference_answer: str | None
    metadata: str
    answer_kind: str
    path_answers: tuple[str | None, ...]
    path_correct: tuple[bool | None, ...]
    references: tuple[int, ...]
    vote_answer: str | None
    vote_share: float | None
    undecided: int
    route: str
    synthesis: str | None
    answer: str | None
    correct: bool | None
    vote_correct: bool | None
    synthesizer: str
    finish_reason: str
    explorer_prompt_tokens: int
    explorer_completion_tokens: int
    synthesizer_prompt_tokens: int
    synthesizer_completion_tokens: int
    cost_usd: float | None
    problem_hash: str
    error: str = ""
    finished_at: int = field(default_factory=stamp)


TIMESTAMP = pa.timestamp("us", tz="UTC")

PATH_SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("path_index", pa.int32()),
        ("round", pa.int32()),
        ("references", pa.list_(pa.int32())),
        ("explorer", pa.string()),
        ("model", pa.string()),
        ("seed", pa.int64()),
        ("text", pa.string()),
        ("answer", pa.string()),
        ("finish_reason", pa.string()),
        ("prompt_tokens", pa.int32()),
        ("completion_tokens", pa.int32()),
        ("mean_logprob", pa.float32()),
        ("latency_s", pa.float32()),
        ("error", pa.string()),
        ("replica", pa.string()),
        ("finished_at", TIMESTAMP),
        ("problem_hash", pa.string()),
    ]
)

RESULT_SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("problem", pa.string()),
        ("messages", pa.string()),
        ("reference_answer", pa.string()),
        ("metadata", pa.string()),
        ("answer_kind", pa.string()),
        ("path_answers", pa.list_(pa.string())),
        ("path_correct", pa.list_(pa.bool_())),
        ("references", pa.list_(pa.int32())),
        ("vote_answer", pa.string()),
        ("vote_share", pa.float32()),
        ("undecided", pa.int32()),
        ("route", pa.string()),
        ("synthesis", pa.string()),
        ("answer", pa.string()),
        ("correct", pa.bool_()),
        ("vote_correct", pa.bool_()),
        ("synthesizer", pa.string()),
        ("finish_reason", pa.string()),
        ("explorer_prompt_tokens", pa.int64()),
        ("explorer_completion_tokens", pa.int64()),
        ("synthesizer_prompt_tokens", pa.int64()),
        ("synthesizer_completion_tokens", pa.int64()),
        ("cost_usd", pa.float64()),
        ("problem_hash", pa.string()),
        ("error", pa.string()),
        ("finished_at", TIMESTAMP),
    ]
)

REJECT_SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("source", pa.string()),
        ("line", pa.int64()),
        ("stage", pa.string()),
        ("error_kind", pa.string()),
        ("error", pa.string()),
        ("row", pa.string()),
        ("reference_answer", pa.string()),
        ("problem_hash", pa.string()),
    ]
)

CASE_SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("problem", pa.string()),
        ("messages", pa.string()),
        ("reference_answer", pa.string()),
        ("metadata", pa.string()),
        ("shown", pa.string()),
        ("answer_kind", pa.string()),
        ("source", pa.string()),
        ("line", pa.int64()),
        ("paths", pa.list_(pa.struct(list(PATH_SCHEMA)))),
    ]
)
"""What travels between pools: a problem a row, with its paths so far; ``messages`` is JSON."""

WRITTEN_BY = "explorer"
"""The column of the paths table with the fingerprint of the role that wrote a path."""

PATH_KEY = ["problem_id", "path_index", "round", WRITTEN_BY]
"""What tells a path from every other."""


def hash_of(problem: Problem) -> str:
    """The ``problem_hash`` of what is stored of a problem."""
    return problem_hash(problem.problem, problem.messages, problem.shown)


def rejected(problem: Problem, stage: str, error_kind: str, error: str) -> Reject:
    """The reject of a problem."""
    return Reject(
        problem_id=problem.problem_id,
        source=problem.source,
        line=problem.line,
        stage=stage,
        error_kind=error_kind,
        error=error,
        row=problem.problem,
        reference_answer=problem.reference_answer,
        problem_hash=hash_of(problem),
    )


def chat_text(problem: Problem) -> str | None:
    """The problem's messages as JSON; None where it has none."""
    return None if problem.messages is None else json.dumps(problem.messages, ensure_ascii=False)


def table_of(records: Sequence[Path] | Sequence[Result] | Sequence[Reject], schema: pa.Schema) -> pa.Table:
    """Records as a table of their schema, column by column."""
    read = attrgetter(*schema.names)
    columns = zip(*map(read, records), strict=True) if records else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def paths_of(rows: pa.Table | pa.StructArray) -> list[Path]:
    """The paths in rows with the fields of PATH_SCHEMA."""
    columns = [rows.field(name) if isinstance(rows, pa.StructArray) else rows[name] for name in _PATH_FIELDS]
    values = [(column.cast(pa.int64()) if column.type == TIMESTAMP else column).to_pylist() for column in columns]
    at = _PATH_FIELDS.index("references")
    values[at] = [None if references is None else tuple(references) for references in values[at]]
    return list(map(Path, *values))


_PATH_FIELDS = tuple(Path.__dataclass_fields__)

TOKENS = {
    "explorer": ("paths", "prompt_tokens", "completion_tokens"),
    "synthesizer": ("results", "synthesizer_prompt_tokens", "synthesizer_completion_tokens"),
    "superseded": ("superseded", "synthesizer_prompt_tokens", "synthesizer_completion_tokens"),
    "superseded_paths": ("superseded_paths", "prompt_tokens", "completion_tokens"),
}
"""What the receipt counts tokens for: in which table, and in which columns."""


def problem_hash(text: str, messages: Sequence[Message] | None, shown: str = "") -> str:
    """16 hex digits over what is asked: the chat where there is one, else the text, and what else prompts show."""
    asked = text if messages is None else json.dumps(messages, sort_keys=True, separators=(",", ":"))
    asked = f"{asked}\0{shown}" if shown else asked
    return hashlib.blake2b(asked.encode(), digest_size=8).hexdigest()
