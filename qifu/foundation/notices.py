"""Notices to people: written in the act that causes them, shown in the inbox, delivered by later channel adapters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.db import models

from qifu.foundation.access import Actor, Grant
from qifu.foundation.action import Record, current_act


class Notice(Record):
    """One message to one person: a title that says what happened, a link that leads to it."""

    recipient_id = models.BigIntegerField("收件人")
    title = models.CharField("标题", max_length=200)
    link = models.CharField("链接", max_length=300, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)

    reach: ClassVar = {"own": lambda grant: _own(grant)}

    class Meta:
        app_label = "foundation"
        verbose_name = "消息"
        indexes: ClassVar = [models.Index(fields=["recipient_id", "read_at"], name="notice_inbox")]


def _own(grant: Grant) -> models.Q:
    return models.Q(recipient_id=grant.actor_id)


def notify(recipient_ids: Iterable[int], *, title: str, link: str = "") -> None:
    """Write a notice to each person, inside the act under way; seen when the act commits."""
    act = current_act()
    rows = [
        Notice(recipient_id=recipient, title=title, link=link, created_at=act.at)
        for recipient in dict.fromkeys(recipient_ids)
    ]
    Notice.objects.bulk_create(rows)


def unread_count(actor: Actor) -> int:
    """Return how many notices the person has not read."""
    if actor.id is None:
        return 0
    return Notice.objects.filter(recipient_id=actor.id, read_at=None).count()


def mark_read(actor: Actor, *, at: datetime) -> int:
    """Mark every notice of the person as read, inside an act; return how many were."""
    if actor.id is None:
        return 0
    return Notice.objects.filter(recipient_id=actor.id, read_at=None).update(read_at=at)
