"""Whom a message about work reaches: the officers of a unit, the reform office of a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from qifu.registers.people.models import Delegation, Post

OFFICER_ROLES = ("department_officer", "reform_officer")


def officers_of(organisation_ids: Iterable[int | None], at: datetime) -> dict[int, list[int]]:
    """Return who exercises an officer's post at each organisation on the day, deputies of the absent included."""
    wanted = {pk for pk in organisation_ids if pk is not None}
    posts = _held(at).filter(organisation_id__in=wanted, role__in=OFFICER_ROLES)
    return _people(posts, "organisation_id", at)


def offices_of(place_codes: Iterable[str], at: datetime) -> dict[str, list[int]]:
    """Return the reform officers of each place on the day, deputies of the absent included."""
    return _people(_held(at).filter(place_code__in=set(place_codes), role="reform_officer"), "place_code", at)


def _held(at: datetime) -> QuerySet[Post]:
    day = timezone.localdate(at)
    rows: QuerySet[Post] = Post.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day, person__is_active=True
    )
    return rows.order_by("pk")


def _people(posts: QuerySet[Post], key: str, at: datetime) -> dict[Any, list[int]]:
    """People by the value of a column of their posts; what has none is absent."""
    day = timezone.localdate(at)
    deputies = Delegation.objects.filter(
        post__in=posts.order_by(), starts_on__lte=day, ends_on__gt=day, delegate__is_active=True
    )
    found: defaultdict[Any, list[int]] = defaultdict(list)
    for value, person in posts.values_list(key, "person_id"):
        found[value].append(person)
    for value, person in deputies.order_by("pk").values_list(f"post__{key}", "delegate_id"):
        found[value].append(person)
    return dict(found)
