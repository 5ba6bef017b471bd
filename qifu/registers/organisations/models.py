"""Party and government bodies with every name they bear or bore; units a document leaves open, and what they mean."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.registers.stamped import StampedRecord


def _range(name: str) -> models.CheckConstraint:
    """A half-open range of days that is not empty; an open end is null."""
    open_end = Q(effective_to__isnull=True) | Q(effective_from__isnull=True)
    return models.CheckConstraint(condition=open_end | Q(effective_to__gt=F("effective_from")), name=name)


class Organisation(StampedRecord):
    """A body that can own work; `code` is its key in the province's data (330000.reform_office).

    `source` is empty for bodies of the province's data, and names the import (import:12) for the others.
    """

    class Kind(models.TextChoices):
        PARTY_ORGAN = "party_organ", "党委机构"
        GOVERNMENT_DEPARTMENT = "government_department", "政府部门"
        GOVERNMENT = "government", "人民政府"
        PEOPLES_CONGRESS = "peoples_congress", "人大"
        CPPCC = "cppcc", "政协"
        COURT = "court", "法院"
        PROCURATORATE = "procuratorate", "检察院"
        MASS_ORGANISATION = "mass_organisation", "群团组织"
        CENTRAL_AGENCY = "central_agency", "中央驻浙机构"
        STATE_OWNED_ENTERPRISE = "state_owned_enterprise", "国有企业"
        INSTITUTION = "institution", "事业单位"
        ASSOCIATION = "association", "行业协会商会"
        TASK_FORCE = "task_force", "专班"

    class Level(models.TextChoices):
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级"
        FUNCTIONAL_AREA = "functional_area", "功能区"

    code = models.CharField("编号", max_length=80, unique=True)
    name = models.CharField("名称", max_length=80)
    full_name = models.CharField("全称", max_length=120)
    kind = models.CharField("类型", max_length=24, choices=Kind.choices)
    level = models.CharField("层级", max_length=16, choices=Level.choices)
    place_code = models.CharField("区划", max_length=16)
    duties = models.CharField("职责", max_length=300, blank=True)
    confidence = models.CharField("核实情况", max_length=16, blank=True)
    effective_to = models.DateField("撤销日", null=True, blank=True)
    source = models.CharField("来源", max_length=40, blank=True)

    class Meta:
        verbose_name = "机构"
        ordering: ClassVar = ["place_code", "pk"]
        indexes: ClassVar = [models.Index(fields=["place_code"], name="organisation_place")]

    def __str__(self) -> str:
        return self.name


class OrganisationName(StampedRecord):
    """A name of an organisation other than its present one, and when it was borne."""

    class Kind(models.TextChoices):
        ALIAS = "alias", "简称"
        SECOND_NAME = "second_name", "加挂牌子"
        FORMER_NAME = "former_name", "曾用名"

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="names", verbose_name="单位")
    name = models.CharField("名称", max_length=120)
    kind = models.CharField("类型", max_length=16, choices=Kind.choices)
    position = models.PositiveSmallIntegerField("次序", default=0)
    effective_from = models.DateField("启用日", null=True, blank=True)
    effective_to = models.DateField("停用日", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    confidence = models.CharField("核实情况", max_length=16, blank=True)

    class Meta:
        verbose_name = "名称"
        ordering: ClassVar = ["kind", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name", "kind"], name="organisation_name_once"),
            _range("organisation_name_range_not_empty"),
        ]


class GenericUnit(StampedRecord):
    """A unit that documents leave open (市、县（市、区）党委改革办); `proposal` says what it might mean, never what it means.

    `spellings` are the wordings it covers; with `scoped`, each may follow words that say which levels are meant.
    """

    name = models.CharField("名称", max_length=80, unique=True)
    spellings = models.JSONField("写法", default=list)
    scoped = models.BooleanField("可带层级", default=False)
    organisation_codes = models.JSONField("标准机构代号", default=list)
    proposal = models.CharField("展开建议", max_length=300, blank=True)
    effective_to = models.DateField("停用日", null=True, blank=True)

    class Meta:
        verbose_name = "泛指单位"
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name


class ExpansionRule(Record):
    """What a generic unit, as worded, means in one place: organisations that a person answers for.

    Fixed once approved (a database trigger holds it); it can only be revoked, with a reason.
    """

    generic_unit = models.ForeignKey(
        GenericUnit, models.PROTECT, related_name="rules", verbose_name="泛指单位"
    )
    written = models.CharField("写法", max_length=120)
    place_code = models.CharField("区划", max_length=16)
    members = models.JSONField("单位编号")
    basis = models.CharField("依据", max_length=300)
    effective_from = models.DateField("生效日")
    effective_to = models.DateField("失效日", null=True, blank=True)
    approved_at = models.DateTimeField("批准时间")
    approved_by = models.BigIntegerField("批准人")
    approved_by_name = models.CharField("批准人姓名", max_length=60)
    revoked_at = models.DateTimeField("撤销时间", null=True)
    revoked_by = models.BigIntegerField("撤销人", null=True)
    revocation_reason = models.CharField("撤销原因", max_length=300, blank=True)

    reach: ClassVar = {"in_place": lambda grant: _in_place(grant)}

    class Meta:
        verbose_name = "展开规则"
        constraints: ClassVar = [_range("expansion_range_not_empty")]
        indexes: ClassVar = [models.Index(fields=["written", "place_code"], name="expansion_of")]

    def holds_on(self, day: date) -> bool:
        """Tell whether the rule counts on `day`: not revoked, and `day` within its range."""
        within = self.effective_from <= day and (self.effective_to is None or day < self.effective_to)
        return within and self.revoked_at is None


def _in_place(grant: Grant) -> Q:
    return Q(place_code__in=grant.places)


def _changes(column: str) -> str:
    return f"CAST(OLD.{column} AS text) {{differs}} CAST(NEW.{column} AS text)"


_FIXED = [
    "generic_unit_id",
    "written",
    "place_code",
    "basis",
    "effective_from",
    "effective_to",
    "approved_at",
    "approved_by",
    "members",
]
# (trigger, table, event, refused, message), as qifu.foundation.guards wants them
GUARDS = [
    (
        "expansion_is_fixed",
        "organisations_expansionrule",
        "UPDATE",
        " OR ".join(["OLD.revoked_at IS NOT NULL", *(_changes(column) for column in _FIXED)]),
        "已批准的展开规则不得修改，请撤销后另行批准",
    ),
    ("expansion_stays", "organisations_expansionrule", "DELETE", "1=1", "展开规则不得删除，请撤销"),
]
