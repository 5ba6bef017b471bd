"""How much could still be given: the most that an amount can come to, whatever is not known yet; pure and exact."""

from __future__ import annotations

from fractions import Fraction

from qifu.engines.rules.judge import Values, bounded, exact_amount, truth
from qifu.engines.rules.tree import Amount, Bounded, Combine, Tiers, Truth


def most(amount: Amount, values: Values) -> Fraction | None:
    """Return the most fen that an amount can be, whatever the missing values are; None where nothing holds it.

    Not less than `judge.amount` (before its rounding to whole fen) for any completion of the values.
    """
    if isinstance(amount, Tiers):
        return _tiers(amount, values)
    if isinstance(amount, Combine):
        return _combined(amount, [most(part, values) for part in amount.amounts])
    if isinstance(amount, Bounded):
        inner = most(amount.amount, values)
        if inner is None:
            return None if amount.cap is None else Fraction(amount.cap)
        return bounded(amount, inner)
    return exact_amount(amount, values)


def _combined(amount: Combine, parts: list[Fraction | None]) -> Fraction | None:
    known = [part for part in parts if part is not None]
    if amount.how == "least":
        return min(known, default=None)
    if len(known) < len(parts):
        return None
    return sum(known, Fraction(0)) if amount.how == "sum" else max(known)


def _tiers(amount: Tiers, values: Values) -> Fraction | None:
    """Return the most of the tiers that may still hold."""
    found: list[Fraction | None] = []
    for when, given in amount.tiers:
        said = truth(when, values)
        if said != Truth.UNMET:
            found.append(most(given, values))
        if said == Truth.MET:
            break
    else:
        found.append(Fraction(0) if amount.otherwise is None else most(amount.otherwise, values))
    known = [part for part in found if part is not None]
    return None if len(known) < len(found) else max(known)
