"""Where an enterprise stands with a policy, and whether money may follow: what it declares itself suffices only where the policy says so; pure.

A verdict stands on 自报 when it would not be known without the values that the enterprise declared itself. The judge is
monotone: what is decided without these values, verdict or amount, cannot be changed by them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.explain import Explanation
from qifu.engines.rules.judge import Values, amount, truth
from qifu.engines.rules.tree import Bound, Truth
from qifu.engines.rules.written import Rule, Version
from qifu.registers.enterprises.fact_book import Value
from qifu.services.policies.content import Terms

Money = Literal["cash", "saving", "base"]
MONEY: Mapping[Money, str] = {"cash": "资金", "saving": "减免税费", "base": "可扣除的额（不是钱）"}


@dataclass(frozen=True, slots=True)
class ToldValue:
    """One kept value and who told it; `declared` by the enterprise itself. `as_of` None for what the register tells."""

    value: Value
    declared: bool = False
    source: str = ""
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict and amount (fen) on all values; `rests_on` are the declared facts that it would not be known without.

    `payable`: met, and the amount (where the policy has one) known, without 自报 or with 承诺制.
    `payable_fen` is what may be paid, None where nothing may or no amount is known.
    """

    truth: Truth
    amount_fen: int | None
    rests_on: tuple[str, ...]
    payable: bool
    payable_fen: int | None

    @property
    def declared(self) -> bool:
        """True where verdict or amount stand on what the enterprise declared itself (按自报)."""
        return bool(self.rests_on)


def standing(explanation: Explanation, told: Mapping[str, ToldValue], terms: Terms) -> Standing:
    """Return where an enterprise stands; `told` must be the values that the explanation was made of."""
    values = {name: one.value for name, one in told.items()}
    declared = {name for name, one in told.items() if one.declared}
    return standing_of(explanation.bound, values, declared, terms)


def standing_of(bound: Bound, values: Values, declared: Collection[str], terms: Terms) -> Standing:
    """Return the same without an explanation: from kept values and the names of those declared."""
    said = truth(bound.require, values)
    fen = amount(bound.amount, values) if bound.amount is not None and said == Truth.MET else None
    mine = sorted(facts_asked(bound).intersection(declared))
    known = {name: value for name, value in values.items() if name not in declared}
    sure, sure_fen = said, fen
    if mine:
        sure = truth(bound.require, known)
        met = bound.amount is not None and sure == Truth.MET
        sure_fen = amount(bound.amount, known) if met and bound.amount is not None else None
    unsure = (sure, sure_fen) != (said, fen)
    rests = tuple(name for name in mine if _needed(bound, values, name, said, fen)) or tuple(mine)
    may = said == Truth.MET and (fen is not None or bound.amount is None)
    payable = may and (terms.accepts_declared or not unsure)
    return Standing(said, fen, rests if unsure else (), payable, fen if payable else None)


def _needed(bound: Bound, values: Values, name: str, said: Truth, fen: int | None) -> bool:
    """Tell whether verdict or amount would not be known without one fact."""
    without = {**values, name: None}
    if truth(bound.require, without) != said:
        return True
    return said == Truth.MET and bound.amount is not None and amount(bound.amount, without) != fen


def money_kind(rule: Rule, version: Version) -> Money:
    """Return what the amount of a policy is: money paid, taxes and fees saved, or only a base of a tax (扣除额)."""
    note = version.amount_note
    if any(words in note for words in ("不是税额", "扣除额", "抵扣所得额", "抵扣的所得额")):
        return "base"
    return "cash" if "资金" in rule.kinds else "saving"
