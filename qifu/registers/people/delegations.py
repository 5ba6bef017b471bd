"""Standing in (代理): a colleague exercises a named post while its holder is away, for a half-open range of days.

What a delegate may do is answered by `authority`: a grant for the post, on behalf of its holder; no chains.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import Actor, roles, visible
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.registers.divisions import queries as divisions
from qifu.registers.people.actions import APART
from qifu.registers.people.authority import forget_grants
from qifu.registers.people.models import Delegation, Person, Post

LONGEST = timedelta(days=184)
# Chosen, never typed: why somebody is away may be a matter of health.
REASONS = {"trip": "出差", "leave": "休假", "training": "学习培训", "duty": "其他公务"}


@dataclass(frozen=True)
class DelegationView:
    """A delegation as it is shown; `state` is running, ahead or ended."""

    id: int
    role: str
    place: str
    holder: str
    delegate: str
    starts_on: date
    ends_on: date
    reason: str
    state: str


@action("people.delegate", title="安排代理", permission="people.delegate", on="person")
def delegate_post(
    *, by: Actor, at: datetime, person: Person, post_id: int, delegate: Person, starts_on: date, ends_on: date,
    reason: str,
) -> Delegation:  # fmt: skip
    """Let `delegate` exercise a post of `person` from `starts_on` until the day before `ends_on`.

    Refused for the posts of administrators and auditors: those are given only with the security administrator's
    confirmation, so that separate duties never meet in one hand by delegation.
    """
    Person.objects.select_for_update().filter(pk__in=sorted([person.pk, delegate.pk])).order_by("pk").first()
    post = (
        Post.objects.select_for_update().filter(person=person, pk=post_id, awaits_confirmation=False).first()
    )
    if post is None:
        raise Refused("请选择要代理的岗位", post_id="请从列表中选择")
    _refuse_range(post, timezone.localdate(at), starts_on, ends_on)
    if post.role in APART:
        message = "管理员和审计员的岗位不能委托代理，请由系统管理员另行任职，并经安全管理员确认"
        raise Refused(message, post_id=message)
    if delegate.pk == person.pk or not delegate.is_active:
        raise Refused("代理人应是另一位启用的人员", delegate_id="请另选代理人")
    if reason not in REASONS:
        raise Refused("请选择原因", reason="请从列表中选择")
    if Delegation.objects.filter(post=post, starts_on__lt=ends_on, ends_on__gt=starts_on).exists():
        raise Refused("这个岗位在此期间已安排代理，请先结束原来的", starts_on="与已有代理重叠")
    made = Delegation(
        post=post,
        delegate=delegate,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=REASONS[reason],
        created_at=at,
    )
    made.save()
    forget_grants()
    act = current_act()
    act.about(person, place=post.place_code)
    act.note(post=post.pk, delegate=delegate.pk, starts_on=str(starts_on), ends_on=str(ends_on))
    days = f"{starts_on} 至 {ends_on - timedelta(days=1)}"
    link, role = reverse("own_account"), roles()[post.role]
    notify([delegate.pk], title=f"{days} 由您代理同事的岗位：{role}", link=link)
    notify([person.pk], title=f"{days} 由同事代理您的岗位：{role}", link=link)
    return made


def _refuse_range(post: Post, today: date, starts_on: date, ends_on: date) -> None:
    if ends_on <= starts_on:
        raise Refused("结束日必须晚于开始日", ends_on="结束日必须晚于开始日")
    if starts_on < today:
        raise Refused("开始日不能早于今天", starts_on="开始日不能早于今天")
    if ends_on - starts_on > LONGEST:
        raise Refused(f"代理最长 {LONGEST.days} 天；更久请另行任职", ends_on=f"最长 {LONGEST.days} 天")
    if starts_on < post.starts_on or (post.ends_on is not None and ends_on > post.ends_on):
        raise Refused("代理期间应在任期以内", ends_on="应在任期以内")


@action("people.end_delegation", title="结束代理", permission="people.end_delegation", on="delegation")
def end_delegation(*, by: Actor, at: datetime, delegation: Delegation) -> None:
    """End a delegation at once: the holder, the delegate or the system administrator may."""
    row: Delegation = Delegation.objects.select_for_update().get(pk=delegation.pk)
    today = timezone.localdate(at)
    if row.ends_on <= max(row.starts_on, today):
        raise Refused("这项代理已经结束")
    row.ends_on = max(row.starts_on, today)
    row.save()
    forget_grants()
    post = row.post
    current_act().about(post.person, place=post.place_code)
    current_act().note(post=post.pk, delegate=row.delegate_id, ends_on=str(row.ends_on))
    text = f"岗位代理已结束：{roles()[post.role]}"
    notify([post.person_id, row.delegate_id], title=text, link=reverse("own_account"))


def to_end(actor: Actor, at: datetime, delegation_id: int) -> Delegation | None:
    """Return a delegation that the actor may end, or None."""
    return (
        visible(Delegation.objects.all(), actor, "people.end_delegation", at).filter(pk=delegation_id).first()
    )


def delegations_of(actor: Actor, at: datetime, person: Person) -> tuple[DelegationView, ...]:
    """Return the delegations given or taken over by a person that the actor may know of: running, ahead, ended lately."""
    rows = visible(Delegation.objects.all(), actor, "people.end_delegation", at)
    rows = rows.filter(Q(post__person=person) | Q(delegate=person))
    return _views(rows.filter(ends_on__gt=timezone.localdate(at) - timedelta(days=90)), at)


def _views(rows: QuerySet[Delegation], at: datetime) -> tuple[DelegationView, ...]:
    found = list(rows.select_related("post__person", "delegate").order_by("-starts_on", "-pk"))
    places, titles, day = (
        divisions.names(row.post.place_code for row in found),
        roles(),
        timezone.localdate(at),
    )
    return tuple(
        DelegationView(
            id=row.pk,
            role=titles.get(row.post.role, row.post.role),
            place=places.get(row.post.place_code, row.post.place_code),
            holder=row.post.person.name,
            delegate=row.delegate.name,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            reason=row.reason,
            state="ended" if row.ends_on <= day or row.ends_on == row.starts_on
            else "running" if row.starts_on <= day else "ahead",
        )
        for row in found
    )  # fmt: skip


def posts_to_delegate(person: Person, at: datetime) -> list[tuple[int, str]]:
    """Return the posts of a person that somebody else may exercise: number and title."""
    day = timezone.localdate(at)
    rows = Post.objects.filter(person=person, awaits_confirmation=False).exclude(role__in=APART)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gt=day)).select_related("organisation").order_by("pk")
    places = divisions.names(row.place_code for row in rows)
    return [
        (row.pk, " · ".join(filter(None, [
            roles().get(row.role, row.role), row.organisation.name if row.organisation else "",
            places.get(row.place_code, row.place_code),
        ])))
        for row in rows
    ]  # fmt: skip


def colleagues(person: Person, at: datetime) -> list[Person]:
    """Return who may stand in for a person: enabled people with a post now at one of the same units or divisions."""
    day = timezone.localdate(at)
    now = Q(starts_on__lte=day, awaits_confirmation=False) & (Q(ends_on=None) | Q(ends_on__gt=day))
    own = Post.objects.filter(now, person=person)
    near = Q(organisation__in=own.exclude(organisation=None).values("organisation"))
    near |= Q(place_code__in=own.values("place_code"))
    there = Post.objects.filter(now & near).exclude(role__in=APART)
    rows = Person.objects.filter(is_active=True, pk__in=there.values("person_id")).exclude(pk=person.pk)
    return list(rows.order_by("name", "pk"))


def colleague(person: Person, at: datetime, colleague_id: int) -> Person | None:
    """Return the colleague of that number, or None."""
    return next((one for one in colleagues(person, at) if one.pk == colleague_id), None)
