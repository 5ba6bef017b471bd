"""What the calculator shows: the next question, the picture so far, the result; nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises import fact_sheet, industry
from qifu.registers.enterprises.fact_book import FOREVER, Fact, fact_book
from qifu.services.policies.calculator import Answer, next_question, values_of
from qifu.services.policies.library import policy_library
from qifu.services.policies.queries.check_up import combined
from qifu.services.policies.queries.own import Judged, Row, row
from qifu.services.policies.sorting import sort_policies
from qifu.services.policies.stacking import Combination

SHOWN, NEAR = 50, 3
SHORTEST, MOST_FOUND = 1, 30
HOW = {"unknown": "不清楚", "skipped": "跳过"}


@dataclass(frozen=True)
class Said:
    """One answer in words."""

    fact: Fact
    words: str


@dataclass(frozen=True)
class Picture:
    """How it stands after the answers: what is met with its sums (best lawful combination), what is near, what waits.

    So many `policies` wait for the answer to `question`; `little` where it decides hardly any of the money.
    """

    question: Fact | None
    policies: int
    little: bool
    said: tuple[Said, ...]
    met: tuple[Row, ...]
    near: tuple[Row, ...]
    counts: dict[str, int]
    combination: Combination
    cash: int
    saving: int

    @property
    def left_out(self) -> dict[str, str]:
        """The titles of met policies that are better left out."""
        titles = {one.code: one.title for one in self.met}
        return {one.code: titles[one.code] for one in self.combination.left_out if one.code in titles}


def picture(answers: Sequence[Answer], day: date, asked: str = "") -> Picture:
    """Return the picture; the question is `asked` where one is named, else the one that decides most."""
    values, library = values_of(answers), policy_library(day)
    stands = sort_policies(library, values)
    found = Judged(day, library, values, frozenset(), stands)
    met = stands.groups["met"]
    rows = {live.code: row(found, live, "met") for live in met}
    combination = combined(library, met, rows)
    taken = [rows[code] for code in combination.taken]
    again = fact_book().facts.get(asked)
    following = next_question(stands, values, answers) if again is None else None
    question = following.fact if following else again
    return Picture(
        question, following.policies if following else 0, following is not None and following.little, tuple(_said(one, day) for one in answers),
        tuple(sorted(rows.values(), key=lambda one: (-(one.amount_fen or 0), one.code))),
        tuple(row(found, live, "short") for live in stands.groups["short"][:SHOWN]),
        {name: len(some) for name, some in stands.groups.items()}, combination,
        sum(one.amount_fen or 0 for one in taken if one.money == "cash"),
        sum(one.amount_fen or 0 for one in taken if one.money == "saving"),
    )  # fmt: skip


def _said(answer: Answer, day: date) -> Said:
    fact = fact_book().facts[answer.fact]
    if answer.value is None:
        return Said(fact, HOW.get(answer.how, ""))
    if fact.type == "honour" and answer.value == FOREVER:
        return Said(fact, "有，在有效期内")
    return Said(fact, fact_sheet.shown(fact, answer.value, day))


def cities(day: date) -> list[tuple[str, str]]:
    """Return the cities of the province."""
    return [(one.code, one.name) for one in divisions.book(day).of_kind("city")]


def counties(city: str, day: date) -> list[tuple[str, str]]:
    """Return the counties of a city."""
    return [(one.code, one.name) for one in divisions.book(day).of_kind("county") if one.parent == city]


def industries(text: str) -> list[tuple[str, str]]:
    """Return industries whose name or code holds a text, the wider ones first; at most MOST_FOUND."""
    wanted = text.strip().upper()
    if len(wanted) < SHORTEST:
        return []
    found = [
        (code, name)
        for code, name in industry.names().items()
        if wanted in name.upper() or code.startswith(wanted)
    ]
    return [
        (code, f"{name}（{code}）")
        for code, name in sorted(found, key=lambda one: (len(one[0]), one[0]))[:MOST_FOUND]
    ]
