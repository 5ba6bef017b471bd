"""A text message to a contact without account: that there is something new under a number, and where to look; no more."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.channels.adapters import Message
from qifu.foundation.channels.config import SMS
from qifu.foundation.channels.delivery import hand_over, site_channels
from qifu.foundation.channels.models import Delivery
from qifu.foundation.jobs import Running, handles
from qifu.foundation.sealed import Unreadable
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.telling import TEXT_CONTACT


@handles(TEXT_CONTACT)
def text_contact(running: Running) -> None:
    """Send the message for one event, once; a provider that does not answer is asked again later."""
    case = Case.objects.get(pk=running.ids["case"])
    mobile = Problem.objects.get(pk=case.pk).contact_mobile
    site = site_channels()
    channel = next((one for one in site.channels if one.kind == SMS), None)
    if channel is None or not mobile or isinstance(mobile, Unreadable):
        return
    row = open_text(case=case, event_id=running.ids["event"], channel=channel.name, by=SYSTEM, at=running.at)
    if row.state != Delivery.State.WAITING:
        return
    title = f"您反映的问题（编号 {case.number}）有新进展，请凭编号和查询码查看。"
    link = site.url + reverse("look_up")
    text = channel.text(site=site.site, title=title, link=link)
    hand_over(channel, row, Message(key=row.key, to=mobile, title=title, text=text, link=link), running)


@action("enterprise_problems.text_contact", title="短信告知反映人", permission="enterprise_problems.run_jobs")
def open_text(*, case: Case, event_id: int, channel: str, by: Actor, at: datetime) -> Delivery:
    """Note that a message about an event is on its way; the same row when asked again."""
    event = CaseEvent.objects.get(pk=event_id, case=case)
    row, _ = Delivery.objects.get_or_create(
        key=f"problem-event-{event.pk}", defaults={"channel": channel, "created_at": at, "at": at}
    )
    current_act().about(case)
    current_act().note(channel=channel)
    return row
