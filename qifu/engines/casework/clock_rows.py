"""The running clocks of one locked case: started, stopped, paused, resumed, extended; read once and written once.

The end of a clock follows from its start, limit, pauses and the calendar alone (`clocks.due`) and is kept in its row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef

from qifu.engines.casework import clocks
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clocks import Limit, Pause, Unit
from qifu.engines.casework.definitions import hours_of, of_case
from qifu.engines.casework.models import Case, CaseClock, CasePart, ClockPause
from qifu.engines.casework.record import moment_of
from qifu.engines.casework.waiting import withdraw_all, withdraw_with
from qifu.foundation.action import Refused, current_act
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar

NONE, RUNNING, PAUSED = "none", "running", "paused"


class RunningClocks:
    """The clocks of a locked case that have not been stopped, and of the (locked) cases merged into it.

    Nothing is read before it is needed. `save` writes what changed and gives the cases their nearest ends (the case
    itself is saved by `record`). `withdrawn` tells what waited on a clock that was stopped: key to row ids.
    """

    def __init__(self, case: Case, children: Sequence[Case] = (), *, new: bool = False) -> None:
        self.case = case
        self.definition: CaseType = of_case(case)
        self.withdrawn: dict[str, list[int]] = {}
        self._cases = {one.pk: one for one in (case, *children)}
        self._rows: list[CaseClock] | None = [] if new else None
        self._standing: set[int] = set()
        self._new: list[CaseClock] = []
        self._changed: dict[int, CaseClock] = {}
        self._stopped: defaultdict[datetime, list[CaseClock]] = defaultdict(list)

    @property
    def rows(self) -> list[CaseClock]:
        """The clocks of the case and its children, those that stand still included."""
        if self._rows is None:
            stands = ClockPause.objects.filter(clock=OuterRef("pk"), to_at=None)
            found = CaseClock.objects.filter(case__in=self._cases, stopped_at=None)
            rows = list(found.annotate(stands=Exists(stands)).order_by("pk"))
            self._rows, self._standing = [*rows], {row.pk for row in rows if row.stands}
            for row in rows:
                row.case = self._cases[row.case_id]
        return self._rows

    def own(self, names: Iterable[str] | None = None) -> list[CaseClock]:
        """Return the clocks of the case itself (its co-handlers' included), of these names where some are given."""
        wanted = None if names is None else set(names)
        return [
            row for row in self.rows if row.case_id == self.case.pk and (wanted is None or row.name in wanted)
        ]

    def of_lead(self, name: str) -> CaseClock | None:
        """Return the running clock of that name which is no co-handler's."""
        return next((row for row in self.own([name]) if row.part_id is None), None)

    def stands_still(self, row: CaseClock) -> bool:
        """Tell whether a clock is paused."""
        return row.pk in self._standing

    def facts(self) -> dict[str, str]:
        """Return how each clock of the case type stands, as `clock_NAME`: running, paused or none."""
        found = {f"clock_{name}": NONE for name in self.definition.clocks}
        for row in self.own():
            if row.part_id is None:
                found[f"clock_{row.name}"] = PAUSED if self.stands_still(row) else RUNNING
        return found

    def start(
        self, names: Iterable[str], *, facts: Mapping[str, str], part: CasePart | None = None
    ) -> list[CaseClock]:
        """Start clocks now, with the limits that the facts of the case give them; one that runs already goes on."""
        wanted = list(dict.fromkeys(names))
        part_id = part.pk if part else None
        known = {row.name for row in self.own(wanted) if row.part_id == part_id} if wanted else set()
        made = []
        for name in wanted:
            if name in known:
                continue
            limit = self.definition.clocks[name].limit_for(facts)
            row = CaseClock(
                case=self.case, part=part, name=name, unit=limit.unit.value, amount=limit.amount,
                started_at=moment_of(self.case),
            )  # fmt: skip
            self._set_due(row, ())
            made.append(row)
        self._new += made
        self.rows.extend(made)
        return made

    def stop(self, names: Iterable[str]) -> list[CaseClock]:
        """Stop the clocks of these names, ending any pause; return those stopped.

        Cases merged into this one have theirs of those names stopped too: what was done, was done for them.
        """
        wanted = set(names)
        if not wanted:
            return []
        mine = [
            row
            for row in self.rows
            if row.name in wanted and (row.case_id == self.case.pk or row.part_id is None)
        ]
        self.stop_rows(mine)
        return mine

    def stop_all(self) -> None:
        """Stop every clock of the case itself, which closes; whatever waits on it is withdrawn."""
        self._stop(self.own())
        self.withdrawn.update(withdraw_all(self.case))

    def stop_rows(self, rows: Sequence[CaseClock]) -> None:
        """Stop these clocks, ending their pauses; what waited on them (asks, answers of co-handlers, the word of the level above) is withdrawn."""
        self._stop(rows)
        for key, ids in withdraw_with(rows, self.definition).items():
            self.withdrawn.setdefault(key, []).extend(ids)

    def _stop(self, rows: Sequence[CaseClock]) -> None:
        self._end_pauses([row for row in rows if self.stands_still(row)])
        for row in rows:
            row.stopped_at = max(moment_of(self._cases[row.case_id]), row.started_at)
            self._stopped[row.stopped_at].append(row)
        gone = {id(row) for row in rows}
        self._rows = [row for row in self.rows if id(row) not in gone]

    def pause(
        self, names: Iterable[str], *, reason: str, text: str, approved_by_name: str = "", **more: Any
    ) -> None:
        """Let running clocks of the case stand still from now; Refused where none of them runs."""
        act = current_act()
        rows = [row for row in self.own(names) if row.part_id is None and not self.stands_still(row)]
        if not rows:
            titles = "、".join(self.definition.clocks[name].title for name in names)
            raise Refused(f"“{titles}”没有在计时，不能暂停；已在暂停中的，请先恢复计时")
        ClockPause.objects.bulk_create(
            ClockPause(
                clock=row, from_at=max(moment_of(self.case), row.started_at), reason=reason, text=text[:500],
                approved_by=act.by.id, approved_by_name=(approved_by_name or act.by.name)[:60], **more,
            )
            for row in rows
        )  # fmt: skip
        self._standing |= {row.pk for row in rows}
        self._recompute(rows)

    def resume(self, names: Iterable[str] | None = None) -> list[CaseClock]:
        """Let clocks of the case that stand still run again from now; return them."""
        stood = [row for row in self.own(names) if self.stands_still(row)]
        self._end_pauses(stood)
        return stood

    def extend(self, row: CaseClock, amount: int) -> None:
        """Give a clock so much more of its unit; once its end lies ahead again, it may be told of again."""
        row.extended += amount
        row.extensions += 1
        self._recompute([row])

    def _end_pauses(self, rows: Sequence[CaseClock]) -> None:
        if not rows:
            return
        at = {row.pk: moment_of(self._cases[row.case_id]) for row in rows}
        open_pauses = list(ClockPause.objects.filter(clock__in=at, to_at=None))
        for pause in open_pauses:
            pause.to_at = max(at[pause.clock_id], pause.from_at)
        ClockPause.objects.bulk_update(open_pauses, ["to_at"])
        self._standing -= set(at)
        self._recompute(rows)

    def _recompute(self, rows: Sequence[CaseClock]) -> None:
        pauses = pauses_of(row.pk for row in rows)
        for row in rows:
            self._set_due(row, pauses.get(row.pk, ()))
            if row.due_at is None or row.due_at > moment_of(self.case):
                row.warned_at = row.overdue_at = None
            self._changed[row.pk] = row

    def _set_due(self, row: CaseClock, pauses: Sequence[Pause]) -> None:
        limit = Limit(Unit(row.unit), row.amount + row.extended)
        hours = hours_of(of_case(self._cases[row.case_id]))
        found = clocks.due(self._calendar, hours, row.started_at, limit, pauses)
        row.due_at, row.provisional = found.at, found.provisional

    @cached_property
    def _calendar(self) -> WorkingCalendar:
        return load_calendar(moment_of(self.case).astimezone(SHANGHAI).date())

    def save(self) -> None:
        """Write what changed; the case gets its nearest end, its children (saved here) theirs."""
        for stopped_at, rows in self._stopped.items():
            CaseClock.objects.filter(pk__in=[row.pk for row in rows]).update(stopped_at=stopped_at)
        if self._new:  # after those of the same name are stopped
            CaseClock.objects.bulk_create(self._new)
        if self._changed:
            fields = ["due_at", "provisional", "extended", "extensions", "warned_at", "overdue_at"]
            CaseClock.objects.bulk_update(self._changed.values(), fields)
        self._give_ends()
        self._new, self._changed = [], {}
        self._stopped.clear()

    def _give_ends(self) -> None:
        ended = [row for rows in self._stopped.values() for row in rows]
        touched = {row.case_id for row in (*ended, *self._changed.values())}
        for pk, case in self._cases.items():
            if pk != self.case.pk and pk not in touched:
                continue
            ends = [row.due_at for row in self.rows if row.case_id == pk and row.due_at is not None]
            case.due_at = min(ends, default=None)
            if pk != self.case.pk:
                Case.objects.filter(pk=pk).update(due_at=case.due_at)


def pauses_of(clock_ids: Iterable[int]) -> dict[int, list[Pause]]:
    """Return the pauses of clocks as the arithmetic takes them, by clock."""
    found: defaultdict[int, list[Pause]] = defaultdict(list)
    rows = ClockPause.objects.filter(clock__in=list(clock_ids)).order_by("clock", "from_at")
    for clock_id, from_at, to_at in rows.values_list("clock_id", "from_at", "to_at"):
        found[clock_id].append(Pause(from_at, to_at))
    return found
