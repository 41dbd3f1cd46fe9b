"""Every mistake is named in one go: fields, the input that they name, and what prompts have places for."""

import json
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError
from a2r_ray.runs.folder import RunFolder
from a2r_ray.validate import validate


def mistakes(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate(document)
    return caught.value.problems


def with_prompt(document: dict[str, Any], prompt: str, role: str = "explorer") -> dict[str, Any]:
    return {**document, role: {**document[role], "prompt": prompt}}


def test_a_missing_file_stands_beside_the_mistakes_in_fields(document: dict[str, Any], tmp_path: Path) -> None:
    document["input"]["path"] = str(tmp_path / "none.jsonl")
    document["explorer"] |= {"temperatur": 1, "base_url": "http://x/v1", "sampling": {"top_p": 3.0}}
    document["synthesizer"] |= {"model": 7, "prompt": "{problem} {refs}"}
    text = "\n".join(found := mistakes(document))
    assert len(found) == len(set(found))
    for part in (
        "explorer.temperatur: unknown key",
        "explorer.sampling.top_p: 3.0",
        "explorer: `base_url` is for engine openai",
        "synthesizer.model: 7",
        "synthesizer.prompt: the prompt lacks {references}",
        f"{tmp_path}/none.jsonl",
    ):
        assert part in text, text


def test_a_missing_column_stands_beside_them_and_beside_unknown_names(document: dict[str, Any]) -> None:
    document["input"]["problem_column"] = "question"
    document["explorer"] |= {"paths": 0}
    found = mistakes(with_prompt(document, "{problem} {gold}"))
    assert any(line.startswith("explorer.paths: 0") for line in found)
    assert any("question" in line for line in found)


def test_a_missing_id_column_hides_no_unknown_name(document: dict[str, Any]) -> None:
    document["input"]["id_column"] = "identifier"
    found = mistakes(with_prompt(document, "{problem} {topik}"))
    assert any("identifier" in line for line in found)
    assert any(line.startswith("explorer.prompt: unknown {topik}; did you mean {topic}?") for line in found)


@pytest.mark.parametrize(
    ("role", "line"),
    [
        ({"engine": "simulated", "engine_args": {"bogus": 1}}, "explorer.engine_args.bogus: unknown to the simulated"),
        ({"engine": "openai", "engine_args": {"bogus": 1}}, "explorer.engine_args.bogus: unknown to the openai engine"),
        ({"engine": "openai", "base_url": "ftp:/x"}, "explorer.base_url: expected http:// or https://"),
    ],
)
def test_what_an_engine_does_not_take_is_named(role: dict[str, Any], line: str, document: dict[str, Any]) -> None:
    document["explorer"] |= role
    [found] = mistakes(document)
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("{here}/other.txt", "other.txt is a file"),
        ("{here}/other.txt/run", "other.txt is a file"),
        ("{here}/" + 300 * "x", "longer than the 255 bytes"),
        ("/proc/run", "/proc takes no files"),
    ],
)
def test_an_output_that_can_be_no_folder_is_named(output: str, reason: str, document: dict[str, Any]) -> None:
    here = Path(document["input"]["path"]).parent
    (here / "other.txt").write_text("")
    document["output"] = output.format(here=here)
    document["explorer"] |= {"engine_args": {"bogus": 1}}
    [argument, misplaced] = mistakes(document)
    assert misplaced.startswith("output: ")
    assert reason in misplaced
    assert argument.startswith("explorer.engine_args.bogus")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("http://x/y", "output: http://x/y: cannot be opened"),
        ("s3://", "output: s3://: it names no bucket"),
        ("/etc", "output: /etc: the folder holds something else"),
        ("{here}", "output: {here} lies inside the input"),
    ],
)
def test_an_output_that_a_run_would_refuse_is_named(output: str, reason: str, document: dict[str, Any]) -> None:
    here = Path(document["input"]["path"]).parent
    document["input"]["path"] = str(here) if output == "{here}" else document["input"]["path"]
    document["output"] = output.format(here=here)
    [misplaced] = mistakes(document)
    assert misplaced.startswith(reason.format(here=here))


def test_the_run_folder_of_another_config_is_named(document: dict[str, Any]) -> None:
    RunFolder.open(parse_config(document)).finish("complete")
    validate(document)
    document["seed"] = 12345
    [mistake] = mistakes(document)
    assert mistake.startswith(f"output: {document['output']}: the folder belongs to another config")
    assert "12345 now" in mistake


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("{problem} {topik}", "unknown {topik}; did you mean {topic}? (for the text {topik} write {{topik}})"),
        ("{problem} {n} apples", "unknown {n}; known are {problem}, {id}, {topic} (for the text {n} write {{n}})"),
        ("{problem} {references}", "{references} is for the synthesizer: the explorer is shown none"),
        ("{problem} {answer}", "{answer} would show the model the known answer (input.answer_column)"),
    ],
)
def test_an_unknown_name_in_a_prompt_is_refused(document: dict[str, Any], prompt: str, line: str) -> None:
    assert mistakes(with_prompt(document, prompt)) == [f"explorer.prompt: {line}"]
    document["explorer"]["paths"] = 0  # also where the config as a whole is none
    assert f"explorer.prompt: {line}" in mistakes(with_prompt(document, prompt))


@pytest.mark.parametrize(
    ("prompt", "role"),
    [
        ("{topic} {id}: {problem}", "explorer"),
        (r"\boxed{answer} {{answer}} \frac{a}{b} x_{n} {problem}", "explorer"),
        ("{topic} {problem} {references}", "synthesizer"),
    ],
)
def test_columns_and_what_tex_has_in_braces_are_fine(document: dict[str, Any], prompt: str, role: str) -> None:
    assert validate(with_prompt(document, prompt, role)).config.document[role]["prompt"] == prompt


def test_what_an_object_holds_is_named_with_a_dot(document: dict[str, Any], problems_file: Path) -> None:
    row = {"question": "1+1?", "ticket": {"body": "b", "gold": "2"}}
    problems_file.write_text(json.dumps(row) + "\n")
    document["input"] = {"path": str(problems_file), "problem_column": "question"}
    validate(with_prompt(document, "{question} {problem} {ticket.body} {ticket}"))
    assert (
        "unknown {ticket.bodi}; did you mean {ticket.body}?"
        in mistakes(with_prompt(document, "{problem} {ticket.bodi}"))[0]
    )


def test_a_system_message_that_is_not_used_is_told_of(document: dict[str, Any], problems_file: Path) -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "1+1?"}]
    rows = [{"chat": chat}, {"chat": [{"role": "user", "content": "1+2?"}]}]
    problems_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    document["input"] = {"path": str(problems_file), "messages_column": "chat"}
    assert validate(document).notes == []
    document["explorer"]["chat"] = {"system": "Be brief."}
    assert validate(document).notes == ["chat.system is not used for 1 of the first 2 rows: their chats have their own"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"max_num_seqs": "lots"}, "max_num_seqs"),
        ({"max_num_seqs": None}, "max_num_seqs"),
        ({"tensor_parallel_size": 0}, "tensor_parallel_size"),
        ({"pipeline_parallel_size": "2"}, "pipeline_parallel_size"),
    ],
)
def test_an_argument_that_is_counted_with_is_a_number(
    document: dict[str, Any], arguments: dict[str, Any], field: str
) -> None:
    document["explorer"] = {"engine": "vllm", "model": "m", "engine_args": arguments}
    assert any(
        line.startswith(f"explorer: engine_args.{field}: ") and "an integer from 1" in line
        for line in mistakes(document)
    )


def test_the_known_answer_is_not_what_is_asked(document: dict[str, Any]) -> None:
    document["input"] |= {"problem_column": "answer", "answer_column": "answer"}
    assert mistakes(document)[0].startswith("input: the known answer cannot be in the column of the question")
