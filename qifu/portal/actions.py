"""The portal's own acts: reading notices and ending one's to-dos."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation import notices
from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.notices import Notice


@action("portal.mark_notices_read", title="标记消息已读", permission="foundation.read_notices")
def mark_notices_read(*, kind: str = "", by: Actor, at: datetime) -> int:
    """Mark every unread notice of the actor, or those of one kind, as read; return how many there were."""
    count = notices.mark_read(by, at=at, kind=kind)
    current_act().note(count=count)
    return count


@action("portal.open_notice", title="打开消息", permission="foundation.read_notices", on="notice")
def open_notice(*, notice: Notice, by: Actor, at: datetime) -> None:
    """Mark one notice of the actor as read."""
    notices.mark_read(by, at=at, notice_id=notice.pk)
    current_act().about(notice)


@action("portal.finish_to_do", title="标记待办已办", permission="foundation.read_notices", on="notice")
def finish_to_do(*, notice: Notice, by: Actor, at: datetime) -> bool:
    """End one to-do of the actor, here and on the platforms that show it; tell whether it was open."""
    current_act().about(notice)
    return bool(notices.finish_own(notice, at=at))
