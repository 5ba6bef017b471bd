"""Money: budgets, batches within them, the file for the fiscal system, receipts read back, reconciliation."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files.checks import safe_name
from qifu.foundation.notices import notify
from qifu.services.policies.actions.push import note_paid
from qifu.services.policies.allocation import first_come, pro_rata
from qifu.services.policies.models import (
    PaymentBatch,
    PaymentLine,
    PaymentReceipt,
    PayoutEntry,
    Policy,
    PolicyBudget,
)
from qifu.services.policies.payment_file import lines_of, payment_csv
from qifu.services.policies.payout_steps import advance, people_of_firms, pieces
from qifu.services.policies.receipt_file import ReceiptLine, differences, read_receipt, settle

Entry, Batch, Line = PayoutEntry.State, PaymentBatch.State, PaymentLine.State
BEFORE_FINANCE = ("listed", "waiting", "confirmed", "approved", "checked")


@action("policies.set_budget", title="登记政策预算", permission="policies.set_budget", on="policy")
def set_budget(
    *, policy: Policy, year: int, fen: int, how: str, document: str, by: Actor, at: datetime
) -> PolicyBudget:
    """Set the money of a policy for a year, or change it; never under what was granted already."""
    if not 2000 <= year <= 2100:
        raise Refused("预算年度不对", year="请填写四位年份")
    if fen <= 0 or not document.strip() or how not in PolicyBudget.How.values:
        raise Refused("预算没有登记：金额应大于 0，并写明预算文号", document="必填")
    found = PolicyBudget.objects.select_for_update().filter(policy=policy, year=year).first()
    budget = found or PolicyBudget(policy=policy, year=year)
    if fen < budget.committed_fen:
        raise Refused("预算不能小于已经核定的金额", fen=f"已核定 {budget.committed_fen / 100:.2f} 元")
    if budget.committed_fen and how != budget.how:
        raise Refused("已经核定过兑付，不能改变资金不足时的办法")
    budget.fen, budget.how, budget.document = fen, how, document.strip()[:200]
    budget.set_at, budget.set_by = current_act().moment, by.id
    try:
        with transaction.atomic():
            budget.save()
    except IntegrityError as error:  # another clerk was faster by a moment
        raise Refused("这项政策这一年度的预算刚被他人登记，请刷新页面") from error
    current_act().about(budget, place=policy.place_code)
    return budget


@action("policies.make_batch", title="生成支付批次", permission="policies.finance_payouts", on="budget")
def make_batch(*, budget: PolicyBudget, by: Actor, at: datetime) -> PaymentBatch:
    """Take the entries that finance passed into a batch, as far as the budget goes; raises Refused where none can be paid.

    First come: by the second of confirmation, then by code. Pro rata: all of the year at once, so none may still be on its way.
    """
    budget = PolicyBudget.objects.select_for_update().get(pk=budget.pk)
    policy = Policy.objects.get(pk=budget.policy_id)
    rows = PayoutEntry.objects.filter(policy=policy, round__year=budget.year)
    entries = list(
        rows.filter(state=Entry.FINANCED).select_related("enterprise").defer("facts")
        .select_for_update(of=("self",))
    )  # fmt: skip
    entries.sort(key=lambda one: ((one.confirmed_at or at).replace(microsecond=0), one.enterprise.uscc))
    if not entries:
        raise Refused("没有财政审核通过、等待支付的企业")
    again = [one for one in entries if one.budget_id is not None]
    new = [one for one in entries if one.budget_id is None]
    granted = _granted(budget, new)
    moment = current_act().moment
    number = f"ZF{budget.year}-{budget.pk}-{budget.batches.count() + 1}"
    batch = PaymentBatch(
        number=number, policy=policy, budget=budget, title=f"{policy.title}（{budget.year} 年度）"[:300],
        place_code=policy.place_code, made_at=moment, made_by=by.id,
    )  # fmt: skip
    batch.save()
    taken = again + [one for one in new if one.pk in granted]
    if not taken:
        raise Refused(f"预算余额不够支付排在最前的企业，还剩 {budget.left_fen / 100:.2f} 元")
    _grant(budget, new, granted)
    PaymentLine.objects.bulk_create(
        [
            PaymentLine(batch=batch, entry=one, account_id=one.account_id, code=f"{number}-{i:06d}", fen=one.granted_fen)
            for i, one in enumerate(taken, start=1)
        ],
        batch_size=1_000,
    )  # fmt: skip
    advance(taken, Entry.BATCHED, f"列入支付批次 {number}")
    batch.count, batch.fen = len(taken), sum(one.granted_fen or 0 for one in taken)
    batch.save()
    current_act().about(batch)
    current_act().note(count=batch.count)
    return batch


def _granted(budget: PolicyBudget, new: list[PayoutEntry]) -> dict[int, int]:
    """Return what each new entry is granted, those that get nothing left out."""
    claims = [one.listed_fen if one.granted_fen is None else one.granted_fen for one in new]
    if budget.how == PolicyBudget.How.FIRST_COME:
        shares = first_come(claims, budget.left_fen)
    else:
        on_the_way = PayoutEntry.objects.filter(
            policy_id=budget.policy_id, round__year=budget.year, state__in=BEFORE_FINANCE
        ).count()
        if on_the_way and new:
            raise Refused(f"按比例兑付要等全部企业办完：还有 {on_the_way} 户没有到待支付")
        shares = pro_rata(claims, budget.left_fen)
    return {one.pk: share for one, share in zip(new, shares, strict=True) if share > 0}


def _grant(budget: PolicyBudget, new: list[PayoutEntry], granted: dict[int, int]) -> None:
    chosen = [one for one in new if one.pk in granted]
    for one in chosen:
        one.granted_fen, one.budget_id = granted[one.pk], budget.pk
    PayoutEntry.objects.bulk_update(chosen, ["granted_fen", "budget"], batch_size=1_000)
    budget.committed_fen += sum(granted.values())
    budget.save()


@action("policies.export_batch", title="导出支付文件", permission="policies.finance_payouts", on="batch")
def export_batch(*, batch: PaymentBatch, by: Actor, at: datetime) -> bytes:
    """Return the file for the fiscal system (CSV); the same bytes each time, held to by its digest. Raises Refused."""
    batch = PaymentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    content = payment_csv(lines_of(batch))
    digest = hashlib.sha256(content).hexdigest()
    if batch.digest and batch.digest != digest:
        raise Refused("支付文件与第一次导出的不一致，不能再用，请运维人员核对账户密钥和数据")
    if not batch.digest:
        batch.digest, batch.sent_at, batch.state = digest, current_act().moment, Batch.SENT
        batch.save()
    current_act().about(batch)
    current_act().note(file_digest=digest[:12], count=batch.count)
    return content


@action("policies.read_receipt", title="读回支付回单", permission="policies.finance_payouts", on="place_code")
def read_back(
    *, place_code: str, file: BinaryIO, name: str, by: Actor, at: datetime
) -> tuple[PaymentReceipt, bool]:
    """Read a file of results; return (what came of it, whether it is new). The same file again changes nothing.

    A line that is unknown, doubled or says otherwise than is known is not taken, and told with its reason. Raises Refused for
    what is no such file.
    """
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = PaymentReceipt.objects.filter(place_code=place_code, digest=digest).first()
    if known is not None:
        return known, False
    given = read_receipt(file)
    receipt = PaymentReceipt(
        place_code=place_code,
        name=safe_name(name)[:120],
        digest=digest,
        read_at=current_act().moment,
        read_by=by.id,
    )
    receipt.save()
    paid, failed = _settled(receipt, given, timezone.localdate(current_act().moment))
    receipt.save()
    _tell(paid, at, "政策资金已经到账，请查收")
    _tell(failed, at, "政策资金没有付成，请核对收款账户后重新申请", "to_do")
    current_act().about(receipt)
    current_act().note(count=receipt.paid, failed=receipt.failed, refused=len(receipt.refused))
    return receipt, True


def _settled(
    receipt: PaymentReceipt, given: list[ReceiptLine], today: object
) -> tuple[list[PayoutEntry], list[PayoutEntry]]:
    """Settle the lines that can be; return the entries now paid and those that failed."""
    rows = PaymentLine.objects.select_for_update(of=("self",)).select_related("entry", "batch")
    codes = sorted({one.code for one in given})
    found = {
        row.code: row
        for part in pieces(codes)
        for row in rows.filter(code__in=part, batch__place_code=receipt.place_code).order_by("pk")
    }
    vouchers = set[str]()
    for part in pieces(sorted({one.voucher for one in given if one.voucher})):
        vouchers |= set(PaymentLine.objects.filter(voucher__in=part).values_list("voucher", flat=True))
    settled = settle(given, found, vouchers, today)
    receipt.known, receipt.refused = settled.known, settled.refused
    receipt.paid, receipt.failed = len(settled.paid), len(settled.failed)
    lines = settled.paid + settled.failed
    for line in lines:
        line.receipt = receipt
    PaymentLine.objects.bulk_update(
        lines, ["state", "voucher", "settled_on", "reason", "receipt"], batch_size=500
    )
    paid, failed = [line.entry for line in settled.paid], [line.entry for line in settled.failed]
    for line in settled.paid:
        line.entry.paid_fen, line.entry.paid_on, line.entry.state = line.fen, line.settled_on, "batched"
    for part in pieces(paid, 500):
        PayoutEntry.objects.bulk_update(part, ["paid_fen", "paid_on"])
    advance(paid, Entry.PAID, "国库支付成功，已到账")
    for policy in {one.policy_id for one in paid}:
        note_paid(policy, [one.enterprise_id for one in paid if one.policy_id == policy])
    for line in settled.failed:
        advance([line.entry], Entry.FAILED, "国库支付失败", line.reason)
    return paid, failed


def _tell(entries: list[PayoutEntry], at: datetime, title: str, kind: str = "message") -> None:
    told = people_of_firms([one.enterprise_id for one in entries], at)
    for one in entries:
        if one.enterprise_id in told:
            link = reverse("own_payouts", args=[one.enterprise_id])
            notify(told[one.enterprise_id], title=title, link=link, kind=kind, subject=one)


@action("policies.reconcile", title="对账", permission="policies.finance_payouts", on="batch")
def reconcile(
    *, batch: PaymentBatch, stated_count: int, stated_fen: int, by: Actor, at: datetime
) -> list[str]:
    """Hold a batch against what the treasury says it paid; return the differences. Without any, the batch is reconciled."""
    batch = PaymentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state != Batch.SENT:
        raise Refused("批次还没有导出，或者已经对过账")
    found = differences(batch, stated_count, stated_fen)
    batch.stated_count, batch.stated_fen = stated_count, stated_fen
    if not found:
        batch.state, batch.reconciled_at, batch.reconciled_by = Batch.RECONCILED, current_act().moment, by.id
    batch.save()
    current_act().about(batch)
    current_act().note(count=len(found))
    return found
