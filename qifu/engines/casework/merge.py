"""Merging cases about one matter, and splitting them again: nothing of a child is lost or restarted.

A merged case keeps its number, reporter, clocks and right to rate; it follows its main case until it is split off.
What the main case does for all of them (a clock stopped, the closing) counts for the children too.
"""

from __future__ import annotations

from collections.abc import Sequence

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.record import Standing, lock_many, record, standing
from qifu.foundation.action import Refused

MERGED, TAKEN_IN, SPLIT, RELEASED = "merged", "took_in", "split", "released"


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
        events.append(
            record(
                child, MERGED, title="并案", who=who, text=text, facts={"main": into.number},
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
    if child.kind != into.kind:
        raise Refused(f"{child.number} 与 {into.number} 不是同一类事务，不能合并")
    if child.complained_id is not None and child.complained_id == into.lead_id:
        raise Refused(f"{child.number} 反映的就是 {into.number} 的主办单位，不能并入")
    if Case.objects.filter(merged_into=child).exists():
        raise Refused(f"{child.number} 自己并有其他件，请先拆分，或以它为主件")


def split(child: Case, *, text: str, who: Standing | None = None) -> CaseEvent:
    """Split a merged case off again, inside an act: it goes on in its own state, by its own clocks."""
    if child.merged_into_id is None:
        raise Refused(f"{child.number} 没有并入其他件")
    rows = {row.pk: row for row in lock_many([child, Case(pk=child.merged_into_id)])}
    row = rows[child.pk]
    if row.merged_into_id is None or row.merged_into_id not in rows:
        raise Refused("这一件刚刚有了变化，请刷新页面")
    main = rows[row.merged_into_id]
    who = who or standing(row, of_case(row).verbs.merge_roles)
    row.merged_into = None
    event = record(
        row, SPLIT, title="拆分", who=who, text=text, facts={"main": main.number}, shown="已与其他问题分开，单独办理"
    )  # fmt: skip
    record(main, RELEASED, title="拆出", who=who, text=text, facts={"child": row.number})
    return event
