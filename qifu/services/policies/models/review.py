"""What happens around a policy's revisions: the reviews of a draft, and the steps of the six-state loop; both only added to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.action import Record
from qifu.foundation.files.models import StoredFile
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.models.library import Policy


class PolicyReview(Record):
    """One recorded act of review: it counts for the draft whose `digest` it names until that draft is changed (then LAPSED).

    `findings` are those of the fair-competition check, each with its decision: {"key", "ground", "clause", "article", "why",
    "decision": keep|change, "exception", "reason"}. `due_on` is the day by which what was asked for must be done.
    """

    class Kind(models.TextChoices):
        FAIR_COMPETITION = "fair_competition", "公平竞争审查"
        LEGALITY = "legality", "合法性审核"
        COLLECTIVE = "collective", "集体讨论决定"
        FILING = "filing", "备案"

    class Outcome(models.TextChoices):
        ASKED = "asked", "已送审"
        PASSED = "passed", "通过"
        RETURNED = "returned", "退回修改"
        LAPSED = "lapsed", "已失效"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="reviews", verbose_name="政策")
    kind = models.CharField("审查环节", max_length=16, choices=Kind.choices)
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices)
    number = models.PositiveIntegerField("版本号")
    digest = models.CharField("草稿摘要", max_length=64)
    opinion = models.TextField("意见", blank=True)
    findings = models.JSONField("公平竞争问题及处理", default=list)
    document = models.CharField("文书或会议", max_length=200, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="文书附件")
    decided_on = models.DateField("日期")
    due_on = models.DateField("期限", null=True)
    at = models.DateTimeField("记录时间")
    by_id = models.BigIntegerField("记录人", null=True)
    by_name = models.CharField("记录人姓名", max_length=100, blank=True)

    class Meta:
        app_label = "policies"
        verbose_name = "政策审查记录"
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["policy", "number", "kind"], name="policy_review_of")]


class PolicyStep(Record):
    """One step of the loop done: who answers for it, when, with what output; `next_review` where it sets one."""

    class Conclusion(models.TextChoices):
        CONTINUE = "continue", "延续"
        CHANGE = "change", "修改"
        STOP = "stop", "停止"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="steps", verbose_name="政策")
    seq = models.PositiveIntegerField("序号")
    stage = models.CharField("环节", max_length=10, choices=Policy.Stage.choices)
    number = models.PositiveIntegerField("版本号")
    owner = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name="责任单位"
    )
    done_on = models.DateField("完成日")
    output = models.TextField("成果")
    conclusion = models.CharField("评估结论", max_length=8, choices=Conclusion.choices, blank=True)
    next_review = models.DateField("下次评估日", null=True)
    at = models.DateTimeField("记录时间")
    by_id = models.BigIntegerField("记录人", null=True)
    by_name = models.CharField("记录人姓名", max_length=100, blank=True)

    class Meta:
        app_label = "policies"
        verbose_name = "政策环节记录"
        ordering: ClassVar = ["policy_id", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "seq"], name="policy_step_once"),
            models.CheckConstraint(
                condition=Q(stage="evaluate", conclusion__gt="") | (~Q(stage="evaluate") & Q(conclusion="")),
                name="policy_evaluation_concludes",
            ),
        ]
