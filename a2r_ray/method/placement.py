"""Where replicas can stand: what one asks of a node, what nodes have, and how many stand at the same time.

- Amounts and label selectors mean what they mean to Ray: a part of a GPU is of one GPU, never of two.
- ``standing`` says what the nodes can hold; Ray places one after the other, and may waste some of it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from a2r_ray.config.schema import RoleConfig

ACCELERATOR = "accelerator_type:"
"""What Ray puts before the name of an accelerator, as a resource of its nodes."""
_A_BIT_OF_THE_ACCELERATOR = 0.001
"""What Ray takes of that resource."""
_UNITS = 10_000
"""Ray counts in parts of this size."""
_WITHOUT_END = 1 << 40


@dataclass(frozen=True)
class Place:
    """What one replica asks of a node."""

    resources: Mapping[str, float]
    """As Ray names them; what is not asked for is not there."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """A label selector: ``value``, ``!value``, ``in(a,b)`` or ``!in(a,b)`` by label; a blank is part of the value."""

    def __str__(self) -> str:
        return shown(self.resources, self.labels)

    def fits(self, node: "Node") -> bool:
        """Whether a node that is free could hold one."""
        return bool(standing([node], [(self, 1)])[0])


@dataclass(frozen=True)
class Node:
    """What a node has, as Ray reports it."""

    resources: Mapping[str, float]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cluster:
    """What there is to stand on."""

    nodes: Sequence[Node]
    """Those that are up."""
    launchable: Sequence[tuple[Node, int]] = ()
    """What the cluster's autoscaler can launch: a node of each type, and of how many there may be in all."""
    grows: bool = False
    """Whether an autoscaler runs that does not say what it can launch."""

    def at_most(self, replicas: int) -> list[Node]:
        """The nodes that are up and those that may come, of each type no more than so many replicas could use."""
        return [*self.nodes, *(node for node, most in self.launchable for _ in range(min(most, replicas)))]


def places_of(engine: RoleConfig, replicas: int) -> tuple[Place, int]:
    """What replicas of an engine ask for, and of how many nodes: one over several nodes asks each for the same."""
    return place_of(engine), replicas * engine.resources.nodes


def place_of(engine: RoleConfig) -> Place:
    """What a replica of an engine asks for, of each of its nodes."""
    resources = engine.resources
    asked = {"CPU": resources.cpus, "GPU": engine.gpus / resources.nodes, **resources.custom}
    if resources.accelerator_type:
        asked[f"{ACCELERATOR}{resources.accelerator_type}"] = _A_BIT_OF_THE_ACCELERATOR
    return Place({name: amount for name, amount in asked.items() if amount}, resources.labels)


def bundles_of(engine: RoleConfig) -> list[Place]:
    """What a replica over several nodes asks for, piece by piece: vLLM wants each of its GPUs by itself."""
    each = place_of(engine)
    own = {name: amount for name, amount in each.resources.items() if name == "GPU" or name.startswith(ACCELERATOR)}
    one = {**own, "GPU": 1.0}
    rest = {name: amount for name, amount in each.resources.items() if name not in one}
    return [Place({**rest, **one}, each.labels), *[Place(one, each.labels)] * (int(engine.gpus) - 1)]


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a node with these labels is selected; a node without a label has not any of its values."""
    return all(_selects(condition, labels.get(name)) for name, condition in selector.items())


def _selects(condition: str, value: str | None) -> bool:
    wanted = condition.removeprefix("!")
    listed = re.fullmatch(r"in\((.*)\)", wanted)
    values = listed[1].split(",") if listed else [wanted]
    return (value in values) is not condition.startswith("!")


def shown(resources: Mapping[str, float], labels: Mapping[str, str]) -> str:
    """Such as ``8 CPU, 1 GPU, L4, 2 disk, region in(a, b)``; what every node has of its own is left out."""
    texts = [f"{resources[name]:g} {name}" for name in ("CPU", "GPU") if resources.get(name)]
    for name, amount in sorted(resources.items()):
        if name.startswith(ACCELERATOR):
            texts.append(name.removeprefix(ACCELERATOR))
        elif name not in {"CPU", "GPU", "memory", "object_store_memory"} and not name.startswith("node:"):
            texts.append(f"{amount:g} {name}")
    texts += [f"{name} {value}" for name, value in sorted(labels.items())]
    return ", ".join(texts) or "no CPU"


def kinds(nodes: Iterable[Node], asked: Iterable[Place]) -> str:
    """Nodes in words, equal ones counted, with the labels that somebody asks for: ``6 nodes with 4 CPU, 1 GPU, L4``."""
    names = {name for place in asked for name in place.labels}
    counted = Counter(
        shown(node.resources, {name: value for name, value in node.labels.items() if name in names}) for node in nodes
    )
    return "; ".join(f"{count} node{'s' * (count > 1)} with {text}" for text, count in counted.most_common())


def standing(nodes: Sequence[Node], wanted: Sequence[tuple[Place, int]]) -> list[int]:
    """How many of each can stand at the same time on nodes that are free, the earlier ones first.

    Each is put where it takes the least, as a share, of what the others could still have; where that is the same, where
    fewer of them fit, and then where the least is left. Where not all find a place so, those are put first that fit the
    fewest nodes, and that counts where none before loses by it. What fits only one kind of node thus does not lose it
    to what fits everywhere.

    Args:
        nodes: what each has in all.
        wanted: places, and how many of each; the same place may come again, with less to say for it.
    """
    packing = _Packing(nodes, [place for place, _ in wanted])
    counts = packing.packed([(index, count) for index, (_, count) in enumerate(wanted)])
    if all(got == count for got, (_, count) in zip(counts, wanted, strict=True)):
        return counts
    best: list[int] = []
    for _, count in wanted:
        asked = list(enumerate([*best, count]))
        choosiest = sorted(asked, key=lambda one: packing.room(one[0]))
        best = max([*best, 0], packing.packed(asked), packing.packed(choosiest))
    return max(best, counts)


class _Free(NamedTuple):
    """What is left of a node."""

    holds: tuple[bool, ...]
    """By place, whether the labels let it."""
    amounts: tuple[int, ...]
    """By resource."""
    gpus: int
    """Whole ones."""
    parts: tuple[int, ...]
    """What is left of the others."""


class _Asked(NamedTuple):
    """A place as it is counted here."""

    amounts: tuple[int, ...]
    gpus: int
    """In parts."""


class _Packing:
    """Places on nodes, of which the equal ones are one."""

    def __init__(self, nodes: Sequence[Node], places: Sequence[Place]) -> None:
        self._places = _distinct(places)
        self._which = [self._places.index(place) for place in places]
        names = sorted({name for place in places for name in place.resources} - {"GPU"})
        self._asked = [
            _Asked(tuple(_parts(place.resources, name) for name in names), _parts(place.resources, "GPU"))
            for place in self._places
        ]
        self._nodes = Counter(self._free(node, names) for node in nodes)
        self._rooms: dict[tuple[_Free, int], int] = {}

    def room(self, index: int) -> int:
        """How many there is room for where nothing else stands."""
        return self._room_on(self._nodes, self._which[index])

    def packed(self, wanted: Sequence[tuple[int, int]]) -> list[int]:
        """How many of each stand, put there in this order; by their index."""
        free = Counter(self._nodes)
        counts = dict.fromkeys(range(len(wanted)), 0)
        for turn, (index, count) in enumerate(wanted):
            which = self._which[index]
            others = {self._which[later] for later, _ in wanted[turn + 1 :]} - {which}
            counts[index] = self._put(free, which, count, others)
        return list(counts.values())

    def _put(self, free: Counter[_Free], which: int, count: int, others: set[int]) -> int:
        """Puts as many as can be, and returns how many."""
        for number in range(count):
            rooms = {other: self._room_on(free, other) for other in others}
            fitting = [state for state in free if self._room(state, which)]
            if not fitting:
                return number
            best = min(fitting, key=lambda state: self._harm(state, which, rooms))
            if self._room(best, which) == _WITHOUT_END:
                return count
            _move(free, best, self._without(best, which))
        return count

    def _harm(self, state: _Free, which: int, rooms: Mapping[int, int]) -> tuple[float, int, int, int, int]:
        """What one there would take of the others, and what would be left."""
        after = self._without(state, which)
        taken = sum(
            (self._room(state, other) - self._room(after, other)) / room for other, room in rooms.items() if room
        )
        fitting = sum(self._room(state, other) > 0 for other in rooms)
        return round(taken, 9), fitting, after.gpus, sum(after.parts), sum(after.amounts)

    def _room_on(self, free: Counter[_Free], which: int) -> int:
        return sum(self._room(state, which) * nodes for state, nodes in free.items())

    def _room(self, state: _Free, which: int) -> int:
        """How many of a place there is room for on what is left of a node."""
        known = self._rooms.get((state, which))
        if known is None:
            known = self._rooms[state, which] = _room(state, self._asked[which]) if state.holds[which] else 0
        return known

    def _without(self, state: _Free, which: int) -> _Free:
        """What is left beside one more."""
        asked = self._asked[which]
        amounts = tuple(have - take for have, take in zip(state.amounts, asked.amounts, strict=True))
        gpus, parts = _gpus_without(state, asked.gpus)
        return _Free(state.holds, amounts, gpus, parts)

    def _free(self, node: Node, names: Sequence[str]) -> _Free:
        whole, part = divmod(_parts(node.resources, "GPU"), _UNITS)
        holds = tuple(matches(place.labels, node.labels) for place in self._places)
        return _Free(holds, tuple(_parts(node.resources, name) for name in names), whole, (part,) if part else ())


def _distinct(places: Iterable[Place]) -> list[Place]:
    found: list[Place] = []
    for place in places:
        if place not in found:
            found.append(place)
    return found


def _parts(resources: Mapping[str, float], name: str) -> int:
    return min(round(resources.get(name, 0) * _UNITS), _WITHOUT_END) if resources.get(name, 0) < math.inf else 0


def _room(state: _Free, asked: _Asked) -> int:
    rooms = [have // take for have, take in zip(state.amounts, asked.amounts, strict=True) if take]
    if asked.gpus >= _UNITS:
        rooms.append(state.gpus * _UNITS // asked.gpus)
    elif asked.gpus:
        rooms.append(state.gpus * (_UNITS // asked.gpus) + sum(part // asked.gpus for part in state.parts))
    return min(rooms, default=_WITHOUT_END)


def _gpus_without(state: _Free, asked: int) -> tuple[int, tuple[int, ...]]:
    """The whole GPUs and the parts that are left; a part is taken of the GPU that has the least that suffices."""
    if asked >= _UNITS or not asked:
        return state.gpus - asked // _UNITS, state.parts
    begun = [part for part in state.parts if part >= asked]
    parts = list(state.parts)
    if begun:
        parts.remove(min(begun))
    left = min(begun, default=_UNITS) - asked
    return state.gpus - (not begun), tuple(sorted([*parts, left] if left else parts))


def _move(free: Counter[_Free], one: _Free, other: _Free) -> None:
    free[one] -= 1
    if not free[one]:
        del free[one]
    free[other] += 1
