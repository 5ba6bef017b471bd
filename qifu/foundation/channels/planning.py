"""Which channels carry a notice, and when: decided in the act that writes it, so that nothing is lost or sent too early."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from qifu.foundation.access import Actor, grants_of
from qifu.foundation.action import current_act
from qifu.foundation.channels.config import PRESCRIBED, TO_DO, USUAL, Channel
from qifu.foundation.channels.delivery import DELIVER, site_channels
from qifu.foundation.channels.digest import schedule_digest
from qifu.foundation.channels.models import ChannelPreference, Delivery
from qifu.foundation.jobs import enqueue
from qifu.foundation.working_days import SHANGHAI


def plan_deliveries(notices: Sequence[Any]) -> None:
    """Write what is to be delivered of `notices` (saved rows, of one act), and the jobs that do it."""
    declared = site_channels().channels
    if not declared:
        return
    at = current_act().at
    recipients = {notice.recipient_id for notice in notices}
    preferences = {row.person_id: row for row in ChannelPreference.objects.filter(person_id__in=recipients)}
    offered = {person: channels_for(person, declared, at) for person in recipients}
    rows = [
        row
        for notice in notices
        for row in _deliveries(notice, offered[notice.recipient_id], preferences.get(notice.recipient_id), at)
    ]
    for row in Delivery.objects.bulk_create(rows):
        if not row.by_digest:
            enqueue(DELIVER, run_at=quiet_until(preferences.get(row.recipient_id), at), delivery=row.pk)
    if any(row.by_digest for row in rows):
        schedule_digest(at)


def plan_endings(notices: Iterable[Any]) -> None:
    """Write that the to-dos which platforms show for `notices` end there too, inside the act that ended them."""
    act = current_act()
    made = Delivery.objects.filter(
        notice__in=[notice.pk for notice in notices], purpose=Delivery.Purpose.SINGLE, by_digest=False
    )
    lists = {channel.name for channel in site_channels().channels if channel.kind == TO_DO}
    rows = [
        Delivery(
            notice_id=row.notice_id, recipient_id=row.recipient_id, channel=row.channel,
            purpose=Delivery.Purpose.DONE, key=uuid.uuid4().hex, created_at=act.at, at=act.at,
        )
        for row in made.filter(channel__in=lists)
    ]  # fmt: skip
    for row in Delivery.objects.bulk_create(rows):
        enqueue(DELIVER, delivery=row.pk)


def channels_for(person_id: int, declared: Iterable[Channel], at: datetime) -> list[Channel]:
    """Return the channels meant for what the person is: staff holds a post, an enterprise's person a mandate."""
    held = list(grants_of(Actor("person", person_id), at))
    kinds = {"everyone"}
    if any(grant.enterprise_id is not None for grant in held):
        kinds.add("enterprise")
    if any(grant.organisation_id is not None or grant.place for grant in held):
        kinds.add("staff")
    return [channel for channel in declared if channel.audience in kinds]


def chosen(channel: Channel, preference: ChannelPreference | None) -> bool:
    """Tell whether the channel is used for a person: the site prescribes it, or the person (or the default) says so."""
    if channel.use == PRESCRIBED:
        return True
    return channel.use == USUAL if preference is None else channel.name in preference.channels


def quiet_until(preference: ChannelPreference | None, at: datetime) -> datetime:
    """Return `at`, or the end of the person's quiet hours where `at` falls into them (they may span midnight)."""
    if preference is None or preference.quiet_from is None or preference.quiet_to is None:
        return at
    local = at.astimezone(SHANGHAI)
    start, end, now = preference.quiet_from, preference.quiet_to, local.time()
    if start == end or not _within(now, start, end):
        return at
    day = local.date() + timedelta(days=1 if now >= end else 0)
    return datetime.combine(day, end, SHANGHAI)


def _within(now: time, start: time, end: time) -> bool:
    return start <= now < end if start < end else now >= start or now < end


def _deliveries(
    notice: Any, offered: Iterable[Channel], preference: ChannelPreference | None, at: datetime
) -> Iterable[Delivery]:
    for channel in offered:
        if not chosen(channel, preference) or (channel.kind == TO_DO and notice.kind != "to_do"):
            continue
        yield Delivery(
            notice=notice, recipient_id=notice.recipient_id, channel=channel.name, key=uuid.uuid4().hex,
            by_digest=preference is not None and preference.daily_digest and channel.takes_digests,
            created_at=at, at=at,
        )  # fmt: skip
