"""Files of other systems (热线工单, 留言) as an importable list: each ticket one case, its number and its words kept.

The same file twice counts once: a ticket is known by its system and its number there, a row without number by a
digest of what it says. A known number with other words is told and changes nothing. Clocks start when we receive it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from qifu.engines.casework.models import CaseEvent
from qifu.engines.casework.opening import Draft, open_many
from qifu.engines.casework.record import Standing
from qifu.foundation import access, clock
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.imports.kinds import ImportKind, Outcome, Remark, SourceRow, declare_import
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises.uscc import fold
from qifu.services.enterprise_problems.actions.intake import (
    SHOWN,
    Request,
    first_facts,
    places_above,
    problem_row,
    route,
    title_of,
)
from qifu.services.enterprise_problems.case_binding import KIND as CASE_KIND
from qifu.services.enterprise_problems.enterprise_match import recognise_many
from qifu.services.enterprise_problems.import_columns import COLUMNS
from qifu.services.enterprise_problems.import_rows import Entry, Where, read_entry
from qifu.services.enterprise_problems.lists import case_type_of
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.search import index_words

PERMISSION = "enterprise_problems.import"
ROWS_AT_ONCE = 500
ASKED_AT_ONCE = 500
Key = tuple[str, str]
Road = tuple[str, int, str]


def _where(by: Actor, at: datetime) -> Where:
    """What rows are read against: divisions of the day, and those under the posts by which `by` imports."""
    book = divisions.book(timezone.localdate(clock.business(at)))
    if by.kind == "system":
        return Where(book, frozenset(row.code for row in book.rows if row.code in book), "", at)
    roles = access.permissions()[PERMISSION].grants
    held = [grant for grant in access.grants_of(by, at) if grant.role in roles and grant.place]
    if not held:
        return Where(book, frozenset(), "", at)
    own = min(held, key=lambda one: one.on_behalf_of is not None)
    return Where(book, frozenset().union(*(one.places for one in held)), own.place, at)


def check_problems(rows: Sequence[SourceRow]) -> list[Remark]:
    """Return what would be remarked about these rows whoever imports them; writes nothing.

    Whether a place lies under the importer, and whether a ticket is here already, only the import itself tells.
    """
    where = _where(SYSTEM, timezone.now())
    anywhere = replace(where, own_place=next((row.code for row in where.book.of_kind("province")), ""))
    return [remark for row in rows for remark in read_entry(row, anywhere).remarks]


@action("enterprise_problems.import_problems", title="导入热线工单", permission=PERMISSION)
def import_problems(*, rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome:
    """Open a case for each new ticket of these rows; known ones are unchanged, or refused where their words differ."""
    outcome, where = Outcome(), _where(by, at)
    entries = [read_entry(row, where) for row in rows]
    known = _known({(one.source, one.outside_number) for one in entries if not one.refused}, source)
    fresh: dict[Key, Entry] = {}
    for entry in entries:
        key = (entry.source, entry.outside_number)
        if not entry.refused and key in known:
            _tell_known(entry, *known[key])
            outcome.unchanged += not entry.refused
        elif not entry.refused and key in fresh:
            _tell_double(entry, fresh[key])
            outcome.unchanged += not entry.refused
        elif not entry.refused:
            fresh[key] = entry
    opened = _open(list(fresh.values()), source)
    outcome.created = len(opened)
    for entry in entries:
        outcome.remarks += entry.remarks
    current_act().note(created=outcome.created, unchanged=outcome.unchanged, refused=outcome.refused)
    return outcome


def _known(keys: set[Key], source: str) -> dict[Key, tuple[str, str, int | None]]:
    """Return, for tickets that are here already: their words, their number here, and their row where this import brought them."""
    found: dict[Key, tuple[str, str, int | None]] = {}
    for system in sorted({key[0] for key in keys}):
        numbers = sorted(number for name, number in keys if name == system)
        for start in range(0, len(numbers), ASKED_AT_ONCE):
            part = numbers[start : start + ASKED_AT_ONCE]
            rows = list(
                Problem.objects.filter(source=system, outside_number__in=part).values_list(
                    "outside_number", "words", "case__number", "case_id"
                )
            )
            brought = _rows_of_import([row[3] for row in rows], source)
            found |= {(system, number): (words, ours, brought.get(pk)) for number, words, ours, pk in rows}
    return found


def _rows_of_import(case_ids: list[int], source: str) -> dict[int, int]:
    """Return the rows of this import's file that opened these cases."""
    first = CaseEvent.objects.filter(case_id__in=case_ids, seq=1, facts__import=source)
    return {pk: int(facts["row"]) for pk, facts in first.values_list("case_id", "facts")}


def _tell_known(entry: Entry, words: str, ours: str, row: int | None) -> None:
    if words != entry.words:
        entry.refuse(
            "words", f"编号 {entry.outside_number} 已收到（本平台编号 {ours}），这一行内容不同，原文不覆盖",
            "是补充的，请在该件下作记录；是另一件，请改用另一个编号",
        )  # fmt: skip
    elif row is not None:
        entry.doubt("outside_number", f"与第 {row} 行是同一件，只计一次")


def _tell_double(entry: Entry, earlier: Entry) -> None:
    if earlier.words != entry.words:
        entry.refuse(
            "words",
            f"编号 {entry.outside_number} 与第 {earlier.number} 行相同而内容不同，未导入",
            "请核对编号，另一件请用另一个编号",
        )
    else:
        entry.doubt("outside_number", f"与第 {earlier.number} 行是同一件，只计一次")


def _open(entries: list[Entry], source: str) -> list[Entry]:
    """Open the cases; a place without a hub refuses its rows. Return the entries that were taken."""
    by_code, by_name = recognise_many(
        {one.uscc for one in entries if one.uscc}, {one.enterprise_name for one in entries}
    )
    taken: list[tuple[Entry, Request, Draft]] = []
    roads: dict[str, Road | str] = {}
    for entry in entries:
        if entry.place not in roads:
            roads[entry.place] = _road(entry.place)
        road = roads[entry.place]
        if isinstance(road, str):
            entry.refuse("place", road, "请先登记当地的企服中心或改革办")
            continue
        firm = by_code.get(fold(entry.uscc)) or by_name.get(entry.enterprise_name)
        request = _request(
            entry, source, firm.name if firm and not entry.enterprise_name else entry.enterprise_name
        )
        place, lead, case_type = road
        draft = Draft(
            type_key=case_type, place_code=place, title=title_of(request), lead_id=lead,
            enterprise_id=firm.pk if firm else None, facts=first_facts(request),
        )  # fmt: skip
        taken.append((entry, request, draft))

    def keep(cases: Sequence[object]) -> None:
        rows = [
            problem_row(request, case, enterprise_name=request.enterprise_name)  # type: ignore[arg-type]
            for case, (_, request, _) in zip(cases, taken, strict=True)
        ]
        Problem.objects.bulk_create(rows)
        index_words((row.pk, row.search_text) for row in rows)

    open_many(
        CASE_KIND,
        [draft for _, _, draft in taken],
        who=Standing("reporter"),
        shown=SHOWN,
        keep=keep,
    )
    return [entry for entry, _, _ in taken]


def _road(place_code: str) -> Road | str:
    """Return the place, the hub and the case type for requests of a place, or why there are none."""
    try:
        place, lead = route(place_code, None)
    except Refused as refused:
        return refused.message
    return place, lead, case_type_of(place, places_above(place))


def _request(entry: Entry, source: str, enterprise_name: str) -> Request:
    return Request(
        words=entry.words, place_code=entry.place, channel=Problem.Channel.HOTLINE.value, title=entry.title,
        source=entry.source, outside_number=entry.outside_number, outside_at=entry.outside_at,
        enterprise_name=enterprise_name, contact_name=entry.contact_name, contact_mobile=entry.contact_mobile,
        facts={"import": source, "row": str(entry.number)},
    )  # fmt: skip


KIND = declare_import(
    ImportKind(
        "problems", "热线工单、留言（涉企问题）", PERMISSION, COLUMNS, write=import_problems, check=check_problems,
        rows_at_once=ROWS_AT_ONCE,
    )
)  # fmt: skip
