"""Entries of a list on their way: confirmed by the enterprise, examined by the unit, checked, examined by finance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import finish_to_dos
from qifu.registers.enterprises.fact_store import facts_as_of
from qifu.registers.enterprises.models import Enterprise
from qifu.services.policies.actions.push import note_confirmed
from qifu.services.policies.library import policy_library
from qifu.services.policies.models import PayAccount, PayoutEntry, PayoutRound, PolicyBudget
from qifu.services.policies.payout_steps import advance, locked, locked_entry, pieces
from qifu.services.policies.practice import practice

Entry = PayoutEntry.State
COUNTED = ("checked", "financed", "batched", "paid", "failed")
"""States in which an entry of another policy counts as had, for what may not be had twice."""


@action("policies.confirm_payout", title="确认兑付", permission="policies.confirm_payout", on="entry")
def confirm(*, entry: PayoutEntry, by: Actor, at: datetime) -> PayoutEntry:
    """Confirm that the enterprise takes the money, to its account on record; after a failed payment, ask for it again."""
    entry = locked_entry(entry)
    if entry.state not in (Entry.WAITING, Entry.FAILED):
        raise Refused("这一笔已经确认过了，或者不在确认期内，不用再确认")
    account = PayAccount.objects.filter(
        enterprise_id=entry.enterprise_id, state=PayAccount.State.CURRENT
    ).first()
    if account is None:
        raise Refused("还没有收款账户，请先登记账户", number="必填")
    current_act().about(entry)
    if entry.state == Entry.FAILED:
        advance([entry], Entry.FINANCED, "核对账户后重新申请支付", account=account)
    else:
        today = timezone.localdate(current_act().moment)
        if entry.round.confirm_until is not None and today > entry.round.confirm_until:
            raise Refused(f"确认期已经过了（{entry.round.confirm_until} 为止），请与主管部门联系")
        advance(
            [entry], Entry.CONFIRMED, "企业确认",
            account=account, confirmed_at=current_act().moment, confirmed_by=by.id,
        )  # fmt: skip
        note_confirmed(entry.policy_id, [entry.enterprise_id])
    finish_to_dos(entry, at=at)
    return entry


@action("policies.decline_payout", title="放弃兑付", permission="policies.confirm_payout", on="entry")
def decline(*, entry: PayoutEntry, reason: str, by: Actor, at: datetime) -> None:
    """The enterprise gives the money up."""
    entry = locked_entry(entry)
    if entry.state != Entry.WAITING:
        raise Refused("这一笔已经办理，不能放弃；如需退回请与主管部门联系")
    advance([entry], Entry.DECLINED, "企业放弃", reason or "企业没有说明理由")
    finish_to_dos(entry, at=at)
    current_act().about(entry)


@action(
    "policies.approve_payouts", title="主管部门审核兑付", permission="policies.approve_payouts", on="payout"
)
def approve(*, payout: PayoutRound, by: Actor, at: datetime, ids: Iterable[int] | None = None) -> int:
    """Approve confirmed entries (all, or those named); never by the one who made the list. Return how many."""
    if by.id is not None and by.id == payout.listed_by:
        raise Refused("生成名单的人不能审核这份名单，请由本单位另一位人员审核")
    entries = locked(payout, Entry.CONFIRMED, ids)
    advance(entries, Entry.APPROVED, "主管部门审核通过", approved_by=by.id)
    return _noted(payout, entries)


@action(
    "policies.check_payouts", title="信用与重复享受核查", permission="policies.approve_payouts", on="payout"
)
def check(
    *, payout: PayoutRound, by: Actor, at: datetime, ids: Iterable[int] | None = None
) -> tuple[int, int]:
    """Check approved entries on today's facts and payments: distrusted firms and double benefits are struck, each with why.

    Where 就高 holds with a smaller benefit had, only the difference goes on. Return (passed, struck).
    """
    entries = locked(payout, Entry.APPROVED, ids)
    today = timezone.localdate(current_act().moment)
    others = stacking_with(payout, today)
    clean, struck = list[PayoutEntry](), 0
    for part in pieces(entries):
        firms = {
            row.pk: row
            for row in Enterprise.objects.select_for_update(of=("self",))
            .filter(pk__in=[one.enterprise_id for one in part]).order_by("pk")
        }  # fmt: skip
        had = _had(payout, [one.enterprise_id for one in part], others)
        for entry in part:
            why, less = _finding(
                firms[entry.enterprise_id], entry, had.get(entry.enterprise_id, []), others, today
            )
            if why:
                advance([entry], Entry.STRUCK, "核查未通过，从名单中剔除", why)
                struck += 1
            elif less:
                advance(
                    [entry], Entry.CHECKED, "核查通过，就高补差", f"已享受 {less / 100:.2f} 元",
                    granted_fen=entry.listed_fen - less,
                )  # fmt: skip
            else:
                clean.append(entry)
    if clean:
        advance(clean, Entry.CHECKED, "信用与重复享受核查通过")
    _noted(payout, entries)
    return len(entries) - struck, struck


def stacking_with(payout: PayoutRound, day: date) -> dict[str, str]:
    """Return how the round's policy goes with others, by their codes, as either of the two says; 可叠加 is left out."""
    live = policy_library(day).live
    code = payout.policy.code
    mine = live.get(code)
    found = {one.other: one.how for one in mine.version.stacking} if mine else {}
    for other in live.values():
        for one in other.version.stacking:
            if one.other == code:
                found.setdefault(other.code, one.how)
    return {other: how for other, how in found.items() if how != "可叠加"}


Had = list[tuple[str, str, int]]


def _had(payout: PayoutRound, firms: list[int], others: dict[str, str]) -> dict[int, Had]:
    """Return (code, title, fen) of what each enterprise has had, in the same year, of the other policies."""
    found: dict[int, Had] = {}
    if not others:
        return found
    rows = PayoutEntry.objects.filter(
        enterprise_id__in=firms, policy__code__in=list(others), round__year=payout.year, state__in=COUNTED
    )
    for firm, code, title, listed, granted in rows.values_list(
        "enterprise_id", "policy__code", "policy__title", "listed_fen", "granted_fen"
    ):
        found.setdefault(firm, []).append((code, title, listed if granted is None else granted))
    return found


def _finding(
    firm: Enterprise, entry: PayoutEntry, had: Had, others: dict[str, str], today: date
) -> tuple[str, int]:
    """Return why an entry may not be paid, else how much less is due."""
    facts: dict[str, Any] = dict(facts_as_of(firm, today))
    for fact, words in practice().barred_by.items():
        if facts.get(fact):
            return f"企业{words}", 0
    if firm.status in (
        Enterprise.Status.REVOKED,
        Enterprise.Status.DEREGISTERED,
        Enterprise.Status.CANCELLED,
    ):
        return f"企业登记状态为{firm.get_status_display()}", 0
    less = 0
    for code, title, fen in had:
        if others[code] == "就高" and fen < entry.listed_fen:
            less += fen
            continue
        return f"本年度已享受“{title}”，{others[code]}", 0
    return ("", less) if less < entry.listed_fen else ("本年度已享受的不低于这一笔，就高不重复", 0)


@action("policies.finance_payouts", title="财政审核兑付", permission="policies.finance_payouts", on="payout")
def finance(*, payout: PayoutRound, by: Actor, at: datetime, ids: Iterable[int] | None = None) -> int:
    """Pass checked entries to payment; never by one who made the list or approved an entry. Return how many."""
    entries = locked(payout, Entry.CHECKED, ids)
    if by.id is not None and (by.id == payout.listed_by or any(by.id == one.approved_by for one in entries)):
        raise Refused("生成名单或作过主管部门审核的人不能作财政审核，请由另一位财政人员办理")
    if not PolicyBudget.objects.filter(policy_id=payout.policy_id, year=payout.year).exists():
        raise Refused(f"这项政策还没有 {payout.year} 年度的预算，请先登记预算")
    advance(entries, Entry.FINANCED, "财政审核通过", financed_by=by.id)
    return _noted(payout, entries)


@action(
    "policies.strike_payout", title="剔除兑付名单中的一户", permission="policies.approve_payouts", on="payout"
)
def strike(*, payout: PayoutRound, ids: Iterable[int], reason: str, by: Actor, at: datetime) -> int:
    """Strike entries that the unit does not approve, with a reason; nothing that is being paid. Return how many."""
    if not reason.strip():
        raise Refused("请写明剔除的理由", reason="必填")
    wanted = sorted(set(ids))
    rows = PayoutEntry.objects.filter(round=payout, pk__in=wanted).order_by("pk")
    # As a payment batch does: budgets are locked before entries, or two of them wait for each other.
    held = rows.exclude(budget=None).order_by().values("budget_id")
    budgets = {
        one.pk: one for one in PolicyBudget.objects.select_for_update().filter(pk__in=held).order_by("pk")
    }
    entries = list(rows.select_for_update(of=("self",)))
    if any(one.budget_id is not None and one.budget_id not in budgets for one in entries):
        raise Refused("名单刚刚有变化，请刷新后再办")
    fixed = [one for one in entries if one.state in ("batched", "paid", *PayoutEntry.GONE)]
    if fixed or not entries:
        raise Refused("有的企业正在支付、已经到账或已剔除，不能剔除，请重新选择")
    for one in entries:
        if one.budget_id is not None and one.granted_fen:
            budget = budgets[one.budget_id]
            budget.committed_fen -= one.granted_fen
            budget.save()
        advance([one], Entry.STRUCK, "从名单中剔除", reason.strip(), budget=None, granted_fen=None)
        finish_to_dos(one, at=at)
    return _noted(payout, entries)


def _noted(payout: PayoutRound, entries: list[PayoutEntry]) -> int:
    current_act().about(payout)
    current_act().note(count=len(entries))
    return len(entries)
