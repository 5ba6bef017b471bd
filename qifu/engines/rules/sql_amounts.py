"""An amount as an SQL expression, exact: a numerator over a number known beforehand, in HUGEINT or NUMERIC, rounded as the rule says.

Whether an amount is known is a condition of its own, so that the value may use GREATEST and LEAST, which pass over NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import Literal

from qifu.engines.rules.sql_conditions import (
    INT64,
    INT128,
    WIDE,
    Dialect,
    TooLarge,
    met_sql,
    most_of,
    name,
    number,
    possible_sql,
    sum_sql,
    terms_sql,
)
from qifu.engines.rules.tree import (
    Amount,
    Bounded,
    Brackets,
    Combine,
    Fixed,
    Share,
    Terms,
    Tiers,
)


def amount_sql(amount: Amount, dialect: Dialect) -> str:
    """Return an expression of the amount in whole fen, NULL where it needs a missing value."""
    writer = _Writer(dialect, "BIGINT")
    value = writer.fen(amount)
    if writer.largest > INT64:
        writer = _Writer(dialect, WIDE[dialect])
        value = writer.fen(amount)
    if writer.largest > INT128:
        raise TooLarge(f"an amount may pass 128 bits: {writer.largest}")
    return f"CASE WHEN {_known(amount, dialect)} THEN {value} END"


def _known(amount: Amount, dialect: Dialect) -> str:
    """Return whether nothing is missing that the amount needs; never NULL."""
    if isinstance(amount, Fixed):
        return "TRUE"
    if isinstance(amount, Share | Brackets):
        return "(" + " AND ".join(f"{name(fact)} IS NOT NULL" for _, fact in amount.of) + ")"
    if isinstance(amount, Bounded):
        return _known(amount.amount, dialect)
    if isinstance(amount, Combine):
        return "(" + " AND ".join(_known(part, dialect) for part in amount.amounts) + ")"
    cases = " ".join(
        f"WHEN {met_sql(when, dialect)} THEN {_known(given, dialect)} WHEN {possible_sql(when, dialect)} THEN FALSE"
        for when, given in amount.tiers
    )
    return (
        f"CASE {cases} ELSE {'TRUE' if amount.otherwise is None else _known(amount.otherwise, dialect)} END"
    )


@dataclass
class _Writer:
    """Writes an amount in whole numbers of type `kind`; `largest` is how large a number may become on the way."""

    dialect: Dialect
    kind: str
    largest: int = 0

    def fen(self, amount: Amount) -> str:
        """Return the amount, rounded to a fen."""
        value, over, most = self.exact(amount)
        return self.divided(value, over, most, "half_up") if over > 1 else self.cast(value)

    def exact(self, amount: Amount) -> tuple[str, int, int]:
        """Return the amount as an expression over a number, and the largest the expression can be; of use where it is known."""
        if isinstance(amount, Fixed):
            return self.noted(_not_negative(amount.fen), 1, amount.fen)
        if isinstance(amount, Share):
            above, below = amount.rate.numerator, amount.rate.denominator
            value = f"GREATEST(0, {self.terms(amount.of)} * {_not_negative(above)})"
            return self.noted(value, below, most_of(amount.of) * max(1, above))
        if isinstance(amount, Brackets):
            return self.brackets(amount)
        if isinstance(amount, Bounded):
            return self.bounded(amount)
        if isinstance(amount, Tiers):
            return self.tiers(amount)
        parts, over, most = self.alike(amount.amounts)
        if amount.how == "sum":
            return self.noted(sum_sql(parts), over, most * len(parts))
        return f"{'GREATEST' if amount.how == 'most' else 'LEAST'}({', '.join(parts)})", over, most

    def noted(self, value: str, over: int, most: int) -> tuple[str, int, int]:
        self.largest = max(self.largest, most, over)
        return value, over, most

    def cast(self, value: str) -> str:
        return f"CAST({value} AS {self.kind})"

    def terms(self, terms: Terms) -> str:
        return terms_sql(terms, self.dialect, self.kind != "BIGINT")

    def alike(self, amounts: Sequence[Amount]) -> tuple[list[str], int, int]:
        """Return the amounts over one number."""
        found = [self.exact(part) for part in amounts]
        common = lcm(*(over for _, over, _ in found))
        values = [
            self.cast(value) + (f" * {number(common // over)}" if over != common else "")
            for value, over, _ in found
        ]
        _, _, most = self.noted("", common, max(most * (common // over) for _, over, most in found))
        return values, common, most

    def tiers(self, amount: Tiers) -> tuple[str, int, int]:
        """Return the amount of the first tier that is met; one that is unknown makes the amount unknown."""
        given = [*(part for _, part in amount.tiers), amount.otherwise or Fixed(0)]
        values, over, most = self.alike(given)
        cases = " ".join(
            f"WHEN {met_sql(when, self.dialect)} THEN {value}"
            for (when, _), value in zip(amount.tiers, values)
        )
        return f"CASE {cases} ELSE {values[-1]} END", over, most

    def brackets(self, amount: Brackets) -> tuple[str, int, int]:
        """Return the sum of the parts, each at its own rate."""
        base, over = self.terms(amount.of), lcm(*(rate.denominator for _, rate in amount.parts))
        parts, below, most = list[str](), 0, 0
        for upto, rate in amount.parts:
            end = base if upto is None else f"LEAST({base}, {number(upto)})"
            times = (rate * over).numerator
            parts.append(f"GREATEST(0, {end} - {number(below)}) * {_not_negative(times)}")
            most += (most_of(amount.of) + below) * max(1, times)
            below = below if upto is None else upto
        return self.noted(sum_sql(parts), over, most)

    def bounded(self, amount: Bounded) -> tuple[str, int, int]:
        """Return the amount rounded to its unit, then lifted to the floor, then held under the cap."""
        value, over, most = self.exact(amount.amount)
        value = self.divided(value, over * amount.unit, most, amount.how)
        value, most = f"{value} * {number(amount.unit)}", most // over + amount.unit
        self.noted(value, 1, most)
        if amount.floor is not None:
            value, most = f"GREATEST({value}, {_not_negative(amount.floor)})", max(most, amount.floor)
        if amount.cap is not None:
            value, most = f"LEAST({value}, {_not_negative(amount.cap)})", min(most, amount.cap)
        return self.noted(value, 1, most)

    def divided(self, value: str, by: int, most: int, how: Literal["half_up", "down", "up"]) -> str:
        """Return a number that is not negative, divided and rounded to a whole."""
        value = self.cast(value)
        if by == 1:
            return value
        if how == "half_up":
            value, most, by = f"({value} * 2 + {number(by)})", most * 2 + by, by * 2
        elif how == "up":
            value, most = f"({value} + {number(by - 1)})", most + by
        self.noted("", by, most)
        if self.dialect == "duckdb":
            return f"({value} // {number(by)})"
        return f"({value} / {number(by)})" if self.kind == "BIGINT" else f"div({value}, {number(by)})"


def _not_negative(value: int) -> str:
    if value < 0:
        raise ValueError(f"an amount below nothing: {value}")
    return number(value)
