"""Enterprises, the names they bore, the sources that told of them, and what a later source changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.registers.enterprises.kinds import INVESTMENTS, KINDS, STATUSES


class EnterpriseSource(Record):
    """One import, or one other origin of facts, named as the importer names it."""

    name = models.CharField("来源", max_length=200, unique=True)
    added_at = models.DateTimeField("首次使用时间")
    simulated = models.BooleanField("模拟数据", default=False)

    reach: ClassVar[dict[str, Any]] = {}

    class Meta:
        verbose_name = "企业数据来源"

    def __str__(self) -> str:
        return self.name


def _of_mandate(grant: Grant) -> Q:
    return Q(pk=grant.enterprise_id) if grant.enterprise_id else Q(pk__in=[])


class Enterprise(Record):
    """One entity with a unified social credit code, as the latest source tells.

    Facts come from `source`, row `source_row`, except those that `other_sources` names: {fact: id of its source}.
    `readings` keeps, by fact, how it was read where that is not plain: the text as written, or the reason.
    """

    class Kind(models.TextChoices):
        LIMITED_COMPANY = "limited_company", KINDS["limited_company"]
        COMPANY_BY_SHARES = "company_by_shares", KINDS["company_by_shares"]
        SOLE_PROPRIETORSHIP = "sole_proprietorship", KINDS["sole_proprietorship"]
        PARTNERSHIP = "partnership", KINDS["partnership"]
        STATE_OWNED = "state_owned", KINDS["state_owned"]
        COLLECTIVE = "collective", KINDS["collective"]
        FOREIGN_INVESTED = "foreign_invested", KINDS["foreign_invested"]
        BRANCH = "branch", KINDS["branch"]
        INDIVIDUAL_BUSINESS = "individual_business", KINDS["individual_business"]
        FARMERS_COOPERATIVE = "farmers_cooperative", KINDS["farmers_cooperative"]
        VILLAGE_COLLECTIVE = "village_collective", KINDS["village_collective"]
        SOCIAL_ORGANISATION = "social_organisation", KINDS["social_organisation"]
        PUBLIC_BODY = "public_body", KINDS["public_body"]
        REPRESENTATIVE_OFFICE = "representative_office", KINDS["representative_office"]
        OTHER = "other", KINDS["other"]
        UNKNOWN = "unknown", KINDS["unknown"]

    class Status(models.TextChoices):
        IN_OPERATION = "in_operation", STATUSES["in_operation"]
        SUSPENDED = "suspended", STATUSES["suspended"]
        REVOKED = "revoked", STATUSES["revoked"]
        DEREGISTERED = "deregistered", STATUSES["deregistered"]
        CANCELLED = "cancelled", STATUSES["cancelled"]
        MOVED_OUT = "moved_out", STATUSES["moved_out"]
        IN_LIQUIDATION = "in_liquidation", STATUSES["in_liquidation"]
        UNKNOWN = "unknown", STATUSES["unknown"]

    class Investment(models.TextChoices):
        FOREIGN = "foreign", INVESTMENTS["foreign"]
        HONG_KONG_MACAO_TAIWAN = "hong_kong_macao_taiwan", INVESTMENTS["hong_kong_macao_taiwan"]

    class Certainty(models.TextChoices):
        CERTAIN = "certain", "确定"
        LIKELY = "likely", "很可能"
        GUESSED = "guessed", "推测"
        UNKNOWN = "unknown", "不明"

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("名称", max_length=300)
    name_text = models.TextField("检索名称")
    kind = models.CharField("类型", max_length=24, choices=Kind.choices, default=Kind.UNKNOWN)
    investment = models.CharField("投资性质", max_length=24, choices=Investment.choices, blank=True)
    status = models.CharField("登记状态", max_length=16, choices=Status.choices, default=Status.UNKNOWN)
    established_on = models.DateField("成立日期", null=True, blank=True)
    approved_on = models.DateField("核准日期", null=True, blank=True)
    division_code = models.CharField("行政区划代码", max_length=16, blank=True)
    division_certainty = models.CharField(
        "区划把握", max_length=10, choices=Certainty.choices, default=Certainty.UNKNOWN
    )
    industry_code = models.CharField("行业代码", max_length=5, blank=True)
    capital = models.BigIntegerField("注册资本", null=True, blank=True)
    capital_currency = models.CharField("币种", max_length=3, blank=True)
    paid_in = models.BigIntegerField("实缴资本", null=True, blank=True)
    paid_in_currency = models.CharField("实缴币种", max_length=3, blank=True)
    insured = models.IntegerField("参保人数", null=True, blank=True)
    legal_representative = models.CharField("法定代表人", max_length=120, blank=True)
    address = models.CharField("住所", max_length=500, blank=True)
    scope = models.TextField("经营范围", blank=True)
    authority = models.CharField("登记机关", max_length=120, blank=True)
    registration_number = models.CharField("注册号", max_length=30, blank=True)
    readings = models.JSONField("读取说明", default=dict)
    source = models.ForeignKey(EnterpriseSource, on_delete=models.PROTECT, related_name="+")
    source_row = models.IntegerField("来源行号", null=True, blank=True)
    other_sources = models.JSONField("另有来源的事实", default=dict)
    updated_at = models.DateTimeField("更新时间", db_index=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": lambda grant: Q(division_code__in=grant.places),
        "own_enterprise": _of_mandate,
    }

    class Meta:
        verbose_name = "企业"
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["division_code", "id"], name="enterprise_by_division"),
            models.Index(fields=["industry_code", "id"], name="enterprise_by_industry"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place_code(self) -> str:
        """Where an act about it happens, for the audit row."""
        return self.division_code


class EnterpriseName(Record):
    """A name that an enterprise bore; both ends may be unknown."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="former_names")
    name = models.CharField("曾用名", max_length=300)
    effective_from = models.DateField("启用日", null=True, blank=True)
    effective_to = models.DateField("停用日", null=True, blank=True)
    source = models.ForeignKey(EnterpriseSource, on_delete=models.PROTECT, related_name="+")

    reach: ClassVar[dict[str, Any]] = {}

    class Meta:
        verbose_name = "企业曾用名"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "name"], name="enterprise_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class EnterpriseChange(Record):
    """What a source changed of an enterprise: the facts as they were before, by name."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="changes")
    source = models.ForeignKey(EnterpriseSource, on_delete=models.PROTECT, related_name="+")
    source_row = models.IntegerField("来源行号", null=True, blank=True)
    at = models.DateTimeField("时间")
    before = models.JSONField("变更前")

    reach: ClassVar[dict[str, Any]] = {}

    class Meta:
        verbose_name = "企业变更"
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.at}"


class FactValue(Record):
    """One value of one fact of an enterprise, as a source told it: never changed, never deleted.

    A correction is a newer row of the same enterprise, fact, day and source, with the next `version`; one without
    number and code takes the value back. `number` holds the kept value of `fact_book`, `code` that of places and
    industries. What the register itself tells (place, industry, capital…) is not here.
    """

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="fact_values")
    fact = models.CharField("事实", max_length=60)
    number = models.BigIntegerField("数值", null=True, blank=True)
    code = models.CharField("代码", max_length=12, blank=True)
    as_of = models.DateField("截至日")
    version = models.SmallIntegerField("第几次更正", default=0)
    declared = models.BooleanField("自行申报", default=False)
    source = models.ForeignKey(EnterpriseSource, on_delete=models.PROTECT, related_name="+")
    source_row = models.IntegerField("来源行号", null=True, blank=True)
    note = models.CharField("更正说明", max_length=200, blank=True)
    recorded_at = models.DateTimeField("记录时间", db_index=True)
    recorded_by = models.IntegerField("记录人", null=True, blank=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": lambda grant: Q(enterprise__division_code__in=grant.places),
        "own_enterprise": lambda grant: (
            Q(enterprise_id=grant.enterprise_id) if grant.enterprise_id else Q(pk__in=[])
        ),
    }

    class Meta:
        verbose_name = "企业事实"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enterprise", "fact", "as_of", "source", "version"], name="fact_value_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.fact} {self.as_of}"
