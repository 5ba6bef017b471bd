"""The whole engine against the model: several cases, every verb, allowed or not, in any order, while time passes.

After each step every rule of the verification holds and every case stands where the model says; what was refused has
changed nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qifu.engines.casework import asks, escalate, machine, merge, parts, ratings
from qifu.engines.casework.case_type import Effect, Transition
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import (
    Case,
    CaseAsk,
    CaseClock,
    CaseEvent,
    CasePart,
    ClockPause,
    Escalation,
    Rating,
    RequestKey,
)
from qifu.engines.casework.moves import facts_of, may_move, move
from qifu.engines.casework.recompute import recompute_open_clocks
from qifu.engines.casework.request_keys import once
from qifu.engines.casework.tests import trial
from qifu.engines.casework.tests.conftest import AT
from qifu.engines.casework.tests.model import Ask, Model, Modelled, Part
from qifu.engines.casework.tests.trial import CITY, STAFF, World, do
from qifu.engines.casework.verify import verify
from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.working_calendar import SHIPPED, publish_calendar
from qifu.foundation.working_days import SHANGHAI

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TABLES = (Case, CaseEvent, CaseClock, ClockPause, CaseAsk, CasePart, Escalation, Rating, RequestKey)
HAPPY = ("accept", "assign", "transfer", "take", "draft", "pass", "sign", "close", "sign_and_close")
RESULTS = ("solved", "partly_solved", "explained", "planned", "to_statutory")
MOST_CASES = 4


class Engine(RuleBasedStateMachine):
    """One example: everything in a transaction that is undone at its end."""

    world: World
    """Set by the test, which owns the database."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.undo.enter_context(transaction.atomic())
        self.undo.callback(transaction.set_rollback, True)
        self.at = AT
        case = trial.open_case(0, at=self.at, lead=self.world.hub)
        self.model = Model(self.world, of_case(case))
        self.model.opened(case, 0, None, self.world.hub, self.at)
        self.calendars = 0

    def teardown(self) -> None:
        self.undo.close()

    # What the rules share.

    def attempt(
        self, body: Callable[[], Any], *, by: Actor, allowed: bool, at: datetime | None = None
    ) -> Any:
        """Do something that must succeed exactly if it is allowed; refused, it must leave every table as it was."""
        before = None if allowed else self.everything()
        try:
            result = do(body, by=by, at=at or self.at)
        except (Refused, NotFound) as refused:
            assert not allowed, refused
            assert self.everything() == before
            return None
        assert allowed, f"{by} was allowed to"
        return result

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table.__name__: list(table.objects.order_by("pk").values_list()) for table in TABLES}

    def one(self, data: st.DataObject, fitting: Callable[[Modelled], bool] = lambda one: True) -> Modelled:
        """A case, mostly one of those to which it can happen."""
        right = [one for one in self.model.cases if fitting(one)]
        return data.draw(
            st.sampled_from(right if right and self.mostly(data) else self.model.cases), label="case"
        )

    def mostly(self, data: st.DataObject) -> bool:
        return data.draw(st.integers(0, 9), label="mostly") < 8

    def actor(self, data: st.DataObject, roles: tuple[str, ...], one: Modelled) -> Actor:
        """Mostly somebody who may, now and then anybody."""
        right = self.model.actors(roles, one) or [SYSTEM]
        anybody = [*STAFF, trial.reporter(0), trial.reporter(1)]
        return data.draw(st.sampled_from([*right * 10, *anybody]), label="by")

    def now(self, data: st.DataObject) -> datetime:
        """Now, or a moment ago: who waited for the lock may have come earlier."""
        late = data.draw(st.sampled_from((0, 0, 0, 0, 45)), label="minutes late")
        return self.at - timedelta(minutes=late)

    def form(self, data: st.DataObject, one: Modelled, step: Transition) -> dict[str, Any]:
        """A form that is right but for what the model judges: the lead, the result."""
        made: dict[str, Any] = {}
        for name in step.needed:
            field = self.model.definition.fields[name]
            if field.kind == "organisation":
                made[name] = data.draw(st.sampled_from((self.world.unit_a, self.world.unit_b)), label=name)
            elif field.kind == "person":
                made[name] = self.world.handler
            elif field.kind == "day":
                made[name] = "2024-12-31"
            elif name == "result":
                made[name] = data.draw(st.sampled_from(RESULTS), label=name)
            elif field.kind == "choice":
                named = tuple(trial.CHOICES.get(field.choices_of, {})) or tuple(field.choices)
                made[name] = data.draw(st.sampled_from(named), label=name)
            else:
                made[name] = "模拟内容 {lead}"
        if step.effect is Effect.CLOSE:
            right = one.drafted if one.drafted in step.results else step.results[0]
            made["result"] = data.draw(
                st.sampled_from((right, right, right, *RESULTS[:2], "withdrawn")), label="result"
            )
        return made

    def try_step(self, data: st.DataObject, one: Modelled, step: Transition, by: Actor) -> bool:
        form, at = self.form(data, one, step), self.now(data)
        allowed = self.model.may(one, step, by, form)
        offered = may_move(one.case, step, facts_of(one.case))
        assert not allowed or offered, step.name
        self.attempt(lambda: move(one.case, step.name, form=form, text="内部"), by=by, allowed=allowed, at=at)
        if allowed:
            self.model.move(one, step, by, form, at)
        self.read_again()
        return allowed

    def read_again(self) -> None:
        rows = Case.objects.in_bulk([one.case.pk for one in self.model.cases])
        for one in self.model.cases:
            one.case = rows[one.case.pk]
            one.last = one.case.last_event_at

    # Rules.

    @rule(data=st.data())
    def any_transition(self, data: st.DataObject) -> None:
        one = self.one(data, lambda one: one.main is None)
        steps = list(self.model.definition.transitions.values())
        definition, facts = self.model.definition, {"difficulty": one.difficulty}
        fitting = [step for step in steps if machine.may(definition, one.position, step, facts)]
        step = data.draw(st.sampled_from(fitting if fitting and self.mostly(data) else steps), label="step")
        self.try_step(data, one, step, self.actor(data, step.roles, one))

    @initialize(
        data=st.data(), together=st.booleans(), steps=st.integers(0, 8), more=st.sampled_from((0, 0, 1, 3, 8))
    )  # fmt: skip
    def some_are_on_their_way(self, data: st.DataObject, together: bool, steps: int, more: int) -> None:
        self.open(data, None)
        self.open(data, "unit_b")
        main, child, _ = self.model.cases
        if together:
            do(lambda: merge.merge(main.case, [child.case]), by=SYSTEM, at=self.at)
            self.model.merge(main, [child])
            self.read_again()
        self.go_on(data, main, steps)
        self.go_on(data, child, 0 if together else more)

    @rule(data=st.data(), most=st.sampled_from((1, 2, 8)))
    def onward(self, data: st.DataObject, most: int) -> None:
        """Go on towards the closing, so that what comes after it is reached too."""
        self.go_on(data, self.one(data, lambda one: one.main is None and not one.closed), most)

    @precondition(lambda self: any(one.position.state == "dissatisfied" for one in self.model.cases))
    @rule(data=st.data(), name=st.sampled_from(("rework", "rework", "exempt", "reopen")))
    def the_desk_above_calls_back(self, data: st.DataObject, name: str) -> None:
        one = data.draw(
            st.sampled_from([one for one in self.model.cases if one.position.state == "dissatisfied"]),
            label="case",
        )
        step = self.model.definition.transitions[name]
        self.try_step(data, one, step, self.actor(data, step.roles, one))

    def go_on(self, data: st.DataObject, one: Modelled, most: int) -> None:
        for _ in range(most):
            steps = [self.model.definition.transitions[name] for name in HAPPY]
            fitting = [step for step in steps if one.position.state in step.from_states]
            for step in fitting:
                right = [by for by in self.model.actors(step.roles, one) if by != SYSTEM]
                for by in reversed(right or [SYSTEM]):
                    if self.try_step(data, one, step, by):
                        break
                else:
                    continue
                break
            else:
                return

    @precondition(lambda self: len(self.model.cases) < MOST_CASES)
    @rule(data=st.data(), about=st.sampled_from((None, None, "unit_a", "unit_b")))
    def open(self, data: st.DataObject, about: str | None) -> None:
        complained = getattr(self.world, about) if about else None
        number = len(self.model.cases) % 3
        case = trial.open_case(number, at=self.at, lead=self.world.hub, complained=complained)
        self.model.opened(case, number, complained, self.world.hub, self.at)

    @rule(key=st.sampled_from("ab"), digest=st.sampled_from("xy"))
    def ask_for_the_same_again(self, key: str, digest: str) -> None:
        """A key makes one case at most, and another content under it is refused."""
        known = RequestKey.objects.filter(key=key).first()
        if known is None and len(self.model.cases) >= MOST_CASES:
            return

        def body() -> tuple[Case, bool]:
            return once("test", key, digest, lambda: trial.open_case(1, at=self.at, lead=self.world.hub))

        made = self.attempt(body, by=SYSTEM, allowed=known is None or known.digest == digest)
        if made is not None and made[1]:
            assert known is None
            self.model.opened(made[0], 1, None, self.world.hub, self.at)
        elif made is not None:
            assert known is not None and made[0].pk == known.case_id

    @rule(data=st.data(), behind=st.integers(1, 3))
    def a_stale_page_is_refused(self, data: st.DataObject, behind: int) -> None:
        one = self.one(data, lambda one: not one.closed)
        seen = one.case.version - behind
        self.attempt(lambda: move(one.case, "note", expected_version=seen), by=SYSTEM, allowed=False)

    @precondition(lambda self: len(self.model.cases) > 1)
    @rule(data=st.data())
    def merge_some(self, data: st.DataObject) -> None:
        states = self.model.definition.verbs.merge_states
        right = [one for one in self.model.cases if one.main is None and one.position.state in states]
        pool = right if len(right) > 1 and self.mostly(data) else self.model.cases
        main, *others = data.draw(st.permutations(pool), label="cases")
        chosen = others[: data.draw(st.integers(1, len(others)))]
        by = self.actor(data, ("hub",), main)
        allowed = self.model.may_merge(main, chosen, by)
        self.attempt(
            lambda: merge.merge(main.case, [one.case for one in chosen], text="同一件事"),
            by=by,
            allowed=allowed,
        )
        if allowed:
            self.model.merge(main, chosen)
        self.read_again()

    @precondition(lambda self: any(one.main for one in self.model.cases))
    @rule(data=st.data())
    def split_one(self, data: st.DataObject) -> None:
        child = data.draw(
            st.sampled_from([one for one in self.model.cases if one.main is not None]), label="child"
        )
        by = self.actor(data, ("hub",), child)
        allowed = self.model.holds(by, "hub", child)
        self.attempt(lambda: merge.split(child.case, text="不是一件事"), by=by, allowed=allowed)
        if allowed:
            self.model.split(child, self.at)
        self.read_again()

    @rule(
        data=st.data(),
        clock=st.sampled_from(("handle", "handle", "rework", "accept")),
        amount=st.integers(0, 12),
    )
    def ask_for_more_time(self, data: st.DataObject, clock: str, amount: int) -> None:
        one = self.one(data)
        by = self.actor(data, ("lead",), one)
        running = one.clocks.get(clock)
        allowed = (
            one.main is None and self.model.holds(by, "lead", one) and clock != "accept" and running is not None
            and running.extensions < 1 and 1 <= amount <= 10 and self.in_time(one, clock)
            and not any((ask.kind, ask.clock) == ("extension", clock) for ask in one.asks)
        )  # fmt: skip
        ask = self.attempt(
            lambda: asks.ask_extension(one.case, clock=clock, amount=amount, text="复杂"),
            by=by,
            allowed=allowed,
        )
        if ask is not None:
            one.asks.append(Ask(ask.pk, "extension", clock, by, amount))
        self.read_again()

    def in_time(self, one: Modelled, clock: str) -> bool:
        row = CaseClock.objects.get(case=one.case, name=clock, part=None, stopped_at=None)
        return row.due_at is None or self.model.moment(one, self.at) <= row.due_at

    def clocked(self) -> bool:
        return any(not one.clocks.keys().isdisjoint(("handle", "rework")) for one in self.model.cases)

    @precondition(lambda self: self.clocked())
    @rule(
        data=st.data(), clock=st.sampled_from(("handle", "handle", "rework")), days=st.sampled_from((1, 5, 5, 30, 90, 0, 91)),
        reason=st.sampled_from(("awaiting_enterprise",) * 4 + ("force_majeure", "laziness")),
    )  # fmt: skip
    def ask_for_a_pause(self, data: st.DataObject, clock: str, days: int, reason: str) -> None:
        one = self.one(data, lambda one: clock in one.clocks and one.main is None)
        by = self.actor(data, ("lead",), one)
        until = self.model.moment(one, self.at).astimezone(SHANGHAI).date() + timedelta(days=days)
        running = one.clocks.get(clock)
        allowed = (
            one.main is None and self.model.holds(by, "lead", one) and running is not None and not running.stands
            and reason == "awaiting_enterprise" and 1 <= days <= 90 and self.in_time(one, clock)
            and not any((ask.kind, ask.clock) == ("pause", clock) for ask in one.asks)
        )  # fmt: skip
        ask = self.attempt(
            lambda: asks.ask_pause(one.case, clock=clock, reason=reason, text="等材料", until_on=until),
            by=by,
            allowed=allowed,
        )
        if ask is not None:
            one.asks.append(Ask(ask.pk, "pause", clock, by, until=until))
        self.read_again()

    @precondition(lambda self: any(one.asks for one in self.model.cases))
    @rule(
        data=st.data(),
        what=st.sampled_from(("consent", "dissent", "approve", "approve", "refuse", "withdraw")),
    )
    def an_ask_goes_on(self, data: st.DataObject, what: str) -> None:
        one = data.draw(st.sampled_from([one for one in self.model.cases if one.asks]), label="case")
        ask = data.draw(st.sampled_from(one.asks), label="ask")
        row = CaseAsk.objects.get(pk=ask.pk)
        role = {"consent": "reporter", "dissent": "reporter", "withdraw": "lead"}.get(what, "hub")
        by = self.actor(data, (role,), one)
        allowed = one.main is None and self.model.holds(by, role, one)
        if what in ("consent", "dissent"):
            allowed = allowed and ask.kind == "pause" and not ask.consented
            self.attempt(lambda: asks.consent(row, given=what == "consent"), by=by, allowed=allowed)
        elif what == "withdraw":
            self.attempt(lambda: asks.withdraw_ask(row), by=by, allowed=allowed)
        else:
            allowed = allowed and not (by.is_person and by == ask.by)
            if what == "approve" and ask.kind == "pause":
                today = self.model.moment(one, self.at).astimezone(SHANGHAI).date()
                allowed = (
                    allowed
                    and ask.consented
                    and today < (ask.until or date.max)
                    and not one.clocks[ask.clock].stands
                )
            self.attempt(
                lambda: asks.decide(row, approve=what == "approve", text="意见"), by=by, allowed=allowed
            )
        if allowed:
            self.model_ask(one, ask, what)
        self.read_again()

    def model_ask(self, one: Modelled, ask: Ask, what: str) -> None:
        if what == "consent":
            ask.consented = True
            return
        one.asks.remove(ask)
        if what == "approve" and ask.kind == "extension":
            one.clocks[ask.clock].extended += ask.amount
            one.clocks[ask.clock].extensions += 1
        elif what == "approve":
            self.model.pause(one, ask, self.at)

    @precondition(lambda self: any(one.position.standing for one in self.model.cases))
    @rule(data=st.data(), clock=st.sampled_from(("handle", "rework")))
    def resume(self, data: st.DataObject, clock: str) -> None:
        """Only what stands still on an approved ground is resumed: not what is shelved."""
        one = self.one(data, lambda one: clock in one.position.standing)
        by = self.actor(data, ("hub", "lead"), one)
        running = one.clocks.get(clock)
        asked = running is not None and running.stands and running.pauses[-1][2] is not None
        allowed = (
            one.main is None and asked and any(self.model.holds(by, role, one) for role in ("hub", "lead"))
        )
        self.attempt(
            lambda: asks.resume_clock(one.case, clock=clock, text="材料已到"), by=by, allowed=allowed
        )
        if allowed:
            self.model.resume(one, clock, self.at)
        self.read_again()

    @rule(
        data=st.data(),
        unit=st.sampled_from(("unit_a", "unit_b", "hub")),
        kind=st.sampled_from(("co_handler", "consulted")),
    )
    def ask_a_unit(self, data: st.DataObject, unit: str, kind: str) -> None:
        one = self.one(data, lambda one: one.main is None and not one.closed)
        by = self.actor(data, ("hub", "lead"), one)
        wanted = getattr(self.world, unit)
        about = [one.complained, *(child.complained for child in self.model.children(one))]
        open_already = any(
            part.unit == wanted and (part.clock is not None) == (kind == "co_handler") for part in one.parts
        )
        allowed = (
            one.main is None and any(self.model.holds(by, role, one) for role in ("hub", "lead")) and not one.closed
            and wanted != one.lead and wanted not in about and not open_already
        )  # fmt: skip
        part = self.attempt(
            lambda: parts.ask_part(one.case, organisation_id=wanted, kind=kind, request="请核实"),
            by=by,
            allowed=allowed,
        )
        if part is not None:
            clock = None
            if kind == "co_handler":
                row = part.clocks.get()
                clock = row
            one.parts.append(Part(part.pk, wanted, clock))
            one.asked_units.add(wanted)
        self.read_again()

    @precondition(lambda self: any(one.parts for one in self.model.cases))
    @rule(data=st.data(), answer=st.booleans())
    def a_part_ends(self, data: st.DataObject, answer: bool) -> None:
        one = data.draw(st.sampled_from([one for one in self.model.cases if one.parts]), label="case")
        part = data.draw(st.sampled_from(one.parts), label="part")
        row = CasePart.objects.get(pk=part.pk)
        roles = ("co_handler",) if answer else ("hub", "lead")
        by = self.actor(data, roles, one)
        allowed = one.main is None and any(self.model.holds(by, role, one) for role in roles)
        if answer:
            allowed = allowed and (not by.is_person or self.model.unit_of(by) == part.unit)
            self.attempt(lambda: parts.answer_part(row, answer="已核实"), by=by, allowed=allowed)
        else:
            self.attempt(lambda: parts.withdraw_part(row, text="不需要了"), by=by, allowed=allowed)
        if allowed:
            one.parts.remove(part)
        self.read_again()

    @precondition(
        lambda self: any(
            one.position.state in ("handling", "returned", "shelved") for one in self.model.cases
        )
    )
    @rule(data=st.data())
    def raise_to_the_city(self, data: st.DataObject) -> None:
        states = self.model.definition.verbs.escalate_states
        one = self.one(data, lambda one: one.place != CITY and one.position.state in states)
        if one.place == CITY:
            return
        by = self.actor(data, ("hub",), one)
        allowed = (
            one.main is None
            and self.model.holds(by, "hub", one)
            and one.position.state in states
            and not one.raised
        )
        row = self.attempt(
            lambda: escalate.escalate(one.case, to_place=CITY, to_organisation_id=self.world.upper, reason="难"), by=by,
            allowed=allowed,
        )  # fmt: skip
        if row is not None:
            self.model.escalated(one, row.pk, self.at)
        self.read_again()

    @precondition(lambda self: any(one.raised for one in self.model.cases))
    @rule(
        data=st.data(), decision=st.sampled_from(("advised", "sent_back", "taken_over", "open", "withdrawn"))
    )
    def the_city_answers(self, data: st.DataObject, decision: str) -> None:
        one = data.draw(st.sampled_from([one for one in self.model.cases if one.raised]), label="case")
        by = self.actor(data, ("upper_hub",), one)
        row = Escalation.objects.get(pk=one.raised)
        allowed = (
            one.main is None
            and self.model.holds(by, "upper_hub", one)
            and decision not in ("open", "withdrawn")
        )
        self.attempt(lambda: escalate.answer(row, decision=decision, text="意见"), by=by, allowed=allowed)
        if allowed:
            self.model.answered(one, decision, self.at)
        self.read_again()

    @precondition(lambda self: any(one.closed for one in self.model.cases))
    @rule(
        data=st.data(), source=st.sampled_from(("enterprise", "enterprise", "grassroots", "nobody")), stars=st.integers(0, 5),
        solved=st.booleans(),
    )  # fmt: skip
    def rate(self, data: st.DataObject, source: str, stars: int, solved: bool) -> None:
        one = data.draw(st.sampled_from([one for one in self.model.cases if one.closed]), label="case")
        assert one.case.closed_at is not None
        in_window = self.at <= one.case.closed_at + timedelta(days=self.model.definition.rating.open_days)  # type: ignore[union-attr]
        allowed = self.model.may_rate(one, source) and source != "nobody" and 1 <= stars <= 5 and in_window
        self.attempt(
            lambda: ratings.rate(one.case, source=source, solved=solved, stars=stars, channel="portal"),
            by=trial.reporter(one.number), allowed=allowed,
        )  # fmt: skip
        if allowed:
            self.model.rated(one, source, stars <= 2 or not solved, self.at)
        self.read_again()

    @rule(hours=st.sampled_from((1, 5, 24, 24 * 3, 24 * 20)))
    def time_passes(self, hours: int) -> None:
        """The timer ends the pauses whose last day has come."""
        self.at += timedelta(hours=hours)
        asks.end_due_pauses(at=self.at)
        today = self.at.astimezone(SHANGHAI).date()
        for one in self.model.cases:
            for clock in one.clocks.values():
                if clock.stands and clock.pauses[-1][2] is not None and clock.pauses[-1][2] <= today:
                    self.model.resume(one, clock.name, self.at)
        self.read_again()

    @precondition(lambda self: self.calendars < 2)
    @rule(day=st.dates(date(2024, 6, 3), date(2024, 12, 20)))
    def a_holiday_is_published(self, day: date) -> None:
        self.calendars += 1
        text = SHIPPED.read_text(encoding="utf-8")
        year = next(line for line in text.splitlines() if line.startswith("    - {name: 国庆节, from: 2024"))
        added = f"    - {{name: 临时假{self.calendars}, from: {day}, to: {day + timedelta(days=1)}}}"
        try:
            publish_calendar(
                document=text.replace(year, f"{year}\n{added}").encode(), effective_from=self.at.astimezone(SHANGHAI).date(),
                by=SYSTEM, at=self.at,
            )  # fmt: skip
        except Refused:
            return  # the day was a holiday already
        recompute_open_clocks(at=self.at)
        self.read_again()

    # What always holds.

    @invariant()
    def every_rule_holds(self) -> None:
        assert [str(fault) for fault in verify(at=self.at)] == []

    @invariant()
    def every_case_stands_where_the_model_says(self) -> None:
        rows = Case.objects.in_bulk([one.case.pk for one in self.model.cases])
        for one in self.model.cases:
            row = rows[one.case.pk]
            known = (row.state, row.step, row.mode, row.returns, row.ruled)
            position = one.position
            assert known == (position.state, position.step, position.mode, position.returns, position.ruled)
            assert (row.lead_id, row.place_code, row.result) == (one.lead, one.place, one.result)
            assert row.merged_into_id == (one.main.case.pk if one.main else None)
            assert (row.reporter_id, row.number) == (trial.reporter(one.number).id, one.case.number)
            clocks = {
                clock.name: (
                    clock.started_at,
                    clock.amount,
                    clock.extended,
                    clock.extensions,
                    pauses_of(clock),
                )
                for clock in row.clocks.filter(stopped_at=None, part=None).prefetch_related("pauses")
            }
            assert clocks == {
                clock.name: (clock.started_at, clock.amount, clock.extended, clock.extensions, [tuple(p[:2]) for p in clock.pauses])
                for clock in one.clocks.values()
            }  # fmt: skip
            assert set(
                row.parts.filter(answered_at=None, withdrawn_at=None).values_list("pk", flat=True)
            ) == {part.pk for part in one.parts}
            assert set(row.asks.filter(decision="open").values_list("pk", flat=True)) == {
                ask.pk for ask in one.asks
            }
            assert list(row.escalations.filter(decision="open").values_list("pk", flat=True)) == (
                [one.raised] if one.raised else []
            )
            assert row.ratings.count() == sum(map(len, one.ratings.values()))


def pauses_of(clock: CaseClock) -> list[tuple[datetime, datetime | None]]:
    return sorted((pause.from_at, pause.to_at) for pause in clock.pauses.all())


def test_the_engine_does_what_the_model_says(world: World) -> None:
    Engine.world = world
    examples, steps = (4, 25) if connection.vendor == "postgresql" else (12, 30)
    run_state_machine_as_test(
        Engine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
