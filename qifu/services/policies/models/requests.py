"""What comes in about a policy and runs as a case: an application (申报) with what was known then, a question (咨询)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qifu.engines.casework.models import Case
from qifu.foundation.action import Record
from qifu.foundation.revisions import Revision
from qifu.foundation.sealed import SealedTextField
from qifu.registers.enterprises.models import Enterprise
from qifu.services.policies.models.library import Policy


class PolicyRequest(Record):
    """One with its case (number, state, clocks, lead, events). What came in is never changed; the contact is sealed.

    Of an application, frozen when it came in: `revision`, `judged_on`, `verdict` (met, short, ask, unmet), `amount_fen`, `said`
    {why, clause, declared, money, lines: [{text, colour, word, has, lacks, source}]}, `facts` as on a payout list, `materials` the titles
    asked for. `active` until it ends otherwise than supported: an enterprise has one active application of a policy a
    period. `granted_fen` is what was decided.
    """

    class Kind(models.TextChoices):
        APPLICATION = "application", "申报"
        QUESTION = "question", "咨询"

    case = models.OneToOneField(Case, models.PROTECT, related_name="+", primary_key=True, verbose_name="事务")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="+", verbose_name="政策")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, related_name="+", verbose_name="企业"
    )
    period = models.CharField("兑付期", max_length=10, blank=True)
    active = models.BooleanField("有效", default=True)
    words = models.TextField("说明或问题")
    contact_name = SealedTextField("联系人", blank=True)
    contact_mobile = SealedTextField("联系电话", blank=True)
    query_code = models.CharField("查询码摘要", max_length=128, blank=True)
    revision = models.ForeignKey(
        Revision, models.PROTECT, null=True, related_name="+", verbose_name="判断所用版本"
    )
    judged_on = models.DateField("判断日", null=True)
    verdict = models.CharField("提交时的结论", max_length=10, blank=True)
    amount_fen = models.BigIntegerField("按条款算出的金额（分）", null=True)
    said = models.JSONField("结论的说明", default=dict)
    facts = models.JSONField("提交时的事实", default=list)
    materials = models.JSONField("要求的材料", default=list)
    clause = models.CharField("决定所依据的条款", max_length=500, blank=True)
    reason = models.TextField("决定的理由", blank=True)
    granted_fen = models.BigIntegerField("支持金额（分）", null=True)
    proposed_by = models.BigIntegerField("拟定人", null=True)
    simulated = models.BooleanField("模拟数据", default=False)

    class Meta:
        app_label = "policies"
        verbose_name = "申报与咨询"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "enterprise", "period"],
                condition=Q(kind="application", active=True),
                name="policy_applied_once_a_period",
            ),
            models.CheckConstraint(
                condition=Q(kind="question")
                | Q(policy__isnull=False, enterprise__isnull=False, revision__isnull=False),
                name="application_of_a_firm_for_a_policy",
            ),
            models.CheckConstraint(
                condition=Q(granted_fen__isnull=True) | Q(granted_fen__gt=0),
                name="application_granted_something",
            ),
        ]

    def __str__(self) -> str:
        return self.case.number
