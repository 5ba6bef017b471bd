"""政策体检 as data: what was got, what may be had, what was missed, what ends soon, what is one step away, what is at risk; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from qifu.engines.rules.explain import Explanation
from qifu.engines.rules.explain_words import leaf_words
from qifu.engines.rules.places import Places
from qifu.engines.rules.rule_words import tree_words
from qifu.engines.rules.tree import Compare, HonourValid, Leaf, Truth, leaves
from qifu.registers.enterprises.fact_book import EPOCH, FOREVER, Value
from qifu.services.policies.received import Received
from qifu.services.policies.stacking import Combination

MARGIN = Decimal("0.1")
"""A number that lies within so much of its bound is told as near it."""
ENDING = 180
"""Days within which the end of an honour that a policy asks for is told."""


@dataclass(frozen=True, slots=True)
class Item:
    """One policy in the check-up: amount in words and fen, its kind of money, clause, how to get it, what remains of its time."""

    code: str
    title: str
    amount: str
    fen: int | None
    money: str
    clause: str
    how_to: str
    ends: str
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """A policy that is one condition short, what lacks, and the cheapest lawful way; `advised` False: 不建议为此调整."""

    item: Item
    lacks: tuple[str, ...]
    way: str
    advised: bool


@dataclass(frozen=True, slots=True)
class Risk:
    """A condition that must go on holding, and why it may not: near its bound, 自报, or ending."""

    title: str
    condition: str
    why: str


@dataclass(frozen=True, slots=True)
class Stacked:
    """One piece of advice: what to leave out, for what, by which clause, and what would change it."""

    title: str
    why: str


@dataclass(frozen=True)
class CheckUp:
    """The whole; `cash` and `saving` are the best lawful totals in fen, kinds apart."""

    enterprise: str
    uscc: str
    day: date
    got: tuple[Received, ...]
    can: tuple[Item, ...]
    missed: tuple[Item, ...]
    expiring: tuple[Item, ...]
    near: tuple[Near, ...]
    more_near: int
    risks: tuple[Risk, ...]
    stacked: tuple[Stacked, ...]
    combination: Combination
    cash: int
    saving: int
    asks: int
    simulated: bool

    @property
    def got_total(self) -> int:
        """What was got, in fen."""
        return sum(one.fen for one in self.got)


def risks_of(told: Explanation, values: dict[str, Value], declared: Sequence[str], day: date, places: Places | None) -> list[Risk]:  # fmt: skip
    """Return the conditions of a met policy that may cease to hold."""
    title = told.bound.title or told.bound.code
    found = []
    for leaf, said in zip(leaves(told.bound.require), told.leaves, strict=True):
        if said.truth != Truth.MET or not isinstance(leaf, Leaf):
            continue
        why = _near(leaf, said.actual, said.required) or _ending(leaf, values, day)
        if why:
            has, _, _ = leaf_words(leaf, said, told.facts, places)
            found.append(
                Risk(title, tree_words(leaf, told.facts, places), f"现为 {has}，{why}" if has else why)
            )
    for name in declared:
        found.append(
            Risk(
                title,
                told.facts.facts[name].label,
                "是自报的，权威来源的数据不同时以权威来源为准，已兑付的可能要退回",
            )
        )
    return found


def _near(leaf: Leaf, actual: str | None, required: str) -> str:
    if not isinstance(leaf.test, Compare) or actual is None or leaf.test.op in ("=", "!="):
        return ""
    has, asks = Decimal(actual), Decimal(required)
    if asks == 0 or abs(has - asks) > abs(asks) * MARGIN:
        return ""
    return "正在界限上" if has == asks else f"离界限不到 {MARGIN * 100:.0f}%"


def _ending(leaf: Leaf, values: dict[str, Value], day: date) -> str:
    if not isinstance(leaf.test, HonourValid) or leaf.test.negated:
        return ""
    value = values.get(leaf.test.fact)
    if not isinstance(value, int) or value == FOREVER:
        return ""
    last = EPOCH + timedelta(value)
    left = (last - day).days
    return f"{last.isoformat()} 起失效，还有 {left} 天，请提前复审" if left <= ENDING else ""
