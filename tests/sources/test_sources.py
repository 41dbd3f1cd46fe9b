"""Every input row is accounted for: problem, reject or duplicate, in order, and lazily."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem, Reject, problem_hash
from a2r_ray.sources import Duplicate, RawRow, doubts, first_rows, open_source, read_problems, row_count

CONFIG = InputConfig(path="given", id_column="id", answer_column="answer")


@dataclass
class Given:
    """Rows from memory; ``read`` counts how many were asked for."""

    given: list[dict[str, Any]]
    config: InputConfig = CONFIG
    read: int = 0

    def rows(self) -> Iterator[RawRow]:
        for line, row in enumerate(self.given, 1):
            self.read += 1
            yield RawRow("given", line, row)

    def count(self) -> int:
        return len(self.given)

    def version(self) -> str:
        return ""


def row(name: str, text: str = "q", answer: str | None = None, **others: Any) -> dict[str, Any]:
    return {"id": name, "problem": text, "answer": answer, **others}


def limited(limit: int) -> InputConfig:
    return CONFIG.model_copy(update={"limit": limit})


def test_a_repeated_row_is_a_duplicate_and_a_repeated_id_a_reject() -> None:
    given = Given([row("a", "q", "1"), row("b"), row("a", "q", "1", note="x"), row("a", "other"), row("a", "q", "2")])
    first, second, same, other, answer = read_problems(given)
    assert isinstance(first, Problem)
    assert isinstance(second, Problem)
    assert same == Duplicate("a", "given", 3, problem_hash("q", None))
    for line, record in ((4, other), (5, answer)):
        assert isinstance(record, Reject)
        assert (record.problem_id, record.line, record.error_kind) == ("a", line, "duplicate_id")
        assert "'a' is already that of given:1" in record.error
        assert '"id": "a"' in record.row


def test_a_rejected_row_takes_no_id() -> None:
    bad, good = read_problems(Given([row("a", ""), row("a")]))
    assert isinstance(bad, Reject)
    assert isinstance(good, Problem)


def test_chats_are_told_apart_beyond_their_last_message() -> None:
    def chat(first: str) -> dict[str, Any]:
        return {"id": "a", "m": [{"role": "system", "content": first}, {"role": "user", "content": "q"}]}

    config = InputConfig(path="given", id_column="id", messages_column="m")
    records = list(read_problems(Given([chat("x"), chat("x"), chat("y")], config)))
    assert [type(record) for record in records] == [Problem, Duplicate, Reject]


def test_limit_counts_input_rows_and_reads_no_more() -> None:
    given = Given([row("a"), row("a"), row("b", ""), row("c"), row("d")], limited(4))
    records = list(read_problems(given))
    assert [type(record) for record in records] == [Problem, Duplicate, Reject, Problem]
    assert given.read == 4


def test_the_first_problem_arrives_before_the_rest_is_read() -> None:
    given = Given([row(str(i)) for i in range(1000)])
    next(read_problems(given))
    assert given.read == 1


def test_the_keys_of_a_problem_take_the_memory_that_is_said() -> None:
    class Many(Given):
        def rows(self) -> Iterator[RawRow]:
            return (RawRow("given", i, row(str(i))) for i in range(1, 40_001))

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    records = read_problems(Many([]))
    for _ in range(40_000):
        next(records)
    per_problem = (tracemalloc.get_traced_memory()[0] - before) / 40_000
    tracemalloc.stop()
    assert 60 < per_problem < 180


def test_first_rows_reads_no_further_than_it_must() -> None:
    given = Given([row("a"), row("a"), row("b", ""), row("c"), row("d")])
    records = first_rows(given, 2)
    assert [(type(record), record.line) for record in records] == [(Problem, 1), (Reject, 3)]
    assert given.read == 3


def test_first_rows_reads_on_to_the_first_problem() -> None:
    records = first_rows(Given([row("a", "")] * 50 + [row("b"), row("c")]), 2)
    assert [(type(record), record.line) for record in records] == [(Reject, 1), (Reject, 2), (Problem, 51)]


def test_first_rows_of_a_short_input_are_all_of_it() -> None:
    assert len(first_rows(Given([row("a"), row("b", "")]), 10)) == 2


def test_an_input_without_a_problem_is_an_error_with_the_first_reasons() -> None:
    with pytest.raises(InputError) as error:
        first_rows(Given([row("a", ""), row("b", ""), row("c", ""), row("d", "")]), 1)
    message = str(error.value)
    assert message.startswith("given: none of its 4 rows is a problem")
    assert "  given:1: empty_problem: column `problem`" in message
    assert "  given:3: empty_problem" in message
    assert "given:4" not in message
    assert error.value.exit_code == 2


def test_an_input_without_rows_is_an_error() -> None:
    with pytest.raises(InputError, match="given: it has no rows"):
        first_rows(Given([]), 1)


def test_what_is_doubtful_is_told_before_a_run() -> None:
    answers = ["So\n#### 7", "So\n#### Step 3: add", "Tuesday", None, "\\boxed{ }"]
    given = Given([row(str(i), answer=answer) for i, answer in enumerate(answers)])
    [told] = doubts(given, first_rows(given, 100), Answers())
    assert told.startswith("in 2 of the first 4 known answers no answer of kind math can be read")
    assert "given:2: …So #### Step 3: add" in told
    assert "input.answer_column `answer`" in told
    assert doubts(given, first_rows(given, 1), Answers()) == []


def test_limit_holds_for_the_first_rows_too() -> None:
    with pytest.raises(InputError, match="none of its 1 rows"):
        first_rows(Given([row("a", ""), row("b")], limited(1)), 1)


def test_a_source_without_a_reader_is_refused() -> None:
    with pytest.raises(InputError, match=r"input\.source"):
        open_source(CONFIG.model_copy(update={"source": "nowhere"}))


def test_a_whole_file_through_the_front_door(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"problem": "a"}\n\n{"problem": "a"}\n{broken\n{"problem": ""}\n[]\n\xff\n')
    config = InputConfig(path=str(path))
    source = open_source(config)
    records = list(read_problems(source))
    kinds = [getattr(record, "error_kind", type(record).__name__) for record in records]
    assert kinds == ["Problem", "Duplicate", "malformed_json", "empty_problem", "not_an_object", "invalid_utf8"]
    assert [record.line for record in records] == [1, 3, 4, 5, 6, 7]
    assert source.count() == 6


def test_the_rows_to_read_are_no_more_than_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_text('{"problem": "What is 1 + 1?"}\n' * 5)
    counts = {limit: row_count(open_source(InputConfig(path=str(file), limit=limit))) for limit in (None, 3, 9)}
    assert counts == {None: 5, 3: 3, 9: 5}
