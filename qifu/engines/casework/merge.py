"""Merging cases about one matter, and splitting them again: a child loses nothing by either.

A merged case keeps its number, state, reporter, clocks and right to rate; it follows its main case until it is split off.
What the main case does for all of them (a clock stopped, the closing) counts for the children too. A child that is split
off goes on in its own state: clocks that ran at the merge and were stopped by the main case begin anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clock_rows import RunningClocks
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseAsk, CaseEvent, CasePart, Escalation
from qifu.engines.casework.record import Standing, lock_many, moment_of, record, see_version, standing
from qifu.foundation.action import Refused

MERGED, TAKEN_IN, SPLIT, RELEASED = "merged", "took_in", "split", "released"
CLOSED_WITH_MAIN = "closed_with_main"
SYSTEM = Standing("system")


def merge(main: Case, children: Sequence[Case], *, text: str = "") -> list[CaseEvent]:
    """Merge cases into one, inside an act; return the event of each child. Refused with the number that may not be."""
    wanted = {child.pk for child in children} - {main.pk}
    if not wanted:
        raise Refused("请至少选择两件合并")
    rows = {row.pk: row for row in lock_many([main, *children])}
    into = rows[main.pk]
    _see(into)
    who = standing(into, of_case(into).verbs.merge_roles)
    events = []
    for pk in sorted(wanted):
        child = rows[pk]
        _see_child(child, into)
        standing(child, of_case(child).verbs.merge_roles)
        child.merged_into = into
        ran = [clock.name for clock in RunningClocks(child).own() if clock.part_id is None]
        events.append(
            record(
                child, MERGED, title="并案", who=who, text=text, facts={"main": into.number, "clocks": ran},
                shown=f"与同类问题 {into.number} 合并办理，您的编号、时限和评价权不变",
            )
        )  # fmt: skip
    numbers = [rows[pk].number for pk in sorted(wanted)]
    record(into, TAKEN_IN, title="并入", who=who, text=text, facts={"children": numbers})
    return events


def _see(row: Case) -> None:
    definition = of_case(row)
    if row.merged_into_id is not None:
        raise Refused(f"{row.number} 已并入另一件，请先拆分或选择主件")
    if row.state not in definition.verbs.merge_states:
        raise Refused(f"{row.number} 现为“{definition.states[row.state].title}”，不能合并")


def _see_child(child: Case, into: Case) -> None:
    _see(child)
    mine, its = of_case(into), of_case(child)
    if child.kind != into.kind or not (_ends(mine) <= _ends(its) and set(mine.results) <= set(its.results)):
        raise Refused(f"{child.number} 与 {into.number} 的办理规则不同，不能合并")
    if child.complained_id is not None and child.complained_id == into.lead_id:
        raise Refused(f"{child.number} 反映的就是 {into.number} 的主办单位，不能并入")
    if Case.objects.filter(merged_into=child).exists():
        raise Refused(f"{child.number} 自己并有其他件，请先拆分，或以它为主件")
    waits = (
        (CaseAsk.objects.filter(case=child, decision=CaseAsk.Decision.OPEN), "待审批的延期或暂停申请"),
        (CasePart.objects.filter(case=child, answered_at=None, withdrawn_at=None), "未答复的协办或征求意见"),
        (Escalation.objects.filter(case=child, decision=Escalation.Decision.OPEN), "未答复的上报"),
    )
    for rows, what in waits:
        if rows.exists():
            raise Refused(f"{child.number} 还有{what}，请先处理或撤回再合并，或以它为主件")


def _ends(definition: CaseType) -> set[str]:
    return {name for name, state in definition.states.items() if state.final}


def split(
    child: Case, *, text: str, who: Standing | None = None, expected_version: int | None = None
) -> CaseEvent:
    """Split a merged case off again, inside an act: it goes on in its own state, by its own clocks."""
    if child.merged_into_id is None:
        raise Refused(f"{child.number} 没有并入其他件")
    rows = {row.pk: row for row in lock_many([child, Case(pk=child.merged_into_id)])}
    row = rows[child.pk]
    see_version(row, expected_version)
    if row.merged_into_id is None or row.merged_into_id not in rows:
        raise Refused("这一件刚刚有了变化，请刷新页面")
    who = who or standing(row, of_case(row).verbs.merge_roles)
    return _split(row, rows[row.merged_into_id], who, text)


def _split(row: Case, main: Case, who: Standing, text: str) -> CaseEvent:
    row.merged_into = None
    facts: dict[str, object] = {"main": main.number}
    if row.closed_at is None:
        began = row.events.filter(kind=MERGED).order_by("-seq").first()
        clocks = RunningClocks(row)
        anew = clocks.start(began.facts["clocks"] if began else (), facts=binding_of(row.kind).facts(row))
        clocks.save()
        facts["clocks"] = [clock.name for clock in anew]
    event = record(
        row, SPLIT, title="拆分", who=who, text=text, facts=facts, shown="已与其他问题分开，单独办理"
    )
    record(main, RELEASED, title="拆出", who=who, text=text, facts={"child": row.number})
    return event


def release_children(main: Case, children: Sequence[Case]) -> None:
    """Split off what is merged into a case (all locked) that its own reporter took back: the others did not."""
    for child in children:
        _split(child, main, SYSTEM, f"{main.number} 的反映人已撤回，本件继续单独办理")


def close_children(main: Case, children: Sequence[Case], closing: CaseEvent) -> None:
    """Close what is merged into a case (all locked) with the case's own result, each with its own event and right to rate."""
    for child in children:
        clocks = RunningClocks(child)
        clocks.stop_all()
        clocks.save()
        child.state, child.result, child.closed_at = main.state, main.result, moment_of(child)
        record(
            child, CLOSED_WITH_MAIN, title="随主件办结", who=SYSTEM, shown=closing.shown,
            facts={"main": main.number, "result": main.result, **clocks.withdrawn},
        )  # fmt: skip
