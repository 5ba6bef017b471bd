"""Whom a message about work reaches: the officers of a unit, the reform office of a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from qifu.registers.people.models import Post

OFFICER_ROLES = ("department_officer", "reform_officer")


def officers_of(organisation_ids: Iterable[int | None], at: datetime) -> dict[int, list[int]]:
    """Return the people who hold an officer's post at each organisation on the day; organisations without any are absent."""
    wanted = {pk for pk in organisation_ids if pk is not None}
    rows = _held(at).filter(organisation_id__in=wanted, role__in=OFFICER_ROLES)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for organisation_id, person_id in rows.values_list("organisation_id", "person_id"):
        found[organisation_id].append(person_id)
    return dict(found)


def offices_of(place_codes: Iterable[str], at: datetime) -> dict[str, list[int]]:
    """Return the reform officers of each place on the day; places without any are absent."""
    rows = _held(at).filter(place_code__in=set(place_codes), role="reform_officer")
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place_code, person_id in rows.values_list("place_code", "person_id"):
        found[place_code].append(person_id)
    return dict(found)


def _held(at: datetime) -> QuerySet[Post]:
    day = timezone.localdate(at)
    rows: QuerySet[Post] = Post.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day, person__is_active=True
    )
    return rows.order_by("pk")
