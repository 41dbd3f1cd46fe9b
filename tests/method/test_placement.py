"""What stands where: amounts and labels as Ray has them, and no place lost that somebody else alone could use."""

import random
from collections.abc import Sequence
from functools import cache

import pytest

from a2r_ray.config.schema import RoleConfig
from a2r_ray.method import placement
from a2r_ray.method.placement import Cluster, Node, Place, matches, place_of, standing
from tests.stopwatch import stopwatch

L4, H100 = "accelerator_type:L4", "accelerator_type:H100"
SMALL = Node({"CPU": 4, "GPU": 1, L4: 1, "memory": 1e9, "node:192.0.2.1": 1})
LARGE = Node({"CPU": 8, "GPU": 2, H100: 1}, {"zone": "b"})
ANY_GPU = Place({"CPU": 1, "GPU": 1})
AN_H100 = Place({"CPU": 1, "GPU": 1, H100: 0.001})


def test_a_replica_asks_for_what_its_role_says() -> None:
    resources = {"cpus": 4, "accelerator_type": "L4", "labels": {"zone": "!b"}, "custom": {"disk": 1}}
    role = RoleConfig.model_validate({"model": "m", "resources": resources})
    place = place_of(role)
    assert place == Place({"CPU": 4, "GPU": 1, "disk": 1, L4: 0.001}, {"zone": "!b"})
    assert str(place) == "4 CPU, 1 GPU, L4, 1 disk, zone !b"
    asks_nothing = {"engine": "openai", "model": "m", "resources": {"cpus": 0}}
    assert place_of(RoleConfig.model_validate(asks_nothing)) == Place({})


@pytest.mark.parametrize(
    ("condition", "selected"),
    [
        ("a", ["a"]),
        ("!a", ["b", "c", None]),
        ("in(a,b)", ["a", "b"]),
        ("in(a, b)", ["a"]),
        ("!in(a,b)", ["c", None]),
        ("in", []),
    ],
)
def test_a_label_is_selected_as_ray_selects_it(condition: str, selected: list[str | None]) -> None:
    found = [zone for zone in ("a", "b", "c", None) if matches({"zone": condition}, {"zone": zone} if zone else {})]
    assert found == selected


def test_every_condition_must_hold() -> None:
    assert matches({"zone": "a", "market": "!spot"}, {"zone": "a"})
    assert not matches({"zone": "a", "market": "!spot"}, {"zone": "a", "market": "spot"})


def test_what_fits_everywhere_leaves_the_choice_nodes_to_who_needs_them() -> None:
    nodes = [LARGE, SMALL]
    assert standing(nodes, [(ANY_GPU, 1), (AN_H100, 2)]) == [1, 2]
    assert standing(nodes, [(ANY_GPU, 3), (AN_H100, 2)]) == [3, 0]  # the earlier ones first
    assert standing(nodes, [(ANY_GPU, 1), (AN_H100, 1), (ANY_GPU, 7), (AN_H100, 7)]) == [1, 1, 1, 0]


def test_a_node_without_gpus_is_taken_before_one_with_them() -> None:
    nodes = [Node({"CPU": 4, "GPU": 1}), Node({"CPU": 4})]
    assert standing(nodes, [(Place({"CPU": 2}), 2), (Place({"CPU": 4, "GPU": 1}), 1)]) == [2, 1]


def test_what_takes_more_of_one_node_is_not_split_by_who_came_before() -> None:
    nodes = [Node({"CPU": 8, "GPU": 4}), Node({"CPU": 8, "GPU": 4})]
    assert standing(nodes, [(ANY_GPU, 4), (Place({"CPU": 1, "GPU": 4}), 1)]) == [4, 1]


def test_a_part_of_a_gpu_is_of_one_gpu() -> None:
    node = Node({"CPU": 8, "GPU": 2})
    assert standing([node], [(Place({"GPU": 0.6}), 9)]) == [2]
    assert standing([node], [(Place({"GPU": 0.3}), 9)]) == [6]
    assert standing([node], [(Place({"GPU": 0.5}), 1), (Place({"GPU": 1}), 2), (Place({"GPU": 0.5}), 9)]) == [1, 1, 1]
    assert standing([node], [(Place({"GPU": 0.4}), 1), (Place({"GPU": 0.6}), 1), (Place({"GPU": 1}), 9)]) == [1, 1, 1]
    assert standing([Node({"GPU": 0.5})], [(Place({"GPU": 0.5}), 2)]) == [1]


def test_custom_resources_and_labels_bound_it_too() -> None:
    nodes = [Node({"CPU": 8, "disk": 2}), Node({"CPU": 8}, {"zone": "b"})]
    on_disk, in_b = Place({"CPU": 1, "disk": 1}), Place({"CPU": 4}, {"zone": "b"})
    assert standing(nodes, [(Place({"CPU": 4}), 1), (on_disk, 9), (in_b, 9)]) == [1, 2, 2]
    assert standing(nodes, [(Place({"CPU": 1, "tape": 1}), 1)]) == [0]
    assert on_disk.fits(nodes[0])
    assert not on_disk.fits(nodes[1])


def test_who_asks_for_nothing_finds_a_place_wherever_there_is_a_node_for_it() -> None:
    assert standing([SMALL], [(Place({}), 1000), (Place({}, {"zone": "b"}), 2)]) == [1000, 0]
    assert standing([], [(Place({}), 1)]) == [0]
    assert standing([SMALL], []) == []


def test_little_is_lost_against_the_best_that_there_is() -> None:
    draw = random.Random(4)
    worse, cases = 0, 300
    for _ in range(cases):
        nodes = [drawn_node(draw) for _ in range(draw.randint(1, 4))]
        places = [drawn_place(draw) for _ in range(draw.randint(1, 3))]
        wanted = [(place, draw.randint(1, 2)) for place in places] + [(place, draw.randint(1, 3)) for place in places]
        found, best = standing(nodes, wanted), best_standing(nodes, wanted)
        assert found <= best, "more than there is room for"
        worse += found != best
    assert worse <= cases // 100


def drawn_node(draw: random.Random) -> Node:
    resources = {"CPU": draw.choice([2, 4, 8])}
    if draw.random() < 0.7:
        resources |= {"GPU": draw.choice([1, 2, 4]), draw.choice([L4, H100]): 1}
    return Node(resources, draw.choice([{}, {"zone": "a"}, {"zone": "b"}]))


def drawn_place(draw: random.Random) -> Place:
    resources = {"CPU": draw.choice([1.0, 2.0, 4.0])}
    if draw.random() < 0.7:
        resources |= {"GPU": draw.choice([1, 1, 2, 4]), **draw.choice([{}, {L4: 0.001}, {H100: 0.001}])}
    return Place(resources, draw.choice([{}, {}, {"zone": "a"}, {"zone": "!a"}]))


def best_standing(nodes: Sequence[Node], wanted: Sequence[tuple[Place, int]]) -> list[int]:
    """By trying everything."""
    names = sorted({name for place, _ in wanted for name in place.resources})

    def all_stand(counts: list[int]) -> bool:
        stand = [place for (place, _), count in zip(wanted, counts, strict=False) for _ in range(count)]

        @cache
        def rest_stands(number: int, free: tuple[tuple[float, ...], ...]) -> bool:
            if number == len(stand):
                return True
            taken = [round(stand[number].resources.get(name, 0) * 1000) for name in names]
            for at, node in enumerate(nodes):
                left = tuple(have - take for have, take in zip(free[at], taken, strict=True))
                holds = matches(stand[number].labels, node.labels) and min(left) >= 0
                if holds and rest_stands(number + 1, (*free[:at], left, *free[at + 1 :])):
                    return True
            return False

        return rest_stands(0, tuple(tuple(node.resources.get(name, 0) * 1000 for name in names) for node in nodes))

    best: list[int] = []
    for _, count in wanted:
        best.append(next(number for number in range(count, -1, -1) if all_stand([*best, number])))
    return best


def test_hundreds_of_nodes_take_no_time() -> None:
    nodes = [Node({**SMALL.resources, "memory": float(size)}) for size in range(300)] + [LARGE] * 100
    wanted = [(ANY_GPU, 1), (AN_H100, 1), (ANY_GPU, 200), (AN_H100, 100)]
    with stopwatch() as watch:
        assert standing(nodes, wanted) == [1, 1, 200, 100]
    assert watch.cpu_s < 0.2  # it is some milliseconds


def test_nodes_are_named_by_their_kinds() -> None:
    asked = [Place({}, {"zone": "b"})]
    text = "2 nodes with 4 CPU, 1 GPU, L4; 1 node with 8 CPU, 2 GPU, H100, zone b; 1 node with no CPU"
    assert placement.kinds([SMALL, LARGE, SMALL, Node({"memory": 1.0})], asked) == text
    assert placement.kinds([], asked) == ""


def test_an_autoscaler_adds_as_many_nodes_as_could_be_used() -> None:
    cluster = Cluster([SMALL], [(LARGE, 1 << 40), (SMALL, 1), (LARGE, 0)])
    assert cluster.at_most(3) == [SMALL, LARGE, LARGE, LARGE, SMALL]
