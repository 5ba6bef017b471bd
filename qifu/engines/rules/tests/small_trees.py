"""Small bound trees over five facts, for laws that are checked against every possible answer."""

from __future__ import annotations

from fractions import Fraction
from itertools import count

from hypothesis import strategies as st

from qifu.engines.rules.tree import (
    NEGATED,
    Band,
    Compare,
    FlagIs,
    Group,
    Item,
    Leaf,
    Node,
    Score,
    Test,
)
from qifu.registers.enterprises.fact_book import FactBook, Value, read_fact_book

FACTS: FactBook = read_fact_book(
    """
facts:
- {id: x, label: 甲数, type: count, unit: 人, group: 试}
- {id: y, label: 乙数, type: count, unit: 人, group: 试}
- {id: z, label: 丙数, type: count, unit: 人, group: 试, question: 丙是多少？}
- {id: p, label: 是否丁, type: flag, group: 试}
- {id: q, label: 是否戊, type: flag, group: 试}
""".encode(),
    where="facts.yaml",
)
NUMBERS: list[Value] = [*range(-8, 9), 100, 10**8]
DOMAIN: dict[str, list[Value]] = {"x": NUMBERS, "y": NUMBERS, "z": NUMBERS, "p": [0, 1], "q": [0, 1]}
OPS = st.sampled_from(("<=", "<", ">=", ">", "=", "!="))

_single: st.SearchStrategy[Test] = st.builds(
    lambda fact, op, bound: Compare(((1, fact),), op, Fraction(bound)),
    st.sampled_from("xyz"),
    OPS,
    st.integers(-1, 4),
)
_flag: st.SearchStrategy[Test] = st.builds(FlagIs, st.sampled_from("pq"), st.booleans())
TESTS = st.one_of(_single, _flag)


def _leaf(test: Test) -> Node:
    return Leaf("", test)


def _group(kind: str, least: int, children: list[Node]) -> Node:
    if kind == "all":
        return Group("all", len(children), tuple(children))
    if kind == "any":
        return Group("any", 1, tuple(children))
    return Group("k_of_n", 1 + least % len(children), tuple(children))


def _score(bands: list[list[tuple[int, Node]]], least: int, negated: bool) -> Node:
    items = tuple(
        Item(f"第{at}项", tuple(Band(points, when) for points, when in some)) for at, some in enumerate(bands)
    )
    return Score("", items, least, (), negated)


LEAVES = st.builds(_leaf, TESTS)
SCORES = st.builds(
    _score,
    st.lists(st.lists(st.tuples(st.sampled_from((5, 10, 20)), LEAVES), min_size=1, max_size=2), min_size=1, max_size=3),
    st.integers(1, 35),
    st.booleans(),
)  # fmt: skip
TREES: st.SearchStrategy[Node] = st.recursive(
    st.one_of(LEAVES, LEAVES, LEAVES, SCORES),
    lambda inner: st.builds(
        _group,
        st.sampled_from(("all", "any", "k_of_n")),
        st.integers(0, 3),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
).map(lambda tree: numbered(tree))
VALUES = st.fixed_dictionaries(
    {
        name: st.one_of(st.none(), st.sampled_from(domain[:15] if len(domain) > 2 else domain))
        for name, domain in DOMAIN.items()
    }
)


def numbered(tree: Node) -> Node:
    """Return the tree with leaf ids 1, 2, 3 … in order."""
    numbers = count(1)

    def walk(node: Node) -> Node:
        if isinstance(node, Leaf):
            return Leaf(str(next(numbers)), node.test, f"第{node.test}")
        if isinstance(node, Score):
            return Score(str(next(numbers)), node.items, node.least, node.groups, node.negated)
        return Group(node.kind, node.least, tuple(walk(child) for child in node.children))

    return walk(tree)


def denied(node: Node) -> Node:
    """非, as the reader pushes it down to the tests."""
    if isinstance(node, Score):
        return Score(node.id, node.items, node.least, node.groups, not node.negated)
    if isinstance(node, Group):
        count = len(node.children)
        return Group("k_of_n", count - node.least + 1, tuple(denied(child) for child in node.children))
    test = node.test
    if isinstance(test, Compare):
        return Leaf(node.id, Compare(test.of, NEGATED[test.op], test.bound, test.over))
    assert isinstance(test, FlagIs)
    return Leaf(node.id, FlagIs(test.fact, not test.wanted))
