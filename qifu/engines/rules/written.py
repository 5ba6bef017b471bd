"""A rule as written, before it is bound to a day: dated versions of trees that may still say 非, 满2年 and 符合某规则."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from qifu.engines.rules.spans import Span
from qifu.engines.rules.tree import Brackets, ChoiceIn, CodeIn, Compare, DayIs, Fixed, FlagIs, Op, Share
from qifu.registers.enterprises.fact_book import Value


@dataclass(frozen=True, slots=True)
class Since:
    """The time from the day fact until the day of judging `op` span: >= 满, > 超过, < 不满, <= 不超过."""

    fact: str
    op: Op
    span: Span


@dataclass(frozen=True, slots=True)
class HonourHeld:
    """An honour is (or, negated, is not) valid on the day of judging."""

    fact: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Meets:
    """The rule of that code or title, in the version in force on the day of judging, is (not) met."""

    name: str
    negated: bool = False


WrittenTest = Compare | DayIs | FlagIs | ChoiceIn | CodeIn | Since | HonourHeld | Meets


@dataclass(frozen=True, slots=True)
class WrittenLeaf:
    """One line; `id` is its own or its path (1, 2.1)."""

    id: str
    test: WrittenTest
    text: str
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class WrittenGroup:
    """All, any, at least k, or not (one child)."""

    id: str
    kind: Literal["all", "any", "k_of_n", "not"]
    least: int
    children: tuple[WrittenNode, ...]
    line: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class WrittenBand:
    """Points when `when` holds, in the score's units."""

    points: int
    when: WrittenNode
    text: str


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """One line of a score table."""

    id: str
    title: str
    bands: tuple[WrittenBand, ...]
    otherwise: int
    group: str


@dataclass(frozen=True, slots=True)
class WrittenScore:
    """A score table; points are whole numbers of 10**-decimals points."""

    id: str
    title: str
    items: tuple[WrittenItem, ...]
    least: int
    groups: tuple[tuple[str, int], ...]
    decimals: int
    source: str
    line: int


WrittenNode = WrittenLeaf | WrittenGroup | WrittenScore


@dataclass(frozen=True, slots=True)
class WrittenTiers:
    """The amount of the first tier whose condition holds."""

    tiers: tuple[tuple[WrittenNode, WrittenAmount], ...]
    otherwise: WrittenAmount | None


@dataclass(frozen=True, slots=True)
class WrittenCombine:
    """The largest, the smallest or the sum."""

    how: Literal["most", "least", "sum"]
    amounts: tuple[WrittenAmount, ...]


@dataclass(frozen=True, slots=True)
class WrittenBounded:
    """An amount with cap, floor and rounding."""

    amount: WrittenAmount
    floor: int | None
    cap: int | None
    unit: int
    how: Literal["half_up", "down", "up"]


WrittenAmount = Fixed | Share | Brackets | WrittenTiers | WrittenCombine | WrittenBounded


@dataclass(frozen=True, slots=True)
class Stacking:
    """How this policy goes with another: 可叠加, 就高, 不重复享受."""

    other: str
    how: str
    line: int


@dataclass(frozen=True, slots=True)
class Version:
    """What the rule says from `effective_from` until the day before `effective_to` (None: until further notice)."""

    effective_from: date
    effective_to: date | None
    document: str
    source: str
    reading: tuple[tuple[str, bool], ...]
    """以上 and 以下: whether they include the number."""
    require: WrittenNode
    amount: WrittenAmount | None
    amount_note: str
    window: tuple[date, date] | None
    budget: tuple[int, int] | None
    """(fen, year)."""
    stacking: tuple[Stacking, ...]
    line: int

    def in_force(self, day: date) -> bool:
        """True when the version is the law of `day`."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


@dataclass(frozen=True, slots=True)
class Example:
    """What the rule must say of one set of kept values on one day."""

    title: str
    as_of: date
    values: tuple[tuple[str, Value], ...]
    expect: Literal["met", "unmet", "unknown"]
    amount: int | None
    missing: tuple[str, ...] | None
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule file. `kind` is rule or policy; `confidence` verified or 待核; versions oldest first, not overlapping."""

    code: str
    title: str
    kind: Literal["rule", "policy"]
    issuers: tuple[str, ...]
    document: str
    kinds: tuple[str, ...]
    tags: tuple[str, ...]
    confidence: Literal["verified", "待核"]
    versions: tuple[Version, ...]
    examples: tuple[Example, ...]
    note: str = ""
    link: str = ""
    reviews: tuple[str, ...] = ()
    """Texts of the leaves, items and bands that were not checked against the official text (待核)."""
    where: str = ""
    materials: tuple[str, ...] = ()
    """What one who applies for a policy hands in, by title."""

    def version_on(self, day: date) -> Version | None:
        """The version that is the law of `day`, or None."""
        return next((version for version in self.versions if version.in_force(day)), None)
