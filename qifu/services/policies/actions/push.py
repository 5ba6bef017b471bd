"""Telling enterprises of their policies, and what they do then: opened, confirmed, paid, 与我无关; how often they want it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.urls import reverse

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import Notice, notify
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.enterprises.models import Enterprise
from qifu.services.policies import pushing
from qifu.services.policies.models import JudgeMark, Policy, PolicyPush, PushSetting
from qifu.services.policies.push_rules import messages
from qifu.services.policies.pushing import PUSHED, Kind, Pending

SEE = "policies.see_own"
_WORDS = {
    Kind.NEW: "新政策", Kind.ELIGIBLE: "新近符合的政策", Kind.CHANGED: "政策有修改", Kind.EXPIRING: "即将截止", Kind.REMINDER: "提醒",
}  # fmt: skip


@action("policies.push", title="推送政策", permission="policies.push")
def push(*, enterprise: Enterprise, by: Actor, at: datetime) -> int:
    """Tell an enterprise what is to be told, within what it wants to hear in a week; return how many messages went out."""
    row = Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    now = current_act().moment
    day = now.astimezone(SHANGHAI).date()
    setting = PushSetting.objects.filter(enterprise=row).first()
    people = pushing.people_of(row.pk, day)
    if (setting is not None and setting.paused) or not people:
        return 0
    told = PolicyPush.objects.filter(enterprise=row)
    week = told.filter(pushed_at__gte=week_of(day))
    cap = per_week(setting)
    sent = week.order_by().values("message").distinct().count()
    last = told.order_by("-message").values_list("message", flat=True).first() or 0
    going = messages(pushing.pending(row, day), sent=sent, per_week=cap)
    for number, some in enumerate(going, last + 1):
        _send(row, some, number, people, now)
    current_act().about(row)
    current_act().note(rows=sum(map(len, going)))
    return len(going)


def _send(row: Enterprise, some: Sequence[Pending], number: int, people: list[int], now: datetime) -> None:
    PolicyPush.objects.bulk_create(
        PolicyPush(
            policy_id=one.match.policy_id, revision_id=one.match.revision_id, enterprise=row, kind=one.kind,
            verdict=one.match.verdict, why=one.why, message=number, pushed_at=now,
        )
        for one in some
    )  # fmt: skip
    if len(some) == 1:
        first = some[0]
        title = f"{_WORDS[Kind(first.kind)]}：{first.live.rule.title}。{first.why}"
        link = reverse("own_policy", args=[row.pk, first.live.code])
    else:
        met = sum(one.match.verdict == "met" for one in some)
        title = f"{len(some)} 项政策与贵企业有关：可享 {met} 项，差一项 {len(some) - met} 项"
        link = reverse("own_policy_messages", args=[row.pk])
    reminds = all(one.kind in (Kind.EXPIRING, Kind.REMINDER) for one in some)
    notify(
        people, title=title[:200], link=link, kind=Notice.Kind.REMINDER if reminds else Notice.Kind.MESSAGE,
        external=f"有 {len(some)} 项惠企政策与您的企业有关，请登录企服查看。",
    )  # fmt: skip


def week_of(day: date) -> datetime:
    """Return when the week of a day began: Monday, midnight."""
    return datetime.combine(day - timedelta(days=day.weekday()), time(), SHANGHAI)


def per_week(setting: PushSetting | None) -> int:
    """Return how many messages a week an enterprise wants: its own choice, else the province's number."""
    if setting is None or setting.per_week is None:
        return pushing.rules().per_week
    return setting.per_week


@action("policies.mark_pushed", title="记下推送进度", permission="policies.push")
def mark_pushed(*, day: date, by: Actor, at: datetime) -> None:
    """Say that every enterprise with an account was looked at on the day."""
    JudgeMark.objects.update_or_create(name=PUSHED, defaults={"day": day, "until": at})


# ---- what the enterprise does ----------------------------------------------------------------------------------------


def note_opened(*, enterprise: int, code: str, by: Actor, at: datetime) -> None:
    """Note that somebody of the enterprise opened a policy's page, where a push waits for it; whoever else looks is not counted."""
    rows = access.visible(PolicyPush.objects.all(), by, SEE, at)
    waiting = rows.filter(enterprise=enterprise, policy__code=code, opened_at=None)
    if by.is_person and waiting.exists():
        open_push(enterprise=Enterprise.objects.get(pk=enterprise), code=code, by=by, at=at)


@action("policies.note_opened", title="打开政策推送", permission=SEE, on="enterprise")
def open_push(*, enterprise: Enterprise, code: str, by: Actor, at: datetime) -> None:
    """Note that the enterprise opened the page of a policy that it was told of."""
    waiting = PolicyPush.objects.filter(enterprise=enterprise, policy__code=code, opened_at=None)
    waiting.update(opened_at=current_act().moment)
    current_act().about(enterprise)


def note_confirmed(policy_id: int, enterprise_ids: Collection[int]) -> None:
    """Note, inside an act, that enterprises confirmed a policy; only what they were told of counts."""
    _note(policy_id, enterprise_ids, "confirmed_at")


def note_paid(policy_id: int, enterprise_ids: Collection[int]) -> None:
    """Note, inside an act, that the money of a policy reached enterprises; only what they were told of counts."""
    _note(policy_id, enterprise_ids, "paid_at")


def _note(policy_id: int, enterprise_ids: Collection[int], field: str) -> None:
    ids, now = sorted(enterprise_ids), current_act().moment
    for start in range(0, len(ids), 1000):
        rows = PolicyPush.objects.filter(policy=policy_id, enterprise__in=ids[start : start + 1000])
        rows.filter(Q(**{field: None})).update(**{field: now})


@action("policies.dismiss", title="政策与我无关", permission=SEE, on="enterprise")
def dismiss(*, enterprise: Enterprise, policy: Policy, reason: str, by: Actor, at: datetime) -> int:
    """Say that a policy does not concern the enterprise: it is never told of it again; raises Refused without a reason."""
    if reason not in PolicyPush.Reason.values:
        raise Refused("请选择原因", reason="请选择为什么与贵企业无关")
    rows = PolicyPush.objects.filter(enterprise=enterprise, policy=policy)
    if not rows.exists():
        raise Refused("平台没有向贵企业推送过这项政策，不会再提醒")
    current_act().about(enterprise)
    current_act().note(policy=policy.pk)
    return rows.update(dismissed_at=current_act().moment, reason=reason)


@action("policies.set_messages", title="设置政策消息", permission=SEE, on="enterprise")
def set_messages(
    *, enterprise: Enterprise, per_week: int | None, paused: bool, by: Actor, at: datetime
) -> PushSetting:
    """Choose how many messages about policies the enterprise wants in a week (None: as the province says), or none; raises Refused."""
    most = pushing.rules().most_per_week
    if per_week is not None and not 1 <= per_week <= most:
        raise Refused(f"每周条数应在 1 至 {most} 之间", per_week=f"请填 1 至 {most}；不想收请选“暂停”")
    setting, _ = PushSetting.objects.update_or_create(
        enterprise=enterprise, defaults={"per_week": per_week, "paused": paused}
    )
    current_act().about(enterprise)
    return setting
