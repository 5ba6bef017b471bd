"""Generated Python: one enterprise against thousands of policies in well under a millisecond.

Every policy becomes a line such as `if a4 and a9 and (a2 or a7): out[12] = m[a4 & a9 & (a2 | a7)]`: while nothing is
UNMET is asked by short circuit (an unmet policy costs one or two looks), and only then the truth is worked out.
Policies stand together under the tests they share, those first that rule out most, so one look skips a whole place.
Large parts that several policies share are worked out once. The source holds nothing but numbers and names made here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from qifu.engines.rules.explain import Explanation
from qifu.engines.rules.judge import Values, outcome
from qifu.engines.rules.near_misses import NearMisses
from qifu.engines.rules.python_atoms import Atoms, Compute
from qifu.engines.rules.tree import (
    Bound,
    CodeIn,
    Group,
    HonourValid,
    Leaf,
    Node,
    Test,
    Truth,
)
from qifu.registers.enterprises.fact_book import FactBook

AT_ONCE = 5_000
"""Policies in one generated function."""
DEEPEST = 15
"""Deeper nodes are worked out on a line of their own."""
LARGE = 8
"""Tests of a part that is worked out once for all policies that share it."""
TOGETHER = 30
"""Parts between which a sign stands without brackets."""
_MEANING = (0, 1, 1, 2)
_SWAPPED = (3, 1, 1, 0)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A test."""

    atom: int


@dataclass(frozen=True, slots=True)
class _Gate:
    """At least `least` of the children; all and any are the extremes."""

    least: int
    children: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """A score table: items are ((points, part), … most first), otherwise; sums are (least, numbers of items)."""

    items: tuple[tuple[tuple[tuple[int, _Part], ...], int], ...]
    sums: tuple[tuple[int, tuple[int, ...]], ...]
    negated: bool


_Part = _Leaf | _Gate | _Table


class Compiled:
    """Bound rules as generated Python: `judge` says what all of them say of one enterprise."""

    def __init__(self, bounds: Sequence[Bound], typical: Sequence[Values] = ()) -> None:
        self.bounds = tuple(bounds)
        self.chunks = [
            _Chunk(self.bounds[start : start + AT_ONCE], typical)
            for start in range(0, len(self.bounds), AT_ONCE)
        ]

    def judge(self, values: Values) -> list[int]:
        """Return the truth of each rule in their order: 0 unmet, 1 unknown, 2 met (the numbers of `Truth`)."""
        if len(self.chunks) == 1:
            return self.chunks[0].truths(values)
        return [said for chunk in self.chunks for said in chunk.truths(values)]

    def full(self, values: Values, facts: FactBook) -> list[Explanation]:
        """Return the explanations of the rules that are met, and of those of which one leaf is unmet, in their order."""
        return [told for chunk in self.chunks for told in chunk.met_and_one_short(values, facts)]


def compile_bounds(bounds: Sequence[Bound], typical: Sequence[Values] = ()) -> Compiled:
    """Return the rules as generated Python; it takes a few seconds for 5,000 of them.

    `typical` enterprises tell which tests rule out most; they change the speed, never a verdict.
    """
    return Compiled(bounds, typical)


class _Chunk:
    """Some policies as one generated function, and the numbers of their tests."""

    def __init__(self, bounds: Sequence[Bound], typical: Sequence[Values]) -> None:
        writer = _Writer(bounds, typical)
        self.atoms = writer.atoms
        self.source = writer.source()
        self.names = tuple(writer.atoms.names)
        space: dict[str, Any] = {**writer.atoms.data, "m": _MEANING, "swapped": _SWAPPED}
        exec(compile(self.source, "<rules>", "exec"), space)
        self._compute: Compute = space["compute"]
        self.bounds = bounds
        self._near = NearMisses(bounds, writer.atoms.numbers)

    def truths(self, values: Values) -> list[int]:
        get = values.get
        return self._compute(tuple([get(name) for name in self.names]), False)[0]

    def answers(self, values: Values) -> tuple[list[int], tuple[int, ...]]:
        """Return the truths of the policies, and the answers of the tests in the order of `atoms.numbers`."""
        get = values.get
        return self._compute(tuple([get(name) for name in self.names]), True)

    def met_and_one_short(self, values: Values, facts: FactBook) -> list[Explanation]:
        """Return the explanations of the rules that are met or have just one unmet leaf."""
        return self._near.explained(*self.answers(values), values, facts)


class _Writer:
    """Writes the source of one generated function."""

    def __init__(self, bounds: Sequence[Bound], typical: Sequence[Values]) -> None:
        self.atoms = Atoms()
        self.typical = typical
        self.fails: dict[str, float] = {}
        self.roots = [self._part(bound.require) for bound in bounds]
        self.named: dict[_Part, str] = {}
        self.lines: list[str] = []
        self.made = 0

    def _part(self, node: Node) -> _Part:
        if isinstance(node, Leaf):
            return _Leaf(self.atoms.add(node.test))
        if isinstance(node, Group):
            return _gate(node.least, [self._part(child) for child in node.children])
        items = tuple(
            (
                tuple(
                    sorted(
                        ((band.points, self._part(band.when)) for band in item.bands),
                        key=lambda band: -band[0],
                    )
                ),
                item.otherwise,
            )
            for item in node.items
        )
        sums = [(node.least, tuple(range(len(items))))]
        for title, least in node.groups:
            sums.append((least, tuple(at for at, item in enumerate(node.items) if item.group == title)))
        return _Table(items, tuple(sums), node.negated)

    def source(self) -> str:
        """Return the module: tests, shared parts, then the policies under the test they begin with."""
        for part in self._shared():
            name = f"n{len(self.named)}"
            expression = self.truth(part, "  ")
            self.lines.append(f"  {name} = {expression}")
            self.named[part] = name
        self.failing = [self._failing(test) for test in self.atoms.numbers]
        self._together([(number, self._guards(part)) for number, part in enumerate(self.roots)], "  ")
        body = "\n".join(self.lines)
        tests = "\n".join(self.atoms.source("  "))
        values = "".join(f"v{number}, " for number in self.atoms.names.values())
        answers = "".join(f"a{number}, " for number in self.atoms.numbers.values())
        unpacked = f"  {values} = values\n" if values else ""
        return (
            f"def compute(values, full):\n{unpacked}{tests}\n  out = [0] * {len(self.roots)}\n{body}\n"
            f"  return out, (({answers}) if full else ())\n"
        )

    def _failing(self, test: Test) -> float:
        """How often the test is UNMET: of the typical enterprises, else guessed from its kind."""
        if not self.typical:
            return _guess(test)
        unmet = [values for values in self.typical if outcome(test, values) == Truth.UNMET]
        return len(unmet) / len(self.typical)

    def _together(self, policies: list[tuple[int, list[str]]], indent: str) -> None:
        """Write policies under the guard that rules out most of them, and so on below it."""
        while policies:
            gain: defaultdict[str, float] = defaultdict(float)
            for _, guards in policies:
                for guard in guards:
                    gain[guard] += self.fails[guard]
            first = max(gain, key=gain.__getitem__) if gain and len(indent) < DEEPEST else ""
            under = [(number, guards) for number, guards in policies if first in guards]
            if len(under) < 2:
                break
            self.lines.append(f"{indent}if {first}:")
            self._together(
                [(number, [guard for guard in guards if guard != first]) for number, guards in under],
                indent + " ",
            )
            taken = {number for number, _ in under}
            policies = [one for one in policies if one[0] not in taken]
        for number, guards in policies:
            self._policy(number, guards, indent)

    def _policy(self, number: int, guards: list[str], indent: str) -> None:
        if guards:
            ordered = sorted(guards, key=lambda guard: -self.fails[guard])
            self.lines.append(f"{indent}if {' and '.join(ordered)}:")
            indent += " "
        expression = self.truth(self.roots[number], indent)
        self.lines.append(f"{indent}out[{number}] = m[{expression}]")

    def _guards(self, part: _Part) -> list[str]:
        """The conditions, likeliest to fail first, without all of which a policy is surely UNMET."""
        children = part.children if isinstance(part, _Gate) and _is_all(part) else (part,)
        guards = []
        for child in sorted(children, key=_part_rank):
            guard = self.possible(child)
            if guard:
                guards.append(guard)
                self.fails[guard] = self._fails(child)
        return guards

    def _fails(self, part: _Part) -> float:
        """How often a part is UNMET, as if its tests had nothing to do with one another."""
        if isinstance(part, _Leaf):
            return self.failing[part.atom]
        if not isinstance(part, _Gate):
            return 0.5
        rates = [self._fails(child) for child in part.children]
        return 1 - prod(1 - rate for rate in rates) if _is_all(part) else prod(rates)

    def _shared(self) -> list[_Part]:
        """The parts worked out beforehand, inner ones first: those that several policies use."""
        uses: Counter[_Part] = Counter()
        order: dict[_Part, None] = {}

        def walk(part: _Part) -> None:
            uses[part] += 1
            if uses[part] == 1:
                for child in _inside(part):
                    walk(child)
                order[part] = None

        for root in self.roots:
            walk(root)
        return [
            part for part in order if uses[part] > 1 and not isinstance(part, _Leaf) and _size(part) >= LARGE
        ]

    def possible(self, part: _Part, depth: int = 0) -> str:
        """Return a condition that is false only where the part is UNMET; empty where that is too dear to ask."""
        if part in self.named:
            return self.named[part]
        if isinstance(part, _Leaf):
            return f"a{part.atom}"
        if not _is_plain(part) or depth > DEEPEST:
            return ""
        assert isinstance(part, _Gate)
        inner = [self.possible(child, depth + 1) for child in sorted(part.children, key=_part_rank)]
        if _is_all(part):
            known = [one for one in inner if one]
            return f"({' and '.join(known)})" if known else ""
        return f"({' or '.join(inner)})" if all(inner) else ""

    def truth(self, part: _Part, indent: str, depth: int = 0) -> str:
        """Return the expression of 0, 1 or 3; what must stand before it is added to the lines."""
        if part in self.named:
            return self.named[part]
        if isinstance(part, _Leaf):
            return f"a{part.atom}"
        if depth > DEEPEST:
            return self._on_its_own(part, indent)
        if isinstance(part, _Table):
            return self._score(part, indent)
        if part.least <= 0:
            return "3"
        if part.least > len(part.children):
            return "0"
        if part.least in (1, len(part.children)):
            sign = " & " if _is_all(part) else " | "
            return f"({_joined(sign, [self.truth(child, indent, depth + 1) for child in part.children])})"
        names = [self._on_its_own(child, indent) for child in part.children]
        certain = _joined(" + ", [f"({name} == 3)" for name in names])
        possible = _joined(" + ", [f"({name} > 0)" for name in names])
        return f"(3 if {certain} >= {part.least} else 1 if {possible} >= {part.least} else 0)"

    def _on_its_own(self, part: _Part, indent: str) -> str:
        """Return a name for the part, worked out on a line before."""
        if isinstance(part, _Leaf) or part in self.named:
            return self.truth(part, indent)
        self.made += 1
        name = f"w{self.made}"
        expression = self.truth(part, indent)
        self.lines.append(f"{indent}{name} = {expression}")
        return name

    def _score(self, table: _Table, indent: str) -> str:
        points = []
        for bands, otherwise in table.items:
            named = [(given, self._on_its_own(part, indent)) for given, part in bands]
            low = "".join(f"{given} if {name} == 3 else " for given, name in named) + str(otherwise)
            high = "".join(f"{given} if {name} else " for given, name in named) + str(otherwise)
            self.made += 1
            self.lines.append(f"{indent}l{self.made} = {low}")
            self.lines.append(f"{indent}h{self.made} = {high}")
            points.append(self.made)
        parts = []
        for least, items in table.sums:
            low = _joined(" + ", [f"l{points[at]}" for at in items]) or "0"
            high = _joined(" + ", [f"h{points[at]}" for at in items]) or "0"
            parts.append(f"(3 if {low} >= {least} else 1 if {high} >= {least} else 0)")
        whole = " & ".join(parts)
        return f"swapped[{whole}]" if table.negated else f"({whole})"


def _gate(least: int, children: list[_Part]) -> _Part:
    """Return a gate without all in all, any in any, or the same child twice in one of these."""
    if least not in (1, len(children)) or least <= 0:
        return _Gate(least, tuple(children))
    everything = least == len(children)
    flat: dict[_Part, None] = {}
    for child in children:
        same = isinstance(child, _Gate) and (_is_all(child) if everything else child.least == 1)
        flat.update(dict.fromkeys(child.children if same and isinstance(child, _Gate) else (child,)))
    if len(flat) == 1:
        return next(iter(flat))
    return _Gate(len(flat) if everything else 1, tuple(flat))


def _is_all(part: _Part) -> bool:
    return isinstance(part, _Gate) and part.least == len(part.children)


def _is_plain(part: _Part) -> bool:
    """Return whether a part is a test or an all or any, which can be asked in passing."""
    return isinstance(part, _Leaf) or (isinstance(part, _Gate) and part.least in (1, len(part.children)))


def _inside(part: _Part) -> Iterable[_Part]:
    if isinstance(part, _Gate):
        return part.children
    if isinstance(part, _Table):
        return [when for bands, _ in part.items for _, when in bands]
    return ()


def _joined(sign: str, parts: list[str]) -> str:
    """Return the parts with a sign between them, in brackets where they are many: compilers nest each further one."""
    while len(parts) > TOGETHER:
        parts = [f"({sign.join(parts[at : at + TOGETHER])})" for at in range(0, len(parts), TOGETHER)]
    return sign.join(parts)


def _size(part: _Part) -> int:
    """Return how many tests a part has."""
    return 1 if isinstance(part, _Leaf) else sum(_size(child) for child in _inside(part))


def _guess(test: Test) -> float:
    """How often a test is likely UNMET: narrow places most, then industries and honours."""
    if isinstance(test, CodeIn):
        share = min(1.0, sum(0.3 ** len(prefix) for prefix in test.prefixes))
        return share if test.negated else 1 - share
    if isinstance(test, HonourValid):
        return 0.1 if test.negated else 0.9
    return 0.5


def _part_rank(part: _Part) -> int:
    """Tests first, then all and any, then what must be worked out."""
    return 0 if isinstance(part, _Leaf) else 1 if _is_plain(part) else 2
