"""Whom a message about work reaches: the officers of a unit, the reform office of a place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from qifu.registers.people.holders import held_posts, holders

OFFICER_ROLES = ("department_officer", "reform_officer")


def officers_of(organisation_ids: Iterable[int | None], at: datetime) -> dict[int, list[int]]:
    """Return who exercises an officer's post at each organisation on the day, deputies of the absent included."""
    wanted = {pk for pk in organisation_ids if pk is not None}
    day = timezone.localdate(at)
    posts = held_posts(day).filter(organisation_id__in=wanted, role__in=OFFICER_ROLES)
    return holders(posts, day, "organisation_id")


def offices_of(place_codes: Iterable[str], at: datetime) -> dict[str, list[int]]:
    """Return the reform officers of each place on the day, deputies of the absent included."""
    day = timezone.localdate(at)
    posts = held_posts(day).filter(place_code__in=set(place_codes), role="reform_officer")
    return holders(posts, day, "place_code")
