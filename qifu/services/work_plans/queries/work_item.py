"""One assignment: its facts and clause, parts, steps, stream of events, and what the person asking may do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.foundation.files.models import StoredFile
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.registers.organisations.queries import expansion
from qifu.services.work_plans.models import (
    Assignment,
    AssignmentUnit,
    Event,
    Evidence,
    Milestone,
    PlanTarget,
    Precedence,
)
from qifu.services.work_plans.queries.work import FOLLOW
from qifu.services.work_plans.status import EVENT_TITLES, EventKind, Phase, may_happen, status_on

PERMISSIONS = ("organise_work", "confirm_lead", "lead_work", "report_work", "discuss_work", "close_work")
EVENTS = 200
"""How many of the newest events the page shows."""
PARTS = 300
"""How many parts below the page shows; the list has all."""
ICONS = {
    EventKind.REPORTED: "pencil", EventKind.SUBMITTED: "send", EventKind.CLOSED: "circle-check", EventKind.RETURNED: "arrow-left",
    EventKind.REOPENED: "refresh", EventKind.ASKED: "message-question", EventKind.ANSWERED: "message", EventKind.COMMENTED: "message",
    EventKind.DECOMPOSED: "sitemap", EventKind.REMINDED: "bell", EventKind.DUE_CHANGED: "calendar-due",
    EventKind.MILESTONE_REACHED: "check", EventKind.MILESTONE_SET: "flag", EventKind.PLAN_CHANGED: "file-diff",
}  # fmt: skip


@dataclass
class Happened:
    """One event as shown: title, who and for whom, figures, files, the answer it got."""

    event: Event
    title: str
    icon: str
    details: list[str]
    answered: bool = False


@dataclass(frozen=True)
class Item:
    """Everything the page of an assignment shows."""

    row: Assignment
    units: list[AssignmentUnit]
    milestones: list[Milestone]
    before: list[Assignment]
    after: list[Assignment]
    parts: list[Assignment]
    part_counts: dict[str, int]
    targets: list[PlanTarget]
    events: list[Happened]
    questions: list[Event]
    offers: frozenset[str] = frozenset()

    @property
    def out_of_turn(self) -> list[Assignment]:
        """What should come first and is not closed yet, while this one is already under way."""
        if self.row.phase == Phase.NOT_STARTED:
            return []
        return [one for one in self.before if one.phase != Phase.CLOSED]


def item(actor: Actor, at: datetime, pk: int, today: date) -> Item:
    """Return an assignment that the actor may follow, with all around it; raises access.NotFound."""
    rows = Assignment.objects.select_related("plan", "item", "lead", "parent")
    held = {
        f"may_{name}": Exists(
            access.visible(
                Assignment.objects.filter(pk=OuterRef("pk")), actor, f"work_plans.{name}", at
            ).order_by()
        )
        for name in PERMISSIONS
    }
    row = access.find(rows.annotate(**held), actor, FOLLOW, at, pk=pk)
    units = list(row.units.select_related("organisation").order_by("order", "pk"))
    milestones = list(row.milestones.order_by("due_on", "order"))
    linked = _linked(actor, at, row)
    before = [one for one in linked if vars(one)["comes_before"]]
    after = [one for one in linked if not vars(one)["comes_before"]]
    seen = access.visible(Assignment.objects.filter(parent=row, item__isnull=False), actor, FOLLOW, at)
    parts = list(seen.select_related("lead").order_by("place_code")[:PARTS])
    counts: dict[str, int] = {}
    for one in parts:
        status = status_on(one.phase, one.due_on, today).value
        counts[status] = counts.get(status, 0) + 1
    targets = list(PlanTarget.objects.filter(item_id=row.item_id).order_by("order")) if row.item_id else []
    events = _events(row)
    questions = [one.event for one in events if one.event.kind == EventKind.ASKED and not one.answered]
    found = Item(row, units, milestones, before, after, parts, counts, targets, events, questions)
    return replace(found, offers=frozenset(_offers(actor, at, found)))


def _linked(actor: Actor, at: datetime, row: Assignment) -> list[Assignment]:
    """The work that comes before or after, as far as the actor may follow it."""
    first = Precedence.objects.filter(before=OuterRef("pk"), after=row)
    then = Precedence.objects.filter(after=OuterRef("pk"), before=row)
    rows = access.visible(Assignment.objects.filter(plan_id=row.plan_id), actor, FOLLOW, at)
    rows = rows.annotate(comes_before=Exists(first)).filter(Q(comes_before=True) | Exists(then))
    return list(rows.order_by("order", "place_code"))


def _events(row: Assignment) -> list[Happened]:
    found = row.events.select_related("organisation").prefetch_related(
        "figures", Prefetch("evidence", Evidence.objects.select_related("file"))
    )
    shown = []
    answered = set()
    for event in found.order_by("-seq")[:EVENTS]:
        kind = EventKind(event.kind)
        answered.add(event.answers_id)
        shown.append(
            Happened(
                event, EVENT_TITLES[kind], ICONS.get(kind, "history"), _details(event), event.pk in answered
            )
        )
    return shown


def _details(event: Event) -> list[str]:
    """Say in words what an event's facts hold."""
    facts = event.facts
    said = []
    if event.kind == EventKind.OPENED or event.kind == EventKind.DUE_CHANGED:
        if "before" in facts:
            said.append(f"原期限 {facts['before'] or '持续推进'}")
        if "due_on" in facts:
            said.append(f"期限 {facts['due_on'] or '持续推进'}")
    if facts.get("lead_name"):
        said.append(facts["lead_name"])
    for key, word in (
        ("added", "加入"),
        ("removed", "移出"),
        ("units_added", "文件新增单位"),
        ("units_removed", "文件不再列"),
    ):
        if facts.get(key):
            said.append(f"{word}：{'、'.join(facts[key])}")
    if facts.get("generic"):
        said.append(f"“{facts['generic']}”为：{'、'.join(facts.get('members', []))}")
    for name, members in (facts.get("rules") or {}).items():
        said.append(f"“{name}”按规则为：{'、'.join(members)}")
    if facts.get("places"):
        names = divisions.names(facts["places"])
        said.append(f"分解到 {len(facts['places'])} 个地区：{'、'.join(names.values())}")
    for one in facts.get("milestones", []):
        said.append(f"{one['due_on']} {one['title']}")
    if facts.get("milestone"):
        said.append(f"{facts['milestone']}，{facts.get('reached_on', '')} 完成")
    said += [
        f"{word} {facts[key]}"
        for key, word in (
            ("open_parts", "下级未销号"), ("open_questions", "未答复的提问"), ("open_milestones", "未完成节点"),
            ("generic_units", "待分解的泛指单位"),
        )
        if facts.get(key)
    ]  # fmt: skip
    if facts.get("on_behalf_of"):
        said.append("受委托代行")
    return said


# ---- what may be done now ----------------------------------------------------------------------------------------


def _offers(actor: Actor, at: datetime, item: Item) -> list[str]:
    """Name the acts that would not be refused: held on the row, possible in its phase, with something to act on."""
    row, units = item.row, item.units
    may = {name for name in PERMISSIONS if vars(row)[f"may_{name}"]}
    if row.item_id is None:  # no longer in the plan
        return ["add_comment"] if "discuss_work" in may else []
    generic = [one for one in units if one.generic]
    wanted = {
        "confirm_lead": ("confirm_lead", EventKind.LEAD_CONFIRMED, row.lead_state == "proposed"),
        "change_lead": ("organise_work", EventKind.LEAD_CONFIRMED, True),
        "add_unit": ("organise_work", EventKind.UNITS_CHANGED, True),
        "remove_unit": ("organise_work", EventKind.UNITS_CHANGED, bool(removable(row, units))),
        "expand_generic": ("organise_work", EventKind.UNITS_CHANGED, bool(generic)),
        "apply_expansions": ("organise_work", EventKind.UNITS_CHANGED, bool(generic)),
        "set_due": ("organise_work", EventKind.DUE_CHANGED, True),
        "decompose": ("organise_work", EventKind.DECOMPOSED, len(divisions.subtree(row.place_code)) > 1),
        "remove_precedence": ("organise_work", EventKind.PRECEDENCE_CHANGED, bool(item.before)),
        "set_precedence": ("organise_work", EventKind.PRECEDENCE_CHANGED, True),
        "set_milestones": ("lead_work", EventKind.MILESTONE_SET, True),
        "reach_milestone": ("report_work", EventKind.MILESTONE_REACHED, any(not one.reached_on for one in item.milestones)),
        "report_progress": ("report_work", EventKind.REPORTED, True),
        "ask_question": ("report_work", EventKind.ASKED, True),
        "answer_question": ("organise_work", EventKind.ANSWERED, any(one.by_id != actor.id for one in item.questions)),
        "add_comment": ("discuss_work", EventKind.COMMENTED, True),
        "submit_work": ("lead_work", EventKind.SUBMITTED, True),
        "return_work": ("close_work", EventKind.RETURNED, True),
        "close_work": ("close_work", EventKind.CLOSED, row.phase == "pending" and _is_second(actor, at, item)),
        "reopen_work": ("close_work", EventKind.REOPENED, True),
    }  # fmt: skip
    return [
        act
        for act, (permission, kind, sensible) in wanted.items()
        if sensible and permission in may and may_happen(row.phase, kind)
    ]


def removable(row: Assignment, units: Sequence[AssignmentUnit]) -> list[AssignmentUnit]:
    """Return the units that were added here and do not lead."""
    return [one for one in units if one.added and one.organisation_id != row.lead_id]


def _is_second(actor: Actor, at: datetime, item: Item) -> bool:
    """Tell whether the actor may close: not who submitted, nor in his stead, nor the office that submitted itself."""
    row = item.row
    request = next((one.event for one in item.events if one.event.kind == EventKind.SUBMITTED), None)
    if request is None or not actor.is_person:
        return False
    first = {request.by_id, request.facts.get("on_behalf_of")} - {None}
    allowed = access.permissions()["work_plans.close_work"].grants
    grants = [
        one
        for one in access.grants_of(actor, at)
        if "in_place" in allowed.get(one.role, ())
        and row.place_code in one.places
        and one.on_behalf_of not in first
    ]
    if row.parent_id is not None and request.facts.get("role") == "reform_officer":
        grants = [one for one in grants if one.place != row.place_code]
    return actor.id not in first and bool(grants)


# ---- what the forms offer -----------------------------------------------------------------------------------------


def ready_rules(item: Item, today: date) -> list[str]:
    """Return the generic units of an assignment for which an approved rule counts."""
    return [one.name for one in item.units if one.generic and expansion(one.name, item.row.place_code, today)]


def unit_choices(place_code: str) -> list[tuple[int, str]]:
    """Return the standing organisations of a place by key, for a list to choose from."""
    rows = Organisation.objects.filter(place_code=place_code, effective_to=None).order_by("pk")
    return list(rows.values_list("pk", "name"))


def members_below(place_code: str) -> list[tuple[int, str]]:
    """Return the standing organisations of a place and everything under it, which a generic unit may be made of."""
    codes = divisions.subtree(place_code)
    rows = Organisation.objects.filter(place_code__in=codes, effective_to=None).order_by("place_code", "pk")
    return list(rows.values_list("pk", "name"))


def siblings(row: Assignment) -> list[tuple[int, str]]:
    """Return the other current work of the same place and plan, to be put before this."""
    rows = Assignment.objects.filter(plan_id=row.plan_id, place_code=row.place_code, item__isnull=False)
    found = rows.exclude(pk=row.pk).order_by("order").values_list("pk", "kind", "number", "title")[:2000]
    return [(pk, f"{_KINDS[kind]} {number} {title[:40]}") for pk, kind, number, title in found]


_KINDS: dict[str, str] = dict(Assignment._meta.get_field("kind").choices or ())  # type: ignore[arg-type]


def places_below(row: Assignment) -> list[tuple[str, str]]:
    """Return the divisions right under an assignment's place that can have a part of it, without functional areas."""
    book = divisions.book()
    below = [one for code in divisions.subtree(row.place_code) if (one := book.get(code)) is not None]
    direct = [one for one in below if one.parent == row.place_code]
    return [(one.code, one.name) for one in sorted(direct, key=lambda one: one.code)]


def work_row(actor: Actor, at: datetime, pk: int) -> Assignment:
    """Return one assignment that the actor may follow; raises access.NotFound."""
    return access.find(Assignment.objects.all(), actor, FOLLOW, at, pk=pk)


def evidence(actor: Actor, at: datetime, pk: int, file: int) -> StoredFile:
    """Return a file that bears out something that happened to an assignment the actor may follow."""
    row = access.find(Assignment.objects.all(), actor, FOLLOW, at, pk=pk)
    found: Any = Evidence.objects.filter(event__assignment=row, pk=file).select_related("file").first()
    if found is None:
        raise access.NotFound(f"Evidence {file} of Assignment {pk}")
    stored: StoredFile = found.file
    return stored
