"""Every mistake is named at once, by field, and nothing secret is echoed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from a2r_ray.config.loading import load_config, parse_config, read_document
from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.record import stored_config
from a2r_ray.runs.storage import Storage

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def mistakes(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    return caught.value.problems


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path) -> None:
    assert isinstance(load_config(path), Config)


def test_there_are_examples() -> None:
    assert {path.name for path in EXAMPLES} >= {"demo.yaml", "qwen3-gpu.yaml", "cluster-qwen3.yaml"}


def test_every_mistake_is_named_with_its_field_value_and_remedy(document: dict[str, Any]) -> None:
    document["schedule"] = "sometimes"
    document["input"]["limt"] = 3
    document["explorer"]["sampling"] = {"temperatur": 1, "top_p": 3.0}
    document["synthesizer"]["replicas"] = {"min": 3, "max": 1}
    found = mistakes(document)
    assert len(found) == 5
    text = "\n".join(found)
    assert "schedule: 'sometimes': input should be 'auto', 'streaming', 'phased' or 'shared'" in text
    assert "input.limt: unknown key; did you mean `limit`?" in text
    assert "explorer.sampling.temperatur: unknown key; did you mean `temperature`?" in text
    assert "explorer.sampling.top_p: 3.0: input should be less than or equal to 1" in text
    assert "synthesizer.replicas: min 3 is more than max 1" in text


@pytest.mark.parametrize("section", ["explorer", "synthesizer"])
def test_a_secret_is_never_echoed(document: dict[str, Any], section: str) -> None:
    document[section] |= {"api_key": "sk-12345", "base_url": 7, "api_key_env": ["hunter2"]}
    text = "\n".join(mistakes(document))
    assert "sk-12345" not in text
    assert "hunter2" not in text
    assert f"{section}.api_key: unknown key; did you mean `api_key_env`?" in text


def test_overrides_are_read_as_yaml(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    config = load_config(path, ["explorer.paths=8", "explorer.price={input: 1, output: 2.5}", "synthesizer=null"])
    assert config.explorer is not None
    assert config.explorer.price is not None
    assert (config.explorer.paths.max, config.explorer.price.output, config.synthesizer) == (8, 2.5, None)


@pytest.mark.parametrize("override", ["explorer.paths", "=3", "output.deeper=1"])
def test_a_bad_override_is_refused(document: dict[str, Any], tmp_path: Path, override: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match="--set"):
        load_config(path, [override])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [", "not YAML"),
        ("[1, 2]", "expected a mapping"),
        (b"\xff\xfe\x00", "not YAML"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", r"the key `c` is there twice .*line 4, column 3"),
        ("a: 010\n", r"`010` is another number in YAML: write it without the 0 .*line 1, column 4"),
        ("a: 1:30\n", "`1:30` is another number in YAML"),
        ("a: 2020-13-45\n", "not YAML: month must be in"),
        (f"a: {'9' * 5000}\n", "not YAML: Exceeds the limit"),
        (f"a: {'[' * 4000}{']' * 4000}\n", "brackets or lists lie too deep in each other"),
        (f"a: {'{b: ' * 4000}{'}' * 4000}\n", "brackets or lists lie too deep in each other"),
    ],
)
def test_a_file_that_is_no_config(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_keys_are_text_and_1e3_a_number(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("{3: 1e3, null: 0, on: 0x10, 2020-01-01: -1e-3, x: 1_000}")
    found = read_document(path)
    assert found == {"3": 1000.0, "null": 0, "on": 16, "2020-01-01": -0.001, "x": 1000}


@pytest.mark.parametrize("section", ["output", "input"])
@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("", "it is empty"),
        (" ", "it is empty"),
        ("a\0b", "has a zero byte in it"),
        ("caf\udce9", "the name is not UTF-8"),
    ],
)
def test_what_is_no_name_of_a_file_is_refused(document: dict[str, Any], section: str, value: str, line: str) -> None:
    if section == "output":
        document["output"] = value
    else:
        document["input"]["path"] = value
    with pytest.raises(ConfigError) as error:
        parse_config(document)
    [mistake] = error.value.problems
    assert mistake.startswith("output: " if section == "output" else "input.path: ")
    assert line in mistake
    assert mistake.encode()


def test_numbers_are_finite_and_of_a_size_that_can_be_counted(document: dict[str, Any]) -> None:
    huge = 10**22
    document["input"]["limit"] = huge
    document["explorer"] |= {"paths": huge, "sampling": {"temperature": float("inf"), "max_tokens": huge}}
    with pytest.raises(ConfigError) as error:
        parse_config(document)
    fields = {mistake.partition(":")[0] for mistake in error.value.problems}
    sampling = "explorer.sampling"
    assert fields == {"input.limit", "explorer.paths", f"{sampling}.temperature", f"{sampling}.max_tokens"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_config_errors_pickle() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ConfigError(["a", "b"])))  # noqa: S301 (our own bytes)
    assert error.problems == ["a", "b"]


def test_a_run_folder_gives_its_config_back_but_no_secret(document: dict[str, Any], tmp_path: Path) -> None:
    document["explorer"]["engine_args"] = {"hf_token": "hf_secret"}
    config = parse_config(document)
    RunFolder.open(config).finish("interrupted")
    run = Storage(config.output)
    with pytest.raises(ConfigError) as caught:
        stored_config(run)
    field = "explorer.engine_args.hf_token"
    assert caught.value.problems == [f"{field}: run.json keeps no secrets; give it with --set {field}=VALUE"]
    assert stored_config(run, ["explorer.engine_args.hf_token=hf_secret"]) == config
    moved = tmp_path / "moved"
    Path(config.output).rename(moved)
    assert stored_config(Storage(str(moved)), ["explorer.engine_args.hf_token=x"]).output == str(moved)


def test_local_paths_are_resolved_where_the_config_is_loaded(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "models" / "small").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    document["input"]["path"] = "../data/*.jsonl"
    document["output"] = "~/runs/a"
    document["explorer"] |= {"model": "models/small", "engine": "vllm", "engine_args": {"tokenizer": "models/small"}}
    document["synthesizer"]["model"] = "Qwen/Qwen3-8B"
    config = parse_config(document)
    assert config.input.path == f"{tmp_path}/data/*.jsonl"
    assert config.output == f"{tmp_path}/runs/a"
    assert config.explorer is not None
    assert config.synthesizer is not None
    assert config.explorer.model == f"{tmp_path}/here/models/small"
    assert config.explorer.engine_args == {"tokenizer": f"{tmp_path}/here/models/small"}
    assert config.synthesizer.model == "Qwen/Qwen3-8B"
    monkeypatch.chdir(tmp_path)
    assert parse_config(config.model_dump()) == config  # from wherever it is read again


@pytest.mark.parametrize("uri", ["s3://bucket/run", "gs://bucket/run?x=1", "file:///tmp/run"])
def test_uris_stay_as_they_are(document: dict[str, Any], uri: str) -> None:
    document["output"] = uri
    document["input"]["path"] = source = uri.replace("/run", "/in")
    config = parse_config(document)
    assert (config.output, config.input.path) == (uri, source)


def test_a_dataset_s_name_is_a_folder_only_where_there_is_one(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document["input"] = {"source": "huggingface", "path": "openai/gsm8k"}
    assert parse_config(document).input.path == "openai/gsm8k"
    (tmp_path / "openai" / "gsm8k").mkdir(parents=True)
    assert parse_config(document).input.path == f"{tmp_path}/openai/gsm8k"


@pytest.mark.parametrize("engine", ["openai", "simulated"])
def test_a_model_that_is_only_a_name_stays_whatever_lies_on_the_disk(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    (tmp_path / "Qwen" / "Qwen3-8B").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    document["explorer"] |= {"engine": engine, "model": "Qwen/Qwen3-8B"}
    config = parse_config(document)
    assert config.explorer is not None
    assert config.explorer.model == "Qwen/Qwen3-8B"


def test_an_override_is_resolved_like_the_file(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    monkeypatch.chdir(tmp_path)
    config = load_config(path, ["output=runs/b", "input.path=more.jsonl"])
    assert (config.output, config.input.path) == (f"{tmp_path}/runs/b", f"{tmp_path}/more.jsonl")
    assert config.document["output"] == f"{tmp_path}/runs/b"


def test_links_stay_as_they_are_written(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "disk-7").mkdir()
    (tmp_path / "shared").symlink_to(tmp_path / "disk-7")
    document["output"] = f"{tmp_path}/shared/run"
    assert parse_config(document).output == f"{tmp_path}/shared/run"


def test_an_argument_that_json_cannot_hold_is_refused_at_once(document: dict[str, Any], tmp_path: Path) -> None:
    document["explorer"] = {"model": "m"}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match=r"explorer\.engine_args\.tokenizer_revision: b'31'"):
        # No date, as a user may write it: a library that vLLM imports has YAML read dates as text.
        load_config(path, ["explorer.engine_args.tokenizer_revision=!!binary MzE="])


def test_half_a_character_is_refused_wherever_it_stands(document: dict[str, Any]) -> None:
    document["explorer"] |= {"model": "m\ud800", "prompt": "{problem} \udc00"}
    document["explorer"]["chat"] = {"template_kwargs": {"mood": ["\ud83d"]}}
    found = mistakes(document)
    assert [line.partition(":")[0] for line in found] == [
        *("explorer.model", "explorer.prompt", "explorer.chat.template_kwargs.mood")
    ]
    assert found[0] == r"explorer.model: 'm\ud800' has half of a character in it; write the whole one"
