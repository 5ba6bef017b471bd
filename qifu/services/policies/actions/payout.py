"""A payout round: the list is made and frozen, made public, objected to, and opened to the enterprises."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.jobs import enqueue
from qifu.foundation.notices import finish_to_dos, notify
from qifu.foundation.working_calendar import calendar_at
from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies.applied import supported
from qifu.services.policies.content import content_of
from qifu.services.policies.library import policy_library
from qifu.services.policies.listing import Counts, Listed, digest_of, list_of
from qifu.services.policies.models import Objection, PayoutEntry, PayoutRound, Policy
from qifu.services.policies.payout_steps import (
    advance,
    locked_entry,
    officers_of,
    people_of_firms,
    pieces,
    round_step,
)
from qifu.services.policies.practice import practice

LIST_JOB, END_JOB, REMIND_JOB, CLOSE_JOB = (
    "policies.fill_round", "policies.end_notice", "policies.remind_payouts", "policies.close_confirmation",
)  # fmt: skip
ALREADY = "本期已在名单上"
State, Entry = PayoutRound.State, PayoutEntry.State


def period_of(terms_period: str, day: date) -> str:
    """Return the period that a day lies in, for a policy that may be had once, or each year, quarter or month."""
    if terms_period == "quarter":
        return f"{day.year}Q{(day.month + 2) // 3}"
    return {"once": "once", "month": f"{day:%Y-%m}"}.get(terms_period, str(day.year))


def _later(day: date) -> datetime:
    """Return when a job of business day `day`, eight in the morning, is due by the real clock."""
    act = current_act()
    return act.at + (datetime.combine(day, time(8), SHANGHAI) - act.moment)


@action("policies.start_round", title="生成兑付名单", permission="policies.list_payouts", on="policy")
def start_round(*, policy: Policy, judged_on: date, by: Actor, at: datetime) -> PayoutRound:
    """Begin a list: all enterprises of the place are judged on the day by a job; raises Refused."""
    moment = current_act().moment
    today = timezone.localdate(moment)
    if policy.delivery == Policy.Delivery.FILING:
        raise Refused("这项政策由企业申报纳税时享受，没有兑付名单")
    if judged_on > today:
        raise Refused("判断日不能在将来", judged_on=f"请选择 {today} 或以前的一天")
    live = policy_library(judged_on).live.get(policy.code)
    if live is None:
        raise Refused("这项政策当天没有生效的版本", judged_on="请选择政策生效期内的一天")
    payout = PayoutRound(
        policy=policy, revision_id=live.revision_id, place_code=policy.place_code, year=judged_on.year,
        period=period_of(live.content.terms.period, judged_on), judged_on=judged_on, known_by=at,
        listed_at=moment, listed_by=by.id,
    )  # fmt: skip
    payout.save()
    round_step(payout, "", "开始生成名单")
    current_act().about(payout)
    enqueue(LIST_JOB, unique_key=f"{LIST_JOB}.{payout.pk}", round=payout.pk)
    return payout


@action("policies.fill_round", title="冻结兑付名单", permission="policies.run_payouts", on="payout")
def fill_round(*, payout: PayoutRound, by: Actor, at: datetime) -> int:
    """Judge everyone and freeze the list; safe to repeat. Return how many are on it; raises Refused."""
    payout = PayoutRound.objects.select_for_update().select_related("policy").get(pk=payout.pk)
    if payout.state != State.LISTING:
        return payout.entry_count
    live = policy_library(payout.judged_on).live.get(payout.policy.code)
    if live is None or live.revision_id != payout.revision_id:
        raise Refused("政策在生成名单期间发布了新版本，请重新生成")
    counts, listed = Counts(), list[Listed]()
    taken = set(
        PayoutEntry.objects.filter(policy=payout.policy, period=payout.period)
        .exclude(state__in=PayoutEntry.GONE)
        .values_list("enterprise_id", flat=True)
    )
    applied = payout.policy.delivery == Policy.Delivery.APPLICATION
    found = supported(payout, counts) if applied else list_of(live, payout.place_code, payout.judged_on, payout.known_by, counts)  # fmt: skip
    for one in found:
        if one.enterprise in taken:
            counts.left_out[ALREADY] += 1
        else:
            listed.append(one)
    for part in pieces(listed):
        PayoutEntry.objects.bulk_create(
            PayoutEntry(
                round=payout, policy=payout.policy, enterprise_id=one.enterprise, period=payout.period,
                listed_fen=one.fen, facts=one.facts, listed_by=payout.listed_by,
            )
            for one in part
        )  # fmt: skip
    payout.digest = digest_of((one.uscc, one.fen, one.facts) for one in listed)
    payout.state, payout.entry_count = State.LISTED, len(listed)
    payout.listed_fen, payout.judged_count = sum(one.fen for one in listed), counts.judged
    payout.left_out = dict(counts.left_out)
    payout.save()
    round_step(payout, State.LISTING, "名单已生成并冻结", f"{len(listed)} 户，摘要 {payout.digest[:12]}")
    current_act().about(payout)
    current_act().note(rows=len(listed), digest=payout.digest)
    if payout.listed_by is not None:
        notify([payout.listed_by], title=f"兑付名单已生成：{payout.policy.title}"[:200], link=link_of(payout))
    return len(listed)


def link_of(payout: PayoutRound) -> str:
    """Return the path of a round's page."""
    return reverse("payout_round", args=[payout.pk])


@action("policies.cancel_round", title="作废兑付名单", permission="policies.list_payouts", on="payout")
def cancel_round(*, payout: PayoutRound, reason: str, by: Actor, at: datetime) -> None:
    """Give up a list that was not made public; its entries are struck."""
    payout = PayoutRound.objects.select_for_update().get(pk=payout.pk)
    if payout.state not in (State.LISTING, State.LISTED):
        raise Refused("已经公示的名单不能作废，请逐户处理")
    if not reason.strip():
        raise Refused("请写明作废的理由", reason="必填")
    entries = list(PayoutEntry.objects.filter(round=payout, state=Entry.LISTED).defer("facts"))
    advance(entries, Entry.STRUCK, "名单作废", reason)
    before, payout.state = payout.state, State.CANCELLED
    payout.save()
    round_step(payout, before, "名单作废", reason)
    current_act().about(payout)


@action("policies.give_notice", title="公示兑付名单", permission="policies.list_payouts", on="payout")
def give_notice(*, payout: PayoutRound, by: Actor, at: datetime) -> None:
    """Make the list public from today until the notice days of the policy's terms (working days) have passed."""
    payout = PayoutRound.objects.select_for_update().select_related("policy").get(pk=payout.pk)
    if payout.state != State.LISTED:
        raise Refused("名单还没有生成，或者已经公示")
    if not payout.entry_count:
        raise Refused("名单上没有企业，不用公示")
    moment = current_act().moment
    today = timezone.localdate(moment)
    days = max(content_of(payout.revision.content).terms.notice_days, 1)
    last = calendar_at(moment).add_working_days(today, days).day
    payout.notice_from, payout.notice_to, payout.state = today, last + timedelta(days=1), State.NOTICE
    payout.save()
    round_step(payout, State.LISTED, f"开始公示，到 {last} 为止（{days} 个工作日）")
    current_act().about(payout)
    enqueue(END_JOB, run_at=_later(payout.notice_to), unique_key=f"{END_JOB}.{payout.pk}", round=payout.pk)


@action("policies.object", title="对兑付公示提出异议", permission="policies.object", on="payout")
def object_to(
    *, payout: PayoutRound, entry: PayoutEntry, words: str, contact: str, by: Actor, at: datetime
) -> Objection:
    """Take an objection against an enterprise on a public list; raises Refused once the notice is over."""
    moment = current_act().moment
    payout = PayoutRound.objects.select_related("policy").get(pk=payout.pk)
    entry = locked_entry(entry)
    over = payout.notice_to is None or timezone.localdate(moment) >= payout.notice_to
    if entry.round_id != payout.pk or payout.state != State.NOTICE or over:
        raise Refused("公示已经结束，不再受理异议；可以向主管部门反映")
    if not 5 <= len(words.strip()) <= 2000:
        raise Refused("请写明异议的内容", words="至少 5 个字，最多 2000 字")
    if entry.objections.filter(ruling="").count() >= practice().most_objections:
        raise Refused("这一户的异议已经很多，主管部门正在处理")
    made = Objection(entry=entry, words=words.strip(), contact=contact.strip()[:200], at=moment, by_id=by.id)
    made.save()
    current_act().about(payout)
    notify(
        officers_of(payout, at),
        title="公示收到异议，请核实处理",
        link=link_of(payout),
        kind="to_do",
        subject=made,
    )
    return made


@action("policies.rule_objection", title="处理公示异议", permission="policies.list_payouts", on="objection")
def rule_objection(*, objection: Objection, upheld: bool, reason: str, by: Actor, at: datetime) -> None:
    """Rule an objection with a reason: an upheld one strikes the entry; the last rejected one after the notice lets it go on."""
    act = current_act()
    objection = Objection.objects.select_for_update(of=("self",)).get(pk=objection.pk)
    if objection.ruling:
        raise Refused("这条异议已经处理过了")
    if not reason.strip():
        raise Refused("请写明处理的理由", reason="必填")
    entry = locked_entry(objection.entry)
    objection.ruling = Objection.Ruling.UPHELD if upheld else Objection.Ruling.REJECTED
    objection.reason, objection.ruled_at, objection.ruled_by = reason.strip(), act.moment, by.id
    objection.save()
    finish_to_dos(objection, at=at)
    act.about(entry.round)
    if upheld and entry.state not in PayoutEntry.GONE:
        advance([entry], Entry.STRUCK, "异议成立，从名单中剔除", reason)
    elif entry.state == Entry.LISTED and entry.round.state == State.OPEN:
        _open_entries(entry.round, [entry], at)


@action("policies.end_notice", title="公示期满", permission="policies.run_payouts", on="payout")
def end_notice(*, payout: PayoutRound, by: Actor, at: datetime) -> bool:
    """Once the notice is over, ask the enterprises to confirm; entries with open objections wait. False while it runs."""
    payout = PayoutRound.objects.select_for_update().select_related("policy").get(pk=payout.pk)
    moment = current_act().moment
    today = timezone.localdate(moment)
    if payout.state != State.NOTICE or payout.notice_to is None:
        return True
    if today < payout.notice_to:
        return False
    payout.state = State.OPEN
    payout.confirm_until = practice().last_day("confirm", today, calendar_at(moment))
    payout.save()
    round_step(payout, State.NOTICE, "公示期满，请企业确认", f"确认到 {payout.confirm_until} 为止")
    current_act().about(payout)
    contested = Objection.objects.filter(entry__round=payout, ruling="").values("entry_id")
    entries = PayoutEntry.objects.filter(round=payout, state=Entry.LISTED).exclude(pk__in=contested)
    _open_entries(payout, list(entries.defer("facts").select_for_update(of=("self",))), at)
    remind = calendar_at(moment).add_working_days(payout.confirm_until, -practice().remind_before).day
    enqueue(REMIND_JOB, run_at=_later(remind), unique_key=f"{REMIND_JOB}.{payout.pk}", round=payout.pk)
    closing = payout.confirm_until + timedelta(days=1)
    enqueue(CLOSE_JOB, run_at=_later(closing), unique_key=f"{CLOSE_JOB}.{payout.pk}", round=payout.pk)
    return True


def _open_entries(payout: PayoutRound, entries: list[PayoutEntry], at: datetime) -> None:
    advance(entries, Entry.WAITING, "请企业确认")
    _tell_firms(payout, entries, at, "有一笔政策资金待您确认", "to_do")


def _tell_firms(payout: PayoutRound, entries: list[PayoutEntry], at: datetime, title: str, kind: str) -> None:
    told = people_of_firms([row.enterprise_id for row in entries], at)
    for row in entries:
        if row.enterprise_id in told:
            notify(
                told[row.enterprise_id], title=title, link=reverse("own_payouts", args=[row.enterprise_id]), kind=kind,
                due_on=payout.confirm_until if kind == "to_do" else None, subject=row,
            )  # fmt: skip


@action("policies.remind_payouts", title="提醒企业确认兑付", permission="policies.run_payouts", on="payout")
def remind_payouts(*, payout: PayoutRound, by: Actor, at: datetime) -> int:
    """Remind every enterprise that has not confirmed, once a day at most; return how many."""
    payout = PayoutRound.objects.get(pk=payout.pk)
    today = timezone.localdate(current_act().moment)
    waiting = PayoutEntry.objects.filter(round=payout, state=Entry.WAITING).defer("facts")
    entries = [row for row in waiting if row.reminded_on != today]
    _tell_firms(payout, entries, at, "政策资金还没有确认，请尽快确认", "reminder")
    for part in pieces(entries):
        PayoutEntry.objects.filter(pk__in=[row.pk for row in part]).update(reminded_on=today)
    current_act().about(payout)
    current_act().note(count=len(entries))
    return len(entries)


@action("policies.close_confirmation", title="确认期满", permission="policies.run_payouts", on="payout")
def close_confirmation(*, payout: PayoutRound, by: Actor, at: datetime) -> bool:
    """After the last day of confirmation, those that did not confirm are left out of the period. False while it runs."""
    payout = PayoutRound.objects.select_for_update().get(pk=payout.pk)
    today = timezone.localdate(current_act().moment)
    if payout.confirm_until is None or today <= payout.confirm_until:
        return payout.state != State.OPEN
    waiting = PayoutEntry.objects.filter(round=payout, state=Entry.WAITING)
    entries = list(waiting.defer("facts").select_for_update(of=("self",)))
    advance(entries, Entry.DECLINED, "逾期未确认")
    for row in entries:
        finish_to_dos(row, at=at)
    current_act().about(payout)
    current_act().note(count=len(entries))
    return True
