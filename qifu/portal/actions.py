"""The portal's own acts: reading notices, ending one's to-dos; the administrator's hand on jobs."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation import jobs, notices
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
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


@action("portal.retry_job", title="重试作业", permission="portal.operate")
def retry_job(*, job_id: int, by: Actor, at: datetime) -> None:
    """Let a failed job run again; Refused when it is not failed any more, or an equal one is open."""
    if not jobs.retry(job_id, at=at):
        raise Refused("这个作业不再是失败状态，或已有相同的作业在进行，请刷新页面")
    current_act().note(job=job_id)


@action("portal.cancel_job", title="取消作业", permission="portal.operate")
def cancel_job(*, job_id: int, by: Actor, at: datetime) -> None:
    """Cancel a job that has not ended, or put a failed one aside; Refused when it has ended."""
    if not jobs.cancel(job_id, at=at):
        raise Refused("这个作业已经结束，请刷新页面")
    current_act().note(job=job_id)
