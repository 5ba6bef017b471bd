"""Events: seen that they may happen, numbered without gaps, and folded into the row in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, BinaryIO

from django.db.models import Model
from django.urls import reverse

from qifu.foundation.access import Grant, grants_of, permissions
from qifu.foundation.action import Refused, current_act
from qifu.foundation.files.storage import store
from qifu.foundation.notices import notify
from qifu.services.work_plans.content import storable
from qifu.services.work_plans.models import Assignment, Event, Evidence
from qifu.services.work_plans.queries.recipients import officers_of, offices_of
from qifu.services.work_plans.status import EVENT_TITLES, EventKind, Happening, State, after, may_happen

STATE_FIELDS = [one.name for one in fields(State)]
MOST_TEXT = 5000
MOST_FILES = 20
Upload = tuple[str, BinaryIO]

# What may follow an event that the writer of a page has not seen: nothing was decided by it.
_HARMLESS = (EventKind.COMMENTED, EventKind.REMINDED, EventKind.ASKED, EventKind.ANSWERED)
# What may be said of an item that is no longer in the plan in force.
_ALWAYS = (EventKind.COMMENTED, EventKind.ANSWERED, EventKind.PLAN_CHANGED)
_CANNOT = {
    "closed": "这一项已销号，不能再{what}；如需继续，请先由改革办重新打开",
    "pending": "这一项已申请销号、正在待核，不能{what}；请先由改革办核定或退回",
}


def lock(assignment: Assignment, kind: EventKind, *, expected_seq: int | None = None) -> Assignment:
    """Return the row, locked until the act ends; raise Refused when an event of `kind` may not happen to it now.

    With `expected_seq` (the number of the last event that the writer saw) it is refused also when something was
    decided since; comments, questions, answers and reminders do not count.
    """
    row = Assignment.objects.select_for_update().get(pk=assignment.pk)
    what = EVENT_TITLES[kind]
    current_act().about(row)
    if row.item_id is None and kind not in _ALWAYS:
        raise Refused(f"这一项已不在现行工作要点中，不能再{what}；历史记录仍可查看")
    if expected_seq is not None and row.last_seq > expected_seq:
        _refuse_unseen(row, expected_seq)
    if not may_happen(row.phase, kind):
        why = _CANNOT.get(row.phase, f"这一项现为“{row.get_phase_display()}”，不能{{what}}；请先申请销号")
        raise Refused(why.format(what=what))
    return row


def _refuse_unseen(row: Assignment, seen: int) -> None:
    since = row.events.filter(seq__gt=seen).exclude(kind__in=_HARMLESS).order_by("-seq").first()
    if since is not None:
        what = EVENT_TITLES[EventKind(since.kind)]
        raise Refused(f"您打开本页以后，{since.by_name or '系统'}刚刚作了“{what}”，请刷新看过后再提交")


def prepare(
    row: Assignment,
    kind: EventKind,
    *,
    text: str = "",
    facts: Mapping[str, Any] | None = None,
    grant: Grant | None = None,
    answers: Event | None = None,
) -> Event:
    """Return the next event of a row, not yet saved, and give the row what the event makes of it; inside an act."""
    act = current_act()
    said = dict(facts or {})
    if grant is not None and grant.on_behalf_of is not None:
        said["on_behalf_of"] = grant.on_behalf_of
    row.last_seq += 1
    event = Event(
        assignment=row, seq=row.last_seq, kind=kind.value, at=act.at, by_id=act.by.id, by_name=act.by.name[:60],
        organisation_id=grant.organisation_id if grant else None, text=text, facts=said, answers=answers,
    )  # fmt: skip
    state = State(**{name: getattr(row, name) for name in STATE_FIELDS})
    state = after(state, Happening(kind, act.at, act.by.id, said))
    for name in STATE_FIELDS:
        setattr(row, name, getattr(state, name))
    return event


def record(row: Assignment, kind: EventKind, **more: Any) -> Event:
    """Save the next event of a locked row, and the row with what follows from it."""
    event = prepare(row, kind, **more)
    row.save()
    event.save(force_insert=True)
    current_act().note(event=EVENT_TITLES[kind], seq=event.seq)
    return event


def record_many(events: Iterable[Event], extra: Sequence[str] = ()) -> None:
    """Save prepared events of rows that exist, and those rows; `extra` names other columns that were changed."""
    made = list(events)
    rows = {event.assignment_id: event.assignment for event in made}
    Assignment.objects.bulk_update(list(rows.values()), [*_columns(), "last_seq", *extra], batch_size=300)
    Event.objects.bulk_create(made, batch_size=500)


def _columns() -> list[str]:
    return ["lead" if name == "lead_id" else name for name in STATE_FIELDS]


def acting_as(assignment: Assignment, permission: str) -> list[Grant]:
    """Return those grants of whoever acts that give `permission` on the row, own posts before delegated ones."""
    act = current_act()
    if not act.by.is_person:
        return []
    allowed = permissions()[permission].grants
    held = [grant for grant in grants_of(act.by, act.at) if grant.role in allowed]
    held.sort(key=lambda grant: grant.on_behalf_of is not None)
    reach = Assignment.reach
    return [
        grant
        for grant in held
        if any(
            Assignment.objects.filter(reach[relation](grant), pk=assignment.pk).exists()
            for relation in allowed[grant.role]
        )
    ]


def own_grant(assignment: Assignment, permission: str) -> Grant | None:
    """Return the grant under which whoever acts does it, or None for the system."""
    return next(iter(acting_as(assignment, permission)), None)


def worded(text: str, *, field: str, what: str, needed: bool = True, most: int = MOST_TEXT) -> str:
    """Return a text as it is kept; Refused where it is missing or too long."""
    kept = storable(text).strip()
    if needed and not kept:
        raise Refused(f"请写明{what}", **{field: f"请写明{what}"})
    if len(kept) > most:
        raise Refused(
            f"{what}最多 {most} 字，现有 {len(kept)} 字", **{field: f"最多 {most} 字，请精简或改作附件"}
        )
    return kept


def attach(event: Event, files: Sequence[Upload], *, unclassified: bool, place_code: str) -> list[Evidence]:
    """Keep files as evidence of an event; none is public, and none is kept without the word that it is no secret."""
    if not files:
        return []
    if not unclassified:
        raise Refused("请先确认文件不涉密", unclassified="涉密文件不得上传；确认不涉密后请勾选")
    if len(files) > MOST_FILES:
        raise Refused(f"一次最多附 {MOST_FILES} 个文件", files=f"一次最多附 {MOST_FILES} 个文件")
    kept = []
    for name, content in files:
        stored = store(content, name=name, place_code=place_code, owner_organisation_id=event.organisation_id)
        kept.append(Evidence(event=event, file=stored))
    return list(Evidence.objects.bulk_create(kept))


def link_to(row: Assignment) -> str:
    """Return the address of an assignment's page."""
    return reverse("assignment", args=[row.pk])


def tell(row: Assignment, people: Iterable[int], title: str, **more: Any) -> None:
    """Notify people, but not whoever acts, of what happened to a row; `more` as `notify` takes it."""
    act = current_act()
    others = [one for one in people if one != act.by.id]
    if others:
        notify(others, title=title[:200], link=link_to(row), **more)


def tell_lead(row: Assignment, title: str) -> None:
    """Notify the officers of the lead unit."""
    tell(row, officers_of([row.lead_id], current_act().at).get(row.lead_id or 0, ()), title)


def ask_office(row: Assignment, title: str, subject: Model, grant: Grant | None) -> None:
    """Give the reform office of the row's place something to do about `subject`.

    Where that office asks itself about a part handed down to it, the office above is meant.
    """
    by_office = grant is not None and grant.role == "reform_officer"
    code = row.parent.place_code if by_office and row.parent is not None else row.place_code
    people = offices_of([code], current_act().at).get(code, ())
    tell(row, people, title, kind="to_do", subject=subject)
