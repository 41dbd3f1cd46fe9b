"""The section ``answer``: what may be written there, and what is said of what may not."""

from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({}, "math"),
        ({"kind": "choice"}, "choice"),
        ({"kind": "auto", "guess": "last_number"}, "auto"),
        ({"kind": "number", "tolerance": 0.01}, "number"),
        ({"kind": {"custom": "my.kinds:colour"}}, "custom:my.kinds:colour"),
    ],
)
def test_kinds_by_name(document: dict[str, Any], answer: dict[str, Any], name: str) -> None:
    assert parse_config(document | {"answer": answer}).answer.name == name


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"kind": "choise"}, r"answer\.kind: found 'choise', expected one of auto, math, choice"),
        ({"kind": {"custom": "no colon"}}, r"answer\.kind: found \{'custom': 'no colon'\}, expected one of auto, math"),
        ({"kind": {"custm": "os:sep"}}, r"answer\.kind: found \{'custm': 'os:sep'\}, expected one of auto, math"),
        ({"kind": {"custom": "a:b", "tolerance": 1}}, r"answer\.kind: found .*expected one of auto, math"),
        ({"kind": True}, r"answer\.kind: found True, expected one of auto, math"),
        ({"kind": None}, r"answer\.kind: found None, expected one of auto, math"),
        ({"kind": "choice", "tolerance": 0.1}, "`tolerance` is for numbers, and the kind is choice"),
        ({"guess": "first_number"}, r"answer\.guess"),
        ({"cpu_s": 0}, r"answer\.cpu_s"),
        ({"kinds": "math"}, r"answer\.kinds"),
    ],
)
def test_what_is_wrong_is_said(document: dict[str, Any], answer: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(document | {"answer": answer})


def test_it_is_no_part_of_what_generates(document: dict[str, Any]) -> None:
    plain, other = parse_config(document), parse_config(document | {"answer": {"kind": "text"}})
    assert plain.fingerprints == other.fingerprints
