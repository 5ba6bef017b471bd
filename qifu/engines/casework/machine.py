"""A case type as a machine without database: where a case may stand, what may happen there, where it stands afterwards.

The proofs search it, the examples walk it. It follows `moves` act for act, but for guards and forms.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from qifu.engines.casework.case_type import CaseType, Effect, Transition

Place = tuple[str | int, ...]
SYSTEM = "system"
"""The role in which the system itself acts."""
HUB, ASSIGNED, TRANSFERRED = "hub", "assigned", "transferred"
MODES = (HUB, ASSIGNED, TRANSFERRED)
OF_CLOCK = "clock_"
RUNNING, PAUSED, NONE = "running", "paused", "none"
CLOCK_VALUES = (RUNNING, PAUSED, NONE)


@dataclass(frozen=True)
class Fault:
    """What does not hold of a definition: where in its content, what is wrong, what to do."""

    place: Place
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where a case stands: `running` holds the clocks not yet stopped, `standing` those of them that stand still."""

    state: str
    running: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    mode: str = HUB
    step: str = ""
    returns: int = 0
    ruled: bool = False


def is_own_fact(name: str) -> bool:
    """Tell whether the engine itself knows a fact: `mode`, `step`, and of each clock `clock_NAME`."""
    return name in ("mode", "step") or name.startswith(OF_CLOCK)


def own_fact(position: Position, name: str) -> str:
    """Return the value of a fact that the engine itself knows."""
    if name == "mode":
        return position.mode
    if name == "step":
        return position.step
    clock = name.removeprefix(OF_CLOCK)
    return PAUSED if clock in position.standing else RUNNING if clock in position.running else NONE


def opening(definition: CaseType) -> Position:
    """Return where a new case stands."""
    return Position(
        definition.initial.name, frozenset(definition.initial.starts), step=next(iter(definition.steps), "")
    )


def step_above(definition: CaseType, step: str) -> str | None:
    """Return the step of the ladder above a step, None above the last or without a ladder."""
    names = list(definition.steps)
    at = names.index(step) if step in names else len(names)
    return names[at + 1] if at + 1 < len(names) else None


def fits(definition: CaseType, position: Position, transition: Transition, facts: Mapping[str, str]) -> bool:
    """Tell whether a transition is offered: state and facts fit, returns and steps are left."""
    if position.state not in transition.from_states:
        return False
    for name, values in transition.when.items():
        if (own_fact(position, name) if is_own_fact(name) else facts.get(name, "")) not in values:
            return False
    if transition.effect is Effect.RETURN and (position.ruled or position.returns >= definition.most_returns):
        return False
    return transition.effect is not Effect.STEP or step_above(definition, position.step) is not None


def can_pause(position: Position, transition: Transition) -> bool:
    """Tell whether a transition that pauses clocks finds one of them running."""
    return not transition.pauses or not (position.running - position.standing).isdisjoint(transition.pauses)


def may(definition: CaseType, position: Position, transition: Transition, facts: Mapping[str, str]) -> bool:
    """Tell whether a transition can happen."""
    return fits(definition, position, transition, facts) and can_pause(position, transition)


def after(definition: CaseType, position: Position, transition: Transition) -> Position:
    """Return where a case stands after a transition that may happen."""
    effect = transition.effect
    stopped = position.running if effect is Effect.CLOSE else frozenset(transition.stops)
    running = (position.running - stopped) | frozenset(transition.starts)
    standing = position.standing - stopped
    standing = (standing | (running & frozenset(transition.pauses))) - frozenset(transition.resumes)
    found = replace(position, state=transition.to or position.state, running=running, standing=standing)
    if effect in (Effect.ASSIGN, Effect.RULE):
        return replace(found, mode=ASSIGNED, ruled=found.ruled or effect is Effect.RULE)
    if effect is Effect.TRANSFER:
        return replace(found, mode=TRANSFERRED)
    if effect in (Effect.RETURN, Effect.RECALL):
        return replace(found, mode=HUB, returns=found.returns + (effect is Effect.RETURN))
    if effect is Effect.STEP:
        return replace(found, step=step_above(definition, found.step) or found.step)
    return found


Moves = dict[Position, list[tuple[Transition, Position]]]


def search(definition: CaseType, facts: Mapping[str, str], *, most: int = 200_000) -> Moves:
    """Return every position that a case with these facts can reach, each with what may happen there and where it leads.

    Raises OverflowError beyond `most` positions.
    """
    start = opening(definition)
    moves: Moves = {}
    waiting = [start]
    while waiting:
        position = waiting.pop()
        if position in moves:
            continue
        if len(moves) >= most:
            raise OverflowError(f"more than {most} positions")
        moves[position] = [
            (transition, after(definition, position, transition))
            for transition in definition.leaving(position.state)
            if may(definition, position, transition, facts)
        ]
        waiting += [target for _, target in moves[position]]
    return moves


def cases_of_facts(definition: CaseType) -> Iterator[dict[str, str]]:
    """Yield facts of every sort that `when` tells apart: each value named, and one that is named nowhere."""
    named: dict[str, set[str]] = {}
    for transition in definition.transitions.values():
        for name, values in transition.when.items():
            if not is_own_fact(name):
                named.setdefault(name, {""}).update(values)
    for chosen in itertools.product(*(sorted(values) for values in named.values())):
        yield dict(zip(named, chosen, strict=True))


def leading_to(moves: Moves, wanted: set[Position]) -> set[Position]:
    """Return the positions from which one of the wanted ones can be reached, these included."""
    before: dict[Position, list[Position]] = {}
    for position, steps in moves.items():
        for _, target in steps:
            before.setdefault(target, []).append(position)
    found, waiting = set(wanted), list(wanted)
    while waiting:
        for position in before.get(waiting.pop(), ()):
            if position not in found:
                found.add(position)
                waiting.append(position)
    return found
