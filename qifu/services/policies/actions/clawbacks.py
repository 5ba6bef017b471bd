"""Money asked back: told with its reason, the enterprise states its view, a second person decides, it comes back in parts."""

from __future__ import annotations

from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.money import format_money
from qifu.foundation.notices import finish_to_dos, notify
from qifu.foundation.working_calendar import calendar_at
from qifu.services.policies.models import Clawback, PayoutEntry, PayoutStep, PolicyBudget, Repayment
from qifu.services.policies.paid import returned_fen
from qifu.services.policies.payout_steps import finance_officers, locked_entry, people_of_firms
from qifu.services.policies.practice import practice

State = Clawback.State


@action("policies.tell_clawback", title="告知追回", permission="policies.claw_back", on="entry")
def tell(*, entry: PayoutEntry, fen: int, reason: str, by: Actor, at: datetime) -> Clawback:
    """Tell an enterprise that money (all or part) is to come back, and why; raises Refused."""
    entry = locked_entry(entry)
    if entry.state != PayoutEntry.State.PAID:
        raise Refused("这一笔还没有到账，不用追回；可以从名单中剔除")
    if Clawback.objects.filter(entry=entry, state__in=[State.TOLD, State.DECIDED]).exists():
        raise Refused("这一笔正在追回，办完后才能再提")
    left = entry.paid_fen - returned_fen(entry)
    if not 0 < fen <= left:
        raise Refused("追回金额不对", fen=f"应大于 0，不超过还没有追回的 {format_money(left)}")
    if len(reason.strip()) < 5:
        raise Refused("请写明追回的事实、理由和依据", reason="必填")
    moment = current_act().moment
    until = practice().last_day("statement", timezone.localdate(moment), calendar_at(moment))
    made = Clawback(
        entry=entry, fen=fen, reason=reason.strip(), told_at=moment, told_by=by.id, statement_until=until
    )
    made.save()
    _step(entry, "告知追回", reason.strip())
    _tell_firm(made, "有一笔政策资金需要退回，请查看并陈述意见", at, due_on=until)
    return made


@action("policies.state_view", title="陈述意见", permission="policies.confirm_payout", on="clawback")
def state_view(*, clawback: Clawback, words: str, by: Actor, at: datetime) -> None:
    """Take the enterprise's view within its days; raises Refused."""
    clawback = Clawback.objects.select_for_update(of=("self",)).get(pk=clawback.pk)
    moment = current_act().moment
    if clawback.state != State.TOLD or timezone.localdate(moment) > clawback.statement_until:
        raise Refused("陈述期已经过了，或者已经作出决定")
    if not words.strip():
        raise Refused("请写明您的意见", words="必填")
    clawback.statement, clawback.stated_at = words.strip()[:4000], moment
    clawback.save()
    _step(clawback.entry, "企业陈述意见")
    finish_to_dos(clawback, at=at)
    if clawback.told_by is not None:
        notify([clawback.told_by], title="企业对追回陈述了意见，请核实", link=_page(clawback.entry))


@action("policies.decide_clawback", title="决定追回", permission="policies.claw_back", on="clawback")
def decide(*, clawback: Clawback, fen: int, reason: str, by: Actor, at: datetime) -> None:
    """Decide how much comes back (0: nothing), by another person than the one who told it, once the view was stated or its days passed."""
    clawback = Clawback.objects.select_for_update(of=("self",)).get(pk=clawback.pk)
    moment = current_act().moment
    if clawback.state != State.TOLD:
        raise Refused("已经作出决定")
    if by.id is not None and by.id == clawback.told_by:
        raise Refused("告知追回的人不能作决定，请由本单位另一位人员决定")
    if not clawback.statement and timezone.localdate(moment) <= clawback.statement_until:
        raise Refused(f"企业还在陈述期内（{clawback.statement_until} 为止），届满或收到陈述后才能决定")
    if not 0 <= fen <= clawback.fen or not reason.strip():
        raise Refused("请写明理由，金额不超过告知的金额", fen=f"0 到 {format_money(clawback.fen)}")
    clawback.decided_fen, clawback.decision = fen, reason.strip()
    clawback.decided_at, clawback.decided_by = moment, by.id
    clawback.state = State.DECIDED if fen else State.DROPPED
    clawback.save()
    _step(clawback.entry, "决定追回" if fen else "决定不予追回", reason.strip())
    finish_to_dos(clawback, at=at)
    title = "已决定追回政策资金，请按通知退回" if fen else "追回事项已了结，不用退回"
    _tell_firm(clawback, title, at)
    notify(finance_officers(clawback.entry.round.place_code, at), title=title, link=_page(clawback.entry))


@action("policies.record_repayment", title="登记退回款", permission="policies.finance_payouts", on="entry")
def record_repayment(
    *,
    entry: PayoutEntry,
    clawback: Clawback,
    fen: int,
    voucher: str,
    received_on: date,
    by: Actor,
    at: datetime,
) -> Repayment:
    """Record money that came back; a voucher counts once, and no more comes back than was decided. Raises Refused."""
    clawback = Clawback.objects.select_for_update(of=("self",)).get(pk=clawback.pk, entry=entry)
    moment = current_act().moment
    if clawback.state != State.DECIDED or clawback.decided_fen is None:
        raise Refused("还没有决定追回，或者已经全部退回")
    left = clawback.decided_fen - clawback.repaid_fen
    if not 0 < fen <= left:
        raise Refused("退回金额不对", fen=f"应大于 0，不超过还没有退回的 {format_money(left)}")
    if not voucher.strip() or Repayment.objects.filter(voucher=voucher.strip()).exists():
        raise Refused("凭证号没有填写，或者已经登记过", voucher="请核对凭证号")
    if not timezone.localdate(clawback.told_at) <= received_on <= timezone.localdate(moment):
        raise Refused("退回日不对", received_on="应在告知之后、今天以前")
    restores = _restored(clawback.entry, fen, received_on)
    made = Repayment(
        clawback=clawback,
        fen=fen,
        voucher=voucher.strip()[:60],
        received_on=received_on,
        restores=restores,
        at=moment,
        by_id=by.id,
    )
    made.save()
    clawback.repaid_fen += fen
    if clawback.repaid_fen == clawback.decided_fen:
        clawback.state = State.REPAID
    clawback.save()
    whither = "恢复当年预算额度" if restores else "缴入国库"
    _step(clawback.entry, "收到退回款", f"{format_money(fen)}，凭证 {made.voucher}，{whither}")
    return made


def _restored(entry: PayoutEntry, fen: int, received_on: date) -> bool:
    """Give the budget of the entry what came back within its year, where the province's practice says so."""
    budget = PolicyBudget.objects.select_for_update().filter(pk=entry.budget_id).first()
    if budget is None or received_on.year != budget.year or not practice().repaid_to_budget:
        return False
    budget.committed_fen -= fen
    budget.save()
    return True


def _step(entry: PayoutEntry, title: str, reason: str = "") -> None:
    act = current_act()
    PayoutStep(
        round_id=entry.round_id, entry=entry, at=act.moment, by_id=act.by.id, by_name=act.by.name, before=entry.state,
        after=entry.state, title=title, reason=reason[:1000],
    ).save()  # fmt: skip
    act.about(entry.round)


def _page(entry: PayoutEntry) -> str:
    return reverse("payout_entry", args=[entry.round_id, entry.pk])


def _tell_firm(clawback: Clawback, title: str, at: datetime, due_on: date | None = None) -> None:
    firm = clawback.entry.enterprise_id
    notify(
        people_of_firms([firm], at).get(firm, []), title=title, link=reverse("own_payouts", args=[firm]),
        kind="to_do" if due_on else "message", due_on=due_on, subject=clawback,
    )  # fmt: skip
