"""The queues that everyone works from: whose desk, which queue, which filters; visible rows only, in the order of their ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.db.models import Aggregate, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models import Case as Choice
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

from qifu.engines.casework.definitions import in_force, of_revision
from qifu.engines.casework.models import Case, CasePart, Escalation
from qifu.foundation.access import Actor, Grant, NotFound, grants_of, permissions, visible
from qifu.foundation.working_calendar import calendar_at
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.lists import case_type_of
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries import search
from qifu.services.enterprise_problems.queries.ratings import CLOSED, CLOSED_STATE, DISSATISFIED, OPEN
from qifu.services.enterprise_problems.queries.responsibility import owned_topics

VIEW = "enterprise_problems.view"
MOST = 1_000
"""So many rows are paged through and counted; of more it is told that there are more."""
WORKED = ("assigned", "handling", "checking", "signing", "reworking")
ANSWERING = ("checking", "signing")


@dataclass(frozen=True)
class Desk:
    """From where somebody looks: the hub of a place, a unit, or over places without acting in them.

    `place` is its own place, `places` what lies in it too; `organisation_id` the unit, or the hub's organisation.
    """

    key: str
    kind: str
    title: str
    place: str = ""
    places: frozenset[str] = frozenset()
    organisation_id: int | None = None

    @property
    def is_hub(self) -> bool:
        """Tell whether the hub's acts are done from here."""
        return self.kind == "hub"

    @property
    def has_below(self) -> bool:
        """Tell whether places lie below."""
        return self.kind != "unit" and any(not code.startswith("F") for code in self.places - {self.place})


def desks(actor: Actor, at: datetime) -> list[Desk]:
    """Return the desks of somebody, the hub's first; none where they hold no post that sees problems."""
    allowed = permissions()
    hub, lead, view = (
        allowed[f"enterprise_problems.{name}"].grants for name in ("as_hub", "as_lead", "view")
    )
    found: dict[str, tuple[int, Grant, str]] = {}
    for grant in grants_of(actor, at):
        if grant.role in hub and grant.place:
            found.setdefault(f"hub-{grant.place}", (0, grant, "hub"))
            continue
        if grant.role in lead and grant.organisation_id is not None:
            found.setdefault(f"unit-{grant.organisation_id}", (1, grant, "unit"))
        if set(view.get(grant.role, ())) & {"in_place", "below_place"}:
            found.setdefault(f"place-{grant.place}", (2, grant, "watch"))
    places = divisions.names(grant.place for _, grant, _ in found.values() if grant.place)
    units = {grant.organisation_id for _, grant, kind in found.values() if kind == "unit"}
    names = dict(Organisation.objects.filter(pk__in=units).values_list("pk", "name")) if units else {}
    titles = {"hub": "{}企服中心", "watch": "{}（查看）"}
    rows = []
    for key, (order, grant, kind) in found.items():
        title = (
            names.get(grant.organisation_id, "")
            if kind == "unit"
            else titles[kind].format(places.get(grant.place, ""))
        )
        rows.append(
            (order, Desk(key, kind, title, grant.place, grant.places or frozenset({grant.place}), grant.organisation_id))
        )  # fmt: skip
    return [desk for _, desk in sorted(rows, key=lambda row: (row[0], row[1].key))]


def desk_of(actor: Actor, at: datetime, key: str = "") -> Desk:
    """Return the desk of that key, the first where none is asked for; NotFound where there is none."""
    for desk in desks(actor, at):
        if not key or desk.key == key:
            return desk
    raise NotFound(f"desk {key}")


@dataclass(frozen=True)
class Moment:
    """What conditions may ask about time: the moment, and the ends of today and of the next working day."""

    at: datetime
    tomorrow: datetime
    soon: datetime

    @property
    def today(self) -> date:
        """Return the business day."""
        return self.at.astimezone(SHANGHAI).date()


def moment_of(at: datetime) -> Moment:
    """Return a business moment with the ends that 今日到期 and 临期 are told by."""
    today = at.astimezone(SHANGHAI).date()
    next_day = calendar_at(at).add_working_days(today, 1).day
    ends = [datetime.combine(day + timedelta(days=1), time(), SHANGHAI) for day in (today, next_day)]
    return Moment(at, ends[0], ends[1])


Condition = Callable[[Desk, Moment], Q]


@dataclass(frozen=True)
class Queue:
    """One queue: `hint` says why it may be empty; `open_only` leaves closed and merged cases out; `order` of its rows."""

    name: str
    title: str
    condition: Condition
    hint: str
    open_only: bool = True
    order: str = "due"
    levels: bool = True


def _states(*names: str) -> Condition:
    return lambda desk, moment: Q(state__in=names) if len(names) > 1 else Q(state=names[0])


def _soon(desk: Desk, moment: Moment) -> Q:
    return Q(due_at__gte=moment.at, due_at__lt=moment.soon)


def _overdue(desk: Desk, moment: Moment) -> Q:
    return Q(due_at__lt=moment.at)


def _unowned(desk: Desk, moment: Moment) -> Q:
    known = owned_topics(desk.place, moment.today).values("topic")
    classed = Problem.objects.filter(pk=OuterRef("pk")).exclude(topic="").exclude(topic__in=known)
    return Q(state__in=("pooled", "returned")) & Q(Exists(classed))


def _escalated(desk: Desk, moment: Moment) -> Q:
    waiting = Escalation.objects.filter(decision=Escalation.Decision.OPEN)
    side = Q(to_place=desk.place) | Q(from_place=desk.place)
    return Q(pk__in=waiting.filter(side).values("case_id"))


def _taken_over(desk: Desk, moment: Moment) -> Q:
    """What this place put before the level above, which handles it itself now."""
    taken = Escalation.objects.filter(from_place=desk.place, decision=Escalation.Decision.TAKEN_OVER)
    return Q(pk__in=taken.values("case_id"))


def _co_handled(desk: Desk, moment: Moment) -> Q:
    waiting = CasePart.objects.filter(
        organisation_id=desk.organisation_id, answered_at=None, withdrawn_at=None
    )
    return Q(pk__in=waiting.values("case_id"))


def _all(desk: Desk, moment: Moment) -> Q:
    return Q()


_SOON = Queue("soon", "临期", _soon, "下一个工作日内没有到期的。")
_OVERDUE = Queue("overdue", "逾期", _overdue, "没有超过期限的。")
HUB_QUEUES = (
    Queue("received", "待筛选", _states("received"), "新收到的诉求会出现在这里。"),
    Queue("pooled", "待交办", _states("pooled"), "纳入问题池、还没有交办的会出现在这里。"),
    Queue("returned", "退回待裁定", _states("returned"), "单位退回的会出现在这里，一个工作日内裁定。"),
    Queue("reviewing", "待办结审核", _states("reviewing"), "单位签发答复后会出现在这里。"),
    Queue("working", "办理中", _states(*WORKED), "交办以后、办结以前的会出现在这里。"),
    _SOON,
    _OVERDUE,
    Queue("unowned", "无主事由", _unowned, "每个在用的事由都已确定责任单位。"),
    Queue("appealed", "申诉待复核", _states("appealed"), "企业对不予纳入的申诉会出现在这里，由上一级复核。", levels=False),
    Queue("escalated", "上报", _escalated, "没有等待上级答复或等待本级答复的上报。", levels=False),
    Queue("taken_over", "已提级", _taken_over, "上级提级办理的会出现在这里，可以一直看到办结。", open_only=False, order="new", levels=False),
    Queue("shelved", "挂账", _states("shelved"), "需较长时间解决、由领导包案的会出现在这里。"),
    Queue("closed", "已办结", lambda desk, moment: CLOSED, "办结的会出现在这里。", open_only=False, order="new"),
    Queue("all", "全部", _all, "还没有收到诉求。", open_only=False, order="new"),
)  # fmt: skip
UNIT_QUEUES = (
    Queue("to_take", "待签收", _states("assigned"), "企服中心交来、还没有签收的会出现在这里。"),
    Queue("working", "办理中", _states("handling", "reworking", "shelved"), "签收以后的会出现在这里。"),
    Queue("answering", "待审核签发", _states(*ANSWERING), "拟好答复、等待审核或签发的会出现在这里。"),
    Queue("co_handled", "协办", _co_handled, "请本单位协办或征求意见的会出现在这里。"),
    _SOON,
    _OVERDUE,
    Queue("handed_in", "待企服中心办结", _states("reviewing"), "已签发、等企服中心审核办结的会出现在这里。"),
    Queue("closed", "已办结", lambda desk, moment: CLOSED, "办结的会出现在这里。", open_only=False, order="new"),
    Queue("all", "全部", _all, "还没有交给本单位的。", open_only=False, order="new"),
)  # fmt: skip
UNCOUNTED = ("taken_over", "closed", "all")
ORDERS = {"due": "期限先后", "new": "收到，新的在前", "old": "收到，早的在前"}


def queues_of(desk: Desk) -> tuple[Queue, ...]:
    """Return the queues of a desk in their order."""
    return UNIT_QUEUES if desk.kind == "unit" else HUB_QUEUES


def queue_of(desk: Desk, name: str) -> Queue:
    """Return the queue of that name, the desk's first where there is none."""
    known = {queue.name: queue for queue in queues_of(desk)}
    return known.get(name) or queues_of(desk)[0]


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed by; every field may be empty. `level`: own (本级) or below (本级及下级)."""

    text: str = ""
    place: str = ""
    unit: str = ""
    board: str = ""
    topic: str = ""
    difficulty: str = ""
    channel: str = ""
    state: str = ""
    due_from: date | None = None
    due_to: date | None = None
    level: str = "own"
    sort: str = ""

    @property
    def narrowing(self) -> bool:
        """Tell whether anything beyond level and order is asked."""
        return replace(self, level="own", sort="") != Filters()


def cases(
    actor: Actor, at: datetime, moment: datetime, *, desk: Desk, queue: Queue, filters: Filters | None = None
) -> QuerySet[Case]:
    """Return the cases of a queue that pass the filters and that the actor may see, in the queue's order."""
    asked = filters or Filters()
    known = moment_of(moment)
    rows = visible(Case.objects.filter(kind=KIND), actor, VIEW, at)
    rows = rows.filter(_scope(desk, queue, asked), queue.condition(desk, known))
    if queue.open_only:
        rows = rows.filter(OPEN, merged_into=None)
    rows = _narrowed(rows, asked)
    return rows.order_by(*_order(asked.sort or queue.order, masked=not queue.open_only))


def _scope(desk: Desk, queue: Queue, asked: Filters) -> Q:
    if desk.kind == "unit":
        return Q() if queue.name == "co_handled" else Q(lead_id=desk.organisation_id)
    if queue.name in ("escalated", "taken_over"):
        return Q()
    below = asked.level == "below" or desk.kind == "watch" or not queue.levels
    if below and len(desk.places) > 1:
        return Q(place_code__in=desk.places)
    return Q(place_code=desk.place)


def _narrowed(rows: QuerySet[Case], asked: Filters) -> QuerySet[Case]:
    if asked.text:
        rows = search.search(rows, asked.text)
    if asked.place:
        rows = rows.filter(place_code__in=divisions.subtree(asked.place))
    if asked.unit:
        rows = rows.filter(lead__name__contains=asked.unit.replace("\0", ""))
    if asked.state:
        rows = rows.filter(
            state__in=(asked.state, DISSATISFIED) if asked.state == CLOSED_STATE else (asked.state,)
        )
    if asked.due_from or asked.due_to:
        rows = rows.filter(OPEN)  # what waits for the call-back desk reads as closed, without an end
    if asked.due_from:
        rows = rows.filter(due_at__gte=datetime.combine(asked.due_from, time(), SHANGHAI))
    if asked.due_to:
        rows = rows.filter(due_at__lt=datetime.combine(asked.due_to, time(), SHANGHAI) + timedelta(days=1))
    names = ("board", "topic", "difficulty", "channel")
    classes = {name: getattr(asked, name) for name in names if getattr(asked, name)}
    if classes:
        rows = rows.filter(Exists(Problem.objects.filter(pk=OuterRef("pk"), **classes)))
    return rows


def _order(name: str, *, masked: bool) -> tuple[str | OrderBy, ...]:
    if name == "new":
        return ("-opened_at", "-pk")
    if name == "old":
        return ("opened_at", "pk")
    due = When(state=DISSATISFIED, then=None)
    return ((Choice(due, default="due_at") if masked else F("due_at")).asc(nulls_last=True), "pk")


@dataclass(frozen=True)
class Found:
    """The numbers in the database of at most 1,000 cases in order; `more` tells that there are others."""

    pks: tuple[int, ...]
    more: bool = False

    @property
    def count_text(self) -> str:
        """How many, as shown: 12 or 1,000+."""
        return f"{MOST:,}+" if self.more else f"{len(self.pks):,}"


def found(rows: QuerySet[Case], most: int = MOST) -> Found:
    """Return the first cases of a list, for one query."""
    pks = list(rows.values_list("pk", flat=True)[: most + 1])
    return Found(tuple(pks[:most]), len(pks) > most)


def counts(actor: Actor, at: datetime, moment: datetime, desk: Desk) -> Mapping[str, str]:
    """Return how many wait in each queue of a desk at its own level, as shown (1,000+ beyond a thousand), for one query.

    What waits elsewhere (appeals and escalations from below, 协办) is counted beside it.
    """
    known, asked = moment_of(moment), Filters()
    rows = visible(Case.objects.filter(OPEN, kind=KIND, merged_into=None), actor, VIEW, at).order_by()
    own = _scope(desk, queues_of(desk)[0], asked)
    inside: dict[str, Aggregate] = {}
    apart: dict[str, QuerySet[Case]] = {}
    for queue in queues_of(desk):
        scope, condition = _scope(desk, queue, asked), queue.condition(desk, known)
        if queue.name in UNCOUNTED:
            continue
        if scope == own or (queue.name in ("escalated", "appealed") and not desk.has_below):
            inside[queue.name] = Count("pk", filter=condition)
        else:
            apart[queue.name] = rows.filter(scope, condition)
    numbers = rows.filter(own).aggregate(
        **inside, **{name: _count_of(found) for name, found in apart.items()}
    )
    for name, found in apart.items():
        if numbers[name] is None:  # nothing at all at the own level, so nothing was counted beside it
            numbers[name] = found.count()
    return {name: f"{MOST:,}+" if number > MOST else f"{number:,}" for name, number in numbers.items()}


def _count_of(rows: QuerySet[Case]) -> Aggregate:
    """Return how many rows there are as something counted beside other rows in the same query."""
    return Max(Coalesce(Subquery(rows.values("kind").annotate(number=Count("pk")).values("number")), 0))


def state_titles(place_code: str, at: datetime) -> dict[str, str]:
    """Return the states by which a place's problems are handled, name to title; a new version shows within five minutes."""
    key = case_type_of(place_code, tuple(_above(place_code)))
    return dict(_states_of(key, at.astimezone(SHANGHAI).date(), int(at.timestamp()) // 300))


@lru_cache(maxsize=64)
def _states_of(key: str, day: date, five_minutes: int) -> tuple[tuple[str, str], ...]:
    states = of_revision(in_force(key, day)).states
    return tuple((name, state.title) for name, state in states.items() if name != DISSATISFIED)


def _above(code: str) -> list[str]:
    found: list[str] = []
    while (row := divisions.division(code)) is not None and row.parent:
        code = row.parent
        found.append(code)
    return found
