"""A package of promises: one document whose articles are taken apart into details, each to become an item or a policy."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.action import Record
from qifu.foundation.revisions import Series


class PolicyPackage(Record):
    """A package: `series` (kind "policy_package", key = `code`) holds its revisions, whose content is that of its file."""

    code = models.CharField("代码", max_length=60, unique=True)
    series = models.OneToOneField(Series, models.PROTECT, related_name="+", verbose_name="版本系列")
    title = models.CharField("名称", max_length=300)
    document = models.CharField("文号", max_length=200, blank=True)
    place_code = models.CharField("区划", max_length=16, blank=True)
    effective_from = models.DateField("生效日")
    effective_to = models.DateField("失效日", null=True)
    simulated = models.BooleanField("模拟数据", default=False)

    reach: ClassVar[dict[str, Any]] = {
        # a package is a public document, whose articles bind the places below: staff of every place read it
        "published": lambda grant: Q(pk__gt=0),
    }

    class Meta:
        app_label = "policies"
        verbose_name = "政策包"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.title
