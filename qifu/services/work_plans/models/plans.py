"""Reviews of uploaded notices with their doubts, and published plans as rows that can be browsed and counted."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.foundation.files.models import StoredFile
from qifu.services.work_plans.rulings import Ruling

Publicity = StoredFile.Publicity
"""公开属性 (政府信息公开条例): what is not marked public never reaches a public page, search, export or notice."""


def above(grant: Grant) -> list[str]:
    """The codes of the grant's place and of the city and province over it (GB/T 2260: the code holds its parents)."""
    place = grant.place
    return [] if not place else sorted({place, place[:4].ljust(6, "0"), place[:2].ljust(6, "0")})


class PlanReview(Record):
    """One uploaded notice on its way to a published plan: what was read (never changed) and what was ruled on it."""

    class State(models.TextChoices):
        READING = "reading", "识别中"
        REVIEW = "review", "待审核"
        PUBLISHED = "published", "已发布"
        FAILED = "failed", "识别失败"
        DISCARDED = "discarded", "已放弃"

    place_code = models.CharField("区划", max_length=16)
    title = models.CharField("标题", max_length=300)
    document_number = models.CharField("文号", max_length=80, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.READING)
    publicity = models.CharField(
        "公开属性", max_length=12, choices=Publicity.choices, default=Publicity.NOT_PUBLIC
    )
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True, verbose_name="原件")
    filename = models.CharField("文件名", max_length=200, blank=True)
    file_digest = models.CharField("文件摘要", max_length=64, blank=True)
    reading_text = models.TextField("识别结果", blank=True)
    blocks_text = models.TextField("原件内容", blank=True)
    version = models.PositiveIntegerField("版本", default=1)
    fault = models.CharField("失败原因", max_length=500, blank=True)
    remedy = models.CharField("处理办法", max_length=500, blank=True)
    job_id = models.BigIntegerField("作业", null=True)
    corrects = models.ForeignKey(
        "foundation.Revision", models.PROTECT, related_name="+", null=True, verbose_name="所更正的版本"
    )
    revision = models.ForeignKey(
        "foundation.Revision", models.PROTECT, related_name="+", null=True, verbose_name="版本"
    )
    created_at = models.DateTimeField("上传时间")
    created_by = models.BigIntegerField("上传人", null=True)
    created_by_name = models.CharField("上传人姓名", max_length=60, blank=True)

    reach: ClassVar = {"in_place": lambda grant: Q(place_code__in=grant.places)}

    class Meta:
        verbose_name = "审核稿"
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["file_digest", "created_by", "place_code"],
                condition=Q(state__in=["reading", "review"]) & ~Q(file_digest=""),
                name="upload_open_once",
            )
        ]

    @property
    def reading(self) -> dict[str, Any]:
        """What was read, as the contract says, with exact numbers as decimal text."""
        found: dict[str, Any] = json.loads(self.reading_text) if self.reading_text else {}
        return found

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The original in reading order: paragraphs and table rows."""
        found: list[dict[str, Any]] = json.loads(self.blocks_text) if self.blocks_text else []
        return found


class Irregularity(Record):
    """One doubtful place and the ruling on it; a correction made without a doubt is one with code `reviewer`."""

    class Severity(models.TextChoices):
        ERROR = "error", "错误"
        WARNING = "warning", "警告"
        INFO = "info", "提示"

    class State(models.TextChoices):
        OPEN = "open", "待裁定"
        ACCEPTED = "accepted", "已采纳"
        CORRECTED = "corrected", "已更正"
        REJECTED = "rejected", "不采纳"

    review = models.ForeignKey(
        PlanReview, models.CASCADE, related_name="irregularities", verbose_name="审核稿"
    )
    position = models.PositiveIntegerField("序")
    code = models.CharField("代码", max_length=40)
    severity = models.CharField("程度", max_length=8, choices=Severity.choices)
    part = models.CharField("部分", max_length=12)
    number = models.IntegerField("序号", null=True)
    row = models.IntegerField("行", null=True)
    field = models.CharField("字段", max_length=30, blank=True)
    line = models.IntegerField("原件行", null=True)
    text = models.TextField("说明")
    proposal = models.TextField("建议", blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    value_text = models.TextField("改为", blank=True)
    note = models.CharField("理由", max_length=500, blank=True)
    ruled_order = models.PositiveIntegerField("裁定次序", null=True)
    ruled_by = models.BigIntegerField("裁定人", null=True)
    ruled_name = models.CharField("裁定人姓名", max_length=60, blank=True)
    ruled_at = models.DateTimeField("裁定时间", null=True)

    reach: ClassVar = {"in_place": lambda grant: Q(review__place_code__in=grant.places)}

    class Meta:
        verbose_name = "疑点"
        ordering: ClassVar = ["review", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "position"], name="irregularity_position_once"),
            models.CheckConstraint(
                condition=Q(state="open", ruled_at__isnull=True)
                | (~Q(state="open") & Q(ruled_at__isnull=False)),
                name="ruling_is_dated",
            ),
        ]

    def ruling(self) -> Ruling | None:
        """The change that the ruling makes to the reading, or None where it makes none."""
        if not self.value_text or self.ruled_order is None:
            return None
        return Ruling(self.ruled_order, self.part, self.row, self.field, json.loads(self.value_text))


class Plan(Record):
    """A published plan; its items hang on the revision they were published with."""

    place_code = models.CharField("区划", max_length=16)
    key = models.CharField("标识", max_length=120, unique=True)
    year = models.PositiveSmallIntegerField("年度", null=True)
    title = models.CharField("标题", max_length=300)
    document_number = models.CharField("文号", max_length=80, blank=True)
    issuer = models.CharField("发文单位", max_length=200, blank=True)
    issued_on = models.DateField("发文日期", null=True)
    publicity = models.CharField("公开属性", max_length=12, choices=Publicity.choices)
    revision = models.ForeignKey(
        "foundation.Revision", models.PROTECT, related_name="+", null=True, verbose_name="现行版本"
    )
    revision_number = models.PositiveIntegerField("版本号", default=0)
    updated_at = models.DateTimeField("更新时间")

    reach: ClassVar = {
        "public": lambda grant: Q(publicity=Publicity.PUBLIC, revision__isnull=False),
        "in_place": lambda grant: Q(place_code__in=grant.places),
        "above_place": lambda grant: Q(place_code__in=above(grant)),
        "names_unit": lambda grant: Q(pk__in=_plans_naming(grant.organisation_id)),
    }

    class Meta:
        verbose_name = "工作要点"
        ordering: ClassVar = ["-year", "-issued_on", "pk"]


class PlanItem(Record):
    """One indicator, task, action or duty of one revision of a plan, numbered as in the document."""

    class Kind(models.TextChoices):
        INDICATOR = "indicator", "主要指标"
        TASK = "task", "重点任务"
        ACTION = "action", "专项行动"
        DUTY = "duty", "正文职责"

    class Standing(models.TextChoices):
        STATED = "stated", "原件载明"
        MISSING = "missing", "附件缺行"
        HELD = "held", "待核"

    class DeadlineKind(models.TextChoices):
        MONTH = "month", "按月"
        DATE = "date", "按日"
        QUARTER = "quarter", "按季"
        YEAR = "year", "按年"
        ONGOING = "ongoing", "持续推进"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="items", verbose_name="工作要点")
    revision = models.ForeignKey("foundation.Revision", models.PROTECT, related_name="+", verbose_name="版本")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    number = models.PositiveIntegerField("序号")
    standing = models.CharField("来源", max_length=8, choices=Standing.choices, default=Standing.STATED)
    order = models.PositiveIntegerField("次序")
    group = models.CharField("分组", max_length=120, blank=True)
    title = models.CharField("短标题", max_length=200)
    text = models.TextField("内容", blank=True)
    steps = models.JSONField("分项任务", default=list)
    frequency = models.CharField("频度", max_length=20, blank=True)
    open_list = models.BooleanField("责任单位未列全", default=False)
    deadline_kind = models.CharField("期限类型", max_length=8, choices=DeadlineKind.choices, blank=True)
    due_on = models.DateField("期限", null=True)
    deadline_text = models.CharField("期限原文", max_length=80, blank=True)
    source_part = models.CharField("出处", max_length=12, blank=True)
    source_line = models.IntegerField("原件行", null=True)

    class Meta:
        verbose_name = "事项"
        ordering: ClassVar = ["order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["revision", "kind", "order"], name="plan_item_once"),
            models.CheckConstraint(
                condition=~Q(deadline_kind="ongoing") | Q(due_on__isnull=True), name="ongoing_has_no_due_day"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["revision", "kind", "number"], name="plan_item_number"),
            models.Index(fields=["revision", "due_on"], name="plan_item_due"),
        ]


class PlanTarget(Record):
    """One figure to reach; where the document gives only a comparison with others, `baseline` says with whom."""

    class Direction(models.TextChoices):
        HIGHER = "higher", "越高越好"
        LOWER = "lower", "越低越好"
        NONE = "none", "未注明"

    item = models.ForeignKey(PlanItem, models.CASCADE, related_name="targets", verbose_name="事项")
    order = models.PositiveIntegerField("次序")
    name = models.CharField("名称", max_length=300)
    comparator = models.CharField("比较", max_length=2, blank=True)
    value = models.DecimalField("目标值", max_digits=24, decimal_places=6, null=True)
    unit = models.CharField("计量单位", max_length=40, blank=True)
    direction = models.CharField("方向", max_length=6, choices=Direction.choices, default=Direction.NONE)
    baseline = models.CharField("对比基准", max_length=120, blank=True)
    text = models.TextField("原文", blank=True)

    class Meta:
        verbose_name = "目标"
        ordering: ClassVar = ["item", "order"]


class PlanUnit(Record):
    """One unit's part in an item: `raw` as written, `name` as understood, `organisation` when it is registered."""

    class Role(models.TextChoices):
        LEAD = "lead", "牵头"
        RESPONSIBLE = "responsible", "责任"
        COOPERATING = "cooperating", "协同"

    class Kind(models.TextChoices):
        SPECIFIC = "specific", "具体单位"
        GENERIC = "generic", "泛指，待分解"
        DIVISION = "division", "地区"

    class Level(models.TextChoices):
        PROVINCE = "province", "省级"
        LOCAL = "local", "市县"
        ALL = "all", "省市县各级"

    item = models.ForeignKey(PlanItem, models.CASCADE, related_name="units", verbose_name="事项")
    order = models.PositiveIntegerField("次序")
    raw = models.CharField("原文", max_length=300)
    name = models.CharField("单位", max_length=200)
    role = models.CharField("角色", max_length=12, choices=Role.choices)
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    level = models.CharField("层级", max_length=8, choices=Level.choices, blank=True)
    inherited = models.BooleanField("前缀承前省略", default=False)
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", null=True, verbose_name="登记单位"
    )

    class Meta:
        verbose_name = "责任单位"
        ordering: ClassVar = ["item", "order"]
        indexes: ClassVar = [models.Index(fields=["name"], name="plan_unit_name")]


def _plans_naming(organisation_id: int | None) -> Any:
    if organisation_id is None:
        return []
    rows = PlanUnit.objects.filter(
        organisation_id=organisation_id, item__revision=models.F("item__plan__revision")
    )
    return rows.values("item__plan_id")
