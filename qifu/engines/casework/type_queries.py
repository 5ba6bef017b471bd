"""Published case types as staff and firms read them: those in force, their versions, what a version changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from qifu.engines.casework.case_type import CaseType, in_written_order
from qifu.engines.casework.clocks import RULES, UNIT_TITLES, Unit
from qifu.engines.casework.definitions import KIND, of_revision
from qifu.foundation import access, clock, revisions
from qifu.foundation.access import Actor
from qifu.foundation.revisions import Revision
from qifu.foundation.working_days import SHANGHAI


@dataclass(frozen=True)
class Version:
    """One published version: in force from a day until the day before `until` (None: until further notice).

    `until` counts what a later version took over; `standing`: it is in force on the day that was asked for.
    """

    revision: Revision
    definition: CaseType
    content: Mapping[str, Any]
    starts: date
    until: date | None
    standing: bool

    @property
    def number(self) -> int:
        """Its number in the series."""
        return self.revision.number

    @property
    def last_day(self) -> date | None:
        """The last day on which it is in force."""
        return self.until and self.until - timedelta(days=1)

    @property
    def never(self) -> bool:
        """Whether another version took its place before it came into force."""
        return self.until is not None and self.until <= self.starts

    @property
    def base(self) -> str:
        """The key of the case type that it extends, "" where it stands by itself."""
        return str(self.content.get("extends", ""))

    @property
    def unverified(self) -> bool:
        """Whether its figures are still to be checked against the original documents."""
        return self.content.get("confidence") == "待核"


def keys(actor: Actor, permission: str, at: datetime) -> list[str]:
    """Return the keys of every published case type, in the order of their first publication."""
    rows = _rows(actor, permission, at).order_by("series_id").values_list("series__key", flat=True)
    return list(dict.fromkeys(rows))


def in_force_now(actor: Actor, permission: str, at: datetime, day: date) -> list[Version]:
    """Return the version of each case type in force on a day."""
    found = (versions(actor, permission, at, key, day) for key in keys(actor, permission, at))
    return [one for several in found for one in several if one.standing]


def versions(actor: Actor, permission: str, at: datetime, key: str, day: date) -> list[Version]:
    """Return the published versions of a case type, the newest first; `standing` marks the one in force on a day."""
    rows = list(
        _rows(actor, permission, at).filter(series__key=key).select_related("series").order_by("-number")
    )
    now = revisions.as_of(kind=KIND, key=key, day=day)
    made = []
    later: date | None = None
    for row in rows:
        assert row.effective_from is not None
        ends = [one for one in (row.effective_to, later) if one is not None]
        until = min(ends, default=None)
        made.append(
            Version(row, of_revision(row), in_written_order(row.content), row.effective_from, until, now is not None and now.pk == row.pk)
        )  # fmt: skip
        took_over = max(row.effective_from, _day_published(row))
        later = took_over if later is None else min(later, took_over)
    return made


def _day_published(row: Revision) -> date:
    """Return the day of business on which a version was published; it rules nothing before, whatever day it names."""
    assert row.published_at is not None
    return clock.business(row.published_at).astimezone(SHANGHAI).date()


def version_of(actor: Actor, permission: str, at: datetime, key: str, day: date, number: int | None = None) -> Version | None:  # fmt: skip
    """Return one version by its number, without it the one in force on a day (else the newest); None where there is none."""
    found = versions(actor, permission, at, key, day)
    if number is not None:
        return next((one for one in found if one.number == number), None)
    return next((one for one in found if one.standing), found[0] if found else None)


def _rows(actor: Actor, permission: str, at: datetime) -> Any:
    published = Revision.objects.filter(series__kind=KIND, state=Revision.State.PUBLISHED)
    return access.visible(published, actor, permission, at)


@dataclass(frozen=True)
class ClockWords:
    """One clock in words: whose, how long (and how long where a fact says so), and the rule by which it is counted."""

    title: str
    of: str
    limit: str
    by: tuple[str, ...]
    promised: bool
    basis: str
    unit: Unit
    starts: tuple[str, ...]
    stops: tuple[str, ...]


def clock_words(definition: CaseType) -> Iterator[ClockWords]:
    """Yield every clock of a case type in words."""
    for one in definition.clocks.values():
        by = []
        for fact, limits in one.by.items():
            choices = definition.fields[fact].choices if fact in definition.fields else {}
            by += [f"{choices.get(value, value)} {limit.words()}" for value, limit in limits.items()]
        starts = [f"“{t.title}”" for t in definition.transitions.values() if one.name in t.starts]
        starts += [f"收到（{s.title}）" for s in definition.states.values() if one.name in s.starts]
        stops = [f"“{t.title}”" for t in definition.transitions.values() if one.name in t.stops]
        if one.name == definition.verbs.co_handler_clock:
            starts, stops = [*starts, "请求协办"], [*stops, "协办答复"]
        if one.name == definition.verbs.escalation_clock:
            starts, stops = [*starts, "上报协调"], [*stops, "上级答复"]
        yield ClockWords(
            one.title, definition.roles.get(one.of, one.of), one.limit.words(), tuple(by), one.promised, one.basis,
            one.limit.unit, tuple(starts), (*stops, "办结"),
        )  # fmt: skip


def rules_used(definition: CaseType) -> list[tuple[str, str, list[str]]]:
    """Return each counting rule that a case type uses: the unit's words, the rule, the clocks counted by it."""
    found: dict[Unit, list[str]] = {}
    for one in definition.clocks.values():
        for unit in dict.fromkeys(limit.unit for limit in one.limits()):
            found.setdefault(unit, []).append(one.title)
    return [(UNIT_TITLES[unit], RULES[unit], titles) for unit, titles in found.items()]
