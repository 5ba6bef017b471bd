"""Money on its way: accounts of enterprises, payment batches and their lines, receipts read back, clawbacks and repayments."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.action import Record
from qifu.foundation.sealed import SealedTextField
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.scopes import of_enterprise
from qifu.services.policies.models.library import Policy, of_owner
from qifu.services.policies.models.payout import PayoutEntry, PolicyBudget


class PayAccount(Record):
    """An account that an enterprise gave once for all payments, with its consent; a change is a new row, the old one ends."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待另一人确认"
        CURRENT = "current", "使用中"
        PAST = "past", "已停用"
        REFUSED = "refused", "未同意"

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    holder = models.CharField("户名", max_length=200)
    bank = models.CharField("开户银行", max_length=200)
    number = SealedTextField("账号")
    tail = models.CharField("账号后四位", max_length=4)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    given_at = models.DateTimeField("提交时间")
    given_by = models.BigIntegerField("提交人", null=True)
    agreed_at = models.DateTimeField("启用时间", null=True)
    agreed_by = models.BigIntegerField("同意人", null=True)
    ended_at = models.DateTimeField("停用时间", null=True)

    reach: ClassVar[dict[str, Any]] = {"own_enterprise": of_enterprise()}

    class Meta:
        app_label = "policies"
        verbose_name = "收款账户"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(state="current"), name="pay_account_one_current"
            ),
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(state="proposed"), name="pay_account_one_proposed"
            ),
        ]


class PaymentBatch(Record):
    """Lines to be paid together: exported as a file whose SHA-256 is `digest`, answered by receipts, then reconciled."""

    class State(models.TextChoices):
        MADE = "made", "已生成，待导出"
        SENT = "sent", "已导出，待回单"
        RECONCILED = "reconciled", "已对账"

    number = models.CharField("批次号", max_length=40, unique=True)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策")
    budget = models.ForeignKey(PolicyBudget, models.PROTECT, related_name="batches", verbose_name="预算")
    title = models.CharField("用途", max_length=300)
    place_code = models.CharField("区划", max_length=16)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.MADE)
    count = models.PositiveIntegerField("笔数", default=0)
    fen = models.BigIntegerField("金额（分）", default=0)
    digest = models.CharField("文件摘要", max_length=64, blank=True)
    made_at = models.DateTimeField("生成时间")
    made_by = models.BigIntegerField("生成人", null=True)
    sent_at = models.DateTimeField("导出时间", null=True)
    reconciled_at = models.DateTimeField("对账时间", null=True)
    reconciled_by = models.BigIntegerField("对账人", null=True)
    stated_count = models.PositiveIntegerField("国库支付笔数", null=True)
    stated_fen = models.BigIntegerField("国库支付金额（分）", null=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": lambda grant: Q(place_code__in=grant.places),
        "own_place": lambda grant: Q(place_code=grant.place) if grant.place else Q(pk__in=[]),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "支付批次"
        ordering: ClassVar = ["-pk"]


class PaymentLine(Record):
    """One payment of a batch; an entry has at most one that did not fail, so that it is paid once."""

    class State(models.TextChoices):
        OPEN = "open", "待回单"
        PAID = "paid", "已支付"
        FAILED = "failed", "支付失败"

    batch = models.ForeignKey(PaymentBatch, models.PROTECT, related_name="lines", verbose_name="支付批次")
    entry = models.ForeignKey(PayoutEntry, models.PROTECT, related_name="lines", verbose_name="名单中的一户")
    account = models.ForeignKey(PayAccount, models.PROTECT, related_name="+", verbose_name="收款账户")
    code = models.CharField("支付编号", max_length=60, unique=True)
    fen = models.BigIntegerField("金额（分）")
    state = models.CharField("结果", max_length=8, choices=State.choices, default=State.OPEN)
    voucher = models.CharField("凭证号", max_length=60, blank=True)
    settled_on = models.DateField("支付日", null=True)
    reason = models.CharField("失败原因", max_length=300, blank=True)
    receipt = models.ForeignKey(
        "policies.PaymentReceipt", models.PROTECT, null=True, related_name="+", verbose_name="回单"
    )

    class Meta:
        app_label = "policies"
        verbose_name = "支付明细"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry"], condition=~Q(state="failed"), name="payment_line_once"),
            models.UniqueConstraint(
                fields=["voucher"], condition=~Q(voucher=""), name="payment_voucher_once"
            ),
            models.CheckConstraint(
                condition=Q(fen__gt=0)
                & (
                    Q(state="open", settled_on=None, voucher="")
                    | (Q(state="paid", settled_on__isnull=False) & ~Q(voucher=""))
                    | (Q(state="failed") & ~Q(reason=""))
                ),
                name="payment_line_says_how",
            ),
        ]


class PaymentReceipt(Record):
    """A file of results read back: how many lines were taken, known already or refused, and why; the same file is read once."""

    place_code = models.CharField("区划", max_length=16)
    name = models.CharField("文件名", max_length=120)
    digest = models.CharField("文件摘要", max_length=64)
    read_at = models.DateTimeField("读取时间")
    read_by = models.BigIntegerField("读取人", null=True)
    paid = models.PositiveIntegerField("已支付", default=0)
    failed = models.PositiveIntegerField("支付失败", default=0)
    known = models.PositiveIntegerField("先前已有", default=0)
    refused = models.JSONField("未采纳的行", default=list)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": lambda grant: Q(place_code__in=grant.places),
        "own_place": lambda grant: Q(place_code=grant.place) if grant.place else Q(pk__in=[]),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "支付回单"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place_code", "digest"], name="payment_receipt_once"),
        ]


class Clawback(Record):
    """Money asked back of an entry: told with its reason, answered by the firm, decided by a second person, repaid in parts."""

    class State(models.TextChoices):
        TOLD = "told", "已告知，听取陈述"
        DECIDED = "decided", "已决定，待退回"
        DROPPED = "dropped", "不予追回"
        REPAID = "repaid", "已追回"

    entry = models.ForeignKey(
        PayoutEntry, models.PROTECT, related_name="clawbacks", verbose_name="兑付的一户"
    )
    fen = models.BigIntegerField("拟追回（分）")
    reason = models.TextField("理由和依据")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.TOLD)
    told_at = models.DateTimeField("告知时间")
    told_by = models.BigIntegerField("告知人", null=True)
    statement_until = models.DateField("陈述截止日")
    statement = models.TextField("企业陈述", blank=True)
    stated_at = models.DateTimeField("陈述时间", null=True)
    decided_fen = models.BigIntegerField("决定追回（分）", null=True)
    decision = models.TextField("决定理由", blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_by = models.BigIntegerField("决定人", null=True)
    repaid_fen = models.BigIntegerField("已退回（分）", default=0)

    reach: ClassVar[dict[str, Any]] = {
        "own_unit": of_owner("entry__policy__owner_id"),
        "own_place": lambda grant: Q(entry__round__place_code=grant.place) if grant.place else Q(pk__in=[]),
        "own_enterprise": of_enterprise("entry__enterprise_id"),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "追回"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(state__in=["told", "decided"]), name="clawback_one_open"
            ),
            models.CheckConstraint(
                condition=Q(fen__gt=0)
                & Q(repaid_fen__gte=0)
                & (
                    Q(decided_fen__isnull=True, repaid_fen=0)
                    | Q(decided_fen__lte=F("fen"), decided_fen__gte=F("repaid_fen"))
                ),
                name="clawback_repaid_decided_asked",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("told_by")), name="clawback_two_people"
            ),
        ]


class Repayment(Record):
    """Money that came back for a clawback, by its voucher; `restores` says that the year's budget has it again."""

    clawback = models.ForeignKey(Clawback, models.PROTECT, related_name="repayments", verbose_name="追回")
    fen = models.BigIntegerField("金额（分）")
    voucher = models.CharField("凭证号", max_length=60, unique=True)
    received_on = models.DateField("退回日")
    restores = models.BooleanField("恢复预算额度", default=False)
    at = models.DateTimeField("记录时间")
    by_id = models.BigIntegerField("记录人", null=True)

    class Meta:
        app_label = "policies"
        verbose_name = "退回款"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(fen__gt=0), name="repayment_is_money"),
        ]
