"""The policies of one enterprise, for its own people: sorted and in rows, one policy in full, what is known with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.paginator import Page, Paginator

from qifu.engines.rules.edges import amount_waits, facts_asked, facts_of, open_facts
from qifu.engines.rules.explain import LeafSaid, actual, explain, gap, required
from qifu.engines.rules.explain_words import Said, SetAside, leaf_words, lines_of, why_words
from qifu.engines.rules.judge import amount, outcome
from qifu.engines.rules.rule_words import tree_words
from qifu.engines.rules.tree import Leaf, Score, Truth, leaves
from qifu.foundation.access import Actor, NotFound, find
from qifu.foundation.money import format_money
from qifu.registers.enterprises import fact_sheet
from qifu.registers.enterprises.fact_book import Value, fact_book
from qifu.registers.enterprises.fact_store import decisive, may_declare, told
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
from qifu.registers.enterprises.register_facts import register_facts
from qifu.registers.mandates.queries import Firm, firms, may
from qifu.services.policies.advice import Way, ways
from qifu.services.policies.countdown import Countdown, countdown
from qifu.services.policies.library import Library, Live, policy_library
from qifu.services.policies.models import Policy
from qifu.services.policies.sorting import TITLES, Name, Sorted, lacking, sort_policies
from qifu.services.policies.stakes import telling_facts
from qifu.services.policies.standing import MONEY, Money, Standing, ToldValue, money_kind, standing

SEE = "policies.see_own"
PAGE_SIZE = 20
ASKED, ASKED_RULES = 5, 800
"""How many facts are proposed to be told, and of how many policies at most they are worked out."""
TONES: dict[Name, str] = {"met": "good", "short": "warn", "ask": "info", "unmet": "idle"}
DELIVERIES = dict(Policy.Delivery.choices)
HOW_TO = {
    "automatic": "不用申报：名单公示后，您确认收款账户即可",
    "application": "在申报期内提出申请，由主管部门审核",
    "filing": "申报纳税时自行享受，有关材料留存备查",
}
TRUTHS = {Truth.MET: ("good", "符合"), Truth.UNMET: ("bad", "不符合"), Truth.UNKNOWN: ("warn", "缺数据")}


def own_firms(actor: Actor, at: datetime) -> list[Firm]:
    """Return the enterprises that the actor may act for in policies."""
    return [firm for firm in firms(actor, at) if may(actor, firm.id, "policies", at)]


def own_enterprise(pk: int, actor: Actor, at: datetime) -> Enterprise:
    """Return an enterprise whose policies the actor may see; raises NotFound."""
    found: Enterprise = find(Enterprise.objects.select_related("source"), actor, SEE, at, pk=pk)
    return found


@dataclass(frozen=True, eq=False)
class Judged:
    """Kept values on a day, the names of those declared by the enterprise itself, and where all policies stand."""

    day: date
    library: Library
    values: Mapping[str, Value]
    declared: frozenset[str]
    sorted: Sorted


@dataclass(frozen=True, eq=False)
class Own(Judged):
    """The same of one enterprise."""

    enterprise: Enterprise


def own(enterprise: Enterprise, day: date) -> Own:
    """Return where an enterprise stands with all policies in force; who may see it was asked by `own_enterprise`."""
    rows = decisive(told(FactValue.objects.filter(enterprise=enterprise)), day)
    values: dict[str, Value] = {name: row.value for name, row in rows.items()}
    registered = register_facts(enterprise)
    declared = frozenset(name for name, row in rows.items() if row.declared and name not in registered)
    library = policy_library(day)
    values |= registered
    return Own(day, library, values, declared, sort_policies(library, values, declared), enterprise)


@dataclass(frozen=True)
class Row:
    """One policy in a list. `amount_fen` is what it gives, or would; `lacks` what is short or missing, in words."""

    code: str
    title: str
    group: Name
    amount: str
    amount_fen: int | None
    money: Money
    clause: str
    delivery: str
    how_to: str
    ends: Countdown
    declared: bool
    lacks: tuple[str, ...]

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and word."""
        return TONES[self.group], TITLES[self.group]


@dataclass(frozen=True)
class ListPage:
    """One group of an enterprise's policies, a page of it, and how many are in each."""

    group: Name
    rows: tuple[Row, ...]
    page: Page[Live]
    counts: dict[Name, int]
    cash: int
    saving: int
    to_tell: tuple[tuple[str, str, int], ...]
    """Facts whose answers decide most of the money that waits: (id, label, policies)."""


def own_list(found: Own, group: Name, number: str | None) -> ListPage:
    """Return a page of a group: by amount, the largest first; of those not met the enterprise's own place first."""
    fen = {
        live.code: amount(live.bound.amount, found.values) if live.bound.amount else None
        for live in found.sorted.groups["met"]
    }
    lives = found.sorted.groups[group]
    if group == "met":
        lives = sorted(lives, key=lambda live: (-(fen[live.code] or 0), live.code))
    elif group != "unmet":
        lives = sorted(lives, key=lambda live: (-len(live.place_code.rstrip("0")), live.code))
    page = Paginator(lives, PAGE_SIZE).get_page(number)
    sums: dict[Money, int] = {"cash": 0, "saving": 0, "base": 0}
    for live in found.sorted.groups["met"]:
        sums[money_kind(live.rule, live.version)] += fen[live.code] or 0
    counts = {name: len(some) for name, some in found.sorted.groups.items()}
    rows = tuple(row(found, live, group) for live in page.object_list)
    return ListPage(
        group, rows, page, counts, sums["cash"], sums["saving"], _to_tell(found) if group == "ask" else ()
    )


def _to_tell(found: Own) -> tuple[tuple[str, str, int], ...]:
    book = fact_book()
    waiting = [live.bound for live in found.sorted.groups["ask"][:ASKED_RULES]]
    asked = [
        (name, book.facts[name].label, policies)
        for name, _, policies in telling_facts(waiting, (), book, found.values)
        if may_declare(book.facts[name])
    ]
    return tuple(asked[:ASKED])


def row(found: Judged, live: Live, group: Name) -> Row:
    """Return one policy as a list shows it."""
    fen = amount(live.bound.amount, found.values) if live.bound.amount else None
    return Row(
        live.code, live.rule.title, group, amount_words(live, found.values, group), fen, money_kind(live.rule, live.version),
        clause(live), DELIVERIES.get(live.content.terms.delivery, ""), how_to(live), countdown(live.version, found.day),
        live.code in found.sorted.declared, _lacks(found, live, group),
    )  # fmt: skip


def clause(live: Live) -> str:
    """Return document and article of the version in force."""
    document = live.version.document or live.rule.document
    return f"{document} {live.version.source}".strip()


def how_to(live: Live) -> str:
    """Return how the policy is had."""
    terms = live.content.terms
    return terms.how_to or HOW_TO.get(terms.delivery, "")


def amount_words(live: Live, values: Mapping[str, Value], group: Name = "met") -> str:
    """Return `5 万元`, `金额待定（不知道研发费用）`; nothing where the policy gives no amount."""
    if live.bound.amount is None:
        return ""
    fen = amount(live.bound.amount, values)
    if group == "unmet" or (group != "met" and fen == 0):
        return ""  # what it would be hangs on what would have to change
    if fen is not None:
        return format_money(fen)
    waits = [fact_book().facts[name].label for name in amount_waits(live.bound.amount, values)]
    return (
        f"金额待定（不知道{'、'.join(waits[:2])}{'等' if len(waits) > 2 else ''}）" if waits else "金额待定"
    )


def _lacks(found: Judged, live: Live, group: Name) -> tuple[str, ...]:
    book = fact_book()
    if group == "short":
        return tuple(short_words(leaf, found) for leaf in lacking(live.bound, found.values)[:3])
    if group == "ask":
        waiting = open_facts(live.bound.require, found.values)
        return tuple(book.facts[name].label for name in waiting[:6])
    if group == "unmet":
        unmet = [leaf for leaf in leaves(live.bound.require) if _is_unmet(leaf, found.values)]
        return tuple(tree_words(leaf, book, found.library.places) for leaf in unmet[:1])
    return ()


def _is_unmet(leaf: Leaf | Score, values: Mapping[str, Value]) -> bool:
    return isinstance(leaf, Leaf) and outcome(leaf.test, values) == Truth.UNMET


def short_words(leaf: Leaf | Score, found: Judged) -> str:
    """Return `营业收入增长率 不低于 5%：现为 3%，差 2%`."""
    book, values = fact_book(), found.values
    text = tree_words(leaf, book, found.library.places)
    if isinstance(leaf, Score):
        return f"{text}：分数不够"
    said = LeafSaid(
        leaf.id, text, Truth.UNMET, actual(leaf.test, book, values), required(leaf.test, book),
        gap(leaf.test, book, values), leaf.source,
    )  # fmt: skip
    has, _, lacks = leaf_words(leaf, said, book, found.library.places)
    return f"{text}：" + "，".join(filter(None, (f"现为 {has}" if has else "", lacks)))


# ---- one policy ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KnownLine:
    """A fact that the policy asks, as it is known: value, source, day, and whether the enterprise may tell it."""

    known: fact_sheet.KnownFact
    missing: bool
    may_tell: bool
    decides: bool

    @property
    def asked(self) -> bool:
        """True where telling it (anew, where the enterprise told it itself) may change the verdict or the amount."""
        return self.may_tell and self.decides and (self.missing or self.known.declared)


@dataclass(frozen=True)
class SaidLine:
    """A condition or the heading of a group with its state."""

    said: Said
    state: tuple[str, str]


@dataclass(frozen=True)
class AsideLine:
    """Branches for other industries or places."""

    aside: SetAside
    lines: tuple[SaidLine, ...]


@dataclass(frozen=True)
class PolicyPage:
    """One policy for one enterprise: the verdict and why, each condition, each fact, the ways."""

    row: Row
    live: Live
    standing: Standing
    why: str
    lines: tuple[SaidLine | AsideLine, ...]
    facts: tuple[KnownLine, ...]
    ways: tuple[Way, ...]
    rests_on: tuple[str, ...]
    money: str
    contact: str
    accepts_declared: bool

    @property
    def verdict(self) -> tuple[str, str]:
        """Its colour and word; what stands on 自报 says so."""
        colour, word = self.row.state
        return (colour, f"{word}（按自报）") if self.standing.declared and self.row.group == "met" else (colour, word)  # fmt: skip


def own_policy(found: Own, code: str, actor: Actor, at: datetime) -> PolicyPage:
    """Return one policy in force for an enterprise; raises NotFound."""
    live = found.library.live.get(code)
    if live is None:
        raise NotFound(f"policy {code}")
    book, places = fact_book(), found.library.places
    said = explain(live.bound, book, found.values)
    group = next(name for name, some in found.sorted.groups.items() if live in some)
    given = {name: ToldValue(value, name in found.declared) for name, value in found.values.items()}
    stands = standing(said, given, live.content.terms)
    missing = {*said.missing, *(said.amount_missing or ()), *_short_of(found, live, group)}
    may_tell = fact_sheet.may(actor, fact_sheet.DECLARE, found.enterprise, at)
    return PolicyPage(
        row(found, live, group), live, stands, why_words(said), tuple(map(_line, lines_of(said, places))),
        _known(found, live, missing, may_tell), tuple(ways(said, places)),
        tuple(book.facts[name].label for name in stands.rests_on), MONEY[money_kind(live.rule, live.version)],
        live.content.terms.contact, live.content.terms.accepts_declared,
    )  # fmt: skip


def _short_of(found: Judged, live: Live, group: Name) -> set[str]:
    """Return the facts of the condition that is short, for those which the enterprise may tell anew."""
    tests_ = [leaf.test for leaf in lacking(live.bound, found.values) if isinstance(leaf, Leaf)]
    return {fact for test in tests_ for fact in facts_of(test)} if group == "short" else set()


def _line(one: Said | SetAside) -> SaidLine | AsideLine:
    if isinstance(one, SetAside):
        return AsideLine(one, tuple(SaidLine(said, TRUTHS[said.truth]) for said in one.lines))
    return SaidLine(one, TRUTHS[one.truth])


def _known(found: Own, live: Live, missing: set[str], may_tell: bool) -> tuple[KnownLine, ...]:
    asked = facts_asked(live.bound)
    sheet = fact_sheet.known_facts(found.enterprise, asked, found.day)
    lines = [
        KnownLine(one, not one.value, may_tell and one.may_declare, one.fact.id in missing) for one in sheet
    ]
    return tuple(sorted(lines, key=lambda line: (not line.decides, not line.missing)))


def told_values(enterprise: Enterprise, day: date) -> dict[str, ToldValue]:
    """Return every known fact of an enterprise with who told it and of which day, as `standing` wants them."""
    rows = decisive(told(FactValue.objects.filter(enterprise=enterprise)), day)
    names = dict(
        EnterpriseSource.objects.filter(pk__in={one.source for one in rows.values()}).values_list(
            "pk", "name"
        )
    )
    found = {
        name: ToldValue(one.value, one.declared, names[one.source], one.as_of) for name, one in rows.items()
    }
    return found | {name: ToldValue(value) for name, value in register_facts(enterprise).items()}


def group_of(text: str) -> Name:
    """Return the group of that name, 可享 for any other text."""
    return next((name for name in TITLES if name == text), "met")


def tabs(page: ListPage, url: str) -> Sequence[Mapping[str, object]]:
    """Return the tabs of the list."""
    return [
        {"title": title, "url": f"{url}?group={name}", "current": name == page.group, "count": page.counts[name]}
        for name, title in TITLES.items()
    ]  # fmt: skip
