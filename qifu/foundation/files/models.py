"""The row of a stored file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record


class StoredFile(Record):
    """One upload: what it is, whose it is, and who may see it; equal content is kept once."""

    class Publicity(models.TextChoices):
        NOT_PUBLIC = "not_public", "不予公开"
        ON_REQUEST = "on_request", "依申请公开"
        PUBLIC = "public", "主动公开"

    sha256 = models.CharField("摘要", max_length=64)
    name = models.CharField("文件名", max_length=120)
    size = models.BigIntegerField("大小（字节）")
    media_type = models.CharField("类型", max_length=100)
    encrypted = models.BooleanField("已加密", default=False)
    publicity = models.CharField(
        "公开属性", max_length=12, choices=Publicity.choices, default=Publicity.NOT_PUBLIC
    )
    uploaded_by = models.BigIntegerField("上传人", null=True)
    uploaded_at = models.DateTimeField("上传时间")
    place_code = models.CharField("区划", max_length=16, blank=True)
    owner_organisation_id = models.BigIntegerField("所属单位", null=True)

    reach: ClassVar = {
        "public": lambda grant: Q(publicity="public"),
        "uploader": lambda grant: _uploader(grant),
        "own_organisation": lambda grant: _own_organisation(grant),
        "in_place": lambda grant: Q(place_code__in=grant.places),
    }

    class Meta:
        app_label = "foundation"
        verbose_name = "文件"
        indexes: ClassVar = [models.Index(fields=["sha256"], name="stored_file_content")]

    @property
    def stored_at(self) -> str:
        """Return the name its content goes by in the storage."""
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256}"


def _uploader(grant: Grant) -> Q:
    return Q(pk__in=[]) if grant.actor_id is None else Q(uploaded_by=grant.actor_id)


def _own_organisation(grant: Grant) -> Q:
    return Q(pk__in=[]) if grant.organisation_id is None else Q(owner_organisation_id=grant.organisation_id)
