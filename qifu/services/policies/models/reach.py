"""Whom the published policies reach: the kept verdicts, what was told to whom and what came of it, and the nightly check."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.foundation.revisions import Revision
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.scopes import of_enterprise
from qifu.services.policies.models.library import Policy


def _in_place(grant: Grant) -> Q:
    return Q(enterprise__division_code__in=grant.places)


class PolicyMatch(Record):
    """What a policy in force says of an enterprise, kept where it is met, one condition short, or waits for a fact.

    `unknown` is kept only where the policy is paid without a form and the enterprise has an account. `short_on` is the
    leaf that is short, or the fact that is missing. `since` is when the verdict became this one, `judged_on` the day it
    was judged for; nothing is written while it stays as it is.
    """

    class Verdict(models.TextChoices):
        MET = "met", "符合"
        SHORT = "short", "差一项"
        UNKNOWN = "unknown", "缺数据"

    class Cause(models.TextChoices):
        POLICY = "policy", "政策有变化"
        FACT = "fact", "企业数据有变化"
        SWEEP = "sweep", "每夜核对补上"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name="版本")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    verdict = models.CharField("判断", max_length=8, choices=Verdict.choices)
    amount_fen = models.BigIntegerField("金额（分）", null=True)
    short_on = models.CharField("差的一项", max_length=80, blank=True)
    cause = models.CharField("缘由", max_length=8, choices=Cause.choices)
    since = models.DateTimeField("从何时起")
    judged_on = models.DateField("判断日")
    judged_at = models.DateTimeField("判断时间")

    reach: ClassVar[dict[str, Any]] = {"in_place": _in_place, "own_enterprise": of_enterprise()}

    class Meta:
        app_label = "policies"
        verbose_name = "政策匹配"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "enterprise"], name="policy_match_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["policy", "verdict", "short_on"], name="policy_match_reach")
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.enterprise_id} {self.verdict}"


class PolicyPush(Record):
    """One policy told to one enterprise: why, and what the enterprise did then; `message` counts its messages from 1."""

    class Kind(models.TextChoices):
        NEW = "new", "新政策"
        ELIGIBLE = "eligible", "新近符合"
        CHANGED = "changed", "政策有修改"
        EXPIRING = "expiring", "即将截止"
        REMINDER = "reminder", "提醒"

    class Reason(models.TextChoices):
        OTHER_BUSINESS = "other_business", "不做这项业务"
        WRONG_DATA = "wrong_data", "平台的数据不对"
        NOT_WORTH = "not_worth", "金额小或太麻烦"
        HAVE_ALREADY = "have_already", "已经享受了"
        OTHER = "other", "其他原因"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name="版本")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    verdict = models.CharField("当时的判断", max_length=8, choices=PolicyMatch.Verdict.choices)
    why = models.CharField("为什么是我", max_length=300)
    message = models.PositiveIntegerField("第几条消息")
    pushed_at = models.DateTimeField("推送时间")
    opened_at = models.DateTimeField("打开时间", null=True)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    paid_at = models.DateTimeField("到账时间", null=True)
    dismissed_at = models.DateTimeField("不再提醒时间", null=True)
    reason = models.CharField("与我无关的原因", max_length=16, choices=Reason.choices, blank=True)

    reach: ClassVar[dict[str, Any]] = {"in_place": _in_place, "own_enterprise": of_enterprise()}

    class Meta:
        app_label = "policies"
        verbose_name = "政策推送"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "enterprise", "revision", "kind"], name="policy_push_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["enterprise", "pushed_at"], name="policy_push_of_week")]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.enterprise_id} {self.kind}"


class PushSetting(Record):
    """What an enterprise chose: how many messages about policies a week (None: the province's number), or none at all."""

    enterprise = models.OneToOneField(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    per_week = models.PositiveSmallIntegerField("每周最多几条", null=True)
    paused = models.BooleanField("暂停推送", default=False)

    reach: ClassVar[dict[str, Any]] = {"own_enterprise": of_enterprise()}

    class Meta:
        app_label = "policies"
        verbose_name = "推送设置"

    def __str__(self) -> str:
        return f"{self.enterprise_id}"


class JudgeMark(Record):
    """Up to where everything was judged: the row `facts` for recorded facts and the day, one row for each policy's reading.

    `digest` is that of the policy as it was bound when all enterprises were last judged by it: it changes with a new
    revision, with a version that comes into force, and each day where the policy asks how long something has lasted.
    """

    name = models.CharField("对象", max_length=60, unique=True)
    digest = models.CharField("摘要", max_length=64, blank=True)
    until = models.DateTimeField("判断到的记录时间")
    day = models.DateField("判断日")

    reach: ClassVar[dict[str, Any]] = {}

    class Meta:
        app_label = "policies"
        verbose_name = "判断进度"

    def __str__(self) -> str:
        return self.name


class SweepReport(Record):
    """One nightly check: all enterprises judged anew by all policies in force, and where the kept verdicts differed.

    `pairs` are the first differences, each {"enterprise": id, "policy": code, "kept", "found"} with what differed.
    """

    day = models.DateField("判断日")
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("结束时间")
    enterprises = models.PositiveIntegerField("企业数")
    policies = models.PositiveIntegerField("政策数")
    judged = models.PositiveBigIntegerField("判断次数")
    kept = models.PositiveIntegerField("保存的匹配")
    differences = models.PositiveIntegerField("差异数")
    pairs = models.JSONField("差异", default=list)

    reach: ClassVar[dict[str, Any]] = {"all": lambda grant: Q(pk__gt=0)}

    class Meta:
        app_label = "policies"
        verbose_name = "每夜核对"
        ordering: ClassVar = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.day}"
