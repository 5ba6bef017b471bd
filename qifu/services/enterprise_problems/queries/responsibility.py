"""Who owns which topic in a place (责任清单): on a day, over time, and what is in use without an owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet

from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, NotFound, grants_of, permissions, visible
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem, Responsibility
from qifu.services.enterprise_problems.queries.ratings import OPEN

VIEW, RULE = "enterprise_problems.view_responsibility", "enterprise_problems.rule_responsibility"


def in_force(day: date) -> Q:
    """Return the condition on responsibilities that they hold on a day."""
    return Q(effective_from__lte=day) & (Q(effective_to__isnull=True) | Q(effective_to__gt=day))


def owned_topics(place_code: str, day: date) -> QuerySet[Responsibility]:
    """Return the rows that give a topic an owner in a place on a day."""
    return Responsibility.objects.filter(in_force(day), place_code=place_code)


def owners(topics: Iterable[str], place_code: str, day: date) -> dict[str, Organisation]:
    """Return the unit that owns each of the topics in a place on a day; a topic without owner is left out."""
    rows = Responsibility.objects.filter(in_force(day), place_code=place_code, topic__in=set(topics))
    return {row.topic: row.organisation for row in rows.select_related("organisation")}


def ruling_places(actor: Actor, at: datetime) -> dict[str, str]:
    """Return the places whose responsibilities the actor may rule on, code to full name."""
    allowed = permissions()[RULE].grants
    codes = [grant.place for grant in grants_of(actor, at) if grant.role in allowed and grant.place]
    return divisions.names(codes)


def viewing_places(actor: Actor, at: datetime) -> dict[str, str]:
    """Return the places whose list the actor may see, cities before their counties, code to full name."""
    allowed = permissions()[VIEW].grants
    codes = {
        code
        for grant in grants_of(actor, at)
        if grant.role in allowed
        for code in grant.places or {grant.place}
        if code and not code.startswith("F")
    }
    return divisions.names(sorted(codes))


@dataclass(frozen=True)
class TopicLine:
    """A topic in a place: its owner's row (None: 无主), how many open problems are about it, what held before."""

    code: str
    title: str
    board: str
    row: Responsibility | None
    open_cases: int
    coming: Responsibility | None
    history: tuple[Responsibility, ...]

    @property
    def needs_ruling(self) -> bool:
        """Tell whether the topic is in use and nobody owns it."""
        return self.row is None and self.open_cases > 0


def topic_lines(actor: Actor, at: datetime, place_code: str, day: date) -> list[TopicLine]:
    """Return every topic in a place, those in use without an owner first; NotFound where the place may not be seen."""
    rows = visible(Responsibility.objects.all(), actor, VIEW, at).filter(place_code=place_code)
    if place_code not in viewing_places(actor, at):
        raise NotFound(place_code)
    by_topic: dict[str, list[Responsibility]] = {}
    for row in rows.select_related("organisation").order_by("-effective_from", "-pk"):
        by_topic.setdefault(row.topic, []).append(row)
    used, known = _in_use(place_code), lists()
    lines = []
    for code in [*known.topics, *(code for code in by_topic if code not in known.topics)]:
        entry = known.topics.get(code, {"title": code, "board": ""})
        own = by_topic.get(code, [])
        now = next((row for row in own if row.effective_from <= day and not _ended(row, day)), None)
        lines.append(
            TopicLine(
                code, entry["title"], known.boards.get(entry["board"], ""), now, used.get(code, 0),
                next((row for row in own if row.effective_from > day), None),
                tuple(row for row in own if row is not now and row.effective_from <= day),
            )
        )  # fmt: skip
    return sorted(
        lines, key=lambda line: (not line.needs_ruling, -line.open_cases if line.needs_ruling else 0)
    )


def _ended(row: Responsibility, day: date) -> bool:
    return row.effective_to is not None and row.effective_to <= day


def _in_use(place_code: str) -> Mapping[str, int]:
    """Return how many open problems of a place are about each topic."""
    open_cases = Case.objects.filter(OPEN, place_code=place_code, merged_into=None)
    rows = Problem.objects.filter(case__in=open_cases).exclude(topic="").order_by()
    return Counter(dict(rows.values_list("topic").annotate(count=Count("pk"))))


def units(place_code: str, *, without: int | None = None) -> QuerySet[Organisation]:
    """Return the units that may be made to answer in a place: its own, then those above it; never `without`."""
    code, places = place_code, [place_code]
    while (row := divisions.division(code)) is not None and row.parent:
        code = row.parent
        places.append(code)
    rows = Organisation.objects.filter(effective_to=None, place_code__in=places)
    if without is not None:
        rows = rows.exclude(pk=without)
    return rows.order_by(F("place_code").desc(), "pk")
