"""What the security administrator oversees: posts that wait for a second person, failed sign-ins, roles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Actor, permissions, post_roles, require, roles
from qifu.registers.people.attempts import name_key
from qifu.registers.people.models import Person, Post, SignInCount
from qifu.registers.people.queries import PostView, post_views


@dataclass(frozen=True)
class ProposedPost:
    """A post of an administrator that waits for the second person."""

    post: PostView
    person: Person
    proposer: str
    confirmable: bool


def proposed_posts(actor: Actor, at: datetime) -> list[ProposedPost]:
    """Return the posts that wait for confirmation; raises NotFound for whoever may not confirm."""
    require(actor, "people.secure", at)
    rows = list(
        Post.objects.filter(awaits_confirmation=True).select_related("person", "organisation").order_by("pk")
    )
    names = dict(Person.objects.filter(pk__in=[row.proposed_by for row in rows]).values_list("pk", "name"))
    return [
        ProposedPost(
            view,
            row.person,
            names.get(row.proposed_by or 0, ""),
            actor.id not in (row.person_id, row.proposed_by),
        )
        for row, view in zip(rows, post_views(rows, at), strict=True)
    ]


@dataclass(frozen=True)
class FailedSignIns:
    """Failed sign-ins under one name: whose it is, or nobody's."""

    person: Person | None
    failures: int
    locks: int
    last_failed_at: datetime
    locked_until: datetime | None


def failed_sign_ins(actor: Actor, at: datetime) -> list[FailedSignIns]:
    """Return the names that lately failed to sign in, at most 200, the latest first; a name nobody bears stays unknown."""
    require(actor, "people.secure", at)
    counts = list(SignInCount.objects.order_by("-last_failed_at")[:200])
    wanted = {count.name_key for count in counts}
    bearers = (
        {key: row for row in Person.objects.all() if (key := name_key(row.username)) in wanted}
        if wanted
        else {}
    )
    return [
        FailedSignIns(
            bearers.get(count.name_key), count.failures, count.locks, count.last_failed_at,
            count.locked_until if count.locked_at(at) else None,
        )
        for count in counts
    ]  # fmt: skip


@dataclass(frozen=True)
class RoleView:
    """A role with what it permits and how many hold it now."""

    title: str
    permissions: tuple[str, ...]
    holders: int
    by_post: bool


def role_overview(actor: Actor, at: datetime) -> list[RoleView]:
    """Return every role, those given by post first, what it permits and how many people hold it by a post today."""
    require(actor, "people.secure", at)
    day = timezone.localdate(at)
    held = Post.objects.filter(starts_on__lte=day, awaits_confirmation=False, person__is_active=True)
    held = held.filter(Q(ends_on=None) | Q(ends_on__gt=day))
    counts = Counter(role for role, _ in set(held.values_list("role", "person_id")))
    return [
        RoleView(
            title=title,
            permissions=tuple(p.title for p in permissions().values() if code in p.grants),
            holders=counts[code],
            by_post=code in post_roles(),
        )
        for code, title in sorted(roles().items(), key=lambda role: role[0] not in post_roles())
    ]
