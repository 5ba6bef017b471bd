"""Questions about published plans: which may be seen, their items, units, deadlines and versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.urls import reverse

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.foundation.modules import HomeFigure
from qifu.foundation.revisions import Revision
from qifu.services.work_plans.fields import COMPARATORS, grouped
from qifu.services.work_plans.models import Plan, PlanItem, PlanReview, PlanTarget, PlanUnit, Publicity
from qifu.services.work_plans.status import SOON

KINDS = dict(PlanItem.Kind.choices)
STANDINGS = dict(PlanItem.Standing.choices)
ROLES = dict(PlanUnit.Role.choices)
LEVELS = dict(PlanUnit.Level.choices)
DIRECTIONS = dict(PlanTarget.Direction.choices)
PUBLIC = Publicity.PUBLIC.value
PUBLICITIES = dict(Publicity.choices)


def plans(actor: Actor, at: datetime) -> QuerySet[Plan]:
    """Return the plans that the actor may see; withdrawn ones only to those who may see internal plans."""
    rows = access.visible(Plan.objects.all(), actor, "work_plans.view", at)
    return rows.annotate(
        **{
            f"{kind}_count": Count(
                "items",
                filter=Q(
                    items__revision=_CURRENT, items__kind=kind, items__standing=PlanItem.Standing.STATED
                ),
            )
            for kind in KINDS
        }
    ).order_by("-year", "-issued_on", "pk")


_CURRENT = F("revision")


def plan(actor: Actor, at: datetime, pk: int) -> Plan:
    """Return one plan; raises access.NotFound."""
    return access.find(Plan.objects.select_related("revision"), actor, "work_plans.view", at, pk=pk)


def sees_internal(actor: Actor, at: datetime, row: Plan) -> bool:
    """Tell whether the actor may see what of this plan is not public (older internal versions, names of reviewers)."""
    return access.visible(Plan.objects.filter(pk=row.pk), actor, "work_plans.view_internal", at).exists()


def may_publish(actor: Actor, at: datetime, row: Plan) -> bool:
    """Tell whether the actor may correct and withdraw the plan."""
    return access.visible(Plan.objects.filter(pk=row.pk), actor, "work_plans.publish", at).exists()


def versions(actor: Actor, at: datetime, row: Plan) -> list[PlanReview]:
    """Return the reviews that made the versions the actor may see, newest first, each with its revision."""
    rows = PlanReview.objects.filter(revision__series__kind="work_plan", revision__series__key=row.key)
    rows = rows.select_related("revision").defer("reading_text", "blocks_text").order_by("-revision__number")
    if not sees_internal(actor, at, row):
        rows = rows.filter(publicity=PUBLIC, revision__state=Revision.State.PUBLISHED)
    return list(rows)


def version(actor: Actor, at: datetime, row: Plan, number: int | None) -> Revision:
    """Return a version of a plan, the one in force by default; raises access.NotFound."""
    if number is None and row.revision is not None:
        return row.revision
    found = [one.revision for one in versions(actor, at, row) if number is None or _number(one) == number]
    if not found or found[0] is None:
        raise access.NotFound(f"Plan {row.pk} version {number}")
    return found[0]


def _number(review: PlanReview) -> int | None:
    return review.revision.number if review.revision is not None else None


def version_on(actor: Actor, at: datetime, row: Plan, day: date) -> Revision | None:
    """Return the version in force on a day, or None."""
    shown = [one.revision for one in versions(actor, at, row) if one.revision is not None]
    in_force = [
        r
        for r in shown
        if r.state == Revision.State.PUBLISHED and r.effective_from and r.effective_from <= day
    ]
    return in_force[0] if in_force else None


def items(row: Plan, revision: Revision) -> QuerySet[PlanItem]:
    """Return the items of a version with units and targets, in the document's order."""
    return (
        PlanItem.objects.filter(plan=row, revision=revision)
        .prefetch_related(
            Prefetch("units", PlanUnit.objects.order_by("order")),
            Prefetch("targets", PlanTarget.objects.order_by("order")),
        )
        .order_by("order")
    )


def all_items(actor: Actor, at: datetime) -> QuerySet[PlanItem]:
    """Return the items in force of every plan the actor may see."""
    seen = access.visible(Plan.objects.filter(revision__isnull=False), actor, "work_plans.view", at)
    rows = PlanItem.objects.filter(plan__in=seen.values("pk"), revision=_PLAN_CURRENT).select_related("plan")
    return rows.prefetch_related("units", "targets").order_by("plan_id", "order")


_PLAN_CURRENT = F("plan__revision")


@dataclass(frozen=True)
class Summary:
    """How many items of each kind a version states, lacks and holds back."""

    stated: Mapping[str, int]
    missing: list[PlanItem]
    held: list[PlanItem]


def summary(row: Plan, revision: Revision) -> Summary:
    """Count the items of a version by kind; list those missing in the document and those held back."""
    rows = PlanItem.objects.filter(plan=row, revision=revision)
    counts = dict(rows.filter(standing=PlanItem.Standing.STATED).values_list("kind").annotate(n=Count("pk")))
    others = list(rows.exclude(standing=PlanItem.Standing.STATED))
    return Summary(
        {kind: counts.get(kind, 0) for kind in KINDS},
        [item for item in others if item.standing == PlanItem.Standing.MISSING],
        [item for item in others if item.standing == PlanItem.Standing.HELD],
    )


# ---- deadlines --------------------------------------------------------------------------------------------------


def due_state(item: PlanItem, today: date) -> tuple[str, str]:
    """Return (state kind, word) of a deadline against the business day; says nothing of whether the work is done."""
    if item.deadline_kind == PlanItem.DeadlineKind.ONGOING:
        return "info", "持续推进"
    if item.due_on is None:
        return "idle", "未载明"
    if item.due_on < today:
        return "idle", "已到期"
    return ("warn", "临期") if item.due_on <= today + SOON else ("good", "未到期")


def due_filter(name: str, today: date) -> Q:
    """Return the condition for a word of `due_state`: past, soon, later, ongoing."""
    return {
        "past": Q(due_on__lt=today),
        "soon": Q(due_on__gte=today, due_on__lte=today + SOON),
        "later": Q(due_on__gt=today + SOON),
        "ongoing": Q(deadline_kind=PlanItem.DeadlineKind.ONGOING),
    }[name]


@dataclass
class Month:
    """The items whose deadline ends in one month, or those without an end (`day` None)."""

    day: date | None
    items: list[PlanItem] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The month in words."""
        return f"{self.day.year}年{self.day.month}月" if self.day else "持续推进"


def timeline(rows: Iterable[PlanItem]) -> list[Month]:
    """Return the dated items by month in order of time, then the ongoing ones; items without a deadline are left out."""
    months: dict[date, Month] = {}
    ongoing = Month(None)
    for item in sorted(rows, key=lambda i: (i.due_on or date.max, i.order)):
        if item.due_on is not None:
            first = item.due_on.replace(day=1)
            months.setdefault(first, Month(first)).items.append(item)
        elif item.deadline_kind == PlanItem.DeadlineKind.ONGOING:
            ongoing.items.append(item)
    return [*months.values(), *([ongoing] if ongoing.items else [])]


# ---- units ------------------------------------------------------------------------------------------------------


@dataclass
class UnitWork:
    """One unit and its items by role."""

    name: str
    kind: str
    level: str
    roles: dict[str, list[PlanItem]] = field(default_factory=lambda: defaultdict(list))

    @property
    def count(self) -> int:
        """How many items the unit has a part in."""
        return sum(map(len, self.roles.values()))

    @property
    def lead(self) -> list[PlanItem]:
        """Items it leads."""
        return self.roles.get("lead", [])

    @property
    def responsible(self) -> list[PlanItem]:
        """Items it is responsible for."""
        return self.roles.get("responsible", [])

    @property
    def cooperating(self) -> list[PlanItem]:
        """Items it cooperates in."""
        return self.roles.get("cooperating", [])


_KIND_ORDER = {"specific": 0, "generic": 1, "division": 2}


def units(row: Plan, revision: Revision) -> list[UnitWork]:
    """Return every unit named in a version with its items: bodies first, then generic units, then places; busiest first."""
    found: dict[str, UnitWork] = {}
    parts = PlanUnit.objects.filter(item__plan=row, item__revision=revision).select_related(
        "item", "organisation"
    )
    for part in parts.order_by("item__order", "order"):
        name = part.organisation.name if part.organisation is not None else part.name
        work = found.setdefault(name, UnitWork(name, part.kind, part.level))
        if part.item not in work.roles[part.role]:
            work.roles[part.role].append(part.item)
    return sorted(found.values(), key=lambda work: (_KIND_ORDER.get(work.kind, 3), -work.count, work.name))


def generic_count(row: Plan, revision: Revision) -> int:
    """Return how many generic units a version names, whose work waits to be divided."""
    parts = PlanUnit.objects.filter(item__plan=row, item__revision=revision, kind=PlanUnit.Kind.GENERIC)
    return parts.values("name").distinct().count()


def unit_names(row: Plan, revision: Revision) -> list[str]:
    """Return the names under which units can be filtered, sorted."""
    pairs = PlanUnit.objects.filter(item__plan=row, item__revision=revision).values_list(
        "name", "organisation__name"
    )
    return sorted({official or name for name, official in pairs})


def unit_filter(name: str) -> Q:
    """Return the condition that a unit, by its usual or registered name, has a part in an item."""
    part = PlanUnit.objects.filter(Q(organisation__name=name) | Q(organisation__isnull=True, name=name))
    return Q(pk__in=part.values("item_id"))


def level_filter(level: str) -> Q:
    """Return the condition that a unit of a level has a part in an item; work of all levels counts for each."""
    part = PlanUnit.objects.filter(level__in=[level, PlanUnit.Level.ALL])
    return Q(pk__in=part.values("item_id"))


def text_filter(text: str) -> Q:
    """Return the condition that an item holds a text in its title, content, group, targets or units."""
    inner = PlanTarget.objects.filter(name__icontains=text).values("item_id")
    named = PlanUnit.objects.filter(Q(name__icontains=text) | Q(raw__icontains=text)).values("item_id")
    return (
        Q(title__icontains=text)
        | Q(text__icontains=text)
        | Q(group__icontains=text)
        | Q(pk__in=inner)
        | Q(pk__in=named)
    )


def group_names(row: Plan, revision: Revision) -> list[str]:
    """Return the groups and dimensions of a version in the document's order."""
    names = PlanItem.objects.filter(plan=row, revision=revision).exclude(group="").order_by("order")
    return list(dict.fromkeys(names.values_list("group", flat=True)))


def target_words(target: PlanTarget) -> str:
    """Return the figure of a target in words, without its name: 不低于 60%; 低于全国 0.5个百分点."""
    word = COMPARATORS.get(target.comparator, "")
    figure = f"{grouped(target.value)}{_spaced(target.unit)}" if target.value is not None else ""
    if target.baseline:
        return f"{word}{target.baseline} {figure}".strip()
    return f"{word} {figure}".strip() or (target.text if target.text != target.name else "")


def _spaced(unit: str) -> str:
    return f" {unit}" if unit[:1] in "%‰" else unit


def require_publisher(actor: Actor, at: datetime, row: Plan) -> None:
    """Raise access.NotFound unless the actor may correct and withdraw the plan."""
    if not may_publish(actor, at, row):
        raise access.NotFound(f"Plan {row.pk}")


def item_rows(row: Plan, revision: Revision, kind: str, number: int) -> list[PlanItem]:
    """Return the items of a version with a kind and number; several only where the document repeats a number."""
    found = list(items(row, revision).filter(kind=kind, number=number))
    if not found:
        raise access.NotFound(f"{kind} {number} of plan {row.pk}")
    return found


def neighbours(item: PlanItem) -> tuple[PlanItem | None, PlanItem | None]:
    """Return the items before and after one of the same kind."""
    rows = PlanItem.objects.filter(plan_id=item.plan_id, revision_id=item.revision_id, kind=item.kind)
    return rows.filter(order__lt=item.order).order_by("-order").first(), rows.filter(
        order__gt=item.order
    ).first()


def home_figures(actor: Actor, day: date) -> list[HomeFigure]:
    """Return how much the newest public plan holds, each figure leading to its rows."""
    row = (
        Plan.objects.filter(publicity=PUBLIC, revision__isnull=False).order_by("-year", "-issued_on").first()
    )
    if row is None or row.revision is None:
        return []
    stated = summary(row, row.revision).stated
    address = reverse("plan", args=[row.pk])
    return [
        HomeFigure(count, "项", f"{row.year or ''}年{KINDS[kind]}", f"{address}{kind}s/")
        for kind, count in stated.items()
        if count
    ]
