"""Notices to people: written in the act that causes them, shown in the inbox, carried on by channels.

A notice is a to-do (something must be done, perhaps by a day), a reminder or a message. Its title is for the inbox:
outside the site goes a neutral sentence, unless the room gives `external`, a text that may leave because what it tells
is public anyway (channels/texts.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce

from qifu.foundation.access import Actor, Grant
from qifu.foundation.action import Record, current_act
from qifu.foundation.channels.planning import plan_deliveries, plan_endings


class Notice(Record):
    """One message to one person: a title that says what happened, a link that leads to it."""

    class Kind(models.TextChoices):
        TO_DO = "to_do", "待办"
        REMINDER = "reminder", "提醒"
        MESSAGE = "message", "消息"

    recipient_id = models.BigIntegerField("收件人")
    title = models.CharField("标题", max_length=200)
    link = models.CharField("链接", max_length=300, blank=True)
    kind = models.CharField("种类", max_length=10, choices=Kind.choices, default=Kind.MESSAGE)
    external = models.CharField("可外发的文字", max_length=200, blank=True)
    due_on = models.DateField("到期日", null=True)
    subject_kind = models.CharField("所涉对象种类", max_length=80, blank=True)
    subject_id = models.CharField("所涉对象", max_length=40, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)
    done_at = models.DateTimeField("办结时间", null=True)

    reach: ClassVar = {"own": lambda grant: _own(grant)}

    class Meta:
        app_label = "foundation"
        verbose_name = "消息"
        indexes: ClassVar = [
            models.Index(fields=["recipient_id", "read_at"], name="notice_inbox"),
            models.Index(fields=["subject_kind", "subject_id"], name="notice_subject"),
        ]

    @property
    def is_open(self) -> bool:
        """True for a to-do that is not done."""
        return self.kind == Notice.Kind.TO_DO and self.done_at is None


def _own(grant: Grant) -> models.Q:
    return models.Q(recipient_id=grant.actor_id)


def notify(
    recipient_ids: Iterable[int],
    *,
    title: str,
    link: str = "",
    kind: str = "message",
    due_on: date | None = None,
    subject: models.Model | None = None,
    external: str = "",
) -> None:
    """Write a notice to each person, inside the act under way; seen, and sent on, when the act commits.

    `kind` is to_do, reminder or message; a to-do about `subject` is ended by `finish_to_dos(subject)`. `link` is a path
    of this site. `title` stays inside; `external` may leave by any channel, so give it only what is public.
    """
    act = current_act()
    if kind not in Notice.Kind.values:
        raise ValueError(f"no notices of kind {kind}")
    if link and (not link.startswith("/") or link.startswith("//") or "\\" in link):
        raise ValueError("a notice leads to a path of this site")
    about = _subject(subject)
    rows = [
        Notice(
            recipient_id=recipient, title=title, link=link, kind=kind, due_on=due_on, external=external,
            created_at=act.at, **about,
        )
        for recipient in dict.fromkeys(recipient_ids)
    ]  # fmt: skip
    plan_deliveries(Notice.objects.bulk_create(rows))


def finish_to_dos(subject: models.Model, *, at: datetime, recipient_id: int | None = None) -> int:
    """End every open to-do about a row (of one person, where named), inside an act; return how many there were."""
    rows = Notice.objects.filter(**_subject(subject))
    return _finish(rows if recipient_id is None else rows.filter(recipient_id=recipient_id), at=at)


def finish_own(notice: Notice, *, at: datetime) -> int:
    """End one to-do, because its recipient says that it is done; inside an act."""
    return _finish(Notice.objects.filter(pk=notice.pk), at=at)


def unread_count(actor: Actor) -> int:
    """Return how many notices the person has not read."""
    if actor.id is None:
        return 0
    return Notice.objects.filter(recipient_id=actor.id, read_at=None).count()


def mark_read(actor: Actor, *, at: datetime, kind: str = "", notice_id: int | None = None) -> int:
    """Mark the person's notices (of one kind, or one alone) as read, inside an act; return how many were not."""
    if actor.id is None:
        return 0
    rows = Notice.objects.filter(recipient_id=actor.id, read_at=None)
    if kind:
        rows = rows.filter(kind=kind)
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    return rows.update(read_at=at)


def _subject(subject: models.Model | None) -> dict[str, str]:
    if subject is None:
        return {}
    return {"subject_kind": subject._meta.label_lower, "subject_id": str(subject.pk)}


def _finish(rows: models.QuerySet[Notice], *, at: datetime) -> int:
    open_rows = list(rows.filter(kind=Notice.Kind.TO_DO, done_at=None).select_for_update())
    mine = Notice.objects.filter(pk__in=[row.pk for row in open_rows])
    count = mine.update(done_at=at, read_at=Coalesce("read_at", Value(at)))
    plan_endings(open_rows)
    return count
