"""A bound tree over bits: what it says for any outcomes of its tests, in about a microsecond.

Every place of a test in the tree, those in the bands of score tables too, is a bit, in the file's order. A state is two
rails: the bits that are MET (`met`), and those that are MET or UNKNOWN (`possible`). Trying another value of a fact
changes the bits of the tests that ask it; the tree is then a few masks. The plain judge says the same, more slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from qifu.engines.rules.edges import facts_of
from qifu.engines.rules.judge import Values, outcome
from qifu.engines.rules.tree import ChoiceIn, CodeIn, Group, Item, Leaf, Node, Score, Test, Truth

State = tuple[int, int]
"""Bits that are MET, bits that are MET or UNKNOWN."""


KEPT = 500
"""States of one table whose truth is kept."""


class Gate:
    """At least `least` of its own tests (`mask`) and of its `parts` hold."""

    __slots__ = ("all", "least", "mask", "parts", "size")

    def __init__(self, least: int, mask: int, parts: tuple[Part, ...]) -> None:
        self.least, self.mask, self.parts = least, mask, parts
        self.all = mask
        for part in parts:
            self.all |= part.all
        self.size = self.all.bit_count()

    def holds(self, bits: int, other: int) -> bool:
        """Return whether it holds on one rail; `other` is the other rail."""
        count, least = (bits & self.mask).bit_count(), self.least
        for part in self.parts:
            if count >= least:
                return True
            if part.holds(bits, other):
                count += 1
        return count >= least

    def truth(self, state: State) -> Truth:
        """Return what it says in a state."""
        met, possible = state
        if self.holds(met, possible):
            return Truth.MET
        return Truth.UNKNOWN if self.holds(possible, met) else Truth.UNMET

    def waits(self, met: int, possible: int) -> int:
        """Return the UNKNOWN bits that it waits for; none where it is decided."""
        if self.holds(met, possible) or not self.holds(possible, met):
            return 0
        found = possible & ~met & self.mask
        for part in self.parts:
            found |= part.waits(met, possible)
        return found

    def hoped(self, bits: int, touched: int, state: State) -> bool:
        """Return whether it would be MET with these bits, and with each table that is MET or `touched`."""
        count = (bits & self.mask).bit_count()
        for part in self.parts:
            count += part.hoped(bits, touched, state)
        return count >= self.least


class Table:
    """A score table. Bands are (points, bit, None) or (points, 0, gate), most points first; sums (least, items)."""

    __slots__ = ("_said", "all", "items", "negated", "size", "sums")

    def __init__(self, score: Score, bands: list[list[tuple[int, int, Gate | None]]], mask: int) -> None:
        self.all, self.size, self.negated = mask, mask.bit_count(), score.negated
        self.items = tuple(
            (tuple(sorted(some, key=lambda band: -band[0])), item.otherwise)
            for item, some in zip(score.items, bands, strict=True)
        )
        self._said: dict[State, bool] = {}
        self.sums = (
            (score.least, tuple(range(len(score.items)))),
            *((least, _items_of(score.items, title)) for title, least in score.groups),
        )

    def given(self, bits: int, other: int) -> list[int]:
        """Return the points of each item on one rail."""
        found = []
        for bands, otherwise in self.items:
            for points, bit, gate in bands:
                if bits & bit if gate is None else gate.holds(bits, other):
                    found.append(points if points > otherwise else otherwise)
                    break
            else:
                found.append(otherwise)
        return found

    def _reached(self, bits: int, other: int) -> bool:
        key = bits & self.all, other & self.all
        said = self._said.get(key)
        if said is None:
            found = self.given(bits, other)
            said = all(sum([found[at] for at in items]) >= least for least, items in self.sums)
            if len(self._said) >= KEPT:
                self._said.clear()
            self._said[key] = said
        return said

    def holds(self, bits: int, other: int) -> bool:
        """Return whether it holds on one rail; a negated table looks at the other rail."""
        return not self._reached(other, bits) if self.negated else self._reached(bits, other)

    def truth(self, state: State) -> Truth:
        """Return what it says in a state."""
        met, possible = state
        if self.holds(met, possible):
            return Truth.MET
        return Truth.UNKNOWN if self.holds(possible, met) else Truth.UNMET

    def waits(self, met: int, possible: int) -> int:
        """Return the UNKNOWN bits that could still give more points; none where it is decided."""
        if self.holds(met, possible) or not self.holds(possible, met):
            return 0
        found = 0
        for (bands, _), sure in zip(self.items, self.given(met, possible), strict=True):
            for points, bit, gate in bands:
                if points > sure:
                    found |= possible & ~met & bit if gate is None else gate.waits(met, possible)
        return found

    def hoped(self, bits: int, touched: int, state: State) -> bool:
        """Return whether it is MET or asks something that is touched."""
        return bool(touched & self.all) or self.holds(*state)


Part = Gate | Table


def _items_of(items: tuple[Item, ...], group: str) -> tuple[int, ...]:
    return tuple(at for at, item in enumerate(items) if item.group == group)


@dataclass(frozen=True, slots=True)
class Line:
    """One leaf of the tree, its bits and the facts it asks; `table` of a score."""

    leaf: Leaf | Score
    mask: int
    facts: frozenset[str]
    table: Table | None

    def truth(self, state: State) -> Truth:
        """Return what the leaf says in a state."""
        if self.table is None:
            return Truth.MET if state[0] & self.mask else Truth(state[1] & self.mask > 0)
        met, possible = state
        return Truth.MET if self.table.holds(met, possible) else Truth(self.table.holds(possible, met))


class Rails:
    """One tree: its tests, each once, with their bits, and its leaves."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.bits: list[Test] = []
        self.lines: list[Line] = []
        self.swapped = 0
        """The bits in negated score tables, where MET is not what is wished."""
        root = self._part(node, top=True)
        self.root = root if isinstance(root, Gate) else Gate(1, 0, (root,))
        self.masks: dict[Test, int] = {}
        for at, test in enumerate(self.bits):
            self.masks[test] = self.masks.get(test, 0) | 1 << at
        self.asked: dict[str, list[tuple[Test, int]]] = {}
        """Under each fact, in the file's order, the tests that ask it and their bits."""
        self.mask_of: dict[str, int] = {}
        self.given: set[str] = set()
        """The facts that a firm does not change for a policy's sake: where it is, its industry, what kind it is."""
        self.beside: dict[str, tuple[str, ...]] = {}
        """The other facts that the tests of a fact ask."""
        for test, mask in self.masks.items():
            facts = facts_of(test)
            for fact in facts:
                self.asked.setdefault(fact, []).append((test, mask))
                self.mask_of[fact] = self.mask_of.get(fact, 0) | mask
                self.beside[fact] = (*self.beside.get(fact, ()), *(other for other in facts if other != fact))
            if isinstance(test, CodeIn | ChoiceIn):
                self.given.add(test.fact)

    def _part(self, node: Node, top: bool) -> Part:
        first = len(self.bits)
        if isinstance(node, Leaf):
            self.bits.append(node.test)
            if top:
                self.lines.append(Line(node, 1 << first, frozenset(facts_of(node.test)), None))
            return Gate(1, 1 << first, ())
        if isinstance(node, Group):
            return self._group(node, top)
        bands = [[self._band(band.points, band.when) for band in item.bands] for item in node.items]
        mask = (1 << len(self.bits)) - (1 << first)
        if node.negated:
            self.swapped |= mask
        table = Table(node, bands, mask)
        if top:
            facts = frozenset(fact for test in self.bits[first:] for fact in facts_of(test))
            self.lines.append(Line(node, mask, facts, table))
        return table

    def _group(self, node: Group, top: bool) -> Gate:
        mask, parts = 0, []
        for child in node.children:
            part = self._part(child, top)
            if isinstance(child, Leaf):
                mask |= 1 << (len(self.bits) - 1)
            else:
                parts.append(part)
        return Gate(node.least, mask, tuple(parts))

    def _band(self, points: int, when: Node) -> tuple[int, int, Gate | None]:
        part = self._part(when, top=False)
        if isinstance(when, Leaf):
            return points, 1 << (len(self.bits) - 1), None
        return points, 0, part if isinstance(part, Gate) else Gate(1, 0, (part,))

    def state(self, values: Values) -> State:
        """Return the outcomes of all tests."""
        met = possible = 0
        for test, mask in self.masks.items():
            said = outcome(test, values)
            if said:
                possible |= mask
                if said == Truth.MET:
                    met |= mask
        return met, possible

    def truth(self, state: State) -> Truth:
        """Return what the tree says in a state."""
        return self.root.truth(state)

    def touched(self, facts: Iterable[str]) -> int:
        """Return the bits of the tests that ask any of the facts."""
        found = 0
        for fact in facts:
            found |= self.mask_of[fact]
        return found

    def tests(self, bits: int) -> Iterator[Test]:
        """Yield the tests of these bits, in the file's order."""
        while bits:
            lowest = bits & -bits
            yield self.bits[lowest.bit_length() - 1]
            bits ^= lowest

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """The parts of the topmost `all`, and of each `all` in it: each must hold. None where the tree is one part."""
        parts = tuple(_must_hold(self.root))
        return (
            ()
            if len(parts) == 1
            else tuple(
                Condition(part, frozenset(fact for test in self.tests(part.all) for fact in facts_of(test)))
                for part in parts
            )
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """A part that must hold, and the facts it asks."""

    part: Part
    facts: frozenset[str]


def _must_hold(part: Part) -> Iterator[Part]:
    if isinstance(part, Gate) and part.least == part.mask.bit_count() + len(part.parts) and part.size > 1:
        bits = part.mask
        while bits:
            lowest = bits & -bits
            yield Gate(1, lowest, ())
            bits ^= lowest
        for inner in part.parts:
            yield from _must_hold(inner)
    else:
        yield part
