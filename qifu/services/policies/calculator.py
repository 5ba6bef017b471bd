"""The public calculator's answers: kept by the page itself, signed, never by the server; and which question comes next.

An answer is (fact id, kept value or None, how): told, unknown (不清楚) or skipped (跳过). What is told of a visitor is
nowhere written: not in the session, the database, an address or a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Literal

from django.core import signing

from qifu.engines.rules.judge import Values
from qifu.registers.enterprises.fact_book import Fact, Value, fact_book
from qifu.services.policies.library import Live
from qifu.services.policies.sorting import Sorted
from qifu.services.policies.stakes import telling_facts, total_stake

How = Literal["told", "unknown", "skipped"]
SALT = "policies.calculator"
MOST = 1_500
"""Of so many waiting policies at most, taken evenly, the next question is worked out."""
LITTLE = Fraction(1, 50)
"""Where the next question decides less of the money than this, the visitor is told that the result will hardly change."""
LONGEST = 20_000
"""Characters of a page's state at most."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to one question."""

    fact: str
    value: Value
    how: How = "told"


def packed(answers: Sequence[Answer]) -> str:
    """Return the answers as the text that the page carries."""
    return signing.dumps([[one.fact, one.value, one.how] for one in answers], salt=SALT, compress=True)


def unpacked(text: str) -> list[Answer]:
    """Return the answers that a page carries; raises ValueError for a text that is not one of ours."""
    if len(text) > LONGEST:
        raise ValueError("too long")
    try:
        given = signing.loads(text, salt=SALT)
    except signing.BadSignature as error:
        raise ValueError("not ours") from error
    book = fact_book().facts
    return [Answer(fact, value, how) for fact, value, how in given if fact in book]


def with_answer(answers: Iterable[Answer], new: Answer) -> list[Answer]:
    """Return the answers with a new one, in place of an older one to the same question."""
    return [*(one for one in answers if one.fact != new.fact), new]


def values_of(answers: Iterable[Answer]) -> dict[str, Value]:
    """Return what was told, as the judge wants it."""
    return {one.fact: one.value for one in answers if one.value is not None}


@dataclass(frozen=True, slots=True)
class Next:
    """The question to ask; `policies` wait for it, `little` where it decides hardly any of the money."""

    fact: Fact
    policies: int
    little: bool


def next_question(stands: Sorted, values: Values, answers: Iterable[Answer]) -> Next | None:
    """Return the question whose answer decides most money; None when no answer decides anything."""
    book, asked = fact_book(), {one.fact for one in answers}
    waiting = [live.bound for live in _some(stands.groups["ask"])]
    met = [live.bound for live in _some(stands.groups["met"])]
    for fact, decides, policies in telling_facts(waiting, met, book, values):
        if fact not in asked:
            whole = total_stake([*waiting, *met], values)
            return Next(book.facts[fact], policies, decides < whole * LITTLE)
    return None


def _some(lives: Sequence[Live]) -> Iterable[Live]:
    return islice(lives, 0, None, max(1, -(-len(lives) // MOST)))
