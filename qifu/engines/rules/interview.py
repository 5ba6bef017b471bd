"""The interview: of all that is not known about an enterprise, the question that decides most comes first.

The measure: a rule that waits for n facts gives each of them 1/n of its stake; the fact with the largest sum is asked
first. So a fact that alone decides much comes before one that much hangs on among others. Every rule's stake is 1 unless
the caller gives it another, such as the money that hangs on it. Ties go in the order of the book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from qifu.engines.rules.edges import open_facts
from qifu.engines.rules.judge import Values
from qifu.engines.rules.tree import Bound
from qifu.registers.enterprises.fact_book import FactBook


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask. `weight` is the measure; `decides` counts the rules that wait for this fact alone, `rules` all."""

    fact: str
    text: str
    weight: Fraction
    decides: int
    rules: int


def next_questions(
    bounds: Iterable[Bound],
    facts: FactBook,
    values: Values,
    most: int | None = None,
    stake: Callable[[Bound], int] = lambda bound: 1,
) -> list[Question]:
    """Return what to ask next, the question that decides most first; empty when no answer can decide anything.

    Each answer changes the rest: ask the first, put its answer into `values`, call again. Once all are answered (codes
    as finely as the rules ask) no rule is UNKNOWN, but for ratios to nothing.
    """
    weights: dict[str, Fraction] = {}
    alone: dict[str, int] = {}
    counts: dict[str, int] = {}
    for bound in bounds:
        waiting = open_facts(bound.require, values)
        share = Fraction(stake(bound), len(waiting)) if waiting else Fraction(0)
        for fact in waiting:
            weights[fact] = weights.get(fact, Fraction(0)) + share
            counts[fact] = counts.get(fact, 0) + 1
            alone[fact] = alone.get(fact, 0) + (len(waiting) == 1)
    places = {name: at for at, name in enumerate(facts.facts)}
    ranked = sorted(weights, key=lambda fact: (-weights[fact], places.get(fact, len(places))))
    return [
        Question(fact, _asked(facts, fact), weights[fact], alone[fact], counts[fact])
        for fact in ranked[:most]
    ]


def _asked(facts: FactBook, name: str) -> str:
    fact = facts.facts[name]
    return fact.question or f"{fact.label}是多少？" if fact.is_number else fact.question or f"{fact.label}？"
