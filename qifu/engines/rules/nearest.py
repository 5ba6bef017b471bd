"""The nearest ways to meet an unmet rule: the fewest facts that would have to change, and to what.

A set of facts is opened (taken as missing); if the rule is still unmet, no values of them can meet it. Else values are
sought, nearest first, that meet it. So AND gives a union, OR the cheapest branch, k of n and scores the cheapest
points, and two tests that want opposite values of one fact never make a set. All sets of one fact are tried, then of
two …; after `closing.WORK` tests one set is found by leaving out facts one by one, and is marked not `exact`:
it meets the rule, and none of its facts can be spared, but a smaller set may exist.

Where something else is unknown, both are told: certain sets, which meet the rule by themselves whatever the unknown
facts turn out to be, and smaller or nearer sets that meet it once the `unknown` facts are known and hold too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from qifu.engines.rules.closing import WORK_A_SET, Search, Spent
from qifu.engines.rules.judge import Values
from qifu.engines.rules.rails import Rails, State
from qifu.engines.rules.tree import (
    Bound,
    Group,
    Leaf,
    Node,
    Score,
    Truth,
    leaves,
)
from qifu.registers.enterprises.fact_book import Value

MOST_SETS = 5
"""How many certain sets are told, and how many that wait for unknown facts."""
Kind = Literal["all", "any", "k_of_n", "score"]


@dataclass(frozen=True, slots=True)
class Change:
    """One fact goes from one kept value to another for the sake of a leaf (the first that is not met)."""

    leaf: str
    fact: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes that meet the rule together, none of which can be spared, once the `unknown` facts are known and hold too.

    Without `unknown` they meet it by themselves.
    """

    changes: tuple[Change, ...]
    kind: Kind
    unknown: tuple[str, ...] = ()
    exact: bool = True


def nearest(
    bound: Bound,
    values: Values,
    most: int = MOST_SETS,
    rails: Rails | None = None,
    state: State | None = None,
) -> tuple[ChangeSet, ...]:
    """Return the smallest sets of changes that would meet an unmet rule; none for one that is not unmet.

    Certain sets come first, smallest first, then those that wait for `unknown` facts, smallest first. Of one size, those
    come last that change place, industry or kind of enterprise. Empty when no values could meet the rule.
    Whoever has the rule's `rails` and the `state` of these values at hand spares them being made again.
    """
    rails = rails or Rails(bound.require)
    state = state or rails.state(values)
    if rails.truth(state) != Truth.UNMET:
        return ()
    search = Search(rails, values, state)
    candidates = _changeable(search)
    certain: list[ChangeSet] = []
    waiting: list[ChangeSet] = []
    try:
        _find(search, candidates, certain, waiting, most)
    except Spent:
        if not certain:
            certain += _left_out(search, candidates, certain=True) if search.missing else []
        if not certain and not waiting:
            waiting += _left_out(search, candidates)
    return (*_ranked(rails, certain), *_ranked(rails, waiting))


def _find(
    search: Search,
    candidates: tuple[str, ...],
    certain: list[ChangeSet],
    waiting: list[ChangeSet],
    most: int,
) -> None:
    """Fill the lists of sets that meet the rule by themselves and of those that wait for unknown facts."""
    if search.opened(candidates) == Truth.UNMET:
        return
    meets = not search.missing or search.could_meet(candidates)
    for size in range(1, len(candidates) + 1):
        for facts in combinations(candidates, size):
            full = len(certain) >= most or not meets
            if full and (len(waiting) >= most or not search.missing):
                return
            if _holds_one(facts, certain):
                continue
            if not _holds_one(facts, waiting) and search.opened(facts) != Truth.UNMET:
                closed = _closed(search, facts)
                if closed is not None and not closed.unknown:
                    certain.append(closed)
                    continue
                if closed is not None and len(waiting) < most:
                    waiting.append(closed)
            if search.missing and not full and search.could_meet(facts):
                closed = _closed(search, facts, certain=True)
                if closed is not None:
                    certain.append(closed)


def _holds_one(facts: tuple[str, ...], found: list[ChangeSet]) -> bool:
    return any({change.fact for change in one.changes} <= {*facts} for one in found)


def _changeable(search: Search) -> tuple[str, ...]:
    """Return the known facts of the leaves that are not met, and of those that share a fact with these, and so on."""
    rails, state = search.rails, search.state
    asked = [line.facts for line in rails.lines]
    if search.coarse:
        asked = [search.sharp(line) for line in rails.lines]
    reached: set[str] = set()
    for line, facts in zip(rails.lines, asked, strict=True):
        if line.truth(state) != Truth.MET:
            reached |= facts
    before = -1
    while len(reached) > before:
        before = len(reached)
        for facts in asked:
            if not facts.isdisjoint(reached):
                reached |= facts
    known = [fact for fact, value in search.values.items() if fact in reached and value is not None]
    return tuple(sorted(known, key=rails.given.__contains__))


def _ranked(rails: Rails, ways: list[ChangeSet]) -> tuple[ChangeSet, ...]:
    """Smallest first; of one size, those last that change what is given, and those first that wait for fewest facts."""
    given = rails.given
    return tuple(
        sorted(
            ways,
            key=lambda way: (
                len(way.changes),
                sum(change.fact in given for change in way.changes),
                len(way.unknown),
            ),
        )
    )


def _closed(
    search: Search, facts: tuple[str, ...], exact: bool = True, certain: bool = False
) -> ChangeSet | None:
    closed = search.close(facts, certain)
    if closed is None:
        return None
    known, state = closed
    by_leaf = [_serves(search, fact, state) for fact in facts]
    changes = tuple(
        Change(leaf, fact, search.values[fact], known[fact]) for leaf, fact in zip(by_leaf, facts)
    )
    return ChangeSet(changes, kind_of(search.rails.node, set(by_leaf)), search.waits(known, state), exact)


def _serves(search: Search, fact: str, state: State) -> str:
    """Return the first leaf that asks the fact and becomes better by the changes."""
    asking = [line for line in search.rails.lines if fact in line.facts]
    better = (line.leaf.id for line in asking if line.truth(state) > line.truth(search.state))
    return next(better, asking[0].leaf.id)


def _left_out(search: Search, candidates: tuple[str, ...], certain: bool = False) -> list[ChangeSet]:
    """Return a set none of whose facts can be spared, found by leaving out one fact after another."""
    search.left = WORK_A_SET
    if search.close(candidates, certain) is None:
        return []
    facts = candidates
    for fact in reversed(candidates):
        fewer = tuple(other for other in facts if other != fact)
        search.left = WORK_A_SET
        if search.opened(fewer) != Truth.UNMET and search.close(fewer, certain) is not None:
            facts = fewer
    search.left = WORK_A_SET
    closed = _closed(search, facts, exact=False, certain=certain)
    return [closed] if closed is not None else []


def kind_of(node: Node, ids: set[str]) -> Kind:
    """Return the kind of the lowest node that holds all leaves of `ids`; a score by itself is `score`."""
    while isinstance(node, Group):
        holding = [child for child in node.children if ids <= {leaf.id for leaf in leaves(child)}]
        if not holding or isinstance(holding[0], Leaf):
            return node.kind
        node = holding[0]
    return "score" if isinstance(node, Score) else "all"
