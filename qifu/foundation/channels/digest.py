"""The daily digest: at 08:30 of each working day, one message a person and channel instead of many.

What a digest holds is fixed in one act before anything is sent: a job that dies and is repeated sends the same digest
under the same key, and a notice that came meanwhile waits for the next one. The job schedules its own successor.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.channels.delivery import DELIVER
from qifu.foundation.channels.models import Delivery
from qifu.foundation.jobs import Running, enqueue, handles
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar

DIGEST = "channels.digest"
AT = time(8, 30)


def next_digest_at(at: datetime, calendar: WorkingCalendar) -> datetime:
    """Return the first 08:30 (Shanghai) of a working day after `at`."""
    local = at.astimezone(SHANGHAI)
    day: date = local.date()
    if local.time() >= AT or not calendar.is_working_day(day):
        day = calendar.add_working_days(day, 1).day
    return datetime.combine(day, AT, SHANGHAI)


def schedule_digest(at: datetime) -> None:
    """See to it that the next digest is made, inside the act under way; asking again changes nothing."""
    run_at = next_digest_at(at, load_calendar(at.astimezone(SHANGHAI).date()))
    enqueue(DIGEST, run_at=run_at, unique_key=f"{DIGEST}-{run_at:%Y-%m-%d}", max_attempts=50)


@handles(DIGEST)
def make_digests(running: Running) -> None:
    """Gather what waits into digests, one each for a person and a channel; sending is the deliveries' own matter."""
    open_digests(by=SYSTEM, at=running.at)


@action("channels.open_digests", title="汇总每日摘要", permission=DELIVER)
def open_digests(*, by: Actor, at: datetime) -> int:
    """Gather every notice that waits for a digest, enqueue the digests and the next day's job; return how many."""
    waiting = _waiting()
    # Locked in one order, so that two workers gather side by side without taking one notice twice.
    rows = list(waiting.select_for_update().order_by("pk").values_list("pk", "recipient_id", "channel"))
    groups: dict[tuple[int | None, str], list[int]] = {}
    for pk, recipient_id, channel in rows:
        groups.setdefault((recipient_id, channel), []).append(pk)
    for (recipient_id, channel), members in groups.items():
        digest = Delivery(
            recipient_id=recipient_id, channel=channel, purpose=Delivery.Purpose.DIGEST, key=uuid.uuid4().hex,
            created_at=at, at=at,
        )  # fmt: skip
        digest.save()
        Delivery.objects.filter(pk__in=members).update(digest=digest)
        enqueue(DELIVER, delivery=digest.pk)
    schedule_digest(at + timedelta(seconds=1))
    current_act().note(count=len(groups))
    return len(groups)


def _waiting() -> QuerySet[Delivery]:
    return Delivery.objects.filter(by_digest=True, digest=None, state=Delivery.State.WAITING)
