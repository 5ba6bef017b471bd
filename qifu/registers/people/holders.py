"""Who exercises a post on a day: whoever holds it, and the deputies of the absent."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from qifu.registers.people.models import Delegation, Post


def held_posts(day: date) -> QuerySet[Post]:
    """Return the confirmed posts held on a day by people who may sign in."""
    rows: QuerySet[Post] = Post.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day, person__is_active=True, awaits_confirmation=False
    )  # fmt: skip
    return rows.order_by("pk")


def people_of(posts: QuerySet[Post], day: date) -> list[int]:
    """Return people once each, holders before deputies."""
    held = [*posts.values_list("person_id", flat=True)]
    return list(dict.fromkeys([*held, *_deputies(posts, day).values_list("delegate_id", flat=True)]))


def holders(posts: QuerySet[Post], day: date, key: str) -> dict[Any, list[int]]:
    """Return people, holders before deputies, by the value of a column of their posts; what has none is absent."""
    found: defaultdict[Any, list[int]] = defaultdict(list)
    for value, person in posts.values_list(key, "person_id"):
        found[value].append(person)
    for value, person in _deputies(posts, day).values_list(f"post__{key}", "delegate_id"):
        found[value].append(person)
    return dict(found)


def _deputies(posts: QuerySet[Post], day: date) -> QuerySet[Delegation]:
    rows: QuerySet[Delegation] = Delegation.objects.filter(
        post__in=posts.order_by(), starts_on__lte=day, ends_on__gt=day, delegate__is_active=True
    )
    return rows.order_by("pk")
