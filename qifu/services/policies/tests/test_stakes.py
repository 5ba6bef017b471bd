"""The next question decides most money, and never asks what no open policy needs."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.judge import amount, truth
from qifu.engines.rules.random_rules import boundary_rows, random_amount, random_bound
from qifu.engines.rules.stakes import most
from qifu.engines.rules.tree import Bound, Compare, Fixed, Leaf, Truth
from qifu.registers.enterprises.fact_book import fact_book
from qifu.services.policies.stakes import telling_facts

BOOK = fact_book()


def asking(fact: str, fen: int) -> Bound:
    """A policy that hangs on one number."""
    leaf = Leaf("1", Compare(((1, fact),), ">=", Fraction(1)))
    return Bound(fact, "2024-01-01", date(2024, 6, 20), leaf, Fixed(fen))


def test_one_policy_of_much_money_comes_before_ten_of_little() -> None:
    bounds = [asking("revenue", 100_00)] * 10 + [asking("rd_expense", 50_0000_00)]
    assert [name for name, *_ in telling_facts(bounds, (), BOOK, {})] == ["rd_expense", "revenue"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_only_what_an_open_policy_needs_is_asked_and_no_amount_passes_the_most(seed: int) -> None:
    random = Random(seed)
    made = [random_bound(random, BOOK, code=f"r{at}", depth=2) for at in range(4)]
    bounds = [
        Bound(one.code, one.version, one.as_of, one.require, random_amount(random, BOOK, depth=2))
        for one in made
    ]
    for values in boundary_rows(random, bounds, BOOK, 6, missing=0.5):
        said = [(bound, truth(bound.require, values)) for bound in bounds]
        waiting = [bound for bound, one in said if one == Truth.UNKNOWN]
        unpriced = [b for b, one in said if one == Truth.MET and b.amount is not None and amount(b.amount, values) is None]  # fmt: skip
        for fact, decides, _ in telling_facts(
            waiting, [b for b, one in said if one == Truth.MET], BOOK, values
        ):
            assert decides >= 0 and any(fact in facts_asked(bound) for bound in (*waiting, *unpriced))
        for bound in bounds:
            assert bound.amount is not None
            given_, limit = amount(bound.amount, values), most(bound.amount, values)
            assert given_ is None or limit is None or given_ <= limit + 1
