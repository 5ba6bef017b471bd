"""A person's own names for conditions of a queue."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action
from qifu.services.enterprise_problems.models import SavedFilter

MOST = 20


@action(
    "enterprise_problems.save_filter", title="保存常用筛选", permission="enterprise_problems.keep_filters"
)
def save_filter(*, by: Actor, at: datetime, name: str, queue: str, query: str) -> SavedFilter:
    """Keep conditions under a name, instead of those that the person kept under it before; at most 20 a person."""
    known = name.strip()
    if not known or len(known) > 40:
        raise Refused("请给这组条件起一个 40 字以内的名称", name="请填写名称")
    if len(query) > 1000 or by.id is None:
        raise Refused("条件太长，不能保存，请减少几项")
    row = SavedFilter.objects.filter(person_id=by.id, queue=queue, name=known).first()
    if row is None:
        if SavedFilter.objects.filter(person_id=by.id).count() >= MOST:
            raise Refused(f"最多保存 {MOST} 组条件，请先删去不用的")
        row = SavedFilter(person_id=by.id, queue=queue[:40], name=known)
    row.query = query
    row.save()
    return row


@action(
    "enterprise_problems.drop_filter",
    title="删去常用筛选",
    permission="enterprise_problems.keep_filters",
    on="saved",
)
def drop_filter(*, by: Actor, at: datetime, saved: SavedFilter) -> None:
    """Forget a person's own conditions."""
    saved.delete()
