"""The audit table; rows may be added, never changed or removed (see `qifu.foundation.guards`)."""

from __future__ import annotations

from django.db import models


class AuditRow(models.Model):
    """One act: who did what to which row, when, where; ids only, no personal data."""

    act = models.CharField("操作", max_length=80)
    title = models.CharField("操作名称", max_length=80)
    at = models.DateTimeField("时间")
    recorded_at = models.DateTimeField("记录时间", auto_now_add=True)
    actor_kind = models.CharField("操作者类型", max_length=16)
    actor_id = models.BigIntegerField("操作者", null=True)
    subject_kind = models.CharField("对象类型", max_length=80, blank=True)
    subject_id = models.CharField("对象编号", max_length=64, blank=True)
    place_code = models.CharField("区划", max_length=16, blank=True)
    within = models.CharField("所属操作", max_length=80, blank=True)
    request_id = models.CharField("请求编号", max_length=32, blank=True)
    facts = models.JSONField("事实", default=dict)

    class Meta:
        app_label = "foundation"
        verbose_name = "审计记录"
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="audit_subject"),
            models.Index(fields=["at"], name="audit_at"),
        ]
