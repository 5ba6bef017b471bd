"""How the channels stand, for the administrator, and what a person chose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q

from qifu.foundation.access import Actor, NotFound
from qifu.foundation.channels.config import PRESCRIBED, Channel
from qifu.foundation.channels.delivery import site_channels
from qifu.foundation.channels.models import ChannelPreference, ChannelRest, Delivery, DemoMessage
from qifu.foundation.channels.planning import channels_for, chosen

STUCK_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class ChannelHealth:
    """How one channel stands: counts of deliveries, of the last day for `sent` and `failed`; since when one waits.

    `level` is good, warn (failures, or something `stuck`) or bad (the provider does not answer); `reason` is the
    latest fault. Stuck is what has waited longer than quiet hours and patience explain.
    """

    name: str
    title: str
    declared: bool
    waiting: int
    waiting_since: datetime | None
    sent: int
    failed: int
    last_sent_at: datetime | None
    resting_until: datetime | None
    reason: str
    stuck: bool

    @property
    def level(self) -> str:
        """good, warn or bad."""
        if self.resting_until is not None:
            return "bad"
        return "warn" if self.failed or self.stuck or (self.waiting and not self.declared) else "good"


def health(*, at: datetime) -> list[ChannelHealth]:
    """Return how each declared channel stands, and each that is declared no more but still has something waiting."""
    day = at - timedelta(days=1)
    waiting, failed = Q(state=Delivery.State.WAITING), Q(state=Delivery.State.FAILED, at__gt=day)
    rows = Delivery.objects.filter(waiting | Q(at__gt=day)).values("channel")
    found = {
        row["channel"]: row
        for row in rows.annotate(
            waiting=Count("pk", filter=waiting & ~Q(by_digest=True)),
            since=Min("created_at", filter=waiting & ~Q(by_digest=True)),
            sent=Count("pk", filter=Q(state=Delivery.State.SENT)),
            failed=Count("pk", filter=failed),
            last=Max("at", filter=Q(state=Delivery.State.SENT)),
        )
    }
    resting = dict(ChannelRest.objects.filter(until__gt=at).values_list("channel", "until"))
    declared = {one.name: one.title for one in site_channels().channels}
    names = [*declared, *sorted(name for name in found if name not in declared and found[name]["waiting"])]
    faults = Delivery.objects.filter(channel__in=names, at__gt=day, attempts__gt=0).exclude(reason="")
    reasons = dict(faults.order_by("at").values_list("channel", "reason"))
    nothing = {"waiting": 0, "since": None, "sent": 0, "failed": 0, "last": None}
    return [
        ChannelHealth(
            name=name, title=declared.get(name, name), declared=name in declared, waiting=row["waiting"],
            waiting_since=row["since"], sent=row["sent"], failed=row["failed"], last_sent_at=row["last"],
            resting_until=resting.get(name), reason=reasons.get(name, ""),
            stuck=row["since"] is not None and row["since"] < at - STUCK_AFTER,
        )
        for name in names
        for row in [found.get(name, nothing)]
    ]  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One channel as a person may choose it; `fixed` when the site prescribes it."""

    channel: Channel
    on: bool

    @property
    def fixed(self) -> bool:
        """True when the person cannot switch it off."""
        return self.channel.use == PRESCRIBED


def own_choices(actor: Actor, at: datetime) -> tuple[list[Choice], ChannelPreference | None]:
    """Return the channels offered to the actor with what is chosen, and what the actor set (None: nothing yet)."""
    if actor.id is None:
        raise NotFound("channels.choose")
    preference = ChannelPreference.objects.filter(person_id=actor.id).first()
    offered = channels_for(actor.id, site_channels().channels, at)
    return [Choice(channel, chosen(channel, preference)) for channel in offered], preference


def demo_messages() -> list[DemoMessage]:
    """Return the messages that the demo site keeps, newest first."""
    return list(DemoMessage.objects.order_by("-pk"))
