"""Conditions, counts and amounts over rows are the judge's, row by row."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from qifu.engines.rules import judge
from qifu.engines.rules.over_rows import Rows, amounts, amounts_of, truths, unmet_counts
from qifu.engines.rules.random_rules import boundary_rows, random_amount, random_bound
from qifu.engines.rules.tree import Bound, Bounded, Brackets, Combine, Fixed, FlagIs, Leaf, Share, Terms
from qifu.registers.enterprises.fact_book import LARGEST, Fact, FactBook
from qifu.registers.enterprises.kept_table import table_of

_FACTS = (
    Fact("place", "注册地", "place"),
    Fact("industry", "所属行业", "industry"),
    Fact("established_on", "成立时间", "day"),
    Fact("entity_kind", "主体类型", "choice", choices=("企业", "个体工商户", "其他")),
    Fact("employees", "从业人数", "count", "人"),
    Fact("revenue", "营业收入", "money", "元", 2),
    Fact("taxes", "税额", "money", "元", 2),
    Fact("debt_ratio", "资产负债率", "percent", "%", 4),
    Fact("high_tech", "高新技术企业", "honour"),
    Fact("restricted", "从事限制行业", "flag"),
)
BOOK = FactBook({fact.id: fact for fact in _FACTS})
PEOPLE: Terms = ((1, "employees"),)


@pytest.mark.parametrize("seed", range(60))
def test_random_rules(seed: int) -> None:
    random = Random(seed)
    bounds = [random_bound(random, BOOK) for _ in range(8)]
    values = boundary_rows(random, bounds, BOOK, 60, missing=0.15)
    table = table_of(((str(number), row) for number, row in enumerate(values)), BOOK)
    chosen = np.array(random.sample(range(60), 25), dtype=np.int64)
    for rows, known in ((Rows(table), values), (Rows(table).at(chosen), [values[index] for index in chosen])):
        for bound in bounds:
            said = [judge.verdict(bound, row) for row in known]
            assert truths(bound.require, rows).tolist() == [one.truth for one in said]
            assert unmet_counts(bound, rows).tolist() == [one.unmet_count for one in said]


@pytest.mark.parametrize("seed", range(60))
def test_random_amounts(seed: int) -> None:
    random = Random(seed)
    bounds = [random_bound(random, BOOK) for _ in range(4)]
    given = [random_amount(random, BOOK) for _ in range(15)]
    values = boundary_rows(random, bounds, BOOK, 40)
    table = table_of(((str(number), row) for number, row in enumerate(values)), BOOK)
    for amount in given:
        expected = [judge.amount(amount, row) for row in values]
        if any(fen is not None and abs(fen) >= 2**63 for fen in expected):
            with pytest.raises(OverflowError):
                amounts_of(amount, Rows(table))
            small = [i for i, fen in enumerate(expected) if fen is None or abs(fen) < 2**63]
            found = amounts_of(amount, Rows(table).at(np.array(small, dtype=np.int64)))
            assert found.to_pylist() == [expected[i] for i in small]
        else:
            assert amounts_of(amount, Rows(table)).to_pylist() == expected


def bound(amount: object) -> Bound:
    return Bound("a", "2024-01-01", date(2024, 6, 30), Leaf("l", FlagIs("restricted", False)), amount)  # type: ignore[arg-type]


def test_halves_go_up_and_large_numbers_stay_exact() -> None:
    table = table_of([("a", {"employees": 1}), ("b", {"employees": LARGEST}), ("c", {})], BOOK)
    assert amounts(bound(Share(Fraction(1, 2), PEOPLE)), table).to_pylist() == [1, LARGEST // 2, None]
    # a third of 10^15 heads at 9,000 fen each passes int64 on the way, not at the end
    huge = Bounded(Combine("most", (Share(Fraction(9001, 3), PEOPLE), Fixed(7))), cap=10**17)
    assert amounts(bound(huge), table).to_pylist() == [3000, 10**17, None]
    assert amounts(bound(Share(Fraction(2**61 - 1, 2**61 + 1), PEOPLE)), table).to_pylist()[1] == LARGEST
    with pytest.raises(OverflowError):
        amounts(bound(Share(Fraction(100_000), PEOPLE)), table)
    assert amounts(bound(Share(Fraction(100_000), PEOPLE)), table, np.array([0, 2])).to_pylist() == [
        100_000,
        None,
    ]


def test_no_amount_no_rows_no_column() -> None:
    table = table_of([("a", {"employees": 1})], BOOK)
    assert amounts(bound(None), table).to_pylist() == [None]
    assert amounts(bound(Fixed(5)), table, np.zeros(0, dtype=np.int64)).to_pylist() == []
    empty = np.zeros(0, dtype=np.int64)
    assert amounts(bound(Brackets(PEOPLE, ((None, Fraction(1)),))), table, empty).to_pylist() == []
    assert amounts(bound(Share(Fraction(1), ((1, "gone"),))), table).to_pylist() == [None]
    assert truths(Leaf("l", FlagIs("gone", True)), Rows(table)).tolist() == [1]
