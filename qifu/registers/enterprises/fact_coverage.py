"""How much of each fact is known in a place: counted by the database in three questions, kept for some minutes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Case, CharField, Count, F, Max, Q, QuerySet, When
from django.db.models import Value as Constant

from qifu.foundation.access import Actor
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_years import GOOD_FOR, YEARS_BACK, families, family_of
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.enterprises.queries import places_of
from qifu.registers.enterprises.register_facts import KNOWN

KEPT_FOR = 600
"""Seconds that a count is shown again before it is made anew."""


@dataclass(frozen=True)
class Coverage:
    """Of one fact: how many enterprises have a value on the day, of how many it is stale, the newest day told."""

    known: int = 0
    stale: int = 0
    newest: date | None = None


@dataclass(frozen=True)
class Counted:
    """What was counted when: how many enterprises there are, and the coverage by fact id."""

    at: datetime
    enterprises: int
    facts: Mapping[str, Coverage] = field(default_factory=dict)

    def of(self, fact: str) -> Coverage:
        """Return the coverage of a fact; nothing known of it where nobody told it."""
        return self.facts.get(fact, Coverage())


def coverage(actor: Actor, permission: str, at: datetime, day: date) -> Counted:
    """Return how much of each fact is known on `day` of the enterprises in the actor's places."""
    places = places_of(actor, permission, at)
    named = "all" if places is None else hashlib.sha256(",".join(sorted(places)).encode()).hexdigest()[:16]
    key = f"fact-coverage:{named}:{day}"
    found: Counted | None = cache.get(key)
    if found is None:
        found = count(places, at, day)
        cache.set(key, found, KEPT_FOR)
    return found


def count(places: frozenset[str] | None, at: datetime, day: date) -> Counted:
    """Count anew: one question to the register, two to the store.

    A value that its source took back counts until somebody tells another: it is rare, and to leave it out costs a look
    at every row.
    """
    rows = Enterprise.objects.order_by()
    told = FactValue.objects.order_by().filter(as_of__lte=day).exclude(number=None, code="")
    if places is not None:
        rows, told = rows.filter(division_code__in=places), told.filter(enterprise__division_code__in=places)
    total, found = _of_the_register(rows, day)
    return Counted(at, total, found | _of_the_store(told, day))


def _of_the_register(rows: QuerySet[Enterprise], day: date) -> tuple[int, dict[str, Coverage]]:
    counts = {fact: Count("pk", filter=known) for fact, known in KNOWN.items()}
    row = rows.aggregate(total=Count("pk"), newest=Max("updated_at"), **counts)
    newest = min(row["newest"].date(), day) if row["newest"] else None
    return row["total"], {fact: Coverage(row[fact], 0, newest if row[fact] else None) for fact in KNOWN}


def _of_the_store(told: QuerySet[FactValue], day: date) -> dict[str, Coverage]:
    """Facts that stand alone are counted by themselves; those of a family by what each row answers on the day."""
    stored = fact_book().stored()
    members = _members()
    alone = Q(fact__in=[fact.id for fact in stored if fact.period not in YEARS_BACK])
    for back in set(YEARS_BACK.values()):
        facts = [f.id for f in stored if YEARS_BACK.get(f.period) == back and f.id not in members]
        alone |= Q(fact__in=facts, as_of__range=_days_of(day.year - back, back))
    found = _grouped(told.filter(alone).annotate(answered=F("fact")), fresh=_fresh(day))
    shared = told.filter(fact__in=members).annotate(answered=_answered(members, day)).exclude(answered="")
    return found | _grouped(shared, fresh=None)


def _members() -> list[str]:
    """The facts that share a family with another."""
    known = list(families(fact_book()).items())
    sizes = Counter(family for (family, _), _ in known)
    return [fact for (family, _), fact in known if sizes[family] > 1]


def _grouped(rows: QuerySet[FactValue], *, fresh: Q | None) -> dict[str, Coverage]:
    """Count by `answered`; without `fresh` nothing is stale."""
    counts: dict[str, Any] = {"known": Count("enterprise_id", distinct=True), "newest": Max("as_of")}
    if fresh is not None:
        counts["fresh"] = Count("enterprise_id", distinct=True, filter=fresh)
    return {
        row["answered"]: Coverage(row["known"], row["known"] - row.get("fresh", row["known"]), row["newest"])
        for row in rows.values("answered").annotate(**counts)
    }


def _answered(members: Iterable[str], day: date) -> Case:
    """The fact that a row answers on `day`, or nothing: see `fact_years.answers`."""
    book, known = fact_book(), families(fact_book())
    cases = [
        When(fact=name, as_of__range=_days_of(day.year - back, YEARS_BACK[book.facts[name].period]), then=Constant(answered))
        for name in members
        for back in sorted(set(YEARS_BACK.values()))
        if (answered := known.get((family_of(name), back)))
    ]  # fmt: skip
    return Case(*cases, default=Constant(""), output_field=CharField())


def _days_of(year: int, back: int) -> tuple[date, date]:
    """The first and the last day on which a value `back` years old is that of `year`; see `fact_years.year_of`."""
    if back == 0:
        return date(year, 1, 1), date(year, 12, 31)
    return date(year + back - 1, 12, 31), date(year + back, 12, 30)


def _fresh(day: date) -> Q:
    """Rows whose fact is of a single year, or that are no older than its update cycle allows."""
    fresh = Q(fact__in=[fact.id for fact in fact_book().stored() if fact.period in YEARS_BACK])
    for cycle, days in GOOD_FOR.items():
        facts = [f.id for f in fact_book().stored() if f.update == cycle and f.period not in YEARS_BACK]
        fresh |= Q(fact__in=facts, as_of__gte=day - timedelta(days=days))
    return fresh
