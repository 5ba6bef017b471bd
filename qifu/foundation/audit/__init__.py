"""The audit trail: one row an act, written in the act's own transaction, append-only by trigger.

Legal basis: 网络安全法 第二十一条 (logs kept at least six months). Used by the door, by auditors and by supervision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qifu.foundation.request_id import current_request_id

if TYPE_CHECKING:
    from qifu.foundation.action import Act


def write_row(act: Act) -> Any:
    """Append the audit row of an act; called by the door only."""
    from qifu.foundation.audit.models import AuditRow

    return AuditRow.objects.create(
        act=act.name,
        title=act.title,
        at=act.at,
        actor_kind=act.by.kind,
        actor_id=act.by.id,
        subject_kind=act.subject_kind,
        subject_id=act.subject_id,
        place_code=act.place,
        facts=act.facts,
        within=act.parent.name if act.parent else "",
        request_id=current_request_id(),
    )
