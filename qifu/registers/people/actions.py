"""Verbs of the administrators: people and their posts. Signing in is in `sign_in`, delegations in `delegations`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from qifu.foundation import handover
from qifu.foundation.access import Actor, holds, post_roles, roles
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.api_tokens import end_all
from qifu.registers.people.attempts import LONGEST_NAME, forget_failures, sign_in_name
from qifu.registers.people.authority import forget_grants
from qifu.registers.people.models import Person, Post
from qifu.registers.people.passwords import ONE_TIME_LIFE, one_time_password
from qifu.registers.people.retention import schedule_retention

USERNAME = re.compile(rf"[a-z][a-z0-9._-]{{2,{LONGEST_NAME - 1}}}")
# 三员分立 (GB/T 22239-2019 8.1.5): no two of these in one hand at a time.
APART = frozenset({"system_administrator", "security_administrator", "auditor"})
# A site that once had one of these is never left without.
KEPT = frozenset({"system_administrator", "security_administrator"})


@dataclass(frozen=True)
class OneTimePassword:
    """A person and the password to hand over; it is shown once and stored nowhere in clear."""

    person: Person
    password: str
    until: datetime


@action("people.create_person", title="新建人员", permission="people.manage")
def create_person(*, by: Actor, at: datetime, username: str, name: str) -> OneTimePassword:
    """Add a person with a one-time password, which must be replaced at the first sign-in."""
    username, name = sign_in_name(username), " ".join(name.split())
    if not USERNAME.fullmatch(username):
        rule = "登录名以字母开头，3 至 32 位，只用小写字母、数字、点、横线和下划线"
        raise Refused(rule, username=rule)
    if not name.isprintable() or not 0 < len(name) <= 60:
        raise Refused("请填写姓名（60字以内）", name="请填写姓名（60字以内）")
    if Person.objects.filter(username=username).exists():
        raise Refused("这个登录名已有人使用，请换一个", username="已有人使用，请换一个")
    person = Person(username=username, name=name, created_at=at)
    given = _give_one_time_password(person, at)
    schedule_retention(at)
    current_act().about(person)
    return given


@action("people.reset_password", title="重置口令", permission="people.reset_password", on="person")
def reset_password(*, by: Actor, at: datetime, person: Person) -> OneTimePassword:
    """Give a one-time password; the old one, every session, every API token and every lock end.

    Whoever resets a password could sign in with it, so the system administrator cannot do it to those who watch over
    him: the security administrator resets those of administrators and auditors, and of nobody else.
    """
    if by.is_person:
        _refuse_other_reset(by, at, person)
    row: Person = Person.objects.select_for_update().get(pk=person.pk)
    given = _give_one_time_password(row, at)
    end_all(row, at, by)
    forget_failures(row)
    current_act().about(row)
    return given


def _refuse_other_reset(by: Actor, at: datetime, person: Person) -> None:
    if by.id == person.pk:
        raise Refused("自己的口令请在“我的账号”中修改")
    watched = {post.role for post in person.posts.all() if post.meets(timezone.localdate(at), None)} & APART
    if holds(by, "people.secure", at):
        if not watched:
            raise Refused("工作人员的口令由系统管理员重置")
    elif watched - {"system_administrator"}:
        raise Refused("安全管理员和审计员的口令由安全管理员重置")


def _give_one_time_password(person: Person, at: datetime) -> OneTimePassword:
    password, until = one_time_password(), at + ONE_TIME_LIFE
    person.set_password(password)
    person.one_time_until = until
    person.save()
    forget_grants()
    return OneTimePassword(person, password, until)


@action("people.add_post", title="任职", permission="people.manage", on="person")
def add_post(
    *, by: Actor, at: datetime, person: Person, role: str, place_code: str, starts_on: date,
    ends_on: date | None = None, organisation_code: str = "",
) -> Post:  # fmt: skip
    """Give a person a role at an organisation over a division subtree, for the half-open range of days.

    Refused where the same post is held on some common day, and where duties that must lie in different hands
    (administration, security, audit) would meet in one. The post of an administrator or auditor waits until the security
    administrator confirms it, save the first security administrator's.
    """
    if role not in post_roles():
        raise Refused("请选择角色", role="请从列表中选择角色")
    if divisions.division(place_code, max(starts_on, timezone.localdate(at))) is None:
        raise Refused("管辖区划不存在或已撤销，请重新选择", place_code="请从列表中选择现行区划")
    if ends_on is not None and ends_on <= starts_on:
        raise Refused("离任日必须晚于任职日", ends_on="离任日必须晚于任职日")
    organisation = _organisation(organisation_code, starts_on)
    holder: Person = Person.objects.select_for_update().get(pk=person.pk)
    if not holder.is_active:
        raise Refused("该人员已停用，请先启用")
    for held in holder.posts.all():
        if not held.meets(starts_on, ends_on):
            continue
        if (held.role, held.organisation, held.place_code) == (role, organisation, place_code):
            raise Refused("同一岗位在此期间已经任职，不能重复", starts_on="与已有任期重叠")
        if held.role != role and {held.role, role} <= APART:
            one, other = roles()[held.role], roles()[role]
            raise Refused(f"“{one}”与“{other}”不能由同一人同时担任", role="请另选人员或错开任期")
    post = Post(
        person=holder, organisation=organisation, role=role, place_code=place_code,
        starts_on=starts_on, ends_on=ends_on, proposed_by=by.id,
        awaits_confirmation=by.is_person and _needs_confirmation(role),
    )  # fmt: skip
    post.save()
    forget_grants()
    schedule_retention(at)
    if post.awaits_confirmation:
        text = f"有一项任职等您确认：{roles()[role]}"
        notify(holders_of("security_administrator", at), title=text, link=reverse("security"))
    act = current_act()
    act.about(holder, place=place_code)
    act.note(post=post.pk, role=role, starts_on=str(starts_on), ends_on=ends_on and str(ends_on))
    return post


def _needs_confirmation(role: str) -> bool:
    if role not in APART:
        return False
    secured = Post.objects.filter(role="security_administrator", awaits_confirmation=False).exists()
    return secured or role != "security_administrator"


def holders_of(role: str, at: datetime) -> list[int]:
    """Return the ids of the enabled people who hold a role on the day of `at`."""
    day = timezone.localdate(at)
    held = Post.objects.filter(
        role=role, person__is_active=True, awaits_confirmation=False, starts_on__lte=day
    )
    return list(
        held.filter(Q(ends_on=None) | Q(ends_on__gt=day)).values_list("person_id", flat=True).distinct()
    )


@action("people.confirm_post", title="确认任职", permission="people.secure", on="person")
def confirm_post(*, by: Actor, at: datetime, person: Person, post_id: int) -> None:
    """Let an administrator's post take effect; never by whoever proposed it, nor by the one who is to hold it."""
    post = _proposed(by, person, post_id)
    post.awaits_confirmation = False
    _settle(post, "任职已经安全管理员确认", confirmed=True)


@action("people.decline_post", title="不予确认任职", permission="people.secure", on="person")
def decline_post(*, by: Actor, at: datetime, person: Person, post_id: int) -> None:
    """Let a proposed post never take effect: it ends on the day it would begin."""
    post = _proposed(by, person, post_id)
    post.awaits_confirmation, post.ends_on = False, post.starts_on
    _settle(post, "任职未获安全管理员确认", confirmed=False)


def _proposed(by: Actor, person: Person, post_id: int) -> Post:
    Person.objects.select_for_update().get(pk=person.pk)
    post: Post | None = Post.objects.filter(person=person, pk=post_id, awaits_confirmation=True).first()
    if post is None:
        raise Refused("这项任职已经处理过了，请刷新页面")
    if by.is_person and by.id in (person.pk, post.proposed_by):
        raise Refused("任职须由提名人和本人以外的安全管理员确认")
    return post


def _settle(post: Post, text: str, *, confirmed: bool) -> None:
    post.save()
    forget_grants()
    current_act().about(post.person, place=post.place_code)
    current_act().note(post=post.pk, role=post.role, confirmed=confirmed)
    told = [who for who in (post.person_id, post.proposed_by) if who is not None]
    notify(told, title=f"{roles()[post.role]}的{text}")


def _organisation(code: str, day: date) -> Organisation | None:
    if not code:
        return None
    standing = Organisation.objects.filter(Q(effective_to=None) | Q(effective_to__gt=day))
    found: Organisation | None = standing.filter(code=code.replace("\0", "")).first()
    if found is None:
        raise Refused("单位未登记或已撤销，请重新选择", organisation_code="请从列表中选择单位")
    return found


@action("people.end_post", title="离任", permission="people.manage", on="person")
def end_post(
    *, by: Actor, at: datetime, person: Person, post_id: int, ends_on: date,
    successor: Person | None = None, no_successor: str = "",
) -> Post:  # fmt: skip
    """End a post: `ends_on` is the first day on which it is held no more, so today's date ends it at once.

    Work that is still open goes to the successor, or `no_successor` says why to nobody (a code of NO_SUCCESSOR).
    """
    _lock_administrators()
    Person.objects.select_for_update().get(pk=person.pk)
    post: Post | None = Post.objects.filter(person=person, pk=post_id).first()
    today = timezone.localdate(at)
    if post is None or (post.ends_on is not None and post.ends_on <= today):
        raise Refused("这个岗位已经结束")
    if ends_on < post.starts_on:
        raise Refused("离任日不能早于任职日", ends_on="离任日不能早于任职日")
    if post.ends_on is not None and ends_on > post.ends_on:
        raise Refused("离任日不能晚于原定离任日；要延长请另行任职", ends_on="不能晚于原定离任日")
    act = current_act()
    act.about(person, place=post.place_code)
    act.note(post=post.pk, role=post.role, ends_on=str(ends_on))
    _hand_over(by, at, post, successor, no_successor)
    post.ends_on = ends_on
    post.save()
    forget_grants()
    schedule_retention(at)
    if ends_on <= today:
        _refuse_without_administrators(by, at, {post.role})
    return post


NO_SUCCESSOR = {
    "arranged": "由单位另行安排，暂无人接手",
    "undecided": "继任者未定，暂无人接手",
    "not_needed": "工作无须继续，无人接手",
}


def _hand_over(by: Actor, at: datetime, post: Post, successor: Person | None, no_successor: str) -> None:
    work = handover.open_work(post.person_id, post.organisation_id, at)
    if not work:
        return
    if successor is not None:
        if successor.pk == post.person_id or not successor.is_active:
            raise Refused("接手人应是另一位启用的人员", successor="请另选接手人")
        moved = handover.transfer(
            by=by,
            at=at,
            person_id=post.person_id,
            organisation_id=post.organisation_id,
            successor_id=successor.pk,
        )
        current_act().note(successor=successor.pk, moved=moved)
        for one in work:
            notify([successor.pk], title=f"工作移交给您：{one.title}（{one.count}项）", link=one.link)
    elif no_successor in NO_SUCCESSOR:
        current_act().note(no_successor=NO_SUCCESSOR[no_successor], count=sum(one.count for one in work))
    else:
        message = "还有未完成的工作，请选择接手人，或说明无人接手的原因"
        raise Refused(message, successor=message)


@action("people.disable_person", title="停用人员", permission="people.manage", on="person")
def disable_person(*, by: Actor, at: datetime, person: Person) -> None:
    """Bar a person from the site at once; posts stay on record and grant nothing."""
    _lock_administrators()
    if by.id == person.pk:
        raise Refused("不能停用自己，请另一位系统管理员操作")
    _set_active(person, False)
    _refuse_without_administrators(by, at, {post.role for post in person.posts.all()})


@action("people.enable_person", title="启用人员", permission="people.manage", on="person")
def enable_person(*, by: Actor, at: datetime, person: Person) -> None:
    """Let a disabled person in again, with the posts still running."""
    _set_active(person, True)


def _set_active(person: Person, active: bool) -> None:
    row: Person = Person.objects.select_for_update().get(pk=person.pk)
    if row.erased_at is not None:
        raise Refused("该人员的个人信息已删除，不能再启用；请新建人员")
    if row.is_active == active:
        raise Refused("该人员已是启用状态" if active else "该人员已是停用状态")
    row.is_active = active
    row.save()
    forget_grants()
    current_act().about(row)


@action("people.unlock_person", title="解除登录锁定", permission="people.secure", on="person")
def unlock_person(*, by: Actor, at: datetime, person: Person) -> None:
    """Take away the failures counted under the person's name, and with them the lock."""
    if not forget_failures(person):
        raise Refused("该人员没有被锁定")
    current_act().about(person)


def _lock_administrators() -> None:
    """Let acts that could leave the site without an administrator run one after the other."""
    list(Post.objects.select_for_update().filter(role__in=KEPT).order_by("pk"))


def _refuse_without_administrators(by: Actor, at: datetime, lost: set[str]) -> None:
    for role in sorted(KEPT & lost):
        if by.is_person and not holders_of(role, at):
            raise Refused(f"这样做之后将没有{roles()[role]}，请先让另一人任职")
