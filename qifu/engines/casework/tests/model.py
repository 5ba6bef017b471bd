"""What the engine should do, said a second time without database: the independent model of the stateful test.

A case stands at a `Position` of the pure machine; beside it the model knows who leads, what is merged, what waits, and of
each running clock when it began, how much it has and when it stood still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from qifu.engines.casework import machine
from qifu.engines.casework.case_type import CaseType, Effect, Transition
from qifu.engines.casework.machine import Position
from qifu.engines.casework.models import Case
from qifu.engines.casework.tests import trial
from qifu.engines.casework.tests.trial import (
    CALLBACK,
    CITY,
    COUNTY,
    HUB,
    UNIT_A,
    UNIT_A2,
    UNIT_B,
    UNIT_B2,
    UPPER,
    World,
)
from qifu.foundation.access import SYSTEM, Actor

NAMES_LEAD = (Effect.ASSIGN, Effect.TRANSFER, Effect.RULE)


@dataclass
class Clock:
    """A running clock; `pauses` as [from, to or None, last day or None]."""

    name: str
    started_at: datetime
    amount: int
    extended: int = 0
    extensions: int = 0
    pauses: list[list[Any]] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        """Whether its last pause is open."""
        return bool(self.pauses) and self.pauses[-1][1] is None


@dataclass
class Ask:
    """An open ask on a clock."""

    pk: int
    kind: str
    clock: str
    by: Actor
    amount: int = 0
    until: date | None = None
    consented: bool = False


@dataclass
class Part:
    """An open request to a unit."""

    pk: int
    unit: int
    clock: Clock | None


@dataclass
class Modelled:
    """One case as the model sees it."""

    case: Case
    number: int
    position: Position
    lead: int
    complained: int | None
    last: datetime
    place: str = COUNTY
    difficulty: str = ""
    clocks: dict[str, Clock] = field(default_factory=dict)
    main: Modelled | None = None
    ran: tuple[str, ...] = ()
    parts: list[Part] = field(default_factory=list)
    asked_units: set[int] = field(default_factory=set)
    asks: list[Ask] = field(default_factory=list)
    raised: int | None = None
    raised_to: set[str] = field(default_factory=set)
    drafter: Actor | None = None
    drafted: str = ""
    result: str = ""
    closings: int = 0
    closed_by: str = ""
    ratings: dict[str, list[int]] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether it has a result."""
        return self.result != ""


class Model:
    """All cases, and what may happen to them and does."""

    def __init__(self, world: World, definition: CaseType) -> None:
        self.world, self.definition = world, definition
        self.cases: list[Modelled] = []

    # Who may do what.

    def unit_of(self, actor: Actor) -> int | None:
        """Return the unit of a person of the trial."""
        world = self.world
        units = {
            HUB.id: world.hub, UPPER.id: world.upper, CALLBACK.id: world.upper, UNIT_A.id: world.unit_a,
            UNIT_A2.id: world.unit_a, UNIT_B.id: world.unit_b, UNIT_B2.id: world.unit_b,
        }  # fmt: skip
        return units.get(actor.id)

    def holds(self, actor: Actor, role: str, one: Modelled) -> bool:
        """Tell whether somebody acts in a role on a case."""
        if actor == SYSTEM:
            return True
        unit = self.unit_of(actor)
        hubs = {HUB: COUNTY, UPPER: CITY}
        hidden = one.complained is not None and one.complained == unit
        if role == "hub":
            return hubs.get(actor) == one.place and not hidden
        if role == "upper_hub":
            above = actor == UPPER and one.place == COUNTY
            return actor in hubs and (above or hubs[actor] in one.raised_to) and not hidden
        if role == "lead":
            return actor != CALLBACK and unit is not None and unit == one.lead
        if role == "co_handler":
            is_unit = actor in (UNIT_A, UNIT_A2, UNIT_B, UNIT_B2)
            return is_unit and (unit == one.lead or (unit in one.asked_units and not hidden))
        if role == "callback":
            return actor == CALLBACK and one.place == COUNTY and not hidden
        return role == "reporter" and actor == trial.reporter(one.number)

    def actors(self, roles: tuple[str, ...], one: Modelled) -> list[Actor]:
        """Return everybody who may act in one of the roles."""
        everybody = (
            HUB,
            UPPER,
            CALLBACK,
            UNIT_A,
            UNIT_A2,
            UNIT_B,
            UNIT_B2,
            trial.reporter(one.number),
            SYSTEM,
        )
        return [actor for actor in everybody if any(self.holds(actor, role, one) for role in roles)]

    def role_of(self, actor: Actor, roles: tuple[str, ...], one: Modelled) -> str:
        """Return the role in which somebody's act is recorded."""
        return "system" if actor == SYSTEM else next(role for role in roles if self.holds(actor, role, one))

    # Transitions.

    def children(self, one: Modelled) -> list[Modelled]:
        """Return what is merged into a case."""
        return [other for other in self.cases if other.main is one]

    def may(self, one: Modelled, transition: Transition, actor: Actor, form: Mapping[str, Any]) -> bool:
        """Tell whether a transition happens when asked for with this form."""
        if not self._apart_for(one, transition) or not any(
            self.holds(actor, role, one) for role in transition.roles
        ):
            return False
        if not machine.may(self.definition, one.position, transition, {"difficulty": one.difficulty}):
            return False
        about = [one.complained, *(child.complained for child in self.children(one))]
        if transition.effect in NAMES_LEAD and form["lead"] in about:
            return False
        if transition.effect is Effect.CLOSE and form["result"] not in transition.results:
            return False
        return all(self._guard(name, one, actor, form) for name in transition.guards)

    def _apart_for(self, one: Modelled, transition: Transition) -> bool:
        return one.main is None or (one.closed and transition.effect is Effect.REOPEN)

    def _guard(self, name: str, one: Modelled, actor: Actor, form: Mapping[str, Any]) -> bool:
        if name == "another_than_drafter":
            return one.drafter is None or one.drafter.id != actor.id
        if name in ("result_as_drafted", "result_as_closed"):
            return form["result"] == one.drafted
        if name == "no_open_co_handling":
            return all(part.clock is None for part in one.parts)
        return name != "meeting_step_reached" or one.position.step == "meeting"

    def move(
        self, one: Modelled, transition: Transition, actor: Actor, form: Mapping[str, Any], at: datetime
    ) -> None:
        """Let a transition happen that may."""
        role = self.role_of(actor, transition.roles, one)
        if one.main is not None:
            self._apart(one, at)
        closes = transition.effect is Effect.CLOSE
        before = one.position
        one.difficulty = form.get("difficulty", one.difficulty)
        after = machine.after(self.definition, before, transition)
        if transition.effect in NAMES_LEAD:
            self._new_lead(one, form["lead"], at)
        elif transition.effect in (Effect.RETURN, Effect.RECALL):
            self._new_lead(one, self.world.hub if one.place == COUNTY else self.world.upper, at)
        stopped = set(one.clocks) if closes else set(transition.stops)
        self._stop(one, stopped)
        if not closes:
            for child in self.children(one):
                self._stop(child, stopped)
        self._start(one, transition.starts, at)
        for name in set(transition.pauses) & set(one.clocks):
            if not one.clocks[name].stands:
                one.clocks[name].pauses.append([self.moment(one, at), None, None])
        for name in set(transition.resumes) & set(one.clocks):
            self._resume(one, name, at)
        one.position = replace(
            after, running=frozenset(one.clocks),
            standing=frozenset(name for name, clock in one.clocks.items() if clock.stands),
        )  # fmt: skip
        assert one.position == after, (one.position, after)
        if transition.name == "draft":
            one.drafter, one.drafted = actor, form["result"]
        if transition.effect is Effect.REOPEN:
            one.result = ""
        if closes:
            self._closed(one, form["result"], transition.name)
            for child in self.children(one):
                if child.closed:
                    continue
                if role == "reporter":
                    self._apart(child, at)
                else:
                    child.position = replace(child.position, state=one.position.state)
                    self._closed(child, one.result, "closed_with_main")

    def _new_lead(self, one: Modelled, lead: int, at: datetime) -> None:
        if lead != one.lead:
            one.asks = []
            for part in [part for part in one.parts if part.unit == lead and part.clock is not None]:
                one.parts.remove(part)
        one.lead = lead

    def _closed(self, one: Modelled, result: str, how: str) -> None:
        one.result, one.closed_by = result, how
        one.closings += 1
        one.parts, one.asks, one.raised = [], [], None
        self._stop(one, set(one.clocks))
        one.position = replace(one.position, running=frozenset(), standing=frozenset())

    def moment(self, one: Modelled, at: datetime) -> datetime:
        """Return when an act counts as done."""
        return max(at, one.last)

    def _start(self, one: Modelled, names: Iterator[str] | tuple[str, ...], at: datetime) -> None:
        for name in names:
            if name not in one.clocks:
                limit = self.definition.clocks[name].limit_for({"difficulty": one.difficulty})
                one.clocks[name] = Clock(name, self.moment(one, at), limit.amount)
        self._settle(one)

    def _stop(self, one: Modelled, names: set[str]) -> None:
        for name in names & set(one.clocks):
            del one.clocks[name]
        one.asks = [ask for ask in one.asks if ask.clock not in names]
        self._settle(one)

    def _resume(self, one: Modelled, name: str, at: datetime) -> None:
        if one.clocks[name].stands:
            one.clocks[name].pauses[-1][1] = self.moment(one, at)
        self._settle(one)

    def _settle(self, one: Modelled) -> None:
        standing = frozenset(name for name, clock in one.clocks.items() if clock.stands)
        one.position = replace(one.position, running=frozenset(one.clocks), standing=standing)

    # The other verbs.

    def opened(self, case: Case, number: int, complained: int | None, lead: int, at: datetime) -> Modelled:
        """Keep a new case."""
        one = Modelled(case, number, machine.opening(self.definition), lead, complained, at)
        self._start(one, self.definition.initial.starts, at)
        self.cases.append(one)
        return one

    def may_merge(self, main: Modelled, children: list[Modelled], actor: Actor) -> bool:
        """Tell whether cases can be merged."""
        states = self.definition.verbs.merge_states
        wanted = [child for child in children if child is not main]
        return bool(wanted) and all(
            one.main is None and one.position.state in states and self.holds(actor, "hub", one) for one in (main, *wanted)
        ) and all(
            not self.children(one) and not (one.asks or one.parts or one.raised)
            and (one.complained is None or one.complained != main.lead)
            for one in wanted
        )  # fmt: skip

    def merge(self, main: Modelled, children: list[Modelled]) -> None:
        """Merge."""
        for child in children:
            if child is not main:
                child.main, child.ran = main, tuple(child.clocks)

    def _apart(self, child: Modelled, at: datetime) -> None:
        child.main = None
        if not child.closed:
            self._start(child, child.ran, at)

    def split(self, child: Modelled, at: datetime) -> None:
        """Split a merged case off."""
        self._apart(child, at)

    def pause(self, one: Modelled, ask: Ask, at: datetime) -> None:
        """Let a clock stand still."""
        one.clocks[ask.clock].pauses.append([self.moment(one, at), None, ask.until])
        self._settle(one)

    def resume(self, one: Modelled, name: str, at: datetime) -> None:
        """Let a clock run again."""
        self._resume(one, name, at)

    def escalated(self, one: Modelled, pk: int, at: datetime) -> None:
        """Keep that a case was put before the city."""
        one.raised = pk
        one.raised_to.add(CITY)
        self._start(one, (self.definition.verbs.escalation_clock,), at)

    def answered(self, one: Modelled, decision: str, at: datetime) -> None:
        """Keep the answer of the city."""
        one.raised = None
        self._stop(one, {self.definition.verbs.escalation_clock})
        if decision == "taken_over":
            self._new_lead(one, self.world.upper, at)
            one.place = CITY

    def may_rate(self, one: Modelled, source: str) -> bool:
        """Tell whether a source may rate a case now (the window of days is kept by the test)."""
        rated = self.definition.transitions["rate_badly"].from_states
        given = one.ratings.get(source, [])
        if not one.closed or one.position.state not in rated or len(given) >= 2:
            return False
        return not given or (given[-1] < one.closings and one.closed_by != "exempt")

    def rated(self, one: Modelled, source: str, bad: bool, at: datetime) -> None:
        """Keep a rating; a bad one splits the case off and opens it again."""
        one.ratings.setdefault(source, []).append(one.closings)
        if bad:
            self.move(one, self.definition.transitions["rate_badly"], SYSTEM, {}, at)
