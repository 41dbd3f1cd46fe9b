"""Sequences: what parts items, groups and rows is part of what they say; what is only layout is not."""

import pytest

from a2r_ray.answers.kinds import kind_of

SEQUENCE = kind_of("sequence")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1->2, 3->4", "1->2->3->4"),
        ("1->2, 3->4", "1, 2, 3, 4"),
        ("1 -> 2, 3 -> 4", "1 -> 3, 2 -> 4"),
        ("[1, 2)", "(1, 2]"),
        ("[1,2), [3,4)", "[1,2), (3,4]"),
        ('"a, b", "c"', '"a", "b, c"'),
        ('"a, b", "c"', "a, b, c"),
        ("007, 1", "7, 1"),
        ("1 2 | 3 4", "1 2 3 4"),
        ("1 2 | 3 4", "1 | 2 3 4"),
        ("1 2 | 3 4", "1 2 3 | 4"),
        ("(1,2)->(3,4)", "(1,2,3,4)"),
        ('"salt and pepper", "oil"', '"salt", "pepper and oil"'),
        ("A->B, B->C", "A->B->B->C"),
        ("001 010", "1 10"),
        ("1.5, 2", "15, 2"),
        ("a; b c", "a b; c"),
        ("x y, z", "x, y z"),
        ("up up left", "up left up"),
    ],
)
def test_groups_ends_and_codes_tell_sequences_apart(one: str, other: str) -> None:
    assert not SEQUENCE.equal(one, other)
    assert not SEQUENCE.equal(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1->2->3", "1, 2, 3"),
        ("1 -> 2 -> 3", "1 2 3"),
        ("(1,2)->(3,4)", "(1,2), (3,4)"),
        ("(1,2) -> (3,4)", "[(1, 2), (3, 4)]"),
        ("1->2, 3->4", "1 -> 2, 3 -> 4"),
        ("1->2, 3->4", "1->2\n3->4"),
        ("1->2, 3->4", "1→2, 3→4"),
        ("1 | 2 | 3", "1 2 3"),
        ("1 2 | 3 4", "1 2\n3 4"),
        ("| 1 | 2 |\n| 3 | 4 |", "1 2\n3 4"),
        ("1 | 2\n3 | 4", "1 2\n3 4"),
        ("[1, 2, 3]", "1, 2, 3"),
        ("(1, 2]", "( 1, 2 ]"),
        ('"a", "b"', "a, b"),
        ('["a b", "c"]', '"a b", "c"'),
        ('["a b", "c"]', "a b, c"),
        ("apples and pears", "apples, pears"),
        ("apples, pears, and figs", "apples, pears, figs"),
        ("| 1 | 2 | 3 |", "1 2 3"),
        ("0.50, 1", "0.5, 1"),
        ("+3, 1", "3, 1"),
        ("e4 e5 Nf3", "e4, e5, Nf3"),
        ("1. e4 e5 2. Nf3", "1.e4 e5 2.Nf3"),
        ("[[1,2],[3,4]]", "1 2\n3 4"),
    ],
)
def test_layout_does_not(one: str, other: str) -> None:
    assert SEQUENCE.equal(one, other)
    assert SEQUENCE.equal(other, one)
