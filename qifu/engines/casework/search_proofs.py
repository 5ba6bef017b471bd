"""The proofs that need a search over every position of a case: reachable, never stuck, every clock starts and ends. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.machine import (
    SYSTEM,
    Fault,
    Moves,
    Place,
    Position,
    can_pause,
    cases_of_facts,
    fits,
    leading_to,
    search,
)

MODE_TITLES = {"hub": "未交办", "assigned": "交办", "transferred": "转办"}


def search_faults(definition: CaseType) -> Iterator[Fault]:
    """Yield what the search finds, over facts of every sort that the type tells apart; each fault once."""
    together: Moves = {}
    said: set[Place] = set()
    for facts in cases_of_facts(definition):
        try:
            moves = search(definition, facts)
        except OverflowError:
            yield Fault(("states",), "情形太多，无法逐一验证", "请减少同时计时的时限或前提条件")
            return
        for position, steps in moves.items():
            together.setdefault(position, []).extend(steps)
        for proof in (_never_stuck, _pauses_find_a_clock):
            for fault in proof(definition, moves, facts):
                if fault.place not in said:
                    said.add(fault.place)
                    yield fault
    for whole in (_reached, _ways_out, _open_has_clock, _clocks_start, _clocks_end, _stops_meet, _pauses_end):
        yield from whole(definition, together)


def _reached(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    states = {position.state for position in moves}
    happening = {step.name for steps in moves.values() for step, _ in steps}
    for state in definition.states.values():
        if state.name not in states:
            yield Fault(
                ("states", state.name), f"环节“{state.title}”永远到不了", "请写到达它的步骤，或删去这个环节"
            )
    for one in definition.transitions.values():
        if one.name not in happening and states & set(one.from_states):
            yield Fault(
                ("transitions", one.name), f"“{one.title}”永远轮不到", "请核对 from、when 和退回、层次的限制"
            )


def _ways_out(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    for state in definition.states.values():
        out = [one for one in definition.leaving(state.name) if one.to not in (None, state.name)]
        if not state.final and all(set(one.roles) <= {SYSTEM} for one in out):
            yield Fault(
                ("states", state.name), f"在环节“{state.title}”没有人能使它往下走", "请写一个由人来做的步骤"
            )


def _never_stuck(definition: CaseType, moves: Moves, facts: dict[str, str]) -> Iterator[Fault]:
    ended = {position for position in moves if definition.ends(position.state)}
    stuck = moves.keys() - leading_to(moves, ended)
    for state in dict.fromkeys(position.state for position in moves if position in stuck):
        one = next(position for position in moves if position in stuck and position.state == state)
        yield Fault(("states", state), f"在环节“{definition.states[state].title}”可能走不到终结（{_told(definition, one, facts)}）", "请补上能走到终结环节的步骤")  # fmt: skip


def _open_has_clock(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    said = set()
    for position in moves:
        if not position.running and not definition.ends(position.state) and position.state not in said:
            said.add(position.state)
            yield Fault(("states", position.state), f"在环节“{definition.states[position.state].title}”可能没有任何时限在走，会被搁下", "请在进入它的步骤中起算一个时限")  # fmt: skip


def _clocks_start(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    own = {definition.verbs.co_handler_clock, definition.verbs.escalation_clock}
    started = own | {name for position in moves for name in position.running}
    for clock in definition.clocks.values():
        if clock.name not in started:
            yield Fault(
                ("clocks", clock.name),
                f"时限“{clock.title}”从来没有起算",
                "请在一个步骤的 starts 中写上，或删去",
            )


def _clocks_end(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    for clock in definition.clocks.values():
        running = {position for position in moves if clock.name in position.running}
        ending = {p for p in running if any(clock.name not in then.running for _, then in moves[p])}
        for position in running - leading_to(moves, ending):
            yield Fault(("clocks", clock.name), f"时限“{clock.title}”在环节“{definition.states[position.state].title}”停不下来", "请写一个停止它（stops）或办结的步骤")  # fmt: skip
            break


def _stops_meet(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    """A clock that is named to be stopped or resumed runs, or stands still, at least once when it is."""
    met: set[tuple[str, str, str]] = set()
    for position, steps in moves.items():
        for one, _ in steps:
            met |= {(one.name, "stops", name) for name in one.stops if name in position.running}
            met |= {(one.name, "resumes", name) for name in one.resumes if name in position.standing}
    happening = {step.name for steps in moves.values() for step, _ in steps}
    for one in definition.transitions.values():
        for key, names, word in (("stops", one.stops, "在走"), ("resumes", one.resumes, "暂停")):
            for index, name in enumerate(names):
                if (one.name, key, name) not in met and one.name in happening:
                    yield Fault(("transitions", one.name, key, index), f"做“{one.title}”时，时限“{name}”从来没有{word}", "请核对时限名称，或删去")  # fmt: skip


def _pauses_find_a_clock(definition: CaseType, moves: Moves, facts: dict[str, str]) -> Iterator[Fault]:
    for one in definition.transitions.values():
        for position in moves:
            if (
                fits(definition, position, one, facts)
                and not can_pause(position, one)
                and not position.standing
            ):
                yield Fault(("transitions", one.name, "pauses"), f"做“{one.title}”时，要暂停的时限可能都没有在走（{_told(definition, position, facts)}）", "请把这时在走的时限也写进 pauses")  # fmt: skip
                break


def _pauses_end(definition: CaseType, moves: Moves) -> Iterator[Fault]:
    """What a transition paused, another can let run again."""
    for one in definition.transitions.values():
        for index, name in enumerate(one.pauses):
            paused = {
                then
                for steps in moves.values()
                for step, then in steps
                if step is one and name in then.standing
            }
            resuming = {
                p for p, steps in moves.items()
                if name in p.standing and any(name in then.running - then.standing for _, then in steps)
            }  # fmt: skip
            if paused - leading_to(moves, resuming):
                yield Fault(("transitions", one.name, "pauses", index), f"“{one.title}”暂停的时限“{name}”没有办法恢复", "请写一个恢复它（resumes）的步骤")  # fmt: skip


def _told(definition: CaseType, position: Position, facts: dict[str, str]) -> str:
    """Return a position as a person reads it."""
    said = [f"{MODE_TITLES[position.mode]}的"]
    said += [f"{name} 为“{value or '其他'}”" for name, value in facts.items()]
    running = "、".join(
        definition.clocks[name].title for name in sorted(position.running) if name in definition.clocks
    )
    return "，".join([*said, f"在走的时限：{running or '无'}"])
