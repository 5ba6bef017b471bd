"""Amounts of met rows are the judge's, whichever way they are worked out."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from random import Random
from typing import Literal

import numpy as np
import pytest

from qifu.engines.rules.judge import amount
from qifu.engines.rules.kernel import Amounts, Sweep, encode
from qifu.engines.rules.kernel.amounts import MISSING
from qifu.engines.rules.random_rules import boundary_rows, random_amount, random_bound
from qifu.engines.rules.tree import (
    Bound,
    Bounded,
    Combine,
    Compare,
    Fixed,
    Group,
    Leaf,
    Share,
    Tiers,
    Truth,
)
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.kept_table import table_of

FACTS = fact_book()


def given(bounds: list[Bound], rows: list[dict[str, object]]) -> tuple[Amounts, int]:
    """Assert that the amounts of all met rows are the judge's; returns how many were looked at."""
    table = table_of([(str(number), row) for number, row in enumerate(rows)], FACTS)  # type: ignore[arg-type]
    sweep = Sweep(encode(table, FACTS, bounds), bounds)
    amounts = Amounts(bounds, lambda name: table[name], len(rows))
    seen = 0
    for chunk in sweep.rows(near=True):
        row, policy, verdict, _ = chunk.pairs()
        found = np.full(len(row), MISSING)
        found[verdict == Truth.MET] = amounts.of(chunk)
        for place in range(len(row)):
            wanted = None
            bound = bounds[policy[place]]
            if verdict[place] == Truth.MET and bound.amount is not None:
                wanted = amount(bound.amount, rows[row[place]])  # type: ignore[arg-type]
                seen += 1
            assert found[place] == (MISSING if wanted is None else wanted)
    return amounts, seen


@pytest.mark.parametrize("seed", range(2))
def test_random_amounts(seed: int) -> None:
    random = Random(f"amounts {seed}")
    bounds = []
    for number in range(40):
        bound = random_bound(random, FACTS, code=f"p{number}")
        bounds.append(
            Bound(bound.code, bound.version, bound.as_of, bound.require, random_amount(random, FACTS))
        )
    rows = boundary_rows(random, bounds, FACTS, 40, missing=0.1)
    rows = [
        {n: v % 10**8 if isinstance(v, int) and abs(v) > 10**8 else v for n, v in r.items()} for r in rows
    ]
    _, seen = given(bounds, rows)  # type: ignore[arg-type]
    assert seen > 60


def test_the_usual_forms_are_done_in_the_loops() -> None:
    revenue, research = ((1, "revenue"),), ((1, "rd_expense"),)
    share = Bounded(Share(Fraction(1, 15), research), floor=10_000, cap=5_000_000, unit=10_000, how="down")
    tiers = Tiers(
        (
            (Leaf("x", Compare(revenue, ">=", Fraction(10**10))), Fixed(10**8)),
            (Leaf("y", Compare(revenue, ">=", Fraction(5 * 10**9))), share),
        ),
        Share(Fraction(1, 7), research),
    )
    forms = [Fixed(5), share, tiers, Combine("most", (share, tiers)), Combine("least", (tiers, Fixed(3_333))),
             Combine("sum", (Share(Fraction(1, 3), research), Share(Fraction(-1, 6), revenue))), Tiers((), None)]  # fmt: skip
    always = Group(
        "any",
        1,
        (Leaf("a", Compare(revenue, ">", Fraction(-1))), Leaf("b", Compare(research, ">", Fraction(-1)))),
    )
    bounds = [Bound(f"p{n}", "2024-01-01", date(2024, 6, 30), always, form) for n, form in enumerate(forms)]
    values = [None, 0, 1, 7, 49_999, 149_999, 150_000, 10**7, 5 * 10**9 - 1, 5 * 10**9, 10**10, 10**12]
    rows = [{"revenue": a, "rd_expense": b} for a in values for b in values]
    amounts, seen = given(bounds, rows)  # type: ignore[arg-type]
    assert seen > 900
    assert not amounts.slow
    huge = [
        Bound(
            "h", "2024-01-01", date(2024, 6, 30), always, Bounded(Share(Fraction(10**9), revenue), cap=10**6)
        )
    ]
    assert given(huge, [{"revenue": 10**15}, {"revenue": 0}])[0].slow == {0}  # type: ignore[list-item]
    assert np.iinfo(np.int64).min == MISSING


@pytest.mark.parametrize("how", ["down", "half_up", "up"])
def test_division_is_exact_up_to_the_largest_values(how: Literal["down", "half_up", "up"]) -> None:
    random = Random(f"division {how}")
    units = [2, 3, 7, 10, 641, 2**20 - 1, 2**20, 2**20 + 1, 10**9 + 7, 2**40, 3 * 10**14]
    units += [random.randrange(2, 2 ** random.randrange(2, 50)) for _ in range(20)]
    revenue = ((1, "revenue"),)
    always = Leaf("a", Compare(revenue, ">=", Fraction(0)))
    bounds = [
        Bound(f"p{number}", "2024-01-01", date(2024, 6, 30), always, Bounded(Share(Fraction(2**14), revenue), unit=unit, how=how))
        for number, unit in enumerate(units)
    ]  # fmt: skip
    most = 2**47 - 1  # × 2**14 and what rounding adds is the most that the loops take
    values = {0, 1, most} | {random.randrange(2 ** random.randrange(1, 47)) for _ in range(60)}
    values |= {
        max(0, min(most, (k * unit) // 2**14 + by))
        for unit in units
        for k in (1, 2, 10**6)
        for by in (-1, 0, 1)
    }
    amounts, seen = given(bounds, [{"revenue": value} for value in sorted(values)])
    assert seen == len(bounds) * len(values)
    assert not amounts.slow
