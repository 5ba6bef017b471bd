"""All policies of a library sorted for one enterprise: met, one condition short, waiting for facts, not met; pure.

One condition short (差一项): unmet, and were one unmet condition met, it would not be; conditions that ask what an
enterprise is (its place, its industry, what kind it is) do not count, since no enterprise changes these for a policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from qifu.engines.rules.judge import Values, outcome, truth
from qifu.engines.rules.python_code import Compiled
from qifu.engines.rules.tree import Bound, Group, Leaf, Node, Score, Test, Truth
from qifu.registers.enterprises.fact_book import Fact, fact_book
from qifu.services.policies.library import Library, Live

Name = Literal["met", "short", "ask", "unmet"]
TITLES: dict[Name, str] = {"met": "可享", "short": "差一项", "ask": "需补充", "unmet": "不符合"}
_IDENTITY = {
    "entity_kind", "legal_person", "investment", "resident_enterprise", "restricted_industry", "registration_status",
    "vat_taxpayer", "listing", "venture_capital",
}  # fmt: skip
_NEVER = 99


def is_identity(fact: Fact) -> bool:
    """Tell whether a fact says what an enterprise is: nobody is advised to change it for a policy."""
    return fact.type in ("place", "industry") or fact.id in _IDENTITY


@dataclass(frozen=True, eq=False)
class Sorted:
    """Policies by group; `declared` are the codes of those met only by what the enterprise declared itself."""

    groups: dict[Name, list[Live]]
    declared: frozenset[str]


def sort_policies(library: Library, values: Values, declared: Collection[str] = ()) -> Sorted:
    """Return where each policy in force stands; tens of milliseconds for 5,000."""
    groups: dict[Name, list[Live]] = {"met": [], "short": [], "ask": [], "unmet": []}
    lives = tuple(library.live.values())
    if not lives:
        return Sorted(groups, frozenset())
    compiled, book = library.compiled, fact_book().facts
    known = {name: value for name, value in values.items() if name not in declared}
    sure = compiled.judge(known) if declared else None
    what_it_is = {name: value for name, value in values.items() if name in book and is_identity(book[name])}
    hope = compiled.judge(what_it_is)
    only_declared = set()
    at = 0
    for chunk, trees in zip(compiled.chunks, _trees(compiled), strict=True):
        truths, answers = chunk.answers(values)
        for said, tree in zip(truths, trees, strict=True):
            live = lives[at]
            if said == Truth.MET:
                groups["met"].append(live)
                if sure is not None and sure[at] != Truth.MET:
                    only_declared.add(live.code)
            elif said == Truth.UNKNOWN:
                groups["ask"].append(live)
            else:
                near = hope[at] != Truth.UNMET and _flips(tree, answers, values) == 1
                groups["short" if near else "unmet"].append(live)
            at += 1
    return Sorted(groups, frozenset(only_declared))


_Tree = int | tuple[int, tuple["_Tree", ...]] | Score
"""A test by its number (below 0: of what an enterprise is), a group with its least, a score table."""


@lru_cache(maxsize=4)
def _trees(compiled: Compiled) -> tuple[tuple[_Tree, ...], ...]:
    return tuple(
        tuple(_tree(bound.require, chunk.atoms.numbers) for bound in chunk.bounds)
        for chunk in compiled.chunks
    )


def _tree(node: Node, numbers: dict[Test, int]) -> _Tree:
    if isinstance(node, Leaf):
        number = numbers[node.test]
        fixed = is_identity(fact_book().facts[node.test.fact]) if hasattr(node.test, "fact") else False
        return ~number if fixed else number
    if isinstance(node, Group):
        return node.least, tuple(_tree(child, numbers) for child in node.children)
    return node


def _flips(tree: _Tree, answers: tuple[int, ...], values: Values) -> int:
    """Return how many unmet conditions must at least be met for the tree not to be unmet."""
    if isinstance(tree, int):
        return (0 if answers[tree] else 1) if tree >= 0 else 0 if answers[~tree] else _NEVER
    if isinstance(tree, Score):
        return 1 if truth(tree, values) == Truth.UNMET else 0
    least, children = tree
    if least == len(children):
        total = 0
        for child in children:
            total += _flips(child, answers, values)
            if total > 1:
                return _NEVER
        return total
    each = sorted(_flips(child, answers, values) for child in children)
    return sum(each[:least])


def lacking(bound: Bound, values: Values) -> list[Leaf | Score]:
    """Return the conditions of a policy that is one short, of which one is enough, in the file's order."""
    return [leaf for leaf in _lacking(bound.require, values) if not _fixed(leaf)]


def _fixed(leaf: Leaf | Score) -> bool:
    return (
        isinstance(leaf, Leaf)
        and hasattr(leaf.test, "fact")
        and is_identity(fact_book().facts[leaf.test.fact])
    )


def _lacking(node: Node, values: Values) -> Iterator[Leaf | Score]:
    """Yield the leaves each of which alone, once met, makes an unmet node not unmet."""
    if isinstance(node, Leaf):
        if outcome(node.test, values) == Truth.UNMET:
            yield node
    elif isinstance(node, Score):
        if truth(node, values) == Truth.UNMET:
            yield node
    else:
        unmet = [child for child in node.children if truth(child, values) == Truth.UNMET]
        if len(node.children) - len(unmet) == node.least - 1:
            for child in unmet:
                yield from _lacking(child, values)
