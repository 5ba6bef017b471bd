"""The call-back desk one level above: its lists, one call, the months' samples, and what blind calls say beside own ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from qifu.engines.casework.clock_lines import left_of
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, Rating
from qifu.foundation.access import Actor, find, grants_of, visible
from qifu.foundation.periods import Period, parse_period
from qifu.foundation.sealed import mask_name, mask_phone
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions.queries import names
from qifu.registers.organisations.hubs import upper_place
from qifu.registers.people.models import Post
from qifu.services.enterprise_problems.models import CallBack, Problem, SampleDraw
from qifu.services.enterprise_problems.queries.ratings import CLOSINGS, DISSATISFIED

CALL = "enterprise_problems.call_back"
PAGE_SIZE = 50
MOST_ATTEMPTS = 3
LEAST = 5
"""Fewer than so many firms are not told of in a table."""
OVER = 60
"""After so many days a draw is opened to all staff who see groups, even if calls are still waiting."""


def desk_of(place_code: str, at: datetime) -> str:
    """Return the place of the desk for cases of a place: the nearest above with call-back officers, else the one right above.

    The province, which has none above, calls for its own cases.
    """
    day = at.astimezone(SHANGHAI).date()
    held = Post.objects.filter(role="callback_officer", starts_on__lte=day, person__is_active=True)
    staffed = set(held.filter(Q(ends_on=None) | Q(ends_on__gt=day)).values_list("place_code", flat=True))
    first = upper_place(place_code) or place_code
    code: str | None = first
    while code:
        if code in staffed:
            return code
        code = upper_place(code)
    return first


@dataclass(frozen=True)
class Line:
    """A line of the desk's list."""

    row: CallBack
    number: str
    title: str
    place: str
    unit: str
    due_at: datetime | None
    left: str
    over: bool
    undecided: bool


TABS: Mapping[str, tuple[str, Q]] = {
    "bad": ("不满意待回访", Q(occasion="bad_rating") & (Q(outcome="waiting") | Q(case__state=DISSATISFIED))),
    "sample": ("随机回访", Q(occasion="sample", outcome="waiting")),
    "done": ("已完成", ~Q(outcome="waiting") & ~Q(occasion="bad_rating", case__state=DISSATISFIED)),
}


def desk_places(actor: Actor, at: datetime) -> list[str]:
    """Return the places of the desks at which the actor sits."""
    return list(dict.fromkeys(one.place for one in grants_of(actor, at) if one.role == "callback_officer"))


def call_backs(actor: Actor, at: datetime) -> QuerySet[CallBack]:
    """Return the call-backs of the actor's desk, those of cases that its own unit handled left out."""
    rows = visible(CallBack.objects.all(), actor, CALL, at)
    own = {
        one.organisation_id
        for one in grants_of(actor, at)
        if one.role == "callback_officer" and one.organisation_id
    }
    return rows.exclude(case__lead_id__in=own).select_related("case__lead")


def listed(actor: Actor, at: datetime, tab: str, page: str | None, moment: datetime) -> Page[Line]:
    """Return a list of the desk: the bad ratings by the end of their clock, the others by when they were planned."""
    rows = call_backs(actor, at).filter(TABS[tab][1])
    rows = (
        rows.order_by("case__due_at", "pk")
        if tab == "bad"
        else rows.order_by("planned_at" if tab == "sample" else "-at", "pk")
    )
    found: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(page)
    cards = list(found.object_list)
    clocks = CaseClock.objects.filter(
        case__in=[one.case_id for one in cards], name="callback", stopped_at=None
    ).prefetch_related("pauses")
    running = {one.case_id: one for one in clocks}
    places = names({one.case.place_code for one in cards})
    found.object_list = [_line(one, running.get(one.case_id), places, moment) for one in cards]
    return found


def _line(row: CallBack, clock: CaseClock | None, places: Mapping[str, str], moment: datetime) -> Line:
    left = (
        left_of(of_case(row.case), clock, moment)
        if clock is not None and row.occasion == "bad_rating"
        else ""
    )
    due = clock.due_at if clock is not None and left else None
    return Line(
        row, row.case.number, row.case.title, places.get(row.case.place_code, row.case.place_code), row.case.lead.name, due,
        left, due is not None and due < moment, row.case.state == DISSATISFIED and row.occasion == "bad_rating",
    )  # fmt: skip


def counts(actor: Actor, at: datetime) -> dict[str, int]:
    """Return how many lines each list of the desk has."""
    rows = call_backs(actor, at).order_by()
    found = rows.aggregate(**{name: Count("pk", filter=condition) for name, (_, condition) in TABS.items()})
    return {name: int(value) for name, value in found.items()}


@dataclass(frozen=True)
class Call:
    """One call-back as the desk's officer has it before him; `rating` is null for a blind call.

    `undecided`: contact was made, or tried often enough, and 重办 or 免于重办 is still to be said.
    """

    row: CallBack
    case: Case
    problem: Problem
    place: str
    name: str
    mobile: str
    answer: str
    state: str
    due_at: datetime | None
    left: str
    rating: Rating | None
    levels: tuple[str, ...]
    undecided: bool
    may_reopen: bool
    decision: CaseEvent | None


def call(actor: Actor, at: datetime, pk: int, moment: datetime) -> Call:
    """Return one call-back of the actor's desk, contact masked; NotFound for any other.

    A sample call shows nothing of what the firm rated itself, neither before nor after.
    """
    row = find(call_backs(actor, at), actor, CALL, at, pk=pk)
    case, problem = row.case, Problem.objects.get(pk=row.case_id)
    closing = CaseEvent.objects.filter(case=case, kind__in=CLOSINGS).order_by("-seq").first()
    clock = CaseClock.objects.filter(case=case, name="callback", stopped_at=None).first()
    bad = row.occasion == CallBack.Occasion.BAD_RATING
    rule = of_case(case).rating
    rating = (
        Rating.objects.filter(case=case, bad=True, at__lte=row.planned_at).order_by("-at", "-pk").first()
        if bad
        else None
    )
    undecided = bad and case.state == DISSATISFIED
    decision = (
        CaseEvent.objects.filter(case=case, kind__in=("rework", "exempt", "reopen"), at__gte=row.planned_at)
        .order_by("seq")
        .first()
    )
    return Call(
        row, case, problem, names([case.place_code]).get(case.place_code, case.place_code), mask_name(problem.contact_name),
        mask_phone(problem.contact_mobile), closing.shown if closing else "",
        of_case(case).states[case.state].title, clock.due_at if clock and bad else None,
        left_of(of_case(case), clock, moment) if clock and bad else "", rating, rule.levels if rule else (), undecided,
        not bad and row.outcome == "reached" and case.state == "closed" and (row.solved is False or (row.stars or 5) <= 2),
        decision if row.outcome != "waiting" else None,
    )  # fmt: skip


# ---- samples ---------------------------------------------------------------------------------------------------------


def month_of(text: str) -> Period:
    """Return the month of `2024-05`; PeriodError for what is none."""
    return parse_period(text)


def frame(place_code: str, month: Period, at: datetime) -> dict[str, list[str]]:
    """Return, by place, the numbers of the worked cases below a desk that were closed in a month and can be called."""
    start, end = (datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (month.start, month.end))
    closings = CaseEvent.objects.filter(kind__in=CLOSINGS, at__gte=start, at__lt=end).values("case_id")
    rows = Case.objects.filter(pk__in=closings, kind="enterprise_problem", merged_into=None)
    callable_ = Problem.objects.exclude(mobile_key="").values("pk")
    found: dict[str, list[str]] = {}
    desks: dict[str, str] = {}
    for code, number in rows.filter(pk__in=callable_).order_by("number").values_list("place_code", "number"):
        if desks.setdefault(code, desk_of(code, at)) == place_code:
            found.setdefault(code, []).append(number)
    return found


@dataclass(frozen=True)
class Draw:
    """A month's draw as it is shown; `seed` in hex once it may be known to the reader, else empty."""

    row: SampleDraw
    seed: str
    late: bool
    places: Sequence[tuple[str, int, int]]
    size: int
    frame: int
    waiting: int


def draws(actor: Actor, at: datetime, moment: datetime) -> list[Draw]:
    """Return the draws of the actor's desk, newest first."""
    rows = visible(SampleDraw.objects.all(), actor, CALL, at)[:36]
    return [_draw(row, True, moment) for row in rows]


def open_draws(actor: Actor, at: datetime, moment: datetime) -> list[Draw]:
    """Return the draws of the places that the actor sees groups of, each seed hidden until its calls are over.

    Whoever handles cases must not know beforehand which firm will be called.
    """
    places = {one.place for one in grants_of(actor, at)} | {
        upper_place(one.place) or "" for one in grants_of(actor, at) if one.place
    }
    rows = SampleDraw.objects.filter(place_code__in=places, drawn_at__isnull=False)[:36]
    return [_draw(row, False, moment) for row in rows]


def _draw(row: SampleDraw, own: bool, moment: datetime) -> Draw:
    mine = CallBack.objects.filter(occasion="sample", draw=draw_name(row))
    waiting = mine.filter(outcome="waiting").count()
    over = row.drawn_at is not None and ((moment - row.drawn_at).days >= OVER or not waiting)
    known = row.drawn_at is not None and (own or over)
    titles = names(row.counties)
    month = month_of(row.month)
    late = row.committed_at.astimezone(SHANGHAI).date() >= month.end
    places = [(titles.get(code, code), *map(int, pair)) for code, pair in sorted(row.counties.items())]
    return Draw(
        row, row.seed if known else "", late, places, sum(one[2] for one in places), sum(one[1] for one in places), waiting
    )  # fmt: skip


def draw_name(row: SampleDraw) -> str:
    """Return the name that call-backs of a draw bear."""
    return f"{row.place_code} {row.month}"


# ---- own rating beside blind call ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval (Wilson), in per cent with one decimal; nothing where there are fewer than LEAST."""

    part: int
    whole: int

    @property
    def enough(self) -> bool:
        """Tell whether it may be shown."""
        return self.whole >= LEAST

    @property
    def interval(self) -> tuple[Decimal, Decimal]:
        """Return the bounds."""
        return wilson(self.part, self.whole)


def wilson(part: int, whole: int) -> tuple[Decimal, Decimal]:
    """Return the 95 % interval of a share in per cent (Wilson 1927), with one decimal; 0 to 100 where nothing was counted."""
    if not 0 <= part <= whole:
        raise ValueError("a part is not more than the whole")
    if whole == 0:
        return Decimal(0), Decimal(100)
    z2, n = Decimal("3.8414588206941236"), Decimal(whole)
    p = Decimal(part) / n
    centre = p + z2 / (2 * n)
    spread = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))).sqrt()
    scale = 100 / (1 + z2 / n)
    low, high = (((centre + sign * spread) * scale).quantize(Decimal("0.1")) for sign in (-1, 1))
    return max(low, Decimal("0.0")), min(high, Decimal("100.0"))


@dataclass(frozen=True)
class Comparison:
    """What firms said unasked, and what a random sample of them said when called by somebody else; kept apart.

    `both` counts the firms of the sample that did both; `agree` those that said the same of 解决了.
    """

    drawn: int
    reached: int
    not_reached: int
    declined: int
    called_solved: Share
    called_good: Share
    own_solved: Share
    own_good: Share
    both: int
    agree: int
    silent_solved: Share


def comparison(actor: Actor, at: datetime, since: date, until: date) -> Comparison:
    """Compare, over the samples that the actor's desk drew for months from `since` until the day before `until`."""
    rows = visible(CallBack.objects.filter(occasion="sample"), actor, CALL, at)
    start, end = (datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (since, until))
    sampled = list(
        rows.filter(planned_at__gte=start, planned_at__lt=end).values_list(
            "case_id", "outcome", "solved", "stars"
        )
    )
    own: dict[int, tuple[bool, int]] = {}
    given = Rating.objects.filter(case_id__in=[one[0] for one in sampled], source="enterprise").order_by(
        "-round"
    )
    for case_id, solved, stars in given.values_list("case_id", "solved", "stars"):
        own[case_id] = (solved, stars)
    called = {
        case_id: (solved, stars)
        for case_id, outcome, solved, stars in sampled
        if outcome == "reached" and solved is not None
    }
    by = {name: sum(one[1] == name for one in sampled) for name in ("reached", "not_reached", "declined")}
    both = called.keys() & own.keys()
    silent = [said for case_id, said in called.items() if case_id not in own]
    return Comparison(
        len(sampled), by["reached"], by["not_reached"], by["declined"],
        Share(sum(bool(said[0]) for said in called.values()), len(called)),
        Share(sum((said[1] or 0) >= 4 for said in called.values()), len(called)),
        Share(sum(said[0] for said in own.values()), len(own)), Share(sum(said[1] >= 4 for said in own.values()), len(own)),
        len(both), sum(called[one][0] == own[one][0] for one in both),
        Share(sum(bool(said[0]) for said in silent), len(silent)),
    )  # fmt: skip
