"""What must hold of cases and all that hangs on them; each rule yields (key of the case, what is wrong)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby

from django.db.models import Count, F, Max, Min, Q, Sum

from qifu.engines.casework import clocks
from qifu.engines.casework.case_type import CaseType, Effect, RatingRule
from qifu.engines.casework.clock_rows import pauses_of
from qifu.engines.casework.clocks import Limit, Pause, Unit
from qifu.engines.casework.definitions import hours_of, of_case
from qifu.engines.casework.merge import CLOSED_WITH_MAIN, MERGED
from qifu.engines.casework.models import (
    Case,
    CaseAsk,
    CaseClock,
    CaseEvent,
    CasePart,
    ClockPause,
    Escalation,
    Rating,
)
from qifu.engines.casework.recompute import CLOCK_RECOMPUTED
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar

Broken = Iterator[tuple[int, str]]

OF_A_CHILD = {MERGED, CLOSED_WITH_MAIN, CLOCK_RECOMPUTED, "pause_ended"}
"""What may happen to a case while it is merged: its closing with the main case, and what the calendar brings."""


def broken(rows: Sequence[Case], at: datetime, calendar: WorkingCalendar) -> list[tuple[int, str]]:
    """Return what is wrong with these cases (in the order of their keys), rule by rule."""
    if not rows:
        return []
    look = Look(rows, at, calendar)
    return [found for rule in RULES for found in rule(look)]


@dataclass
class Look:
    """A batch of cases and what the rules ask of them; each answer is read once."""

    rows: Sequence[Case]
    at: datetime
    calendar: WorkingCalendar

    @cached_property
    def span(self) -> Q:
        """The condition on `case_id` that holds the batch: a span of keys where it is dense, else the keys."""
        keys = [row.pk for row in self.rows]
        if len(keys) > 200:
            return Q(case_id__gte=keys[0], case_id__lte=keys[-1])
        return Q(case_id__in=keys)

    @cached_property
    def by_key(self) -> Mapping[int, Case]:
        """The cases by key."""
        return {row.pk: row for row in self.rows}

    @cached_property
    def running(self) -> Mapping[int, list[CaseClock]]:
        """The clocks that have not been stopped, by case."""
        found: defaultdict[int, list[CaseClock]] = defaultdict(list)
        for row in CaseClock.objects.filter(self.span, stopped_at=None).order_by("case_id", "pk"):
            found[row.case_id].append(row)
        return found

    @cached_property
    def pauses(self) -> Mapping[int, list[Pause]]:
        """The pauses of the running clocks, by clock."""
        return pauses_of(self.paused)

    @cached_property
    def paused(self) -> Mapping[int, int]:
        """How many open pauses each clock has that ever had a pause, by clock."""
        span = Q(**{f"clock__{key}": value for key, value in self.span.children})  # type: ignore[misc]
        rows = ClockPause.objects.filter(span, clock__stopped_at=None).order_by().values_list("clock_id")
        return dict(rows.annotate(open=Count("pk", filter=Q(to_at=None))))


def _events(look: Look) -> Broken:
    """The version is the number of events, numbered from 1 without gaps."""
    rows = CaseEvent.objects.filter(look.span).order_by().values_list("case_id")
    counted = {key: found for key, *found in rows.annotate(Count("pk"), Min("seq"), Max("seq"))}
    for case in look.rows:
        count, first, last = counted.get(case.pk, (0, 0, 0))
        if count != case.version:
            yield case.pk, f"事件数记为 {case.version}，实有 {count} 条"
        elif not count:
            yield case.pk, "没有任何办理记录"
        elif (first, last) != (1, count):
            yield case.pk, f"办理记录的次序有缺：共 {count} 条，自 {first} 至 {last}"


def _states(look: Look) -> Broken:
    """The state is one of the type, and final if, and only if, there is a result; the last event says the same state."""
    said = dict(
        CaseEvent.objects.filter(look.span, seq=F("case__version")).order_by().values_list("case_id", "state")
    )
    for case in look.rows:
        definition = of_case(case)
        state = definition.states.get(case.state)
        if state is None:
            yield case.pk, f"环节“{case.state}”不在办理规则中"
        elif state.final != (case.closed_at is not None):
            yield case.pk, f"环节“{state.title}”与办结时间不一致"
        if (case.closed_at is None) != (case.result == ""):
            yield case.pk, "办结时间与办理结果不一致"
        if case.result and case.result not in definition.results:
            yield case.pk, f"办理结果“{case.result}”不在办理规则中"
        if case.pk in said and said[case.pk] != case.state:
            yield case.pk, f"最后一条记录的环节“{said[case.pk]}”与现在的环节“{case.state}”不一致"


def _clocks(look: Look) -> Broken:
    """A closed case has no running clock, an open one has; the nearest end of a case is that of its clocks."""
    for case in look.rows:
        running = look.running.get(case.pk, [])
        if case.closed_at is not None and running:
            yield case.pk, f"已办结，仍有 {len(running)} 个时限在计时"
        if case.closed_at is None and not running and case.merged_into_id is None:
            yield case.pk, "未办结，没有任何时限在计时"
        ends = min((row.due_at for row in running if row.due_at is not None), default=None)
        if case.due_at != ends:
            yield case.pk, f"最近期限记为{_day(case.due_at)}，按时限应为{_day(ends)}"


def _ends(look: Look) -> Broken:
    """The end of each running clock is what its start, limit, pauses and the calendar give; at most one pause is open."""
    for case_id, running in look.running.items():
        if case_id not in look.by_key:
            continue
        definition = of_case(look.by_key[case_id])
        hours = hours_of(definition)
        for row in running:
            if row.name not in definition.clocks:
                yield case_id, f"时限“{row.name}”不在办理规则中"
                continue
            title = definition.clocks[row.name].title
            if look.paused.get(row.pk, 0) > 1:
                yield case_id, f"时限“{title}”同时有多个未结束的暂停"
            limit = Limit(Unit(row.unit), row.amount + row.extended)
            found = clocks.due(look.calendar, hours, row.started_at, limit, look.pauses.get(row.pk, ()))
            if (found.at, found.provisional) != (row.due_at, row.provisional):
                yield case_id, f"时限“{title}”到期记为{_day(row.due_at)}，按规则应为{_day(found.at)}"


def _extensions(look: Look) -> Broken:
    """A clock is extended by what was approved, as often as it was."""
    rows = CaseAsk.objects.filter(look.span, kind=CaseAsk.Kind.EXTENSION, decision=CaseAsk.Decision.APPROVED)
    approved = {
        key: (total, times)
        for key, total, times in rows.order_by().values_list("clock_id").annotate(Sum("amount"), Count("pk"))
    }
    extended = CaseClock.objects.filter(look.span).filter(
        Q(extended__gt=0) | Q(extensions__gt=0) | Q(pk__in=list(approved))
    )
    for row in extended:
        if (row.extended, row.extensions) != approved.get(row.pk, (0, 0)):
            yield (
                row.case_id,
                f"时限“{row.name}”延长 {row.extended}（{row.extensions} 次），与批准的延期不一致",
            )


def _pauses_end(look: Look) -> Broken:
    """A pause does not outlast its last day by more than a day."""
    late = look.at.astimezone(SHANGHAI).date() - timedelta(days=1)
    rows = ClockPause.objects.filter(to_at=None, until_on__lt=late, clock__stopped_at=None)
    for case_id, until in rows.filter(clock__case__in=list(look.by_key)).values_list(
        "clock__case_id", "until_on"
    ):
        yield case_id, f"暂停应于 {until} 恢复，至今没有恢复"


def _merged(look: Look) -> Broken:
    """A merged case follows a main case that is not merged itself, is open only while that one is, and does nothing else."""
    children = [row for row in look.rows if row.merged_into_id is not None]
    if not children:
        return
    mains = {row.pk: row for row in Case.objects.filter(pk__in={row.merged_into_id for row in children})}
    kinds: defaultdict[int, list[str]] = defaultdict(list)
    events = CaseEvent.objects.filter(case__in=[row.pk for row in children]).order_by("case_id", "seq")
    for case_id, kind in events.values_list("case_id", "kind"):
        if kind == MERGED:
            kinds[case_id] = []
        kinds[case_id].append(kind)
    for row in children:
        assert row.merged_into_id is not None
        main = mains[row.merged_into_id]
        if main.merged_into_id is not None:
            yield row.pk, f"并入的 {main.number} 自己又并入了另一件"
        if row.closed_at is None and main.closed_at is not None:
            yield row.pk, f"并入的 {main.number} 已办结，这一件没有随之办结"
        since = kinds[row.pk]
        if not since or since[0] != MERGED:
            yield row.pk, "已并案，但没有并案的记录"
        elif not OF_A_CHILD.issuperset(since):
            alien = "、".join(sorted(set(since) - OF_A_CHILD))
            yield row.pk, f"并案以后又单独办理：{alien}"


def _leads(look: Look) -> Broken:
    """The lead is never the unit complained of; a case goes back at most so often, and then it is ruled in time."""
    for case in look.rows:
        definition = of_case(case)
        if case.lead_id is None or case.lead_id == case.complained_id:
            yield case.pk, "主办单位就是被反映的单位，或者没有主办单位"
        if case.returns > definition.most_returns:
            yield case.pk, f"退回 {case.returns} 次，超过办理规则的 {definition.most_returns} 次"
        if case.step and case.step not in definition.steps:
            yield case.pk, f"办理层次“{case.step}”不在办理规则中"
        if case.returns and not case.ruled and case.closed_at is None and case.merged_into_id is None:
            back = [one for one in definition.transitions.values() if one.effect is Effect.RETURN]
            waiting = {name for one in back for name in one.starts}
            in_return = case.state in {one.to for one in back}
            if in_return and waiting.isdisjoint(row.name for row in look.running.get(case.pk, [])):
                yield case.pk, "退回后等待裁定，但裁定时限没有在计时"


def _ratings(look: Look) -> Broken:
    """Only what was closed is rated; a bad rating leads to rework or a signed exemption, or is waiting for its call-back."""
    given = list(Rating.objects.filter(look.span).order_by("case_id", "pk"))
    if not given:
        return
    rated = {row.case_id for row in given}
    said: defaultdict[int, dict[int, CaseEvent]] = defaultdict(dict)
    for event in (
        CaseEvent.objects.filter(case__in=rated)
        .only("case_id", "seq", "kind", "state")
        .order_by("case_id", "seq")
    ):
        said[event.case_id][event.seq] = event
    for case_id, ratings in groupby(given, key=lambda one: one.case_id):
        if case_id not in look.by_key:
            continue
        case = look.by_key[case_id]
        definition = of_case(case)
        rule = definition.rating
        for rating in ratings:
            closing = said[case_id].get(rating.closed_seq)
            if (
                rule is None
                or closing is None
                or closing.state not in definition.states
                or not definition.ends(closing.state)
            ):
                yield case_id, f"{rating.get_source_display()}所评的第 {rating.closed_seq} 条记录不是办结"
            elif rating.bad:
                yield from _bad(look, case, definition, rule, rating, list(said[case_id].values()))


def _bad(
    look: Look, case: Case, definition: CaseType, rule: RatingRule, rating: Rating, events: list[CaseEvent]
) -> Broken:
    name = f"{rating.get_source_display()}第 {rating.round} 次不满意"
    opened = next(
        (one.seq for one in events if one.seq > rating.closed_seq and one.kind == rule.dissatisfied), None
    )
    if opened is None:
        yield case.pk, f"{name}，没有转入回访"
        return
    worked = definition.transitions[rule.rework].to
    if any(one.seq > opened and (one.kind == rule.exempt or one.state == worked) for one in events):
        return
    transition = definition.transitions[rule.dissatisfied]
    running = {row.name for row in look.running.get(case.pk, [])}
    if case.state != transition.to or not running.issuperset(transition.starts):
        yield case.pk, f"{name}，既没有重办，也没有签批免于重办"


def _waiting(look: Look) -> Broken:
    """Nothing waits behind a stopped clock or a closed case: no ask, no part, no escalation."""
    asks = CaseAsk.objects.filter(look.span, decision=CaseAsk.Decision.OPEN, clock__stopped_at__isnull=False)
    for case_id in asks.values_list("case_id", flat=True):
        yield case_id, "时限已经终止，仍有待审批的申请"
    raised = Escalation.objects.filter(look.span, clock__isnull=False)
    unlike = Q(decision=Escalation.Decision.OPEN, clock__stopped_at__isnull=False) | (
        ~Q(decision=Escalation.Decision.OPEN) & Q(clock__stopped_at__isnull=True)
    )
    for case_id in raised.filter(unlike).values_list("case_id", flat=True):
        yield case_id, "上报的答复与其时限不一致"
    for case_id in Escalation.objects.filter(
        look.span, decision=Escalation.Decision.OPEN, case__closed_at__isnull=False
    ).values_list("case_id", flat=True):
        yield case_id, "已办结，仍有未答复的上报"
    open_parts = Q(answered_at=None, withdrawn_at=None)
    for case_id in CasePart.objects.filter(look.span & open_parts, case__closed_at__isnull=False).values_list(
        "case_id", flat=True
    ):
        yield case_id, "已办结，仍有未答复的协办或征求意见"
    parts = {row.part_id for rows in look.running.values() for row in rows if row.part_id is not None}
    over = CasePart.objects.filter(pk__in=parts).exclude(open_parts)
    for case_id in over.values_list("case_id", flat=True):
        yield case_id, "协办已答复或撤销，时限仍在计时"


def _day(at: datetime | None) -> str:
    return "无" if at is None else f" {at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} "


RULES = (_events, _states, _clocks, _ends, _extensions, _pauses_end, _merged, _leads, _ratings, _waiting)
