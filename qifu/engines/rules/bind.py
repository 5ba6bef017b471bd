"""Binds a version to a day: spans become days, named rules are written out, and every 非 is pushed down to the tests; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from qifu.engines.rules.spans import first_day_limit
from qifu.engines.rules.tree import (
    NEGATED,
    Amount,
    Band,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    DayIs,
    Fixed,
    FlagIs,
    Group,
    HonourValid,
    Item,
    Leaf,
    Node,
    Score,
    Share,
    Test,
    Tiers,
)
from qifu.engines.rules.written import (
    HonourHeld,
    Meets,
    Rule,
    Since,
    Version,
    WrittenAmount,
    WrittenBounded,
    WrittenCombine,
    WrittenLeaf,
    WrittenNode,
    WrittenScore,
    WrittenTest,
)
from qifu.registers.enterprises.fact_book import EPOCH

DENIED = "并非 "
UNCHECKED = "（待核）"
FindVersion = Callable[[str], tuple[Rule, Version]]
"""Finds a named rule and its version in force on the day."""


@dataclass(frozen=True)
class Binder:
    """Binds to one day; `find` resolves named rules on that day."""

    day: date
    find: FindVersion

    def node(self, node: WrittenNode, prefix: str = "", *, negated: bool = False) -> Node:
        """Return the bound node; ids of a named rule's leaves carry its leaf's id before them (3/1)."""
        if isinstance(node, WrittenLeaf):
            return self._leaf(node, prefix, negated)
        if isinstance(node, WrittenScore):
            return self._score(node, prefix, negated)
        if node.kind == "not":
            return self.node(node.children[0], prefix, negated=not negated)
        children = tuple(self.node(child, prefix, negated=negated) for child in node.children)
        identity = prefix + node.id if node.id else ""
        if not negated:
            return Group(node.kind, node.least, children, identity, node.title)
        least = len(children) - node.least + 1
        title = DENIED + node.title if node.title else ""
        return Group(_kind(least, len(children)), least, children, identity, title)

    def amount(self, amount: WrittenAmount) -> Amount:
        """Return the bound amount."""
        if isinstance(amount, Fixed | Share | Brackets):
            return amount
        if isinstance(amount, WrittenCombine):
            return Combine(amount.how, tuple(map(self.amount, amount.amounts)))
        if isinstance(amount, WrittenBounded):
            return Bounded(self.amount(amount.amount), amount.floor, amount.cap, amount.unit, amount.how)
        return Tiers(
            tuple((self.node(when), self.amount(part)) for when, part in amount.tiers),
            self.amount(amount.otherwise) if amount.otherwise is not None else None,
        )

    def _leaf(self, leaf: WrittenLeaf, prefix: str, negated: bool) -> Node:
        if isinstance(leaf.test, Meets):
            rule, version = self.find(leaf.test.name)
            inner = self.node(version.require, f"{prefix}{leaf.id}/", negated=negated != leaf.test.negated)
            unchecked = UNCHECKED if rule.confidence != "verified" else ""
            if isinstance(inner, Group):
                text = DENIED + leaf.text if negated else leaf.text
                return replace(inner, id=prefix + leaf.id, title=text + unchecked)
            return replace(inner, text=inner.text + unchecked)
        text = DENIED + leaf.text if negated else leaf.text
        return Leaf(prefix + leaf.id, self.test(leaf.test, negated=negated), text, leaf.source)

    def test(self, test: WrittenTest, *, negated: bool) -> Test:
        """Return the test on this day, denied when `negated`."""
        if isinstance(test, Since):
            op, limit = first_day_limit(test.op, test.span, self.day)
            return DayIs(test.fact, NEGATED[op] if negated else op, (limit - EPOCH).days)
        if isinstance(test, HonourHeld):
            return HonourValid(test.fact, (self.day - EPOCH).days, test.negated != negated)
        assert not isinstance(test, Meets)
        if not negated:
            return test
        if isinstance(test, Compare | DayIs):
            return replace(test, op=NEGATED[test.op])
        if isinstance(test, FlagIs):
            return replace(test, wanted=not test.wanted)
        assert isinstance(test, ChoiceIn | CodeIn)
        return replace(test, negated=not test.negated)

    def _score(self, score: WrittenScore, prefix: str, negated: bool) -> Score:
        items = tuple(
            Item(
                item.title,
                tuple(Band(band.points, self.node(band.when, prefix), band.text) for band in item.bands),
                item.otherwise, item.group, prefix + item.id,
            )
            for item in score.items
        )  # fmt: skip
        text = DENIED + score.title if negated else score.title
        return Score(
            prefix + score.id, items, score.least, score.groups, negated, score.decimals, text, score.source
        )


def _kind(least: int, count: int) -> Literal["all", "any", "k_of_n"]:
    if least == count:
        return "all"
    return "any" if least == 1 else "k_of_n"
