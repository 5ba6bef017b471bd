"""Clauses of a policy that may favour some undertakings over others, found for a person to decide; pure, no model.

Basis: 公平竞争审查条例（国务院令第783号，自2024年8月1日起施行）第八条至第十一条 (what may not be contained) and 第十二条 (exceptions).
Which item of an article a clause falls under is for the person who decides; only the article is named here.
A finding is no verdict: it says what to look at and why. What is not found here may still restrict competition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qifu.engines.rules.places import code_beginning
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.rule_words import test_words
from qifu.engines.rules.tree import (
    Amount,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    FlagIs,
    Group,
    HonourValid,
    Leaf,
    Node,
    Score,
    Share,
    Tiers,
)
from qifu.engines.rules.written import Rule

GROUNDS = {
    "ownership": "按所有制、组织形式或资本来源区别对待",
    "place": "只给辖区内一部分地方的企业",
    "local_tie": "以迁入、在本地纳税或作出经济贡献为条件",
    "named_firm": "点名特定企业",
    "honour": "以一家机构授予的称号为条件",
}
ARTICLES = {
    "ownership": "公平竞争审查条例第十条",
    "place": "公平竞争审查条例第十条",
    "local_tie": "公平竞争审查条例第九条、第十条",
    "named_firm": "公平竞争审查条例第十条",
    "honour": "公平竞争审查条例第十条（待核：授予称号是否构成特定经营者，须逐项判断）",
}
WHY = {
    "ownership": "同样经营的企业，只因所有制、组织形式或资本来源不同就得不到",
    "place": "本级政策应当对辖区内的企业一视同仁；只给其中一块，要说明为什么",
    "local_tie": "把补助和迁入、纳税地、税收多少挂钩，会妨碍企业自由选择在哪里经营，也可能变成税收返还",
    "named_firm": "政策条款点名企业，其他符合同样条件的企业得不到",
    "honour": "只认一家机构授予的称号，等于把享受对象限定在它选出的企业",
}
EXCEPTIONS = {
    "security": "为维护国家安全和发展利益（第十二条）",
    "innovation": "为促进科学技术进步、增强国家自主创新能力（第十二条）",
    "public_interest": "为节约能源、保护环境、救灾救助等社会公共利益（第十二条）",
    "law": "有法律、行政法规依据或者经国务院批准",
    "not_restrictive": "经研究不影响公平竞争",
}
TRADERS = frozenset({"企业", "个体工商户", "农民专业合作社"})
TAXES = frozenset({"tax_paid", "tax_paid_y1", "vat_paid", "income_tax_paid"})
ZONES = frozenset({"park", "cross_border_zone", "free_trade_zone", "bonded_zone"})
PLACES = frozenset({"place", "operating_place"})
_OWNERS = re.compile("国有|民营|私营|外资|内资|集体所有|国资|央企|国企|民企|所有制")
_TIES = re.compile(
    "迁入|迁至|迁移到|新落户|落户(?:我|本)|总部迁|不(?:得)?迁(?:出|离)|(?:本地|本区|本县|本市|我区|我县|我市|当地|属地)(?:缴|纳)税"
    "|(?:缴|纳)税[^。；，]{0,6}(?:本地|本区|本县|本市|我区|我县|我市|当地)|地方(?:经济)?贡献|经济贡献|税收贡献|留成"
)
_FIRM = re.compile(
    r"[\u4e00-\u9fff（）()]{3}(?![的为是各或和及类于])[\u4e00-\u9fff]"
    r"(?:有限责任公司|股份有限公司|有限公司|集团公司)|[1-9A-HJ-NPQRTUWXY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}"
)
"""A firm's full name (a kind of company alone, 有限公司, is none) or its unified social credit code (GB 32100-2015)."""


@dataclass(frozen=True)
class Finding:
    """One clause to decide about: `key` names it within the text, `ground` is one of GROUNDS."""

    key: str
    ground: str
    clause: str

    @property
    def title(self) -> str:
        """What kind of favour it may be."""
        return GROUNDS[self.ground]

    @property
    def article(self) -> str:
        """The article that it may run against."""
        return ARTICLES[self.ground]

    @property
    def why(self) -> str:
        """Why it is shown."""
        return WHY[self.ground]


def findings(rule: Rule, book: RuleBook, place_code: str, *, said: Iterable[str] = ()) -> list[Finding]:
    """Return what is to be decided about in all versions of a policy of `place_code`, and in what else is `said` to enterprises.

    `rule` stands in `book`. The same clause in several versions is found once.
    """
    found: dict[str, Finding] = {}
    for version in rule.versions:
        bound = book.bind(rule.code, version.effective_from)
        for finding in (
            *_in_tree(bound.require, book, place_code),
            *(_in_amount(bound.amount, book, place_code) if bound.amount is not None else ()),
        ):
            found.setdefault(finding.key, finding)
    words = [rule.title, rule.note, *(version.amount_note for version in rule.versions), *said]
    for index, text in enumerate(words):
        for finding in _in_words(text, f"words-{index}"):
            found.setdefault(finding.key, finding)
    return list(found.values())


def _in_tree(node: Node, book: RuleBook, place: str, among: tuple[Leaf, ...] = ()) -> Iterator[Finding]:
    """`among` are the leaves of the nearest choice (any), among which one suffices."""
    if isinstance(node, Leaf):
        yield from _of_leaf(node, book, place, among)
    elif isinstance(node, Group):
        choice = node.least < len(node.children)
        beside = tuple(child for child in node.children if isinstance(child, Leaf)) if choice else ()
        for child in node.children:
            yield from _in_tree(child, book, place, beside)
    else:
        yield from _in_score(node, book, place)


def _in_score(score: Score, book: RuleBook, place: str) -> Iterator[Finding]:
    """Points for an honour are one way among many to the total, and are not looked at; all other favours are."""
    for item in score.items:
        for band in item.bands:
            yield from (one for one in _in_tree(band.when, book, place) if one.ground != "honour")


def _in_amount(amount: Amount, book: RuleBook, place: str) -> Iterator[Finding]:
    if isinstance(amount, Tiers):
        for when, part in amount.tiers:
            yield from _in_tree(when, book, place)
            yield from _in_amount(part, book, place)
        if amount.otherwise is not None:
            yield from _in_amount(amount.otherwise, book, place)
    elif isinstance(amount, Bounded):
        yield from _in_amount(amount.amount, book, place)
    elif isinstance(amount, Combine):
        for part in amount.amounts:
            yield from _in_amount(part, book, place)
    elif isinstance(amount, (Share, Brackets)):
        for fact in sorted({name for _, name in amount.of} & TAXES):
            yield Finding(f"amount-{fact}", "local_tie", f"金额按{book.facts.facts[fact].label}计算")


def _of_leaf(leaf: Leaf, book: RuleBook, place: str, among: tuple[Leaf, ...]) -> Iterator[Finding]:
    clause = leaf.text or test_words(leaf.test, book.facts, book.places)
    ground = _ground(leaf, book, place, among)
    key = _key(leaf.id, clause)
    if ground:
        yield Finding(f"{key}-{ground}", ground, clause)
    yield from (one for one in _in_words(clause, key) if one.ground != ground)


def _ground(leaf: Leaf, book: RuleBook, place: str, among: tuple[Leaf, ...]) -> str:
    test = leaf.test
    if isinstance(test, ChoiceIn):
        chosen = {book.facts.facts[test.fact].choices[position] for position in test.positions}
        if test.fact == "investment" or (test.fact == "entity_kind" and _parts_traders(chosen, test.negated)):
            return "ownership"
        return "place" if test.fact in ZONES else ""
    if isinstance(test, CodeIn):
        return "place" if test.fact in PLACES and _is_narrow(test, place) else ""
    if isinstance(test, FlagIs):
        return "place" if test.fact in ZONES else ""
    if isinstance(test, Compare):
        return "local_tie" if {name for _, name in (*test.of, *test.over)} & TAXES else ""
    if isinstance(test, HonourValid):
        return "honour" if not test.negated and not _has_other_way(test, among, book) else ""
    return ""


def _parts_traders(chosen: set[str], negated: bool) -> bool:
    """Tell whether some forms of trading are in and others out."""
    inside = TRADERS - chosen if negated else TRADERS & chosen
    return bool(inside) and inside != TRADERS


def _is_narrow(test: CodeIn, place_code: str) -> bool:
    """Tell whether a place condition leaves out a part of the policy's own place."""
    own = code_beginning(place_code) if place_code else ""
    if test.negated:
        return any(one.startswith(own) for one in test.prefixes)
    return not any(own.startswith(one) for one in test.prefixes)


def _has_other_way(test: HonourValid, among: tuple[Leaf, ...], book: RuleBook) -> bool:
    """Tell whether a choice is offered in which something else than this body's honours suffices."""
    source = book.facts.facts[test.fact].source
    return any(
        not isinstance(other.test, HonourValid) or book.facts.facts[other.test.fact].source != source
        for other in among
    )


def _in_words(text: str, key: str) -> Iterator[Finding]:
    if _OWNERS.search(text):
        yield Finding(f"{key}-ownership", "ownership", text)
    if _TIES.search(text):
        yield Finding(f"{key}-local_tie", "local_tie", text)
    if _FIRM.search(text):
        yield Finding(f"{key}-named_firm", "named_firm", text)


def _key(identity: str, clause: str) -> str:
    """A clause is known again by its words: moving it in the file changes nothing."""
    return f"{identity}:{clause}"[:150]


def undecided(found: Iterable[Finding], decisions: Mapping[str, Mapping[str, str]]) -> list[Finding]:
    """Return the findings without a reasoned decision: 改, or 保留 with the exception it rests on."""
    return [one for one in found if not _is_reasoned(decisions.get(one.key, {}))]


def _is_reasoned(decision: Mapping[str, str]) -> bool:
    if decision.get("decision") not in ("keep", "change") or not decision.get("reason", "").strip():
        return False
    return decision["decision"] == "change" or decision.get("exception") in EXCEPTIONS
