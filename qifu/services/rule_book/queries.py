"""Questions about rules and facts: the list, one rule read aloud, one rule tried on one enterprise, what data there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from qifu.engines.rules.explain import explain
from qifu.engines.rules.explain_words import (
    VERDICTS,
    Said,
    SetAside,
    granted_words,
    lines_of,
    way_words,
    why_words,
)
from qifu.engines.rules.read_aloud import Read, rule_read
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.site_book import SiteRules, users_of_facts
from qifu.engines.rules.tree import Truth
from qifu.engines.rules.written import Example, Rule, Version
from qifu.engines.rules.written_trees import references
from qifu.foundation import clock
from qifu.foundation.access import Actor, NotFound, find, holds
from qifu.registers.enterprises.fact_book import Fact, fact_book
from qifu.registers.enterprises.fact_coverage import Counted, Coverage, coverage
from qifu.registers.enterprises.fact_sheet import HELD, VIEW, update_words
from qifu.registers.enterprises.fact_store import facts_as_of
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.register_facts import READINGS, is_recordable
from qifu.registers.enterprises.uscc import fold
from qifu.services.rule_book.book import site_rules

AVAILABILITY, TRY = "rule_book.view_availability", "rule_book.try_rule"
COLOURS = {Truth.MET: "good", Truth.UNMET: "bad", Truth.UNKNOWN: "warn"}
EXPECTED = {"met": Truth.MET, "unmet": Truth.UNMET, "unknown": Truth.UNKNOWN}
State = tuple[str, str]
"""Its colour and word."""


def _state(truth: Truth) -> State:
    return COLOURS[truth], VERDICTS[truth]


@dataclass(frozen=True)
class RuleLine:
    """One rule in the list; `asked` facts of its version of the day, `version` none where it is not in force."""

    rule: Rule
    version: Version | None

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and word: published rules are those checked against the official text."""
        if self.version is None:
            return "idle", "未生效或已失效"
        return ("good", "已核对") if self.rule.confidence == "verified" else ("warn", "待核")


def rules(day: date, *, text: str = "", kind: str = "", state: str = "") -> tuple[list[RuleLine], SiteRules]:
    """Return the rules whose title, document or tags hold `text`, by title."""
    found = site_rules()
    lines = [RuleLine(rule, rule.version_on(day)) for rule in found.book.rules.values()]
    wanted = text.strip()
    lines = [
        line
        for line in lines
        if wanted in " ".join((line.rule.title, line.rule.document, line.rule.code, *line.rule.tags))
        and kind in ("", line.rule.kind)
        and state in ("", line.state[1])
    ]
    return sorted(lines, key=lambda line: (line.rule.kind, line.rule.title)), found


@dataclass(frozen=True)
class ExampleLine:
    """One example of a rule: what comes out, and the facts that would be missing."""

    example: Example
    state: State
    missing: str


@dataclass(frozen=True)
class RulePage:
    """One rule on a day: read aloud, its versions and examples, the facts it asks, the rules it names and is named by."""

    rule: Rule
    version: Version | None
    parts: tuple[Read, ...]
    asked: tuple[Fact, ...]
    names: tuple[Rule, ...]
    named_by: tuple[Rule, ...]
    examples: tuple[ExampleLine, ...]

    @property
    def counted(self) -> list[tuple[State, int]]:
        """How many examples come out how."""
        states = [line.state for line in self.examples]
        return [(state, states.count(state)) for state in map(_state, EXPECTED.values()) if state in states]


def rule(code: str, day: date) -> RulePage:
    """Return a rule as it is on `day`, of its latest version where none is in force; raise NotFound."""
    found = site_rules()
    known = found.book.rules.get(code)
    if known is None:
        raise NotFound(f"rule {code}")
    version = known.version_on(day)
    asked_on = day if version else known.versions[-1].effective_from
    users = users_of_facts(found, asked_on)
    asked = tuple(fact for name, fact in fact_book().facts.items() if code in users.get(name, ()))
    named = _named(found.book, known, asked_on)
    naming = (other for other in found.book.rules.values() if known in _named(found.book, other, asked_on))
    parts = rule_read(found.book, code, asked_on)[1:]
    return RulePage(
        known, version, tuple(parts), asked, tuple(named), tuple(naming), tuple(map(_example, known.examples))
    )


def _named(book: RuleBook, rule: Rule, day: date) -> list[Rule]:
    version = rule.version_on(day)
    names = [book.find(name) for _, name in references(version)] if version else []
    return list(dict.fromkeys(other for other in names if other is not None))


def _example(example: Example) -> ExampleLine:
    missing = "、".join(fact_book().facts[name].label for name in example.missing or ())
    return ExampleLine(example, _state(EXPECTED[example.expect]), missing)


@dataclass(frozen=True)
class SaidLine:
    """One line of a trial: a condition or the heading of a group, in the words of `explain_words`."""

    said: Said
    state: State


@dataclass(frozen=True)
class AsideLine:
    """Branches that are for other industries or places, each condition with its state."""

    aside: SetAside
    lines: tuple[SaidLine, ...]


@dataclass(frozen=True)
class Missing:
    """A fact that is not known, who has it, and whether it is recorded on the enterprise's page of facts."""

    fact: Fact
    held: str
    recordable: bool


@dataclass(frozen=True)
class Trial:
    """What a rule says of an enterprise on a day, and why; `pending` are the facts that its amount waits for."""

    enterprise: Enterprise
    day: date
    verdict: State
    granted: str
    why: str
    lines: tuple[SaidLine | AsideLine, ...]
    missing: tuple[Missing, ...]
    pending: tuple[Missing, ...]
    nearest: tuple[str, ...]


def try_rule(code: str, uscc: str, actor: Actor, at: datetime, day: date) -> Trial:
    """Try a rule on an enterprise whose facts the actor may see; raise NotFound, or NotInForce with a reason."""
    enterprise = find(Enterprise.objects.all(), actor, VIEW, at, uscc=fold(uscc))
    book = site_rules().book
    told = explain(book.bind(code, day), book.facts, facts_as_of(enterprise, day))
    return Trial(
        enterprise, day, _state(told.truth), granted_words(told), why_words(told),
        tuple(map(_line, lines_of(told, book.places))), _missing(told.missing), _missing(told.amount_missing or ()),
        tuple(way_words(told, way, book.places) for way in told.nearest),
    )  # fmt: skip


def _line(one: Said | SetAside) -> SaidLine | AsideLine:
    if isinstance(one, SetAside):
        return AsideLine(one, tuple(SaidLine(said, _state(said.truth)) for said in one.lines))
    return SaidLine(one, _state(one.truth))


def _missing(names: tuple[str, ...]) -> tuple[Missing, ...]:
    facts = [fact_book().facts[name] for name in names]
    return tuple(Missing(fact, HELD[fact.held], is_recordable(fact)) for fact in facts)


def may_try(actor: Actor, at: datetime) -> bool:
    """Tell whether the actor may try rules on enterprises."""
    return holds(actor, TRY, at) and holds(actor, VIEW, at)


@dataclass(frozen=True)
class Availability:
    """One fact: what is known of it here, and which rules ask it."""

    fact: Fact
    counted: Coverage
    enterprises: int
    rules: tuple[Rule, ...]
    kept: str

    @property
    def held(self) -> str:
        """Who has it, in words."""
        return HELD[self.fact.held]

    @property
    def updated(self) -> str:
        """How often it is told anew, in words."""
        return update_words(self.fact)

    @property
    def waits(self) -> bool:
        """True when rules ask it and nobody's value is known here; what is only asked face to face is not waited for."""
        return bool(self.rules) and not self.counted.known and self.fact.sensitivity != "个人信息"


@dataclass(frozen=True)
class AvailabilityPage:
    """All facts that were asked for, and the sums above them."""

    lines: tuple[Availability, ...]
    counted: Counted
    held: int
    waiting_facts: int
    waiting_rules: int
    all: int

    @property
    def counted_at(self) -> datetime:
        """When it was counted, by the day that business counts with."""
        return clock.business(self.counted.at)


def availability(
    actor: Actor, at: datetime, day: date, *, group: str = "", sensitivity: str = "", held: str = "", waits: bool = False
) -> AvailabilityPage:  # fmt: skip
    """Return for each stored fact how much of it is known on `day` in the actor's places and which rules ask it."""
    counted, found = coverage(actor, AVAILABILITY, at, day), site_rules()
    users = users_of_facts(found, day)
    lines = [
        Availability(
            fact, counted.of(fact.id), counted.enterprises,
            tuple(found.book.rules[code] for code in users.get(fact.id, ())), _kept(fact),
        )
        for fact in fact_book().stored()
    ]  # fmt: skip
    shown_lines = tuple(
        line
        for line in lines
        if group in ("", line.fact.group)
        and sensitivity in ("", line.fact.sensitivity)
        and held in ("", line.fact.held)
        and (not waits or line.waits)
    )
    waiting = [line for line in lines if line.waits]
    return AvailabilityPage(
        shown_lines, counted, sum(line.fact.held == "held" for line in lines), len(waiting),
        len({rule.code for line in waiting for rule in line.rules}), len(lines),
    )  # fmt: skip


def _kept(fact: Fact) -> str:
    if fact.id in READINGS:
        return "出自企业登记信息"
    return "只询问，不保存" if fact.sensitivity == "个人信息" else ""


def groups() -> list[str]:
    """Return the groups of facts in the book's order."""
    return list(dict.fromkeys(fact.group for fact in fact_book().stored()))


def sensitivities() -> list[str]:
    """Return the levels of sensitivity that facts have."""
    return list(dict.fromkeys(fact.sensitivity for fact in fact_book().stored()))
