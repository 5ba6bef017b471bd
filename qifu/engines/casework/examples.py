"""Examples of a case type: short stories whose states and due days must come out as written. Pure; run before publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from qifu.engines.casework import clocks
from qifu.engines.casework.case_type import CaseType, Transition, limit_of
from qifu.engines.casework.clocks import Limit, Pause
from qifu.engines.casework.machine import Fault, Place, Position, after, may, opening
from qifu.foundation.working_days import SHANGHAI, OfficeHours, WorkingCalendar

STILL, ENDED = "暂停", "终止"
"""What `due` says of a clock that stands still, or does not run."""


@dataclass
class _Clock:
    started_at: datetime
    limit: Limit
    pauses: list[Pause] = field(default_factory=list)
    extensions: int = 0

    def pause(self, at: datetime) -> None:
        self.pauses.append(Pause(at, None))

    def resume(self, at: datetime) -> None:
        self.pauses[-1] = Pause(self.pauses[-1].from_at, at)


class Walk:
    """One case walked through a definition: `position`, and the clocks that run with their starts, limits and pauses."""

    def __init__(self, definition: CaseType, calendar: WorkingCalendar, opened_at: datetime) -> None:
        self.definition, self.calendar = definition, calendar
        self.hours = OfficeHours(sessions=definition.sessions)
        self.facts: dict[str, str] = {}
        self.clocks: dict[str, _Clock] = {}
        self.position = opening(definition)
        self._follow(Position(""), opened_at)

    def due(self, name: str) -> datetime | str:
        """Return when a clock ends, or STILL, or ENDED where it does not run."""
        clock = self.clocks.get(name)
        if clock is None:
            return ENDED
        found = clocks.due(self.calendar, self.hours, clock.started_at, clock.limit, clock.pauses).at
        return STILL if found is None else found

    def do(self, transition: Transition, at: datetime, said: Mapping[str, str]) -> bool:
        """Do a transition with what its form says; False, and nothing done, where it may not happen."""
        if not may(self.definition, self.position, transition, self.facts):
            return False
        self.facts |= said
        before, self.position = self.position, after(self.definition, self.position, transition)
        for name in transition.stops:  # stopped and started in one act: it runs anew
            self.clocks.pop(name, None)
        self._follow(before, at)
        return True

    def pause(self, name: str, at: datetime) -> bool:
        """Let a clock stand still; False where the type or its state does not allow it."""
        open_pause = (
            name in self.clocks
            and self.clocks[name].pauses[-1:]
            and self.clocks[name].pauses[-1].to_at is None
        )
        if name not in self.definition.verbs.pause_clocks or name not in self.clocks or open_pause:
            return False
        self.clocks[name].pause(at)
        return True

    def resume(self, name: str, at: datetime) -> bool:
        """Let a clock run again; False where it does not stand still."""
        clock = self.clocks.get(name)
        if clock is None or not clock.pauses or clock.pauses[-1].to_at is not None:
            return False
        clock.resume(at)
        return True

    def extend(self, name: str, more: Limit) -> bool:
        """Extend a clock; False where the type does not allow it, or not so long."""
        verbs, clock = self.definition.verbs, self.clocks.get(name)
        most = verbs.extension_most
        if clock is None or most is None or name not in verbs.extension_clocks:
            return False
        if more.unit is not most.unit or more.unit is not clock.limit.unit or more.amount > most.amount:
            return False
        if clock.extensions >= verbs.extension_times:
            return False
        clock.extensions += 1
        clock.limit = Limit(clock.limit.unit, clock.limit.amount + more.amount)
        return True

    def _follow(self, before: Position, at: datetime) -> None:
        """Start, stop, pause and resume clocks so that they are as the position says."""
        now = self.position
        for name in [name for name in self.clocks if name not in now.running]:
            del self.clocks[name]
        for name in sorted(now.running - self.clocks.keys()):
            self.clocks[name] = _Clock(at, self.definition.clocks[name].limit_for(self.facts))
        for name in sorted(now.standing - before.standing):
            self.clocks[name].pause(at)
        for name in sorted((before.standing - now.standing) & now.running):
            self.resume(name, at)


def example_faults(
    definition: CaseType, examples: list[Mapping[str, Any]], calendar: WorkingCalendar
) -> Iterator[Fault]:
    """Yield what comes out otherwise than the examples say, the first of each example."""
    for index, example in enumerate(examples):
        fault = next(_faults_of(definition, example, calendar, ("examples", index)), None)
        if fault is not None:
            yield fault


def _faults_of(
    definition: CaseType, example: Mapping[str, Any], calendar: WorkingCalendar, place: Place
) -> Iterator[Fault]:
    try:
        last = _moment(example["opened"])
        walk = Walk(definition, calendar, last)
        yield from _expected(walk, example, place)
        for index, act in enumerate(example["story"]):
            here = (*place, "story", index)
            at = _moment(act["at"])
            if at < last:
                yield Fault((*here, "at"), "比上一件事还早", "请按先后写")
            last = at
            yield from _done(walk, act, at, here)
            yield from _expected(walk, act, here)
    except ValueError as error:
        yield Fault(place, f"示例里有写错的日期或时刻（{error}）", "请写成 2024-06-03 10:00")


def _done(walk: Walk, act: Mapping[str, Any], at: datetime, here: Place) -> Iterator[Fault]:
    definition, refused = walk.definition, act.get("refused", False)
    name = act.get("do")
    if name is not None and name not in definition.transitions:
        yield Fault((*here, "do"), f"没有“{name}”这个步骤", f"可用：{'、'.join(definition.transitions)}")
        return
    transition = definition.transitions[name] if name is not None else None
    if transition is not None and act.get("by", transition.roles[0]) not in transition.roles:
        yield Fault(
            (*here, "by"),
            f"“{transition.title}”不由“{act['by']}”来做",
            f"可用：{'、'.join(transition.roles)}",
        )
    done = walk.do(transition, at, act.get("with") or {}) if transition is not None else True
    for one in act.get("pause") or ():
        done = walk.pause(one, at) and done
    for one in act.get("resume") or ():
        done = walk.resume(one, at) and done
    for one, more in (act.get("extend") or {}).items():
        done = walk.extend(one, limit_of(more)) and done
    title = definition.states[walk.position.state].title
    if done and refused:
        yield Fault(here, f"示例说做不了，实际可以做，此后为“{title}”", "请核对规则或示例")
    if not done and not refused:
        yield Fault(here, f"在“{title}”时做不了这一步", "请核对规则或示例")


def _expected(walk: Walk, act: Mapping[str, Any], here: Place) -> Iterator[Fault]:
    state = act.get("state")
    if state is not None and state != walk.position.state:
        yield Fault((*here, "state"), f"此时应为“{state}”，实际为“{walk.position.state}”", "请核对规则或示例")
    for name, written in (act.get("due") or {}).items():
        place = (*here, "due", name)
        if name not in walk.definition.clocks:
            yield Fault(place, f"没有时限“{name}”", f"可用：{'、'.join(walk.definition.clocks)}")
            continue
        found = walk.due(name)
        if written in (STILL, ENDED) or isinstance(found, str):
            agrees = written == found
        else:
            agrees = (
                found == _moment(written) if " " in written else found.date() == date.fromisoformat(written)
            )
        if not agrees:
            told = found if isinstance(found, str) else f"{found:%Y-%m-%d %H:%M}"
            yield Fault(place, f"时限“{name}”写的是 {written}，算出来是 {told}", "请核对时限、日历或示例")


def _moment(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
