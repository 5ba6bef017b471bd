"""Administrative divisions and functional areas, with validity."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.registers.stamped import StampedRecord


class Division(StampedRecord):
    """A province, city, county or functional area, for as long as it existed under this code and name."""

    class Kind(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "设区市"
        COUNTY = "county", "县（市、区）"
        FUNCTIONAL_AREA = "functional_area", "功能区"

    code = models.CharField("代码", max_length=16)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=16, choices=Kind.choices)
    parent_code = models.CharField("上级代码", max_length=16, blank=True)
    short_names = models.JSONField("简称", default=list)
    spans = models.JSONField("跨越的区县", default=list)
    counted_in_totals = models.BooleanField("计入合计", default=True)
    successors = models.JSONField("后继代码", default=list)
    effective_from = models.DateField("生效日", null=True, blank=True)
    effective_to = models.DateField("失效日", null=True, blank=True)
    confidence = models.CharField("核实情况", max_length=16, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)

    reach: ClassVar[dict[str, Any]] = {}

    class Meta:
        verbose_name = "行政区划"
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "effective_from"], name="division_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True)
                | Q(effective_from__isnull=True)
                | Q(effective_to__gt=F("effective_from")),
                name="division_range_not_empty",
            ),
            models.CheckConstraint(
                condition=~Q(kind="functional_area", counted_in_totals=True),
                name="functional_area_not_counted",
            ),
        ]

    def __str__(self) -> str:
        return self.name
