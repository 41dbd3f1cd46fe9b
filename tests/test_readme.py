"""Every code block and command that the README shows is run, with small things in the place of large ones."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml

from a2r_ray.cli.commands import cli
from a2r_ray.config.loading import load_config, parse_config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = sorted({command.replace("\\", "") for command in re.findall(r"`(a2r [^`]+)`", README)})


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


def test_each_block_is_of_a_kind_that_is_tried_here() -> None:
    assert {language for language, _ in BLOCKS} == {"", "sh", "yaml", "python"}
    assert len(blocks("yaml")) == 5
    assert len(blocks("python")) == 2


def test_the_configs_are_valid_and_those_of_the_examples() -> None:
    whole, roles, asked, judged, spent = (yaml.safe_load(text) for text in blocks("yaml"))
    assert whole == yaml.safe_load((ROOT / "examples" / "demo.yaml").read_text())
    example = yaml.safe_load((ROOT / "examples" / "qwen3-gpu.yaml").read_text())
    assert roles == {name: example[name] for name in ("explorer", "synthesizer")}
    parse_config(whole)
    parse_config({**example, **roles})
    assert parse_config({**whole, **judged}) == parse_config(whole)  # it shows the defaults
    servers = yaml.safe_load((ROOT / "examples" / "openai.yaml").read_text())
    config = parse_config({**servers, "explorer": {**servers["explorer"], **asked["explorer"]}})
    assert config.input.shown_columns == ("topic",)
    both = {name: {**whole[name], **spent.get(name, {})} for name in ("explorer", "synthesizer")}
    sparing = parse_config({**whole, **both, "method": spent["method"]})
    assert sparing.explorer is not None
    assert (sparing.explorer.paths.until, sparing.method.skip_at_share) == ("confident", 1.0)


def test_the_examples_that_it_lists_are_there() -> None:
    listed = set(re.findall(r"`(examples/[\w.-]+\.yaml)`", README))
    assert listed == {f"examples/{path.name}" for path in (ROOT / "examples").glob("*.yaml")}
    for name in listed:
        load_config(ROOT / name)


def test_the_make_targets_are_there() -> None:
    lines = [line.partition("#")[0].strip() for text in blocks("sh") for line in text.splitlines()]
    targets = [line.split()[1] for line in lines if line.startswith("make ")] + re.findall(r"`make (\w+)`", README)
    assert {"demo", "test", "chaos"} <= set(targets)
    for target in set(targets):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_folders_of_the_map_are_there() -> None:
    [drawn] = [text for text in blocks("") if "start here" in text]
    for name in re.findall(r"^ +(\w+)/ ", drawn, re.MULTILINE):
        assert (ROOT / "a2r_ray" / name).is_dir(), name
    packages = {path.parent.name for path in (ROOT / "a2r_ray").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"(\w+)/", drawn))


@pytest.fixture
def here(document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the README's commands name: small, simulated."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    for name in ("qwen3-gpu", "cluster-qwen3"):
        (tmp_path / "examples" / f"{name}.yaml").write_text(yaml.safe_dump({**document, "output": f"runs/{name}"}))
    (tmp_path / "CONFIG").write_text(yaml.safe_dump({**document, "output": "runs/a"}))
    (tmp_path / "runs").mkdir()
    return tmp_path


@pytest.mark.usefixtures("local_ray", "here")
def test_the_python_that_it_shows_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["run", "CONFIG", "--set", "output=runs/demo"], standalone_mode=False) == 0
    items = [{"problem_id": f"{n}", "problem": f"What is {n} + 1?"} for n in range(3)]
    names: dict[str, Any] = {"dataset": ray.data.from_items(items)}
    for text in blocks("python"):
        exec(text, names)  # noqa: S102 (our own README)
    assert "problem_id" in capsys.readouterr().out
    answered = names["answered"].take_all()
    assert [row["a2r_answer"] is not None for row in answered] == [True] * 3


ORDER = ["validate", "preview", "run", "status", "verify", "retry"]


@pytest.mark.usefixtures("local_ray", "here")
def test_the_commands_that_it_shows_run(capsys: pytest.CaptureFixture[str]) -> None:
    shown = [shlex.split(command.replace("[", "").replace("]", "").replace("…", "another")) for command in COMMANDS]
    verbs = {words[1] for words in shown}
    assert {"validate", "preview", "run", "status", "verify", "retry"} <= verbs
    tried = sorted(
        (words[1:] for words in shown if words[1] in ORDER),
        key=lambda words: (ORDER.index(words[0]), "output=runs/b" in words),
    )
    for words in tried:
        arguments = ["runs/a" if word == "RUN" else word for word in words]
        if arguments == ["validate"] or ("CONFIG" not in arguments and "runs/a" not in arguments):
            continue  # a mention, not a call
        if arguments[0] == "preview":
            arguments[-1] = "1"
        assert cli(arguments, standalone_mode=False) == 0, (arguments, capsys.readouterr())
    receipt = json.loads(Path("runs/b/receipt.json").read_text())
    assert receipt["paths"]["sampled_this_attempt"] == 0
    assert receipt["balanced"]
