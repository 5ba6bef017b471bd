"""What hangs on a question: the money that a policy may still give, so that what decides most money is asked first; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fractions import Fraction

from qifu.engines.rules.edges import amount_waits
from qifu.engines.rules.interview import next_questions
from qifu.engines.rules.judge import Values
from qifu.engines.rules.judge import amount as judged_amount
from qifu.engines.rules.stakes import most
from qifu.engines.rules.tree import Bound
from qifu.registers.enterprises.fact_book import FactBook

LARGE = 100_0000_00
"""Fen that count at most of one policy: a prize of millions that few ever get does not drown the rest."""
OPEN = 10_0000_00
"""Fen that count for an amount that nothing holds, such as a share of a tax that is not known."""
NO_AMOUNT = 1_0000_00
"""Fen that count for a policy that gives no amount."""


def stake(bound: Bound, values: Values) -> int:
    """Return the fen that hang on a policy which is not decided, or whose amount is not."""
    if bound.amount is None:
        return NO_AMOUNT
    could = most(bound.amount, values)
    return OPEN if could is None else min(int(could), LARGE)


def telling_facts(
    open_: Iterable[Bound], met: Iterable[Bound], book: FactBook, values: Values
) -> list[tuple[str, Fraction, int]]:
    """Return (fact, fen that it decides, policies that wait for it) of every fact that an answer of which decides something.

    `open_` wait for facts; of the `met` those count whose amount does. A policy that waits for n facts gives each of them
    an n-th of its stake. The largest first, equal ones in the order of the book.
    """
    weights: dict[str, Fraction] = {}
    counts: dict[str, int] = {}
    for one in next_questions(open_, book, values, stake=_staked(values)):
        weights[one.fact], counts[one.fact] = one.weight, one.rules
    for bound in met:
        if bound.amount is None or judged_amount(bound.amount, values) is not None:
            continue
        waits = amount_waits(bound.amount, values)
        for fact in waits:
            weights[fact] = weights.get(fact, Fraction(0)) + Fraction(stake(bound, values), len(waits))
            counts[fact] = counts.get(fact, 0) + 1
    order = {name: at for at, name in enumerate(book.facts)}
    ranked = sorted(weights, key=lambda fact: (-weights[fact], order.get(fact, len(order))))
    return [(fact, weights[fact], counts[fact]) for fact in ranked]


def total_stake(bounds: Collection[Bound], values: Values) -> int:
    """Return the fen that hang on policies together."""
    return sum(stake(bound, values) for bound in bounds)


def _staked(values: Values) -> Callable[[Bound], int]:
    return lambda bound: stake(bound, values)
