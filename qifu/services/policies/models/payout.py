"""Payment without application: budgets, frozen lists, their entries and steps, objections to a public notice."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.foundation.revisions import Revision
from qifu.foundation.sealed import SealedTextField
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.scopes import of_enterprise
from qifu.services.policies.models.library import Policy, of_owner


def _own_place(field: str = "place_code") -> Any:
    return lambda grant: Q(**{field: grant.place}) if grant.place else Q(pk__in=[])


def _in_place(field: str = "place_code") -> Any:
    def reach(grant: Grant) -> Q:
        return Q(**{f"{field}__in": grant.places})

    return reach


class PolicyBudget(Record):
    """The money of a policy in one year, in fen; `committed_fen` is what entries were granted of it, held under `fen`."""

    class How(models.TextChoices):
        FIRST_COME = "first_come", "先到先得"
        PRO_RATA = "pro_rata", "按比例兑付"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="budgets", verbose_name="政策")
    year = models.PositiveSmallIntegerField("预算年度")
    fen = models.BigIntegerField("预算（分）")
    committed_fen = models.BigIntegerField("已核定（分）", default=0)
    how = models.CharField("资金不足时", max_length=12, choices=How.choices)
    document = models.CharField("预算文号", max_length=200)
    set_at = models.DateTimeField("登记时间")
    set_by = models.BigIntegerField("登记人", null=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": _in_place("policy__place_code"),
        "own_place": _own_place("policy__place_code"),
        "own_unit": of_owner("policy__owner_id"),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "政策预算"
        ordering: ClassVar = ["-year", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "year"], name="policy_budget_once"),
            models.CheckConstraint(
                condition=Q(committed_fen__gte=0) & Q(committed_fen__lte=F("fen")), name="policy_budget_held"
            ),
        ]

    @property
    def left_fen(self) -> int:
        """What may still be granted."""
        return self.fen - self.committed_fen


class PayoutRound(Record):
    """One frozen list (批次名单) of a policy for a period, and how far it has come.

    Enterprises were judged by `revision` on `judged_on` with what was recorded by `known_by`; `digest` is the SHA-256 of the
    list. Public notice runs on the days [notice_from, notice_to); `confirm_until` is the last day of confirmation.
    """

    class State(models.TextChoices):
        LISTING = "listing", "正在生成名单"
        LISTED = "listed", "名单已生成"
        NOTICE = "notice", "公示中"
        OPEN = "open", "确认与兑付"
        CANCELLED = "cancelled", "已作废"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="rounds", verbose_name="政策")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name="判断所用版本")
    place_code = models.CharField("区划", max_length=16)
    period = models.CharField("兑付期", max_length=10)
    year = models.PositiveSmallIntegerField("预算年度")
    judged_on = models.DateField("判断日")
    known_by = models.DateTimeField("所用数据截至")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.LISTING)
    digest = models.CharField("名单摘要", max_length=64, blank=True)
    entry_count = models.PositiveIntegerField("户数", default=0)
    listed_fen = models.BigIntegerField("名单金额（分）", default=0)
    judged_count = models.PositiveIntegerField("判断户数", default=0)
    left_out = models.JSONField("未列入的户数", default=dict)
    notice_from = models.DateField("公示开始日", null=True)
    notice_to = models.DateField("公示结束（不含）", null=True)
    confirm_until = models.DateField("确认截止日", null=True)
    listed_at = models.DateTimeField("生成时间")
    listed_by = models.BigIntegerField("生成人", null=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": _in_place(),
        "own_place": _own_place(),
        "own_unit": of_owner("policy__owner_id"),
        "public": lambda grant: Q(notice_from__isnull=False) & ~Q(state="cancelled"),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "兑付批次"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(notice_to__isnull=True) | Q(notice_to__gt=F("notice_from")),
                name="payout_notice_in_order",
            ),
        ]


class PayoutEntry(Record):
    """One enterprise on a list; `facts` are frozen: [{fact, label, value, kept, source, as_of, declared}].

    `state` says who must act next. 0 ≤ paid ≤ granted ≤ listed; only a struck or declined entry makes room for another of
    the same policy, enterprise and period.
    """

    class State(models.TextChoices):
        LISTED = "listed", "已列入名单"
        WAITING = "waiting", "待企业确认"
        CONFIRMED = "confirmed", "待主管部门审核"
        APPROVED = "approved", "待信用核查"
        CHECKED = "checked", "待财政审核"
        FINANCED = "financed", "待支付"
        BATCHED = "batched", "支付中"
        PAID = "paid", "已到账"
        FAILED = "failed", "支付失败，待更正账户"
        STRUCK = "struck", "已剔除"
        DECLINED = "declined", "企业未享受"

    GONE: ClassVar = ("struck", "declined")

    round = models.ForeignKey(PayoutRound, models.PROTECT, related_name="entries", verbose_name="批次")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    period = models.CharField("兑付期", max_length=10)
    listed_fen = models.BigIntegerField("名单金额（分）")
    granted_fen = models.BigIntegerField("核定金额（分）", null=True)
    paid_fen = models.BigIntegerField("已付金额（分）", default=0)
    facts = models.JSONField("判断所依据的事实", default=list)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.LISTED)
    account = models.ForeignKey(
        "policies.PayAccount", models.PROTECT, null=True, related_name="+", verbose_name="收款账户"
    )
    budget = models.ForeignKey(
        PolicyBudget, models.PROTECT, null=True, related_name="+", verbose_name="所用预算"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True)
    confirmed_by = models.BigIntegerField("确认人", null=True)
    listed_by = models.BigIntegerField("生成人", null=True)
    approved_by = models.BigIntegerField("主管部门审核人", null=True)
    financed_by = models.BigIntegerField("财政审核人", null=True)
    paid_on = models.DateField("到账日", null=True)
    reminded_on = models.DateField("最近提醒日", null=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": _in_place("round__place_code"),
        "own_place": _own_place("round__place_code"),
        "own_unit": of_owner("policy__owner_id"),
        "own_enterprise": of_enterprise(),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "兑付名单中的一户"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "enterprise", "period"],
                condition=~Q(state__in=["struck", "declined"]),
                name="payout_once_a_period",
            ),
            models.CheckConstraint(
                condition=Q(listed_fen__gt=0)
                & Q(paid_fen__gte=0)
                & (
                    Q(granted_fen__isnull=True, paid_fen=0)
                    | Q(granted_fen__gte=F("paid_fen"), granted_fen__lte=F("listed_fen"))
                ),
                name="payout_paid_granted_listed",
            ),
            models.CheckConstraint(
                condition=(Q(approved_by=None) | ~Q(approved_by=F("listed_by")))
                & (Q(financed_by=None) | ~Q(financed_by=F("approved_by"))),
                name="payout_duties_apart",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid_fen__gt=0, paid_on__isnull=False),
                name="payout_paid_says_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["round", "state"], name="payout_entry_state"),
            models.Index(fields=["enterprise", "state"], name="payout_entry_firm"),
        ]


class PayoutStep(Record):
    """One thing that happened to a round, or to one entry of it; only added to."""

    round = models.ForeignKey(PayoutRound, models.PROTECT, related_name="steps", verbose_name="批次")
    entry = models.ForeignKey(
        PayoutEntry, models.PROTECT, null=True, related_name="steps", verbose_name="名单中的一户"
    )
    at = models.DateTimeField("时间")
    by_id = models.BigIntegerField("经办人", null=True)
    by_name = models.CharField("经办人姓名", max_length=100, blank=True)
    before = models.CharField("原状态", max_length=10, blank=True)
    after = models.CharField("新状态", max_length=10)
    title = models.CharField("事项", max_length=100)
    reason = models.CharField("理由", max_length=1000, blank=True)

    class Meta:
        app_label = "policies"
        verbose_name = "兑付办理记录"
        ordering: ClassVar = ["pk"]


class Objection(Record):
    """What somebody says against an enterprise on a public notice, and how the unit ruled."""

    class Ruling(models.TextChoices):
        UPHELD = "upheld", "异议成立"
        REJECTED = "rejected", "异议不成立"

    entry = models.ForeignKey(
        PayoutEntry, models.PROTECT, related_name="objections", verbose_name="公示的一户"
    )
    words = models.TextField("异议内容")
    contact = SealedTextField("联系方式", blank=True)
    at = models.DateTimeField("提出时间")
    by_id = models.BigIntegerField("提出人", null=True)
    ruling = models.CharField("处理结果", max_length=10, choices=Ruling.choices, blank=True)
    reason = models.TextField("处理理由", blank=True)
    ruled_at = models.DateTimeField("处理时间", null=True)
    ruled_by = models.BigIntegerField("处理人", null=True)

    reach: ClassVar[dict[str, Any]] = {
        "own_unit": of_owner("entry__policy__owner_id"),
        "in_place": _in_place("entry__round__place_code"),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "公示异议"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ruling="", reason="", ruled_at=None)
                | (~Q(ruling="") & ~Q(reason="") & Q(ruled_at__isnull=False)),
                name="objection_ruled_with_reason",
            ),
        ]
