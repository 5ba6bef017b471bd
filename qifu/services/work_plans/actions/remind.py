"""Automatic reminders: on each working day one event for an assignment that needs one, notices to those it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.jobs import Job, enqueue
from qifu.foundation.notices import notify
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI
from qifu.services.work_plans.actions.record import link_to
from qifu.services.work_plans.models import Assignment, Event
from qifu.services.work_plans.queries.recipients import officers_of, offices_of
from qifu.services.work_plans.reminders import Cause, Course, Reminder, reminders, rules_of
from qifu.services.work_plans.status import EventKind

REMIND = "work_plans.remind"
AT = time(7, 50)
"""Before the daily digest goes out."""
LOOK_BACK = timedelta(days=14)
MOST_SINGLE = 5
"""How many notices of one run a person gets one by one; more become a single one."""
CHUNK = 500


@dataclass(frozen=True)
class _Due:
    row: Assignment
    found: Sequence[Reminder]

    @property
    def words(self) -> str:
        return "；".join(one.words for one in self.found)

    def has(self, *causes: Cause) -> bool:
        return any(one.cause in causes for one in self.found)


@action(REMIND, title="自动提醒", permission=REMIND)
def remind_units(*, today: date, by: Actor, at: datetime) -> int:
    """Remind of every mark of the last two weeks that nobody was told of yet; return of how many assignments.

    Asked again it reminds of nothing twice. It also sets the job for the next working day.
    """
    due = [one for chunk in _chunks(_found(today - LOOK_BACK, today)) for one in _written(chunk)]
    _tell(due)
    schedule_reminders()
    current_act().note(reminded=len(due))
    return len(due)


def schedule_reminders() -> None:
    """See to it that the next working day's reminders are made, inside the act under way; one job waits at a time."""
    if Job.objects.filter(kind=REMIND, state=Job.State.WAITING).exists():
        return
    at = current_act().at
    local = at.astimezone(SHANGHAI)
    day, calendar = local.date(), load_calendar(local.date())
    if local.time() >= AT or not calendar.is_working_day(day):
        day = calendar.add_working_days(day, 1).day
    enqueue(REMIND, run_at=datetime.combine(day, AT, SHANGHAI), unique_key=f"{REMIND}-{day}", max_attempts=20)


def _found(since: date, today: date) -> list[_Due]:
    rules, calendar = rules_of(settings.PROVINCE_DIR), load_calendar(today)
    rows = Assignment.objects.filter(item__isnull=False).exclude(phase=Assignment.Phase.CLOSED)
    found = []
    for row in rows.select_related("parent").order_by("pk").iterator(chunk_size=2000):
        course = Course(
            row.phase, row.lead_state, timezone.localdate(row.opened_at), row.due_on,
            timezone.localdate(row.last_report_at) if row.last_report_at else None,
            timezone.localdate(row.submitted_at) if row.submitted_at else None,
        )  # fmt: skip
        came = reminders(course, rules, since=since, today=today, calendar=calendar)
        if came:
            found.append(_Due(row, came))
    return found


def _chunks(due: list[_Due]) -> Iterator[list[_Due]]:
    return (due[start : start + CHUNK] for start in range(0, len(due), CHUNK))


def _written(due: list[_Due]) -> list[_Due]:
    """Write one event for each that has marks nobody was told of, and return them with those marks alone.

    The rows are locked by counting their events up; a reminder changes nothing else of them.
    """
    act = current_act()
    told = _told(due)
    fresh = [
        _Due(one.row, [mark for mark in one.found if (one.row.pk, mark.cause, mark.mark) not in told])
        for one in due
    ]
    new = {one.row.pk: one for one in fresh if one.found}
    rows = Assignment.objects.filter(pk__in=new)
    rows.update(last_seq=F("last_seq") + 1)
    events = [
        Event(
            assignment_id=pk, seq=seq, kind=EventKind.REMINDED.value, at=act.at, by_name=act.by.name,
            text=new[pk].words, facts={"marks": {one.cause.value: one.mark.isoformat() for one in new[pk].found}},
        )
        for pk, seq in rows.values_list("pk", "last_seq")
    ]  # fmt: skip
    Event.objects.bulk_create(events, batch_size=CHUNK)
    return list(new.values())


def _told(due: list[_Due]) -> set[tuple[int, str, date]]:
    """What was told before: assignment, cause and mark."""
    events = Event.objects.filter(assignment__in=[one.row.pk for one in due], kind=EventKind.REMINDED.value)
    return {
        (pk, cause, date.fromisoformat(mark))
        for pk, facts in events.values_list("assignment_id", "facts")
        for cause, mark in facts.get("marks", {}).items()
    }


def _tell(due: list[_Due]) -> None:
    at = current_act().at
    leads = officers_of({one.row.lead_id for one in due}, at)
    above = {one.row.parent.place_code for one in due if one.row.parent is not None}
    offices = offices_of({one.row.place_code for one in due} | above, at)
    mine: defaultdict[int, list[_Due]] = defaultdict(list)
    for one in due:
        for person in dict.fromkeys(_concerned(one, leads, offices)):
            mine[person].append(one)
    for person, owed in mine.items():
        _tell_one(person, owed)


def _concerned(one: _Due, leads: dict[int, list[int]], offices: dict[str, list[int]]) -> Iterator[int]:
    row = one.row
    office = offices.get(row.place_code, [])
    unit = leads.get(row.lead_id or 0, [])
    if one.has(Cause.DUE, Cause.OVERDUE, Cause.SILENT, Cause.LEAD):
        yield from unit or office
    if one.has(Cause.OVERDUE, Cause.LEAD, Cause.WAITING):
        yield from office
    if one.has(Cause.WAITING) and row.parent is not None:
        yield from offices.get(row.parent.place_code, [])


def _tell_one(person: int, owed: list[_Due]) -> None:
    if len(owed) <= MOST_SINGLE:
        for one in owed:
            notify(
                [person], title=f"{one.words}：{one.row.title}"[:200], link=link_to(one.row), kind="reminder",
                due_on=one.row.due_on,
            )  # fmt: skip
        return
    late = sum(one.has(Cause.OVERDUE) for one in owed)
    words = f"，其中逾期 {late} 项" if late else ""
    notify([person], title=f"有 {len(owed)} 项工作需要关注{words}", link=reverse("my_work"), kind="reminder")
