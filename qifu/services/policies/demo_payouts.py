"""The demo's payouts, all made up: one list paid, one in public notice, one that waits for the enterprises' confirmation."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from django.utils import timezone

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action, current_act
from qifu.registers.people.models import Person
from qifu.services.policies.actions import payments, payout, payout_accounts, payout_entries
from qifu.services.policies.models import PaymentBatch, PayoutEntry, PayoutRound, Policy, PolicyBudget
from qifu.services.policies.payment_file import yuan_of

PLACE = "330109"
LISTS = {"xs-steady-jobs": "paid", "xs-training": "notice", "xs-labour-cost": "confirm"}
"""How far the list of each policy has come."""
BANK = "中国银行杭州萧山支行（模拟）"
NOTICED = timedelta(days=15)


@action("policies.load_demo_payouts", title="载入模拟兑付", permission="policies.load_demo")
def load_demo_payouts(*, by: Actor, at: datetime) -> int:
    """Let the demo's people make the lists that are not there yet; return how many were made."""
    names = ("unit", "unit2", "finance")
    people = {row.username: row.as_actor() for row in Person.objects.filter(username__in=names)}
    made = 0
    for policy in Policy.objects.filter(code__in=LISTS, published_number__isnull=False).order_by("pk"):
        if len(people) == len(names) and not PayoutRound.objects.filter(policy=policy).exists():
            _lead(policy, LISTS[policy.code], people, at)
            made += 1
    return made


def _lead(policy: Policy, upto: str, people: dict[str, Actor], at: datetime) -> None:
    day = timezone.localdate(current_act().moment)
    how = "pro_rata" if policy.code == "xs-labour-cost" else "first_come"
    budget = payments.set_budget(
        policy=policy, year=day.year, fen=30_000_00 if how == "pro_rata" else 200_000_00, how=how,
        document=f"萧财（模拟）〔{day.year}〕{policy.pk}号", by=people["finance"], at=at,
    )  # fmt: skip
    row = payout.start_round(policy=policy, judged_on=day, by=people["unit"], at=at)
    payout.fill_round(payout=row, by=SYSTEM, at=at)
    row.refresh_from_db()
    if not row.entry_count:
        return
    payout.give_notice(payout=row, by=people["unit"], at=at)
    if upto == "notice":
        return
    row.refresh_from_db()
    if row.notice_from is not None and row.notice_to is not None:  # the notice began two weeks ago
        row.notice_from, row.notice_to = row.notice_from - NOTICED, row.notice_from
        row.save()
    payout.end_notice(payout=row, by=SYSTEM, at=at)
    row.refresh_from_db()
    if upto == "paid":
        _pay(row, budget, people, at)


def _pay(row: PayoutRound, budget: PolicyBudget, people: dict[str, Actor], at: datetime) -> None:
    """Enterprises confirm, the examinations pass, the batch is paid and reconciled."""
    for entry in PayoutEntry.objects.filter(round=row, state="waiting").select_related("enterprise"):
        firm = entry.enterprise
        payout_accounts.give_account(
            enterprise=firm, holder=firm.name, bank=BANK, number=f"62178500{firm.pk:010d}", consent=True, by=SYSTEM, at=at
        )  # fmt: skip
        payout_entries.confirm(entry=entry, by=SYSTEM, at=at)
    payout_entries.approve(payout=row, by=people["unit2"], at=at)
    payout_entries.check(payout=row, by=people["unit2"], at=at)
    finance = {"by": people["finance"], "at": at}
    payout_entries.finance(payout=row, **finance)
    batch = payments.make_batch(budget=budget, **finance)
    payments.export_batch(batch=batch, **finance)
    content = io.BytesIO(_receipt(batch))
    payments.read_back(place_code=PLACE, file=content, name="回单（模拟）.csv", **finance)
    batch.refresh_from_db()
    payments.reconcile(batch=batch, stated_count=batch.count, stated_fen=batch.fen, **finance)


def _receipt(batch: PaymentBatch) -> bytes:
    day = timezone.localdate(current_act().moment)
    rows = ["支付编号,金额（元）,支付结果,支付日期,凭证号,失败原因"]
    rows += [f"{one.code},{yuan_of(one.fen)},已支付,{day},{one.code}P," for one in batch.lines.all()]
    return "\n".join(rows).encode()
