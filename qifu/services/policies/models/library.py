"""One policy of one place; what it says is in its revisions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.foundation.revisions import Series
from qifu.registers.organisations.models import Organisation


def of_owner(field: str = "owner_id") -> Any:
    """Return the relation of rows to the unit of a post, by the row's `field`."""

    def mine(grant: Grant) -> Q:
        return Q(**{field: grant.organisation_id}) if grant.organisation_id else Q(pk__in=[])

    return mine


class Policy(Record):
    """A policy: `series` (kind "policy", key = `code`) holds its revisions, whose content is described in `content.py`.

    `place_code` is the division whose policy it is, empty for the nation's. `owner` is the unit in charge (主管部门), None where
    it has none on this site. The fields after `simulated` repeat what the latest published revision says, for lists.
    """

    class Stage(models.TextChoices):
        PUBLISH = "publish", "发布"
        QUANTIFY = "quantify", "量化"
        INTERPRET = "interpret", "解读"
        PAY = "pay", "兑付"
        EVALUATE = "evaluate", "评估"
        ITERATE = "iterate", "迭代"

    class Delivery(models.TextChoices):
        AUTOMATIC = "automatic", "免申即享"
        APPLICATION = "application", "申报审核"
        FILING = "filing", "申报纳税时享受"

    code = models.CharField("代码", max_length=60, unique=True)
    series = models.OneToOneField(Series, models.PROTECT, related_name="+", verbose_name="版本系列")
    title = models.CharField("名称", max_length=300)
    place_code = models.CharField("区划", max_length=16, blank=True)
    owner = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name="主管部门"
    )
    stage = models.CharField("环节", max_length=10, choices=Stage.choices, default=Stage.PUBLISH)
    next_review = models.DateField("下次评估日", null=True)
    created_at = models.DateTimeField("建立时间")
    simulated = models.BooleanField("模拟数据", default=False)
    delivery = models.CharField("兑付方式", max_length=12, choices=Delivery.choices, blank=True)
    document = models.CharField("文号", max_length=200, blank=True)
    effective_from = models.DateField("生效日", null=True)
    effective_to = models.DateField("失效日", null=True)
    published_number = models.PositiveIntegerField("已发布的版本号", null=True)

    reach: ClassVar[dict[str, Any]] = {
        "in_place": lambda grant: Q(place_code__in=grant.places) | Q(place_code=""),
        # what is published is public: staff of every place read it; a draft is its place's own matter
        "readable": lambda grant: (
            Q(place_code__in=grant.places) | Q(place_code="") | Q(published_number__isnull=False)
        ),
        "own_place": lambda grant: Q(place_code=grant.place) if grant.place else Q(pk__in=[]),
        "own_unit": of_owner(),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "政策"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.title
