"""The job that sends one delivery. It repeats with patience, never asks a dead provider twice in a row, and never
holds a transaction open while it talks to a provider.

A worker that dies between sending and noting it sends again with the same idempotency key: a provider that honours the
key delivers once, any other at least once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import F, Min

from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import action, current_act
from qifu.foundation.channels import adapters, texts
from qifu.foundation.channels.adapters import Message, Rejected, Unreachable
from qifu.foundation.channels.addresses import address_of
from qifu.foundation.channels.config import ADDRESS_OF_KIND, DEMO, DEMO_CHANNELS, TO_DO, Channel, SiteChannels
from qifu.foundation.channels.models import ChannelRest, Delivery, DemoMessage
from qifu.foundation.jobs import JobPostponed, Running, handles

DELIVER = "channels.deliver"
declare_permissions(Permission(DELIVER, "投递消息", {}))

FIRST_WAIT, LONGEST_WAIT, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(hours=4), 14
"""One delivery is tried for about a day: after 1, 2, 4 ... minutes, at last every four hours."""
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)
DEMO_KEPT = 100

WAITING, SENT, FAILED, SKIPPED = (
    Delivery.State.WAITING, Delivery.State.SENT, Delivery.State.FAILED, Delivery.State.SKIPPED,
)  # fmt: skip


class Needless(Exception):
    """The delivery need not or cannot be made; the Chinese reason names no person and no address."""


def site_channels() -> SiteChannels:
    """Return what the site declares; a demo site that declares nothing has channels of its own."""
    declared: SiteChannels = settings.CHANNELS
    if settings.DEMO and not declared.channels:
        return replace(DEMO_CHANNELS, url=f"http://127.0.0.1:{settings.ENV['QIFU_PORT']}")
    return declared


@handles(DELIVER)
def deliver(running: Running) -> None:
    """Send the delivery `ids["delivery"]` if it still waits; raises JobPostponed while it must go on waiting."""
    row = Delivery.objects.filter(pk=running.ids["delivery"], state=WAITING).select_related("notice").first()
    if row is None:
        return
    site = site_channels()
    channel = site.find(row.channel)
    try:
        if channel is None:
            raise Needless("渠道已停用")
        message = _message(site, channel, row, at=running.at)
    except Needless as error:
        _note(row, SKIPPED, at=running.clock(), reason=str(error))
        return
    _wait_one_s_turn(channel, at=running.at)
    hand_over(channel, row, message, running)


def hand_over(channel: Channel, row: Delivery, message: Message, running: Running) -> None:
    """Send `message` and note what came of it; raises JobPostponed when it must be tried again."""
    try:
        number = send(channel, message, recipient_id=row.recipient_id, at=running.at)
    except Rejected as error:
        _note(row, FAILED, at=running.clock(), reason=str(error), tried=True, answered=True)
    except Unreachable as error:
        given_up = row.attempts + 1 >= MOST_ATTEMPTS
        _note(row, FAILED if given_up else WAITING, at=running.clock(), reason=str(error), tried=True)
        if not given_up:
            wait = min(FIRST_WAIT * 2**row.attempts, LONGEST_WAIT)
            raise JobPostponed(running.clock() + wait) from error
    else:
        _note(row, SENT, at=running.clock(), number=number, tried=True, answered=True)


def send(channel: Channel, message: Message, *, recipient_id: int | None, at: datetime) -> str:
    """Hand the message to the channel's provider, or on a demo site to its page; Unreachable or Rejected."""
    if channel.endpoint == DEMO:
        return keep_demo_message(
            channel=channel, message=message, recipient_id=recipient_id, by=SYSTEM, at=at
        )
    return adapters.send(channel, message)


def _wait_one_s_turn(channel: Channel, *, at: datetime) -> None:
    """Raise JobPostponed while the channel rests, or has sent as much in this minute as it may."""
    rest = ChannelRest.objects.filter(channel=channel.name, until__gt=at).first()
    if rest is not None:
        raise JobPostponed(rest.until)
    recent = Delivery.objects.filter(channel=channel.name, state=SENT, at__gt=at - timedelta(minutes=1))
    if recent.count() >= channel.per_minute:
        oldest = recent.aggregate(at=Min("at"))["at"]
        raise JobPostponed(oldest + timedelta(minutes=1, milliseconds=1))


def _message(site: SiteChannels, channel: Channel, row: Delivery, *, at: datetime) -> Message:
    """Return what is sent for the row; Needless when nothing is."""
    to = _address(channel, row)
    if row.purpose == Delivery.Purpose.DONE:
        return _end_of_to_do(channel, row, to, at=at)
    if row.purpose == Delivery.Purpose.DIGEST:
        return _digest(site, channel, row, to)
    notice: Any = row.notice
    if notice is None:
        raise Needless("没有内容")
    if notice.done_at is not None:
        raise Needless("已办结")
    if notice.read_at is not None and channel.kind != TO_DO:
        raise Needless("已读")
    return texts.single(
        site, channel, key=row.key, to=to, notice_id=notice.pk, kind=notice.kind, external=notice.external,
        due_on=notice.due_on,
    )  # fmt: skip


def _address(channel: Channel, row: Delivery) -> str:
    kind = ADDRESS_OF_KIND[channel.kind]
    found = address_of(row.recipient_id, kind) if row.recipient_id is not None else None
    if found is None and channel.endpoint != DEMO:
        titles = {"mobile": "手机号", "email": "电子邮箱", "account": "平台账号"}
        raise Needless(f"没有登记{titles[kind]}")
    return found or ""


def _end_of_to_do(channel: Channel, row: Delivery, to: str, *, at: datetime) -> Message:
    """Return the request that ends the to-do which an earlier delivery made on the platform."""
    made = Delivery.objects.filter(
        notice=row.notice_id, channel=row.channel, purpose=Delivery.Purpose.SINGLE
    ).first()
    if made is None or made.state in (FAILED, SKIPPED):
        raise Needless("平台上没有这项待办")
    if made.state == WAITING:  # it may be on its way: how it ends is known soon
        raise JobPostponed(at + FIRST_WAIT)
    return Message(key=row.key, to=to, title="", text="", link="", done=True, number=made.provider_number)


def _digest(site: SiteChannels, channel: Channel, row: Delivery, to: str) -> Message:
    """Return the digest of those of its members that are still unread; Needless when none is."""
    members = row.members.filter(state=WAITING, notice__read_at=None, notice__done_at=None)
    new = list(members.order_by("notice_id").values_list("notice__kind", "notice__external"))
    if not new:
        raise Needless("都已读")
    open_to_dos, next_due_on = open_to_dos_of(row.recipient_id)
    return texts.digest(
        site, channel, key=row.key, to=to, new=new, open_to_dos=open_to_dos, next_due_on=next_due_on
    )


def open_to_dos_of(person_id: int | None) -> tuple[int, date | None]:
    """Return how many to-dos of a person are open, and the earliest day on which one is due."""
    notices = apps.get_model("foundation", "Notice")  # by name: notices.py stands above this file
    rows = notices.objects.filter(recipient_id=person_id, kind="to_do", done_at=None)
    return rows.count(), rows.aggregate(day=Min("due_on"))["day"]


def _note(
    row: Delivery, state: str, *, at: datetime, reason: str = "", number: str = "", tried: bool = False,
    answered: bool = False,
) -> None:  # fmt: skip
    note_delivery(
        delivery=row,
        state=state,
        reason=reason,
        number=number,
        tried=tried,
        answered=answered,
        by=SYSTEM,
        at=at,
    )


@action("channels.note_delivery", title="记录投递结果", permission=DELIVER)
def note_delivery(
    *, delivery: Delivery, state: str, reason: str, number: str, tried: bool, answered: bool, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Note what came of trying: the delivery's state (and that of a digest's members), and how the channel stands.

    A delivery that is not waiting any more, because another worker was faster, stays as it is.
    """
    waiting = Delivery.objects.filter(pk=delivery.pk, state=WAITING)
    outcome = {"state": state, "reason": reason[:60], "at": at}
    written = waiting.update(
        **outcome, provider_number=number[:80], attempts=F("attempts") + (1 if tried else 0)
    )
    if written and delivery.purpose == Delivery.Purpose.DIGEST and state != WAITING:
        members = Delivery.objects.filter(digest=delivery.pk, state=WAITING)
        unread = members.filter(notice__read_at=None, notice__done_at=None)
        unread.update(**outcome)
        members.update(state=SKIPPED, reason="已读", at=at)
    if tried:
        _note_channel(delivery.channel, answered=answered, at=at)
    current_act().about(delivery)
    current_act().note(channel=delivery.channel, state=state)


def _note_channel(channel: str, *, answered: bool, at: datetime) -> None:
    """Let a channel whose provider does not answer rest, ever longer; one that answers goes on at once."""
    if answered:
        ChannelRest.objects.filter(channel=channel).delete()
        return
    rest, _ = ChannelRest.objects.get_or_create(channel=channel, defaults={"until": at})
    rest = ChannelRest.objects.select_for_update().get(pk=rest.pk)
    rest.until = max(rest.until, at + min(FIRST_REST * 2 ** min(rest.failures, 10), LONGEST_REST))
    rest.failures += 1
    rest.save(update_fields=["until", "failures"])


@action("channels.keep_demo_message", title="保存模拟消息", permission=DELIVER)
def keep_demo_message(
    *, channel: Channel, message: Message, recipient_id: int | None, by: Actor, at: datetime
) -> str:
    """Keep a message for the demo page, once for each key; return its number. Refused on a real site."""
    if not settings.DEMO:
        raise Unreachable("只有演示站点保存模拟消息")
    if message.done:
        DemoMessage.objects.filter(pk=int(message.number or 0)).update(done=True)
        return message.number
    row, _ = DemoMessage.objects.get_or_create(
        key=message.key,
        defaults={
            "channel": channel.name, "recipient_id": recipient_id, "address": message.to[:120],
            "text": message.text, "at": at,
        },
    )  # fmt: skip
    newest = DemoMessage.objects.order_by("-pk").values_list("pk", flat=True)[:DEMO_KEPT]
    DemoMessage.objects.exclude(pk__in=list(newest)).delete()
    return str(row.pk)
