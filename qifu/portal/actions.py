"""The portal's own act: marking one's notices as read."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation import notices
from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act


@action("portal.mark_notices_read", title="标记消息已读", permission="foundation.read_notices")
def mark_notices_read(*, by: Actor, at: datetime) -> int:
    """Mark every unread notice of the actor as read; return how many there were."""
    count = notices.mark_read(by, at=at)
    current_act().note(count=count)
    return count
