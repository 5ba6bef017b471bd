"""Whether payouts are as they must be, row by row over the whole database: what no single row or index can hold."""

from __future__ import annotations

from django.db.models import Count, F, Q, Sum

from qifu.services.policies.listing import digest_of
from qifu.services.policies.models import (
    Clawback,
    PaymentBatch,
    PaymentLine,
    PayoutEntry,
    PayoutRound,
    PayoutStep,
    PolicyBudget,
    Repayment,
)


def faults() -> list[str]:
    """Return in Chinese everything that is wrong with lists, budgets, payments, steps and clawbacks; none where all is right."""
    return [*_lists(), *_budgets(), *_entries(), *_batches(), *_clawbacks()]


def _lists() -> list[str]:
    found = []
    for row in PayoutRound.objects.exclude(digest="").order_by("pk"):
        entries = row.entries.values_list("enterprise__uscc", "listed_fen", "facts").iterator(1_000)
        if digest_of(entries) != row.digest:
            found.append(f"兑付批次 {row.pk}：名单与冻结时的摘要不符")
        total = row.entries.aggregate(count=Count("pk"), fen=Sum("listed_fen"))
        if (total["count"], total["fen"] or 0) != (row.entry_count, row.listed_fen):
            found.append(f"兑付批次 {row.pk}：名单户数或金额与记载的不符")
    return found


def _budgets() -> list[str]:
    granted = dict(
        PayoutEntry.objects.exclude(budget=None)
        .values_list("budget_id")
        .annotate(Sum("granted_fen"))
        .order_by()
    )
    restored = dict(
        Repayment.objects.filter(restores=True)
        .values_list("clawback__entry__budget_id")
        .annotate(Sum("fen"))
        .order_by()
    )
    found = []
    for row in PolicyBudget.objects.order_by("pk"):
        net = granted.get(row.pk, 0) - restored.get(row.pk, 0)
        if not net == row.committed_fen <= row.fen:
            found.append(
                f"预算 {row.pk}（{row.year} 年）：记载已核定 {row.committed_fen} 分，"
                f"名单合计减去当年退回的 {net} 分，预算 {row.fen} 分"
            )
    return found


def _entries() -> list[str]:
    paid = dict(
        PaymentLine.objects.filter(state="paid").values_list("entry_id").annotate(Sum("fen")).order_by()
    )
    found = []
    rows = PayoutEntry.objects.filter(Q(paid_fen__gt=0) | Q(state="paid")).values_list("pk", "paid_fen")
    for pk, fen in rows.iterator(5_000):
        if paid.pop(pk, 0) != fen:
            found.append(f"名单中的一户 {pk}：已付金额与支付明细不符")
    found += [f"名单中的一户 {pk}：支付明细已付，名单没有记载" for pk in paid]
    twice = PayoutEntry.objects.filter(paid_fen__gt=0).values("policy_id", "enterprise_id", "period")
    for row in twice.annotate(times=Count("pk")).filter(times__gt=1).order_by():
        found.append(
            f"政策 {row['policy_id']} 企业 {row['enterprise_id']} {row['period']}：付了 {row['times']} 次"
        )
    last = dict(
        PayoutStep.objects.exclude(entry=None).order_by("pk").values_list("entry_id", "after").iterator(5_000)
    )
    for pk, state in PayoutEntry.objects.values_list("pk", "state").iterator(5_000):
        if last.get(pk, "listed") != state:
            found.append(f"名单中的一户 {pk}：状态与最后一条办理记录不符")
    return found


def _batches() -> list[str]:
    found = []
    for row in PaymentBatch.objects.annotate(lines_count=Count("lines"), lines_fen=Sum("lines__fen")):
        if (row.lines_count, row.lines_fen) != (row.count, row.fen):
            found.append(f"支付批次 {row.number}：笔数或金额与明细不符")
    wrong = PaymentLine.objects.exclude(fen=F("entry__granted_fen")).count()
    return [*found, *([f"{wrong} 条支付明细的金额与核定金额不符"] if wrong else [])]


def _clawbacks() -> list[str]:
    found = []
    for row in Clawback.objects.annotate(back=Sum("repayments__fen")):
        if (row.back or 0) != row.repaid_fen:
            found.append(f"追回 {row.pk}：已退回金额与退回款不符")
    rows = (
        Clawback.objects.exclude(state="dropped")
        .exclude(decided_fen=None)
        .values("entry_id", "entry__paid_fen")
    )
    for entry in rows.annotate(asked=Sum("decided_fen")).filter(asked__gt=F("entry__paid_fen")).order_by():
        found.append(f"名单中的一户 {entry['entry_id']}：追回的超过已付的")
    return found
