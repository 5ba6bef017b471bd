"""Imports forget their files: what was uploaded, and the cells kept of refused rows, hold personal data.

The import itself, its counts and its audit rows stay. Legal basis: 个人信息保护法 第十九条, 第四十七条.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.files.storage import discard
from qifu.foundation.imports.models import Import, ImportRemark

MOST_AT_ONCE = 500


@action("imports.forget", title="到期删除导入文件", permission="imports.run")
def forget_imports(*, days: int, by: Actor, at: datetime) -> int:
    """Delete file and remarks of imports that ended, or were left lying unstarted, `days` ago; return how many."""
    latest = at - timedelta(days=days)
    ended = Q(finished_at__lte=latest) | Q(state=Import.State.MAPPING, created_at__lte=latest)
    kept = Import.objects.filter(ended).exclude(state=Import.State.RUNNING).exclude(file=None)
    rows = list(kept.select_for_update(of=("self",)).select_related("file").order_by("pk")[:MOST_AT_ONCE])
    for row in rows:
        stored = row.file
        ImportRemark.objects.filter(of=row).delete()
        row.file = None
        row.save()
        if stored is not None:
            discard(stored)
    current_act().note(count=len(rows))
    return len(rows)
