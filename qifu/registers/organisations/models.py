"""Party and government bodies, and every name they bear or bore."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.action import Record


class Organisation(Record):
    """A body that can own work; `code` is its key in the province's data."""

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

    code = models.CharField("编号", max_length=80, unique=True)
    name = models.CharField("名称", max_length=80)
    full_name = models.CharField("全称", max_length=120)
    kind = models.CharField("类型", max_length=24, choices=Kind.choices)
    level = models.CharField("层级", max_length=16)
    place_code = models.CharField("区划", max_length=16)
    duties = models.CharField("职责", max_length=300, blank=True)
    confidence = models.CharField("核实情况", max_length=16, default="verified")

    class Meta:
        verbose_name = "单位"
        indexes: ClassVar = [models.Index(fields=["place_code"], name="organisation_place")]

    def __str__(self) -> str:
        return self.name


class OrganisationName(Record):
    """A name of an organisation other than its present one, and when it was borne."""

    class Kind(models.TextChoices):
        ALIAS = "alias", "简称"
        SECOND_NAME = "second_name", "加挂牌子"
        FORMER_NAME = "former_name", "曾用名"

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="names", verbose_name="单位")
    name = models.CharField("名称", max_length=120)
    kind = models.CharField("类型", max_length=16, choices=Kind.choices)
    effective_from = models.DateField("启用日", null=True, blank=True)
    effective_to = models.DateField("停用日", null=True, blank=True)

    class Meta:
        verbose_name = "名称"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name", "kind"], name="organisation_name_once"),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True)
                | Q(effective_from__isnull=True)
                | Q(effective_to__gt=F("effective_from")),
                name="organisation_name_range_not_empty",
            ),
        ]
