"""A rule bound to one day: what every reading (explanation, Python, SQL, kernel) works on. Frozen, exact, no words needed.

Truth is three-valued (Kleene): MET, UNMET, UNKNOWN. A missing value (None) makes a test UNKNOWN, never anything else.
A bound tree holds no `not`: the reader pushes every 非 down to the tests (and to scores, whose `negated` is kept), so
that a tree is monotone in its leaves: making a leaf MET can never make the rule worse.

Values are the kept values of `registers.enterprises.fact_book`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from fractions import Fraction
from typing import Literal


class Truth(IntEnum):
    """The three values, ordered so that all = min and any = max."""

    UNMET = 0
    UNKNOWN = 1
    MET = 2


Op = Literal["<=", "<", ">=", ">", "=", "!="]
NEGATED: dict[Op, Op] = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "=": "!=", "!=": "="}
Terms = tuple[tuple[int, str], ...]
"""Σ coefficient × kept value of a number fact; coefficients are non-zero; a missing term makes the sum missing."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`sum(of) OP bound`, or, with `over`, `sum(of) / sum(over) OP bound`, on kept values.

    Decided by cross-multiplication: sum(of) × bound.denominator OP bound.numerator × sum(over).
    UNKNOWN where a term is missing or sum(over) <= 0 (a ratio to nothing says nothing). Without `over`, `bound` is exact
    too (x <= 5/2 is possible where a fact keeps whole numbers only).
    """

    of: Terms
    op: Op
    bound: Fraction
    over: Terms = ()


@dataclass(frozen=True, slots=True)
class DayIs:
    """`day fact OP day`, both in days since 1970-01-01. 满2年 is bound to the latest start that is two years old."""

    fact: str
    op: Op
    day: int


@dataclass(frozen=True, slots=True)
class FlagIs:
    """A flag has the wanted value."""

    fact: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class ChoiceIn:
    """A choice is (or, negated, is not) one of `positions`, which are positions in the fact's choices, sorted."""

    fact: str
    positions: tuple[int, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class CodeIn:
    """A place or industry lies (or, negated, does not lie) under one of `prefixes` (sorted, none under another).

    `code_prefix` of the value v: for places trailing pairs of 00 are cut (330100 -> 3301); industries stay as they are.
    MET when some prefix begins v; UNKNOWN when v begins some prefix (the value is too coarse to tell); else UNMET.
    """

    fact: str
    prefixes: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class HonourValid:
    """An honour is (or, negated, is not) valid on `day`: kept value > day."""

    fact: str
    day: int
    negated: bool = False


Test = Compare | DayIs | FlagIs | ChoiceIn | CodeIn | HonourValid


@dataclass(frozen=True, slots=True)
class Leaf:
    """One line of the file. `id` is unique in the rule; `text` reads aloud; `source` names document and article."""

    id: str
    test: Test
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """All (`least` = number of children), any (`least` = 1) or at least k of the children; children are never empty.

    MET when at least `least` are MET; UNMET when fewer than `least` are MET or UNKNOWN; else UNKNOWN.
    `kind` is how it was written; `id` is empty for groups that the reader made.
    """

    kind: Literal["all", "any", "k_of_n"]
    least: int
    children: tuple[Node, ...]
    id: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Points that an item gives when `when` holds."""

    points: int
    when: Node
    text: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a score table: the most points of its bands that hold, `otherwise` if none; otherwise <= all bands."""

    title: str
    bands: tuple[Band, ...]
    otherwise: int = 0
    group: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A score table, which counts as one leaf: the total and each group's total reach their least. Points are whole
    numbers in units of 10**-`decimals` points.

    Each item gives between low (bands MET) and high (bands MET or UNKNOWN) points. MET when every sum of lows reaches
    its least; UNMET when some sum of highs does not; else UNKNOWN. `negated` swaps MET and UNMET.
    `groups` are (title, least); a group's items are those with `item.group` of that title.
    """

    id: str
    items: tuple[Item, ...]
    least: int
    groups: tuple[tuple[str, int], ...] = ()
    negated: bool = False
    decimals: int = 0
    text: str = ""
    source: str = ""


Node = Leaf | Group | Score


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount in fen."""

    fen: int


@dataclass(frozen=True, slots=True)
class Share:
    """`rate` × sum(of), on kept values, in fen: 20% of 研发费用 (rate 1/5), 1000 元 a head (rate 100000/1). Below 0 is 0."""

    rate: Fraction
    of: Terms


@dataclass(frozen=True, slots=True)
class Brackets:
    """Progressive: each part of sum(of) up to `upto` (kept units, rising, the last None) bears its own rate."""

    of: Terms
    parts: tuple[tuple[int | None, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Tiers:
    """The amount of the first tier whose condition holds, else `otherwise` (None: nothing, 0 fen)."""

    tiers: tuple[tuple[Node, Amount], ...]
    otherwise: Amount | None = None


@dataclass(frozen=True, slots=True)
class Combine:
    """The largest, the smallest or the sum of several amounts (best-of, share of a tax with a cap of the tax paid)."""

    how: Literal["most", "least", "sum"]
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Bounded:
    """An amount not under `floor` and not over `cap` (fen; the cap wins), rounded to `unit` fen `how`."""

    amount: Amount
    floor: int | None = None
    cap: int | None = None
    unit: int = 1
    how: Literal["half_up", "down", "up"] = "half_up"


Amount = Fixed | Share | Brackets | Tiers | Combine | Bounded
"""Exact: Share and Brackets give a Fraction of fen; Bounded rounds; the whole is rounded half up to a fen at the end.

An amount is unknown (None) when it needs a missing value, or when a tier before the one that holds is UNKNOWN.
"""


@dataclass(frozen=True)
class Bound:
    """One version of one rule or policy, bound to the law of `as_of`: nested rules are already written out in `require`.

    `version` is the day the version took effect (ISO). `missing amounts` never change the verdict.
    """

    code: str
    version: str
    as_of: date
    require: Node
    amount: Amount | None = None
    title: str = ""


def leaves(node: Node) -> tuple[Leaf | Score, ...]:
    """Return the leaves in the file's order; a score table is one leaf, and its bands are not listed."""
    if isinstance(node, Group):
        return tuple(leaf for child in node.children for leaf in leaves(child))
    return (node,)
