"""How many blocks a replica may hold."""

import pytest

from a2r_ray.cluster.admission import Fullness, room, share


@pytest.mark.parametrize("seats", [1, 8, 64, 1024])
@pytest.mark.parametrize("requests", [1, 4, 8, 64])
def test_an_empty_engine_is_filled_and_little_more(seats: int, requests: int) -> None:
    blocks = room(seats, requests)
    assert blocks * requests >= seats
    assert (blocks - 1) * requests <= 1.25 * seats


def test_blocks_that_wait_for_their_last_path_make_room_for_others() -> None:
    assert room(64, 4, Fullness(running=64, waiting=8, blocks=18)) == 18
    assert room(64, 4, Fullness(running=20, waiting=0, blocks=18)) == 18 + 13
    assert room(64, 4, Fullness(running=64, waiting=200, blocks=66)) < 66 - 40


def test_an_engine_whose_memory_is_full_is_full() -> None:
    """Ten prompts of 30,000 tokens fill what has room for 256 short ones."""
    assert room(256, 1, Fullness(running=10, waiting=2, blocks=12)) == 12
    assert room(256, 1, Fullness(running=10, waiting=6, blocks=16)) < 16


def test_it_is_never_nothing() -> None:
    assert room(8, 4, Fullness(running=8, waiting=1000, blocks=3)) == 1
    assert share(0, 4) == share(3, 4) == share(3, 0) // 3 == 1


def test_all_have_as_much_of_what_is_left() -> None:
    assert share(100, 4) == 25
    assert share(101, 4) == 26
