"""A run refuses prompts that have places for what its input has not, before anything is sampled."""

import json
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError
from a2r_ray.sources import open_source
from a2r_ray.sources.prompt_columns import FIRST_ROWS, checked_first_rows


def check(document: dict[str, Any], prompt: str) -> None:
    config = parse_config({**document, "explorer": {**document["explorer"], "prompt": prompt}})
    checked_first_rows(config, open_source(config.input))


def test_names_are_those_of_the_first_rows(document: dict[str, Any], problems_file: Path) -> None:
    check(document, "{problem} {topic}")
    with pytest.raises(ConfigError, match=r"explorer\.prompt: unknown \{rare\}; known are \{problem\}, \{id\}, "):
        check(document, "{problem} {rare}")
    rows = problems_file.read_text().splitlines()[: FIRST_ROWS - 1]
    rows.append(json.dumps({"id": "r", "problem": "q", "rare": 1}))
    problems_file.write_text("\n".join(rows))
    check(document, "{problem} {rare}")
