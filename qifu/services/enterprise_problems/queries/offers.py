"""What somebody may do with a case now: transitions of its type and verbs of the engine; the acts decide again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qifu.engines.casework import moves
from qifu.engines.casework.case_type import CaseType, Transition
from qifu.engines.casework.models import Case, CaseAsk, CaseClock, CasePart, Escalation
from qifu.foundation.access import Actor, Grant
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.hubs import upper_place
from qifu.services.enterprise_problems.models import Problem, Promise
from qifu.services.enterprise_problems.module import ABOVE
from qifu.services.enterprise_problems.queries.ratings import Seen

MAIN = (
    "answer_escalation", "decide_ask", "answer_part", "accept", "assign", "take", "rule", "pass", "sign",
    "sign_and_close", "close", "contact", "draft", "review_shelf",
)  # fmt: skip
"""Which act is the next one, where several may be done: the first of these.

Where somebody decides between two ends (an appeal, rework or not), neither is put first.
"""
VERBS = {
    "answer_escalation": "答复上报", "decide_ask": "审批", "answer_part": "答复协办、征求意见", "ask_part": "请其他单位参与",
    "withdraw_part": "撤销协办、征求意见", "ask_extension": "申请延期", "ask_pause": "申请暂停计时", "withdraw_ask": "撤回申请",
    "resume_clock": "恢复计时", "escalate": "上报协调", "settle_promise": "认定承诺兑现情况",
}  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """One act that may be done: its name, its title, the transition or (None) the engine's verb, and what it is about."""

    name: str
    title: str
    transition: Transition | None = None
    item: int | None = None
    about: str = ""
    due: bool = True

    @property
    def main(self) -> int:
        """Return how near the act is to being the next one; small is nearer, len(MAIN) is never."""
        return MAIN.index(self.name) if self.name in MAIN and self.due else len(MAIN)


@dataclass(frozen=True)
class _Look:
    case: Case
    problem: Problem
    definition: CaseType
    roles: frozenset[str]
    actor: Actor
    grants: Sequence[Grant]
    moment: datetime

    def plays(self, roles: Iterable[str]) -> bool:
        return bool(self.roles & set(roles))


def offers(
    case: Case, problem: Problem, definition: CaseType, roles: frozenset[str], actor: Actor, grants: Sequence[Grant],
    moment: datetime, *, seen: Seen, parts: Sequence[CasePart], asks: Sequence[CaseAsk], escalations: Sequence[Escalation],
    promises: Sequence[Promise],
) -> tuple[list[Offer], list[str]]:  # fmt: skip
    """Return what the actor may do now, the next act first, and sentences that say what has to wait for whom."""
    look = _Look(case, problem, definition, roles, actor, grants, moment)
    found, waiting = [], list[str]()
    if case.merged_into_id is None:
        facts = moves.facts_of(case)
        for transition in _transitions(look, seen, facts):
            why = _waits(look, transition, parts)
            if why.strip():
                waiting.append(why)
            elif why:
                continue
            else:
                found.append(
                    Offer(transition.name, transition.title, transition, due=_is_due(transition, facts))
                )
        if not definition.ends(seen.state):
            found += _verbs(look, parts, asks, escalations)
    if look.plays(["lead", "hub"]):
        found += [
            Offer("settle_promise", VERBS["settle_promise"], None, one.pk, one.text[:40])
            for one in promises
            if one.state == Promise.State.OPEN
        ]
    return sorted(found, key=lambda one: one.main), list(dict.fromkeys(waiting))


def _is_due(transition: Transition, facts: Mapping[str, str]) -> bool:
    """Tell whether an act that only stops clocks still has one to stop: a firm once contacted need not be again."""
    stays = transition.to is None and transition.stops
    return not stays or any(facts.get(f"clock_{name}") == "running" for name in transition.stops)


def _transitions(look: _Look, seen: Seen, facts: Mapping[str, str]) -> Iterable[Transition]:
    """Yield what the case type lets the actor do; a masked case reads as closed, and offers what a closed one does."""
    for transition in look.definition.transitions.values():
        if transition.automatic or not look.plays(transition.roles):
            continue
        if seen.masked:
            if seen.state in transition.from_states and look.case.state in transition.from_states:
                yield transition
        elif moves.may_move(look.case, transition, facts):
            yield transition


def _waits(look: _Look, transition: Transition, parts: Sequence[CasePart]) -> str:
    """Return what stands in the way of a transition for this person now, in words; a blank where it is not worth a word."""
    guards = transition.guards
    if "another_than_drafter" in guards and look.problem.drafted_by == look.actor.id:
        return "答复由您拟稿，请由本单位其他人员审核、签发"
    if "no_open_co_handling" in guards:
        open_ones = [one for one in parts if one.kind == "co_handler" and _is_open(one)]
        if open_ones:
            names = "、".join(one.organisation.name for one in open_ones)
            return f"{names}的协办意见还没有回复，回复或撤销后才能“{transition.title}”"
    if "meeting_step_reached" in guards and look.case.step != "meeting":
        return f"经会议办研究后才能“{transition.title}”"
    if {"just_assigned", "just_accepted"} & set(guards) and not _just(look):
        return " "
    return ""


def _just(look: _Look) -> bool:
    last = look.case.events.exclude(kind="note").order_by("-seq").first()
    same_day = last is not None and _day(last.at) == _day(look.moment)
    return same_day and last is not None and last.kind in ("assign", "transfer", "accept")


def _day(at: datetime) -> object:
    return at.astimezone(SHANGHAI).date()


def _is_open(part: CasePart) -> bool:
    return part.answered_at is None and part.withdrawn_at is None


def _verbs(
    look: _Look, parts: Sequence[CasePart], asks: Sequence[CaseAsk], escalations: Sequence[Escalation]
) -> Iterable[Offer]:
    verbs = look.definition.verbs
    yield from _about_parts(look, parts)
    yield from _about_asks(look, asks)
    waiting = next((one for one in escalations if one.decision == Escalation.Decision.OPEN), None)
    raises = look.plays(verbs.escalate_roles) and look.case.state in verbs.escalate_states
    if raises and waiting is None and upper_place(look.case.place_code) is not None:
        yield Offer("escalate", VERBS["escalate"])
    if waiting is not None and answers_for(waiting.to_place, look.grants):
        yield Offer("answer_escalation", VERBS["answer_escalation"], None, waiting.pk)


def answers_for(place: str, grants: Iterable[Grant]) -> bool:
    """Tell whether the holder of these grants answers for a place what was raised to it."""
    return any(grant.role in ABOVE and grant.place == place for grant in grants)


def _about_parts(look: _Look, parts: Sequence[CasePart]) -> Iterable[Offer]:
    asks_others = look.plays(look.definition.verbs.co_handler_roles)
    if asks_others:
        yield Offer("ask_part", VERBS["ask_part"])
    mine = {grant.organisation_id for grant in look.grants}
    for part in parts:
        if not _is_open(part):
            continue
        title = part.get_kind_display()
        if "co_handler" in look.roles and part.organisation_id in mine:
            yield Offer("answer_part", f"答复{title}", None, part.pk, part.request[:60])
        if asks_others:
            yield Offer("withdraw_part", f"撤销{title}：{part.organisation.name}", None, part.pk)


def _about_asks(look: _Look, asks: Sequence[CaseAsk]) -> Iterable[Offer]:
    verbs = look.definition.verbs
    open_asks = [one for one in asks if one.decision == CaseAsk.Decision.OPEN]
    for ask in open_asks:
        extension = ask.kind == CaseAsk.Kind.EXTENSION
        decides = look.plays(verbs.extension_approved_by if extension else verbs.pause_approved_by)
        ground = verbs.pause_reasons.get(ask.reason)
        consented = ground is None or not ground.consent or ask.consent_id is not None
        if decides and consented and ask.asked_by != look.actor.id:
            yield Offer("decide_ask", f"审批{ask.get_kind_display()}", None, ask.pk)
        if look.plays(verbs.extension_asked_by if extension else verbs.pause_asked_by):
            yield Offer("withdraw_ask", f"撤回{ask.get_kind_display()}申请", None, ask.pk)
    running = list(
        CaseClock.objects.filter(case=look.case, stopped_at=None, part=None).prefetch_related("pauses")
    )
    asked = {(one.clock_id, str(one.kind)) for one in open_asks}
    in_time = [one for one in running if one.due_at is None or one.due_at >= look.moment]
    if look.plays(verbs.extension_asked_by) and any(
        one.name in verbs.extension_clocks
        and one.extensions < verbs.extension_times
        and (one.pk, "extension") not in asked
        for one in in_time
    ):
        yield Offer("ask_extension", VERBS["ask_extension"])
    still = {one.pk for one in running for pause in one.pauses.all() if pause.to_at is None}
    if look.plays(verbs.pause_asked_by) and any(
        one.name in verbs.pause_clocks and one.pk not in still and (one.pk, "pause") not in asked
        for one in in_time
    ):
        yield Offer("ask_pause", VERBS["ask_pause"])
    if look.plays([*verbs.pause_approved_by, *verbs.pause_asked_by]):
        for one in running:
            by_ask = any(p.to_at is None and p.reason in verbs.pause_reasons for p in one.pauses.all())
            if by_ask:
                title = look.definition.clocks[one.name].title
                yield Offer("resume_clock", f"恢复计时：{title}", None, one.pk)
