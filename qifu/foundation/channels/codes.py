"""One-time codes by text message: sent at once, while the person waits; the text is kept nowhere on a real site."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from qifu.foundation.access import ANYONE, ANYWHERE, SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import Refused, WriteOutsideAct, action, current_act
from qifu.foundation.channels.adapters import Message, Rejected, Unreachable
from qifu.foundation.channels.addresses import MOBILE, address_of
from qifu.foundation.channels.config import SMS, Channel
from qifu.foundation.channels.delivery import note_delivery, send, site_channels
from qifu.foundation.channels.models import Delivery

log = logging.getLogger("qifu.channels")
LIMITS = ((timedelta(minutes=10), 3), (timedelta(days=1), 10))
"""How many codes one number is sent at most, in which time."""
declare_permissions(Permission("channels.send_code", "发送验证码", {ANYONE: (ANYWHERE,)}))


def can_send_codes() -> bool:
    """Tell whether the site has a channel for text messages."""
    return bool(_channels())


def send_code(
    *, person_id: int | None = None, mobile: str | None = None, text: str, by: Actor, at: datetime
) -> None:
    """Send `text` (with the code) to a person's mobile, or to a number not yet anybody's; returns when it is taken.

    Call it after the act that made the code has ended, not inside one: it waits for the provider. Raises Refused, in
    Chinese, without a number on record, when one number asks too often, or when no provider took the message.
    """
    _refuse_inside_an_act()
    if (person_id is None) == (mobile is None):
        raise ValueError("either person_id or mobile")
    channels = _channels()
    if not channels:
        raise Refused("本站没有开通短信，不能发送验证码，请联系系统管理员")
    to = (mobile or "").strip() if person_id is None else address_of(person_id, MOBILE) or ""
    if not to and (person_id is None or not settings.DEMO):
        raise Refused("没有登记手机号，不能发送验证码，请联系系统管理员")
    target_key = salted_hmac(
        "qifu.channels.code", to or f"person {person_id}", algorithm="sha256"
    ).hexdigest()
    for channel in channels:
        row = open_code(channel=channel.name, person_id=person_id, target_key=target_key, by=by, at=at)
        if _sent(channel, row, to, text, at=at):
            return
    raise Refused("短信没有发出，请稍后再试；多次不成请联系系统管理员")


@action("channels.open_code", title="发送验证码", permission="channels.send_code")
def open_code(*, channel: str, person_id: int | None, target_key: str, by: Actor, at: datetime) -> Delivery:
    """Note that a code is on its way; Refused when the number was sent too many of late."""
    earlier = Delivery.objects.filter(target_key=target_key, purpose=Delivery.Purpose.CODE)
    earlier = earlier.exclude(state=Delivery.State.FAILED)
    limits = () if settings.DEMO else LIMITS  # everybody shares the accounts of a demo site
    for span, most in limits:
        if earlier.filter(created_at__gt=at - span).count() >= most:
            raise Refused("验证码发送过于频繁，请稍后再试")
    row = Delivery(
        recipient_id=person_id, channel=channel, purpose=Delivery.Purpose.CODE, key=uuid.uuid4().hex,
        target_key=target_key, created_at=at, at=at,
    )  # fmt: skip
    row.save()
    current_act().about(row)
    current_act().note(channel=channel)
    return row


def _sent(channel: Channel, row: Delivery, to: str, text: str, *, at: datetime) -> bool:
    message = Message(key=row.key, to=to, title="", text=f"【{site_channels().site}】{text}", link="")
    state, reason, number = Delivery.State.SENT, "", ""
    try:
        number = send(channel, message, recipient_id=row.recipient_id, at=at)
    except (Rejected, Unreachable) as error:
        state, reason = Delivery.State.FAILED, str(error)
        log.warning("code not sent", extra={"channel": channel.name, "delivery": row.pk})
    note_delivery(
        delivery=row, state=state, reason=reason, number=number, tried=False, answered=False, by=SYSTEM, at=at
    )
    return state == Delivery.State.SENT


def _channels() -> list[Channel]:
    return [one for one in site_channels().channels if one.kind == SMS]


def _refuse_inside_an_act() -> None:
    try:
        act = current_act()
    except WriteOutsideAct:
        return
    raise RuntimeError(f"send_code waits for a provider: call it after the act {act.name}, not inside")
