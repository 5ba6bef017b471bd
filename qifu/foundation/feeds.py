"""Calendar feeds: a private address that calendar programs read without signing in.

Whoever has the address reads the feed, and calendar programs hand it to their makers' servers. So the address holds a
token of 256 random bits that its owner can revoke, only the token's hash is kept, and of anything that is not public
the feed tells a day, a number and "企服待办": no title, place or name. The link leads to a page behind sign-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import icalendar
from django.db import models

from qifu.foundation.access import SIGNED_IN, Actor, Grant, NotFound, Permission, declare_permissions
from qifu.foundation.action import Record, action, current_act
from qifu.foundation.notices import Notice

MOST_EVENTS = 2000
declare_permissions(Permission("feeds.own", "订阅自己的日历", {SIGNED_IN: ("own",)}))


@dataclass(frozen=True)
class FeedEvent:
    """One entry: `uid` is the same at each reading; `starts` is a day, or a moment with a zone.

    `title` leaves only when `public`; otherwise the entry is called "企服待办" with `number`. `link` is a path.
    """

    uid: str
    starts: date | datetime
    title: str
    link: str
    number: str = ""
    public: bool = False

    @property
    def outside(self) -> str:
        """What the entry is called in the calendar."""
        return self.title if self.public else f"企服待办 {self.number}".strip()


Provider = Callable[[Actor, datetime], Iterable[FeedEvent]]
_providers: dict[str, Provider] = {}


def declare_feed(name: str, provider: Provider) -> None:
    """Let a room add events to people's feeds; `provider` returns only what the person may see at that moment."""
    if _providers.setdefault(name, provider) is not provider:
        raise ValueError(f"feed {name} is declared twice")


class FeedToken(Record):
    """The one address of a person's feed, by the hash of its token; deleted when revoked."""

    person_id = models.BigIntegerField("人员", unique=True)
    token_hash = models.CharField("令牌摘要", max_length=64, unique=True)
    created_at = models.DateTimeField("创建时间")

    reach: ClassVar = {"own": lambda grant: _own(grant)}

    class Meta:
        app_label = "foundation"
        verbose_name = "日历订阅"


def _own(grant: Grant) -> models.Q:
    return models.Q(person_id=grant.actor_id)


@action("feeds.create", title="生成日历订阅地址", permission="feeds.own")
def create_feed(*, token: str, by: Actor, at: datetime) -> FeedToken:
    """Keep the hash of `token` (32 random bytes or more, as text) as the actor's address; an earlier one ends."""
    if by.id is None or len(token) < 43:
        raise NotFound("feeds.own")
    row, _ = FeedToken.objects.update_or_create(
        person_id=by.id, defaults={"token_hash": _hash(token), "created_at": at}
    )
    current_act().about(row)
    return row


@action("feeds.revoke", title="停用日历订阅地址", permission="feeds.own")
def revoke_feed(*, by: Actor, at: datetime) -> bool:
    """End the actor's address; tell whether there was one."""
    return by.id is not None and bool(FeedToken.objects.filter(person_id=by.id).delete()[0])


def own_feed(actor: Actor) -> FeedToken | None:
    """Return the actor's address, if there is one (not its token, which nobody keeps)."""
    return FeedToken.objects.filter(person_id=actor.id).first() if actor.id is not None else None


def person_of(token: str) -> int:
    """Return whose feed the token opens; raises NotFound for any other text."""
    found = FeedToken.objects.filter(token_hash=_hash(token)).values_list("person_id", flat=True).first()
    if found is None:
        raise NotFound("feeds")
    return found


def calendar(actor: Actor, at: datetime, *, site_url: str) -> bytes:
    """Return the person's feed as iCalendar (RFC 5545); `site_url` has no slash at its end."""
    feed = icalendar.Calendar()
    feed.add("prodid", "-//qifu//feeds//ZH")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", "企服")
    feed.add("refresh-interval", timedelta(hours=4), parameters={"VALUE": "DURATION"})
    events = [event for _, provider in sorted(_providers.items()) for event in provider(actor, at)]
    for event in sorted(events, key=lambda one: (_day(one.starts), one.uid))[:MOST_EVENTS]:
        feed.add_component(_entry(event, at, site_url))
    return bytes(feed.to_ical())


def _entry(event: FeedEvent, at: datetime, site_url: str) -> icalendar.Event:
    entry = icalendar.Event()
    entry.add("uid", f"{event.uid}@qifu")
    entry.add("dtstamp", at.astimezone(UTC))
    if isinstance(event.starts, datetime):
        entry.add("dtstart", event.starts.astimezone(UTC))
    else:
        entry.add("dtstart", event.starts)
        entry.add("dtend", event.starts + timedelta(days=1))
    entry.add("summary", event.outside)
    entry.add("url", site_url + event.link)
    entry.add("transp", "TRANSPARENT")
    return entry


def _day(starts: date | datetime) -> str:
    return starts.astimezone(UTC).isoformat() if isinstance(starts, datetime) else starts.isoformat()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _open_to_dos(actor: Actor, at: datetime) -> Iterable[FeedEvent]:
    """Return the person's own open to-dos that have a due day."""
    if actor.id is None:
        return
    rows = Notice.objects.filter(
        recipient_id=actor.id, kind=Notice.Kind.TO_DO, done_at=None, due_on__isnull=False
    )
    for row in rows.order_by("due_on", "pk"):
        if row.due_on is None:
            continue
        yield FeedEvent(
            uid=f"notice-{row.pk}", starts=row.due_on, title=row.external, link=f"/inbox/{row.pk}/",
            number=str(row.pk), public=bool(row.external),
        )  # fmt: skip


declare_feed("notices", _open_to_dos)
