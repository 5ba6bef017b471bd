"""The clocks of a case as pages show them: limit, start, end, what is left, pauses, and by which rule it is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clock_words import words
from qifu.engines.casework.clocks import RULES, Limit, Pause, Unit
from qifu.engines.casework.definitions import hours_of
from qifu.engines.casework.models import CaseClock
from qifu.foundation.working_calendar import calendar_at
from qifu.foundation.working_days import SHANGHAI


@dataclass(frozen=True)
class PauseLine:
    """A time in which a clock stood still, and why."""

    from_at: datetime
    to_at: datetime | None
    reason: str
    text: str
    approved_by: str
    until_on: date | None
    consent: bool


@dataclass(frozen=True)
class ClockLine:
    """One clock: `look` good, warn, bad or idle; `words` where it stands, or how it ended."""

    number: int
    name: str
    title: str
    of: str
    limit: str
    extended: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    words: str
    look: str
    rule: str
    basis: str
    promised: bool
    provisional: bool
    pauses: tuple[PauseLine, ...]


def clock_lines(definition: CaseType, rows: Iterable[CaseClock], moment: datetime) -> list[ClockLine]:
    """Return clocks for a page, running ones first by their end; `rows` with pauses and parts read along."""
    lines = [_line(definition, row, moment) for row in rows]
    running = [one for one in lines if one.stopped_at is None]
    ended = [one for one in lines if one.stopped_at is not None]
    far = datetime.max.replace(tzinfo=SHANGHAI)
    return sorted(running, key=lambda one: one.due_at or far) + sorted(ended, key=lambda one: one.started_at)


def limit_of(row: CaseClock) -> Limit:
    """Return a clock's limit with what it was extended by."""
    return Limit(Unit(row.unit), row.amount + row.extended)


def left_of(definition: CaseType, row: CaseClock, moment: datetime) -> str:
    """Return where a clock that has not stopped stands, in words; its pauses are best read along."""
    pauses = [Pause(one.from_at, one.to_at) for one in row.pauses.all()]
    return words(calendar_at(moment), hours_of(definition), row.started_at, limit_of(row), pauses, moment)


def _line(definition: CaseType, row: CaseClock, moment: datetime) -> ClockLine:
    kind = definition.clocks[row.name]
    unit = Unit(row.unit)
    said, look = _standing(definition, row, moment)
    grounds = definition.verbs.pause_reasons
    titles = {name: step.title for name, step in definition.transitions.items()}
    return ClockLine(
        number=row.pk, name=row.name, title=kind.title, of=row.part.organisation.name if row.part else definition.roles[kind.of],
        limit=limit_of(row).words(), extended=Limit(unit, row.extended).words() if row.extended else "", started_at=row.started_at,
        due_at=row.due_at, stopped_at=row.stopped_at, words=said, look=look, rule=RULES[unit], basis=kind.basis,
        promised=kind.promised and row.part_id is None, provisional=row.provisional and row.stopped_at is None,
        pauses=tuple(
            PauseLine(
                one.from_at, one.to_at, grounds[one.reason].title if one.reason in grounds else titles.get(one.reason, ""),
                one.text, one.approved_by_name, one.until_on, one.consent_id is not None,
            )
            for one in row.pauses.all()
        ),
    )  # fmt: skip


def _standing(definition: CaseType, row: CaseClock, moment: datetime) -> tuple[str, str]:
    if row.stopped_at is not None:
        late = row.due_at is not None and row.stopped_at > row.due_at
        return ("超期完成" if late else "按期完成"), ("bad" if late else "good")
    said = left_of(definition, row, moment)
    if any(one.to_at is None for one in row.pauses.all()):
        return said, "idle"
    if row.due_at is not None and row.due_at < moment:
        return said, "bad"
    near = "今天" in said or row.warned_at is not None
    return said, "warn" if near else "info"
