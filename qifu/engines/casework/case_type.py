"""What a case may do: states, transitions, clocks, verbs. Pure and immutable; read from the content of a revision.

One definition drives the running flow, the flow chart, the printed guide and the BPMN export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import Any

from qifu.engines.casework.clocks import Limit, Unit


class Effect(StrEnum):
    """What a transition does beside changing the state; the engine knows how, the definition says where."""

    NONE = "none"
    ASSIGN = "assign"  # 交办: a unit becomes the lead and must report back; the hub closes
    TRANSFER = "transfer"  # 转办: a unit becomes the lead and handles it on its own authority
    DIVIDE = "divide"  # 分办: within the lead unit, to a person
    RETURN = "return"  # 退回改派: the lead says that it is not the owner; the hub's again
    RECALL = "recall"  # 撤回交办: the hub takes back what nobody has taken up yet; the hub's again
    RULE = "rule"  # 裁定: the hub names the owner; no return afterwards
    STEP = "step"  # 上一办理层次: 板块办 -> 协商办 -> 会议办
    CLOSE = "close"  # 办结: a result, no running clock
    REOPEN = "reopen"  # the result is taken back


NAMES_LEAD = (Effect.ASSIGN, Effect.TRANSFER, Effect.RULE)
"""Effects whose form names the lead."""


@dataclass(frozen=True)
class FieldType:
    """One thing that a form asks: `kind` text, long_text, choice, organisation, person, day, number, flag.

    `choices` code to title; with `choices_of` the service offers them. `public`: its value may reach the firm's page.
    """

    name: str
    title: str
    kind: str
    choices: Mapping[str, str] = field(default_factory=dict)
    choices_of: str = ""
    help: str = ""


@dataclass(frozen=True)
class ClockType:
    """A time limit: whose (`of`, a role), how long, and how long where a fact of the case has a certain value.

    `promised`: the firm's page shows it. `warn` before its end (null: one working day).
    """

    name: str
    title: str
    of: str
    limit: Limit
    by: Mapping[str, Mapping[str, Limit]] = field(default_factory=dict)
    promised: bool = False
    warn: Limit | None = None
    basis: str = ""

    def limits(self) -> list[Limit]:
        """Return every limit that it may have, the general one first."""
        return [self.limit, *(limit for limits in self.by.values() for limit in limits.values())]

    def limit_for(self, facts: Mapping[str, str]) -> Limit:
        """Return the limit for a case with these facts: the first fact named that the case has counts."""
        for name, limits in self.by.items():
            found = limits.get(str(facts.get(name, "")))
            if found is not None:
                return found
        return self.limit


@dataclass(frozen=True)
class State:
    """One state: `title` for staff, `shown` for the firm (what is next), `final` where the case is closed.

    `starts`: the clocks that run from the opening of a case; of the initial state only.
    """

    name: str
    title: str
    shown: str
    initial: bool = False
    final: bool = False
    starts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transition:
    """One act: from which states, to which (None: the state stays), by whom, asking what, with what effects.

    `form` names the fields asked, `needed` those that must be given. `when` holds facts that must have one of the
    values; `guards` are named conditions of engine or service. `shown` is what the firm reads ({field} is replaced);
    without it nothing of the act reaches the firm. `notify` are the roles told.
    """

    name: str
    title: str
    from_states: tuple[str, ...]
    to: str | None
    roles: tuple[str, ...]
    effect: Effect = Effect.NONE
    form: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    shown: str = ""
    notify: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True)
class PauseReason:
    """A ground on which clocks may stand still; `consent`: only with the firm's consent; `evidence`: only with a file."""

    name: str
    title: str
    consent: bool
    evidence: bool


@dataclass(frozen=True)
class Verbs:
    """How the engine's own verbs are used by this type: who asks, who approves, how often, how long.

    `extension`: clocks that may be extended, at most `extension_times` times by at most `extension_most` each.
    `pause_reasons` and the clocks that may stand still, at most `pause_most` calendar days at a time.
    """

    merge_roles: tuple[str, ...] = ()
    merge_states: tuple[str, ...] = ()
    co_handler_roles: tuple[str, ...] = ()
    co_handler_clock: str = ""
    extension_clocks: tuple[str, ...] = ()
    extension_asked_by: tuple[str, ...] = ()
    extension_approved_by: tuple[str, ...] = ()
    extension_times: int = 0
    extension_most: Limit | None = None
    pause_clocks: tuple[str, ...] = ()
    pause_asked_by: tuple[str, ...] = ()
    pause_approved_by: tuple[str, ...] = ()
    pause_reasons: Mapping[str, PauseReason] = field(default_factory=dict)
    pause_most: int = 0
    escalate_roles: tuple[str, ...] = ()
    escalate_states: tuple[str, ...] = ()
    escalation_clock: str = ""


@dataclass(frozen=True)
class RatingRule:
    """How a closed case is rated: which sources, what is bad, what follows.

    `bad_at_most` stars or, with `unsolved_is_bad`, 没解决; `rounds` how many ratings one source may give in all;
    `dissatisfied`, `rework`, `exempt`: names of the transitions that follow; `open_days` calendar days in which it may be given;
    `reopen_days`: re-opened within so many calendar days, a case counts as not closed.
    """

    sources: Mapping[str, str]
    levels: tuple[str, ...]
    bad_at_most: int
    unsolved_is_bad: bool
    rounds: int
    open_days: int
    reopen_days: int
    least_group: int
    dissatisfied: str
    rework: str
    exempt: str


@dataclass(frozen=True)
class CaseType:
    """A whole definition; `steps` are the ladder of handling (板块办, 协商办, 会议办), lowest first.

    `kind` names the service's binding; several types may share one.
    """

    key: str
    kind: str
    title: str
    basis: str
    sessions: tuple[tuple[time, time], ...]
    roles: Mapping[str, str]
    fields: Mapping[str, FieldType]
    clocks: Mapping[str, ClockType]
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    results: Mapping[str, str]
    steps: Mapping[str, str]
    most_returns: int
    verbs: Verbs
    rating: RatingRule | None
    documents: Mapping[str, str]

    @property
    def initial(self) -> State:
        """Return the state in which a case begins."""
        return next(state for state in self.states.values() if state.initial)

    def leaving(self, state: str) -> Iterator[Transition]:
        """Yield the transitions that may happen in a state, in written order."""
        return (one for one in self.transitions.values() if state in one.from_states)

    def ends(self, name: str) -> bool:
        """Tell whether a state is final."""
        return self.states[name].final


def limit_of(written: Mapping[str, Any]) -> Limit:
    """Return {working_days: 5} as a Limit."""
    ((unit, amount),) = written.items()
    return Limit(Unit(unit), int(amount))


def in_written_order(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return content whose mappings stand as `order` says: a revision keeps its keys sorted, people wrote them otherwise."""
    order = content.get("order") or {}

    def restored(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            return value
        keys = order.get(path) or value
        return {key: restored(value[key], f"{path}/{key}" if path else key) for key in keys}

    return restored(content, "") if order else content


def case_type(content: Mapping[str, Any]) -> CaseType:
    """Return the case type that the content of a revision (or of a checked YAML file) describes."""
    content = in_written_order(content)
    return CaseType(
        key=content["key"],
        kind=content.get("kind") or content["key"],
        title=content["title"],
        basis=content.get("basis", ""),
        sessions=tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in content["office_hours"]),
        roles=dict(content["roles"]),
        fields={name: _field(name, one) for name, one in content["fields"].items()},
        clocks={name: _clock(name, one) for name, one in content["clocks"].items()},
        states={name: _state(name, one) for name, one in content["states"].items()},
        transitions={name: _transition(name, one, content) for name, one in content["transitions"].items()},
        results=dict(content["results"]),
        steps=dict(content.get("steps") or {}),
        most_returns=content.get("most_returns", 0),
        verbs=_verbs(content.get("verbs") or {}),
        rating=_rating(content["rating"]) if content.get("rating") else None,
        documents=dict(content.get("documents") or {}),
    )


def _field(name: str, one: Mapping[str, Any]) -> FieldType:
    return FieldType(
        name, one["title"], one["kind"], dict(one.get("choices") or {}), one.get("choices_of", ""), one.get("help", "")
    )  # fmt: skip


def _clock(name: str, one: Mapping[str, Any]) -> ClockType:
    by = {
        fact: {value: limit_of(limit) for value, limit in limits.items()}
        for fact, limits in (one.get("by") or {}).items()
    }
    warn = limit_of(one["warn"]) if one.get("warn") else None
    return ClockType(
        name, one["title"], one["of"], limit_of(one["limit"]), by, one.get("promised", False), warn, one.get("basis", "")
    )  # fmt: skip


def _state(name: str, one: Mapping[str, Any]) -> State:
    flags = one.get("initial", False), one.get("final", False)
    return State(name, one["title"], one["shown"], *flags, starts=tuple(one.get("starts") or ()))


def _transition(name: str, one: Mapping[str, Any], content: Mapping[str, Any]) -> Transition:
    needed = tuple(one.get("form") or ())
    from_states = one["from"]
    if from_states == ["open"]:
        from_states = [state for state, said in content["states"].items() if not said.get("final")]
    return Transition(
        name=name,
        title=one["title"],
        from_states=tuple(from_states),
        to=one.get("to"),
        roles=tuple(one["by"]),
        effect=Effect(one.get("effect", "none")),
        form=needed + tuple(one.get("optional") or ()),
        needed=needed,
        results=tuple(one.get("results") or ()),
        starts=tuple(one.get("starts") or ()),
        stops=tuple(one.get("stops") or ()),
        pauses=tuple(one.get("pauses") or ()),
        resumes=tuple(one.get("resumes") or ()),
        when={fact: tuple(values) for fact, values in (one.get("when") or {}).items()},
        guards=tuple(one.get("guards") or ()),
        shown=one.get("shown", ""),
        notify=tuple(one.get("notify") or ()),
        automatic=one.get("automatic", False),
    )


def _verbs(said: Mapping[str, Any]) -> Verbs:
    merge, co, extension = said.get("merge") or {}, said.get("co_handlers") or {}, said.get("extension") or {}
    pause, escalate = said.get("pause") or {}, said.get("escalation") or {}
    return Verbs(
        merge_roles=tuple(merge.get("by") or ()),
        merge_states=tuple(merge.get("states") or ()),
        co_handler_roles=tuple(co.get("by") or ()),
        co_handler_clock=co.get("clock", ""),
        extension_clocks=tuple(extension.get("clocks") or ()),
        extension_asked_by=tuple(extension.get("asked_by") or ()),
        extension_approved_by=tuple(extension.get("approved_by") or ()),
        extension_times=extension.get("times", 0),
        extension_most=limit_of(extension["most"]) if extension.get("most") else None,
        pause_clocks=tuple(pause.get("clocks") or ()),
        pause_asked_by=tuple(pause.get("asked_by") or ()),
        pause_approved_by=tuple(pause.get("approved_by") or ()),
        pause_reasons={
            name: PauseReason(name, one["title"], one.get("consent", False), one.get("evidence", False))
            for name, one in (pause.get("reasons") or {}).items()
        },
        pause_most=pause.get("most_days", 0),
        escalate_roles=tuple(escalate.get("by") or ()),
        escalate_states=tuple(escalate.get("states") or ()),
        escalation_clock=escalate.get("clock", ""),
    )


def _rating(said: Mapping[str, Any]) -> RatingRule:
    return RatingRule(
        sources=dict(said["sources"]),
        levels=tuple(said["levels"]),
        bad_at_most=said["bad_at_most"],
        unsolved_is_bad=said["unsolved_is_bad"],
        rounds=said["rounds"],
        open_days=said["open_days"],
        reopen_days=said["reopen_days"],
        least_group=said["least_group"],
        dissatisfied=said["dissatisfied"],
        rework=said["rework"],
        exempt=said["exempt"],
    )
