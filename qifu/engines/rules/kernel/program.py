"""Bound policies written as one integer program: equal tests, groups and scores of all policies are one node, computed once a block.

Node numbers rise from the leaves to the roots. `Program` holds only whole numbers, so a new policy needs no compilation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import gcd
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qifu.engines.rules.judge import code_prefix
from qifu.engines.rules.kernel.coding import Encoded, Runs
from qifu.engines.rules.kernel.cuts import Asked, asked
from qifu.engines.rules.kernel.refusal import KernelRefusal
from qifu.engines.rules.tree import Bound, CodeIn, Group, Leaf, Node, Score, Test, leaves

Ints = npt.NDArray[np.int64]
CODES, RUNS, ALL, ANY, SCORE = range(5)
ZEROS, ONES, FIRST_SLOT = 0, 1, 2
"""Slots (bit rows of one block) 0 and 1 hold no and all rows; then one per column for its missing rows; then nodes."""


class Program(NamedTuple):
    """Integer tables. Node n: `op`, its items `first`..`last` (children, or stretches), `arg` (column, or number of the
    score), its own slots `certain` and `unknown` (−1: none, it is used once), and for RUNS where its `truths` begin.

    Stretches of CODES are (least code, span), of RUNS (least value, 2 × end + 1 where MET, else UNKNOWN). Per child of a score: `mask` (bits that it changes in its item's points), `ends`
    (1 the item ends, 2 the group ends too, 4 item of one band, 8 item of a group) and `group_least`.
    Per score: planes, least, negated, and the size of its workspace in slots. Policy p has `root[p]`, is `plain[p]` when
    nothing but `all` is between its leaves, and has the leaves leaf[leaf_first[p]:leaf_first[p + 1]], those that decide
    most first; `leaf_place` is their place in the file's order.
    """

    op: Ints
    first: Ints
    last: Ints
    arg: Ints
    truths_at: Ints
    certain: Ints
    unknown: Ints
    least_code: Ints
    span: Ints
    truths: npt.NDArray[np.uint8]
    child: Ints
    mask: Ints
    ends: Ints
    group_least: Ints
    score: Ints
    root: Ints
    plain: Ints
    leaf_first: Ints
    leaf: Ints
    leaf_place: Ints


@dataclass
class Layout:
    """How large the workspace of a program is: `slots` of its own, `depth` of nesting, `planes` slots for scores."""

    slots: int
    depth: int
    planes: int


@dataclass
class _Nodes:
    """Collects nodes; equal keys get one number."""

    encoded: Encoded
    number: dict[object, int] = field(default_factory=dict)
    rows: list[list[int]] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    plane_slots: list[int] = field(default_factory=list)
    uses: list[int] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    keep: list[Node] = field(default_factory=list)
    least_code: list[int] = field(default_factory=list)
    span: list[int] = field(default_factory=list)
    truths: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    truth_size: int = 0
    child: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    group_least: list[int] = field(default_factory=list)
    scores: list[tuple[int, int, int, int]] = field(default_factory=list)
    tests: dict[Test, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {column: number for number, column in enumerate(self.encoded.coded)}
        self.run_columns = {name: number for number, name in enumerate(self.encoded.runs)}
        self.positions = {
            column: {cut: place for place, cut in enumerate(coded.cuts)}
            for column, coded in self.encoded.coded.items()
        }
        self.words = {name: _Words(runs) for name, runs in self.encoded.runs.items()}

    def add(self, key: object, row: list[int], depth: int = 0, planes: int = 0) -> int:
        number = len(self.rows)
        self.number[key] = number
        self.rows.append(row)
        self.depth.append(depth)
        self.plane_slots.append(planes)
        self.uses.append(0)
        return number

    def node(self, node: Node) -> int:
        """Return the number of a tree's node."""
        if isinstance(node, Leaf):
            found = self.tests.get(node.test)
            if found is None:
                found = self.tests[node.test] = self.test(node.test)
            return found
        known = self.known.get(id(node))
        if known is None:
            known = self.group(node) if isinstance(node, Group) else self.score(node)
            self.known[id(node)] = known
            self.keep.append(node)  # so that the id stays taken
        return known

    def test(self, test: Test) -> int:
        question = asked(test)
        return self.codes(question) if question is not None else self.code_in(test)  # type: ignore[arg-type]

    def codes(self, question: Asked) -> int:
        coded = self.encoded.coded.get(question.column)
        if coded is None or not question.cuts() <= self.positions[question.column].keys():
            raise ValueError("encode the table for these policies first")
        column = self.columns[question.column]
        stretches = tuple(
            (
                1 if start is None else self.positions[question.column][start] + 2,
                len(coded.cuts) + 1 if end is None else self.positions[question.column][end] + 1,
            )
            for start, end in question.stretches
        )
        key = (CODES, column, stretches)
        if key in self.number:
            return self.number[key]
        first = len(self.least_code)
        for least, most in stretches:
            self.least_code.append(least)
            self.span.append(most - least)
        return self.add(key, [CODES, first, len(self.least_code), column, 0])

    def code_in(self, test: CodeIn) -> int:
        key = (RUNS, test)
        if key not in self.number:
            truths = self.words[test.fact].truths(test)
            first = len(self.least_code)
            edges = [0, *(np.flatnonzero(truths[1:] != truths[:-1]) + 1).tolist(), len(truths)]
            for start, end in pairwise(edges):
                if truths[start]:
                    self.least_code.append(start)
                    self.span.append(2 * end + (1 if truths[start] == 2 else 0))
            column = self.run_columns[test.fact]
            self.add(key, [RUNS, first, len(self.least_code), column, self.truth_size])
            self.truths.append(truths)
            self.truth_size += len(truths)
        return self.number[key]

    def group(self, group: Group) -> int:
        children = [self.node(child) for child in group.children]
        if not 1 <= group.least <= len(children):
            return self.constant(group.least < 1)
        if group.least not in (1, len(children)):
            return self.table([_Item(-1, ((child, 1),)) for child in children], group.least, (), False)
        op = ANY if group.least == 1 and len(children) > 1 else ALL
        flat: list[int] = []
        for child in children:
            row = self.rows[child]
            flat += self.child[row[1] : row[2]] if row[0] == op else [child]
        ordered = tuple(sorted(set(flat), key=self.cheap_first))
        if len(ordered) == 1:
            return ordered[0]
        key = (op, ordered)
        if key in self.number:
            return self.number[key]
        first = self.children(ordered)
        return self.add(key, [op, first, len(self.child), 0, 0], *self.sizes(ordered))

    def cheap_first(self, number: int) -> tuple[int, ...]:
        """Place and industry decide most, then plain codes, then groups, scores last."""
        op, arg = self.rows[number][0], self.rows[number][3]
        return ((1, 0, 2, 2, 3)[op], arg if op == RUNS else 0, number)

    def children(self, numbers: Sequence[int]) -> int:
        first = len(self.child)
        self.child += numbers
        for column in (self.mask, self.ends, self.group_least):
            column += [0] * len(numbers)
        for number in numbers:
            self.uses[number] += 1
        return first

    def sizes(self, numbers: Sequence[int]) -> tuple[int, int]:
        """The depth of a node over these, and the slots that scores under it need at once."""
        return 1 + max(self.depth[n] for n in numbers), max(self.plane_slots[n] for n in numbers)

    def constant(self, met: bool) -> int:
        """All of nothing is met, any of nothing is not."""
        key = (ALL if met else ANY, ())
        return self.number[key] if key in self.number else self.add(key, [key[0], 0, 0, 0, 0], 1)

    def score(self, score: Score) -> int:
        titles = [title for title, _ in score.groups]
        items = []
        for item in score.items:
            bands = tuple((self.node(b.when), b.points - item.otherwise) for b in item.bands)
            group = titles.index(item.group) if item.group in titles else -1
            items.append(_Item(group, tuple(band for band in bands if band[1] > 0)))
        least = score.least - sum(item.otherwise for item in score.items)
        group_least = tuple(
            max(wanted for other, wanted in score.groups if other == title)
            - sum(item.otherwise for item in score.items if item.group == title)
            for title in titles
        )
        return self.table(items, least, group_least, score.negated)

    def table(self, items: Sequence[_Item], least: int, group_least: tuple[int, ...], negated: bool) -> int:
        """Return the node of a score table: items give the most points of their bands that hold, sums reach their least."""
        items = sorted((item for item in items if item.bands), key=lambda item: item.group)
        unit = gcd(*(points for item in items for _, points in item.bands)) or 1
        least, *leasts = (max(0, -(-number // unit)) for number in (least, *group_least))
        most = [0] * (len(leasts) + 1)  # of each group; last of those without
        for item in items:
            most[item.group] += max(points for _, points in item.bands) // unit
        if sum(most) < least or any(a < b for a, b in zip(most, leasts, strict=False)):
            return self.constant(negated)
        if least == 0 and not any(leasts):
            return self.constant(not negated)
        if sum(most) >= 2**62:
            raise OverflowError
        steps: list[tuple[int, int, int, int]] = []
        for place, item in enumerate(items):
            last = place + 1 == len(items) or items[place + 1].group != item.group
            steps += item.steps(unit, last, leasts)
        key = (SCORE, tuple(steps), least, negated)
        if key in self.number:
            return self.number[key]
        children = [step[0] for step in steps]
        first = self.children(children)
        for at, (_, mask, ends, wanted) in enumerate(steps, first):
            self.mask[at], self.ends[at], self.group_least[at] = mask, ends, wanted
        planes = sum(most).bit_length()
        size = 2 * (3 + 3 * planes)
        depth, slots = self.sizes(children)
        self.scores.append((planes, least, int(negated), size))
        row = [SCORE, first, len(self.child), len(self.scores) - 1, 0]
        return self.add(key, row, depth, slots + size)


class _Item(NamedTuple):
    """One line of a score table: its group (−1 none) and bands (node, points over what it gives anyway)."""

    group: int
    bands: tuple[tuple[int, int], ...]

    def steps(self, unit: int, last: bool, leasts: Sequence[int]) -> list[tuple[int, int, int, int]]:
        """Return (node, mask, ends, group least) per band, most points first.

        While `held` (this band or a better one) is on, the item's points are those of the best band so far: so each band
        changes the bits in which its points differ from those of the next lower one.
        """
        bands = sorted(((points // unit, node) for node, points in self.bands), reverse=True)
        kind = (4 if len(bands) == 1 else 0) + (8 if self.group >= 0 else 0)
        found = []
        for place, (points, node) in enumerate(bands):
            lower = bands[place + 1][0] if place + 1 < len(bands) else 0
            end = place + 1 == len(bands)
            ends = kind + (1 if end else 0) + (2 if end and last and self.group >= 0 else 0)
            found.append((node, points ^ lower, ends, leasts[self.group] if ends & 2 else 0))
        return found


class _Words:
    """The dictionary of a column of codes, sorted by what the codes say."""

    def __init__(self, runs: Runs) -> None:
        self.size = len(runs.values) + 1
        self.by_code: dict[str, list[int]] = {}
        for place, value in enumerate(runs.values):
            self.by_code.setdefault(code_prefix(value), []).append(place)
        self.sorted = sorted(self.by_code)

    def truths(self, test: CodeIn) -> npt.NDArray[np.uint8]:
        """Return the truth (0 unmet, 1 unknown, 2 met) of each value; the last is missing."""
        met, unmet = (0, 2) if test.negated else (2, 0)
        found = np.full(self.size, unmet, np.uint8)
        for prefix in test.prefixes:
            for end in range(len(prefix)):
                found[self.by_code.get(prefix[:end], [])] = 1
        for prefix in test.prefixes:
            at = bisect_left(self.sorted, prefix)
            while at < len(self.sorted) and self.sorted[at].startswith(prefix):
                found[self.by_code[self.sorted[at]]] = met
                at += 1
        found[-1] = 1
        return found


@dataclass(frozen=True)
class Written:
    """The program of some bounds, and how much room it needs; `leaf_ids[p]` are the leaves of policy p in the file's order."""

    program: Program
    layout: Layout
    leaf_ids: tuple[tuple[str, ...], ...]


def write(encoded: Encoded, bounds: Sequence[Bound]) -> Written:
    """Return the program of the bounds on an encoded table; raises KernelRefusal naming the policies it cannot take."""
    nodes = _Nodes(encoded)
    roots, plain, leaf_nodes, leaf_ids, refused = [], [], [], [], []
    for bound in bounds:
        try:
            roots.append(nodes.node(bound.require))
            own = leaves(bound.require)
            numbers = [(nodes.node(leaf), place) for place, leaf in enumerate(own)]
            leaf_nodes.append(sorted(numbers, key=lambda pair: nodes.cheap_first(pair[0])))
            plain.append(int(_is_plain(bound.require)))
            leaf_ids.append(tuple(leaf.id for leaf in own))
        except OverflowError:
            refused.append((bound.code, "评分的分值过大"))
        except RecursionError:
            refused.append((bound.code, "条件嵌套过深"))
    if refused:
        raise KernelRefusal(refused)
    for root in roots:
        nodes.uses[root] += 1
    program, slots = _tables(nodes, roots, plain, leaf_nodes)
    depth = max(nodes.depth, default=0) + 1
    layout = Layout(slots, depth, max(nodes.plane_slots, default=0))
    return Written(program, layout, tuple(leaf_ids))


def _is_plain(node: Node) -> bool:
    if isinstance(node, Group):
        return node.least == len(node.children) and all(_is_plain(child) for child in node.children)
    return True


def _tables(
    nodes: _Nodes, roots: list[int], plain: list[int], leaf_nodes: list[list[tuple[int, int]]]
) -> tuple[Program, int]:
    next_slot = FIRST_SLOT + len(nodes.columns)
    certain, unknown = [-1] * len(nodes.rows), [-1] * len(nodes.rows)
    for number, row in enumerate(nodes.rows):
        if row[0] <= RUNS or row[0] == SCORE or nodes.uses[number] > 1:
            certain[number] = next_slot
            next_slot += 1
            if row[0] != CODES:
                unknown[number] = next_slot
                next_slot += 1
    rows = np.array(nodes.rows, np.int64).reshape(-1, 5)

    op, first, last, arg, truths_at = (np.ascontiguousarray(rows[:, place]) for place in range(5))

    def whole(values: object) -> Ints:
        return np.array(values, np.int64)

    return (
        Program(
            op,
            first,
            last,
            arg,
            truths_at,
            whole(certain),
            whole(unknown),
            whole(nodes.least_code),
            whole(nodes.span),
            np.concatenate(nodes.truths) if nodes.truths else np.zeros(0, np.uint8),
            whole(nodes.child),
            whole(nodes.mask),
            whole(nodes.ends),
            whole(nodes.group_least),
            whole(nodes.scores).reshape(-1, 4),
            whole(roots),
            whole(plain),
            whole(np.cumsum([0, *(len(own) for own in leaf_nodes)])),
            whole([number for own in leaf_nodes for number, _ in own]),
            whole([place for own in leaf_nodes for _, place in own]),
        ),
        next_slot,
    )
