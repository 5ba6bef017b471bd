"""An import, and what is to be told of its rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import ANYWHERE, Grant, permissions
from qifu.foundation.action import Record
from qifu.foundation.files.models import StoredFile
from qifu.foundation.imports.file_mapping import FileMapping
from qifu.foundation.imports.kinds import import_kinds


class Import(Record):
    """One file on its way into a list: how its columns are read, how far it is, what became of its rows.

    `cursor` is the number of rows dealt with, over all parts of the file; it moves in the transaction that writes the
    rows, so that created + updated + unchanged + refused + blank = cursor at any moment. `file` is gone once the
    retention of imports has run out.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", "待核对"
        RUNNING = "running", "导入中"
        CANCELLED = "cancelled", "已取消"
        FAILED = "failed", "已中断"
        DONE = "done", "已完成"

    kind = models.CharField("种类", max_length=40)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+", verbose_name="文件")
    filename = models.CharField("文件名", max_length=120)
    mapping = models.JSONField("栏目对应", default=dict)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.MAPPING)
    fault = models.CharField("中断原因", max_length=500, blank=True)
    total = models.PositiveIntegerField("总行数", null=True)
    cursor = models.PositiveIntegerField("已处理的行数", default=0)
    created = models.PositiveIntegerField("新增", default=0)
    updated = models.PositiveIntegerField("更新", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    refused = models.PositiveIntegerField("未导入", default=0)
    blank = models.PositiveIntegerField("空行和合计行", default=0)
    remarked = models.PositiveIntegerField("已导入但请核对", default=0)
    job_id = models.BigIntegerField("作业", null=True)
    created_at = models.DateTimeField("上传时间")
    created_by = models.BigIntegerField("上传人", null=True)
    created_by_name = models.CharField("上传人姓名", max_length=60, blank=True)
    run_by = models.BigIntegerField("执行人", null=True)
    run_by_name = models.CharField("执行人姓名", max_length=60, blank=True)
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)

    reach: ClassVar = {"of_kind": lambda grant: of_kind(grant)}

    class Meta:
        app_label = "foundation"
        verbose_name = "导入"
        indexes: ClassVar = [models.Index(fields=["kind", "created_at"], name="import_of_kind")]

    @property
    def read_by(self) -> FileMapping:
        """How the file is read, part by part."""
        return FileMapping.from_json(self.mapping)

    def source(self, part: int) -> str:
        """How a part of the file is named where a row tells its origin: import:12, its second sheet import:12/2."""
        return f"import:{self.pk}/{part + 1}" if part else f"import:{self.pk}"

    @property
    def dealt_with(self) -> int:
        """How many rows have been counted so far."""
        return self.created + self.updated + self.unchanged + self.refused + self.blank


class ImportRemark(Record):
    """Something to tell of one row; `sheet` is empty where one sheet alone is imported; `line` keeps the cells of a refused row, with its first remark."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="remarks", verbose_name="导入")
    sheet = models.CharField("工作表", max_length=40, blank=True)
    row_number = models.PositiveIntegerField("行号")
    column = models.CharField("栏目", max_length=80, blank=True)
    reason = models.CharField("原因", max_length=300)
    proposal = models.CharField("建议", max_length=300, blank=True)
    refused = models.BooleanField("未导入")
    line = models.JSONField("原文", null=True)

    class Meta:
        app_label = "foundation"
        verbose_name = "导入备注"
        indexes: ClassVar = [models.Index(fields=["of", "row_number"], name="remark_of_import")]


def of_kind(grant: Grant) -> Q:
    """Imports of the kinds that a grant's role may import: all of them where it may anywhere, else one's own."""
    everyone, own = [], []
    for kind in import_kinds().values():
        relations = permissions()[kind.permission].grants.get(grant.role, ())
        if ANYWHERE in relations:
            everyone.append(kind.name)
        elif relations:
            own.append(kind.name)
    mine = Q(pk__in=[]) if grant.actor_id is None else Q(kind__in=own, created_by=grant.actor_id)
    return Q(kind__in=everyone) | mine


def importing_roles() -> list[str]:
    """Return the roles that may import some list, sorted; asked once every room has declared its kinds."""
    return sorted(
        {role for kind in import_kinds().values() for role in permissions()[kind.permission].grants}
    )
