"""What a person sets about being told, and what an administrator does about failures."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time

from qifu.foundation.access import SIGNED_IN, Actor, NotFound, Permission, declare_permissions
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.channels.config import PRESCRIBED
from qifu.foundation.channels.delivery import DELIVER, site_channels
from qifu.foundation.channels.models import ChannelPreference, ChannelRest, Delivery
from qifu.foundation.channels.planning import channels_for
from qifu.foundation.jobs import Job, enqueue

declare_permissions(
    Permission("channels.choose", "选择自己的通知方式", {SIGNED_IN: ("own",)}),
)


@action("channels.choose", title="选择通知方式", permission="channels.choose")
def choose_channels(
    *, channels: Collection[str], quiet_from: time | None, quiet_to: time | None, daily_digest: bool,
    by: Actor, at: datetime,
) -> ChannelPreference:  # fmt: skip
    """Keep how the actor wants to be told; Refused for a channel not offered, or half a range of quiet hours."""
    if by.id is None:
        raise NotFound("channels.choose")
    offered = {one.name for one in channels_for(by.id, site_channels().channels, at) if one.use != PRESCRIBED}
    if not set(channels) <= offered:
        raise Refused("所选的通知方式本站没有开通，请刷新页面后重选", channels="请重选")
    if (quiet_from is None) != (quiet_to is None):
        raise Refused("免打扰时间要么都填，要么都不填", quiet_to="请补上，或把两个都清空")
    row, _ = ChannelPreference.objects.update_or_create(
        person_id=by.id,
        defaults={
            "channels": sorted(channels), "quiet_from": quiet_from, "quiet_to": quiet_to,
            "daily_digest": daily_digest,
        },
    )  # fmt: skip
    current_act().about(row)
    return row


@action("channels.retry", title="重发未发出的消息", permission="channels.manage")
def retry_failed(*, channel: str, by: Actor, at: datetime) -> int:
    """Let a channel's failed deliveries of notices and digests wait again, and its provider be asked at once.

    Those that wait although no job will send them, because it failed for a reason of our own, are taken up too.
    """
    rows = Delivery.objects.filter(channel=channel, digest=None).exclude(purpose=Delivery.Purpose.CODE)
    failed = list(rows.filter(state=Delivery.State.FAILED).select_for_update().values_list("pk", flat=True))
    waiting = rows.filter(state=Delivery.State.WAITING, by_digest=False).values_list("pk", flat=True)
    again = [*failed, *sorted(set(waiting) - _with_open_job())]
    waits = {"state": Delivery.State.WAITING, "attempts": 0, "reason": "", "at": at}
    Delivery.objects.filter(pk__in=failed).update(**waits)
    Delivery.objects.filter(digest__in=failed, state=Delivery.State.FAILED).update(**waits)
    ChannelRest.objects.filter(channel=channel).delete()
    for pk in again:
        enqueue(DELIVER, delivery=pk)
    current_act().note(channel=channel, count=len(again))
    return len(again)


def _with_open_job() -> set[int]:
    """Return the numbers of the deliveries that a job will send."""
    jobs = Job.objects.filter(kind=DELIVER, state__in=[Job.State.WAITING, Job.State.RUNNING])
    return {int(ids["delivery"]) for ids in jobs.values_list("ids", flat=True)}
