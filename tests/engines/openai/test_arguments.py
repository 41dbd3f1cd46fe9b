"""What engine_args may hold."""

from typing import Any

import pytest

from a2r_ray.errors import EngineError
from tests.engines.conftest import Start


@pytest.mark.parametrize(
    ("engine_args", "message"),
    [
        ({"max_seqs": 4}, "engine_args.max_seqs: unknown to the openai engine; known are max_num_seqs, timeout, "),
        ({"max_num_seqs": 0}, "engine_args.max_num_seqs: Input should be greater than or equal to 1"),
        ({"timeout": "1"}, "engine_args.timeout: Input should be a valid number"),
    ],
)
def test_engine_args_are_checked(start: Start, engine_args: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError) as caught:
        start(**engine_args)
    assert message in str(caught.value)
