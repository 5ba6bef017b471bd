"""The list of policies and one policy with all that is known of it, for staff."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date, datetime

from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.rule_book import NotInForce
from qifu.engines.rules.rule_problems import RuleProblems
from qifu.engines.rules.written import Rule, Version
from qifu.foundation.access import Actor, find, grants_of, permissions, visible
from qifu.foundation.money import format_money
from qifu.foundation.revisions import Revision
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises.fact_book import Fact, fact_book
from qifu.registers.enterprises.fact_sheet import HELD
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.clauses import Clause, clause_name, clauses_of, version_of
from qifu.services.policies.content import BUDGET_HOW, PERIODS, Content, Terms, content_of
from qifu.services.policies.library import draft_book
from qifu.services.policies.models import Policy

VIEW, DRAFT = "policies.view", "policies.draft"
STATES = ("草稿", "执行中", "尚未生效", "已到期")


@dataclass(frozen=True)
class PolicyLine:
    """One policy in the list."""

    policy: Policy
    place: str
    day: date

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and word on the day."""
        row = self.policy
        if row.published_number is None:
            return "idle", "草稿"
        if row.effective_to is not None and row.effective_to <= self.day:
            return "idle", "已到期"
        return (
            ("warn", "尚未生效")
            if row.effective_from and row.effective_from > self.day
            else ("good", "执行中")
        )


def policies(
    actor: Actor, at: datetime, day: date, *, text: str = "", place: str = "", stage: str = "", delivery: str = "",
    state: str = "", owner: str = "",
) -> list[PolicyLine]:  # fmt: skip
    """Return the policies that the actor may see, whose title, code or document holds `text`; `place` "nation" is the nation's."""
    rows = visible(Policy.objects.select_related("owner"), actor, VIEW, at)
    asked = {"stage": stage, "delivery": delivery, "place_code": place}
    rows = rows.filter(**{name: value for name, value in asked.items() if value and value != NATION})
    if place == NATION:
        rows = rows.filter(place_code="")
    if owner:
        rows = rows.filter(owner_id=int(owner) if owner.isdecimal() else None)
    wanted = text.strip()
    found = [row for row in rows if wanted in f"{row.title} {row.code} {row.document}"]
    found.sort(key=lambda row: (row.place_code == "", row.code))  # a place's own before the nation's
    places = divisions.names({row.place_code for row in found})
    lines = [PolicyLine(row, places.get(row.place_code, "国家"), day) for row in found]
    return [line for line in lines if state in ("", line.state[1])]


NATION = "nation"


def filter_choices(actor: Actor, at: datetime) -> dict[str, list[tuple[str, str]]]:
    """Return the places and owners that the policies have which the actor may see."""
    rows = visible(Policy.objects.all(), actor, VIEW, at)
    pairs = set(rows.values_list("place_code", "owner_id", "owner__name").order_by())
    codes = sorted({place for place, _, _ in pairs})
    names = divisions.names(codes)
    owners = {(str(pk), name) for _, pk, name in pairs if pk is not None}
    return {
        "place": [(code or NATION, names.get(code, "国家")) for code in codes],
        "owner": sorted(owners, key=lambda one: one[1]),
    }


def policy(code: str, actor: Actor, at: datetime) -> Policy:
    """Return one policy; raises NotFound."""
    return find(Policy.objects.select_related("owner", "series"), actor, VIEW, at, code=code)


def own_policy(code: str, actor: Actor, at: datetime, permission: str = DRAFT) -> Policy:
    """Return one policy on which the actor holds `permission`; raises NotFound."""
    return find(Policy.objects.select_related("owner", "series"), actor, permission, at, code=code)


def may(policy: Policy, permission: str, actor: Actor, at: datetime) -> bool:
    """Tell whether the actor holds `permission` on a policy."""
    return visible(Policy.objects.filter(pk=policy.pk), actor, permission, at).exists()


def line(row: Policy, day: date) -> PolicyLine:
    """Return a policy as it stands in the list."""
    return PolicyLine(row, divisions.names({row.place_code}).get(row.place_code, "国家"), day)


def sees_drafts(row: Policy, actor: Actor, at: datetime) -> bool:
    """Tell whether drafts, opinions and their papers are the actor's matter: staff of the place, and of those above."""
    return any(
        row.place_code in grant.places
        for grant in grants_of(actor, at)
        if grant.role in permissions()[VIEW].grants
    )


BLANK = """\
code: {code}
title: 政策名称
kind: policy
issuers: [{unit}]
document: 文号
kinds: [资金]
tags: []
confidence: verified
versions:
- effective_from: {first}
  effective_to: {end}
  source: 第几条
  require:
    all:
    - 注册地 属于 {place}
  amount: {{each: 500元, of: 参保人数, cap: 5万元}}
examples:
- {{title: 符合的一家, as_of: {first}, facts: {{注册地: {place}, 参保人数: 10人}}, expect: 符合, amount: 5000元}}
- {{title: 不符合的一家, as_of: {first}, facts: {{注册地: 北京市, 参保人数: 10人}}, expect: 不符合}}
"""


def blank_text(unit: Organisation | None, day: date) -> str:
    """Return the text that a new policy begins with: its place and unit are filled in."""
    if unit is None:
        return ""
    place = divisions.names({unit.place_code}).get(unit.place_code, "")
    first = date(day.year, 1, 1)
    code = f"new-{unit.place_code}-{day:%y%m%d}"
    return BLANK.format(code=code, unit=unit.name, place=place, first=first, end=date(day.year + 1, 1, 1))


def own_units(actor: Actor, at: datetime) -> list[Organisation]:
    """Return the units for which the actor may draft policies."""
    roles = permissions()[DRAFT].grants
    units = {one.organisation_id for one in grants_of(actor, at) if one.role in roles and one.organisation_id}
    return list(Organisation.objects.filter(pk__in=units).order_by("name"))


def published(row: Policy) -> Revision | None:
    """Return the latest published revision of a policy."""
    return row.series.revisions.filter(state=Revision.State.PUBLISHED).order_by("-number").first()


def draft(row: Policy) -> Revision | None:
    """Return the open draft of a policy."""
    return row.series.revisions.filter(state=Revision.State.DRAFT).first()


@dataclass(frozen=True)
class Said:
    """What a revision says, read on a day: its clauses with plain words, its terms in words, the facts it asks, its versions."""

    revision: Revision
    content: Content
    rule: Rule
    version: Version
    read_on: date
    clauses: tuple[Clause, ...]
    terms: tuple[tuple[str, str], ...]
    asked: tuple[tuple[Fact, str], ...]


def said(policy: Policy, revision: Revision, day: date) -> Said | None:
    """Return what a revision says, or None where it can no longer be read (a rule that it names is gone)."""
    content = content_of(revision.content)
    try:
        book, rule = draft_book().with_text(content.text.encode(), where=f"第 {revision.number} 版")
        version, read_on = version_of(rule, day)
        bound = book.bind(rule.code, read_on)
    except (RuleProblems, NotInForce):
        return None
    found = clauses_of(book, bound, content.interpretations, amount_note=version.amount_note)
    facts = fact_book().facts
    asked = tuple((facts[name], HELD[facts[name].held]) for name in facts_asked(bound))
    return Said(
        revision, content, rule, version, read_on, tuple(found), terms_words(content.terms, version), asked
    )


def terms_words(terms: Terms, version: Version | None = None) -> tuple[tuple[str, str], ...]:
    """Return terms as (title, words), with the window and the money of a version."""
    rows = [
        ("兑付方式", Policy.Delivery(terms.delivery).label),
        ("享受次数", PERIODS.get(terms.period, terms.period)),
        ("公示", f"{terms.notice_days} 个工作日" if terms.notice_days else "不公示"),
        (
            "自报数据",
            "承诺制：企业自报即可兑付" if terms.accepts_declared else "自报的须经权威来源核实才兑付",
        ),
    ]
    if terms.materials:
        rows.append(("申报材料", "、".join(terms.materials)))
    if version is not None and version.window is not None:
        rows.append(("申报", f"{version.window[0]} 起，{version.window[1]} 前"))
    if version is not None and version.budget is not None:
        fen, year = version.budget
        rows.append(("资金", f"{year} 年 {format_money(fen)}，不够时{BUDGET_HOW.get(terms.budget_how, '')}"))
    rows += [("怎么领", terms.how_to or "—"), ("咨询", terms.contact or "—")]
    return tuple(rows)


def versions(policy: Policy, *, drafts: bool = True) -> list[tuple[Revision, tuple[str, str]]]:
    """Return the revisions of a policy with their colours and words, the latest first."""
    colours = {Revision.State.DRAFT: "idle", Revision.State.PUBLISHED: "good"}
    rows = policy.series.revisions.order_by("-number")
    return [
        (row, (colours.get(Revision.State(row.state), "bad"), row.get_state_display()))
        for row in rows
        if drafts or row.state != Revision.State.DRAFT
    ]


@dataclass(frozen=True)
class Difference:
    """What one revision changed against the one before it: lines of the text as (sign, line), other fields before and after."""

    before: Revision | None
    after: Revision
    lines: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str, str], ...]


def difference(policy: Policy, number: int, against: int | None = None) -> Difference | None:
    """Return what revision `number` changed against `against`, by default the published one before it; None where it is not there."""
    rows = policy.series.revisions.order_by("-number")
    after = rows.filter(number=number).first()
    if after is None:
        return None
    earlier = rows.filter(number__lt=number).exclude(state=Revision.State.DRAFT)
    before = (earlier if against is None else rows.filter(number=against)).first()
    old = content_of(before.content) if before else Content("")
    new = content_of(after.content)
    return Difference(before, after, _lines(old.text, new.text), _fields(old, new, first=before is None))


def _lines(old: str, new: str) -> tuple[tuple[str, str], ...]:
    if not old:
        return tuple(("same", line) for line in new.splitlines())
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    signs = {"+": "add", "-": "cut", " ": "same", "@": "gap"}
    return tuple((signs[line[0]], line[1:] if line[0] != "@" else "……") for line in list(diff)[2:])


def _fields(old: Content, new: Content, *, first: bool) -> tuple[tuple[str, str, str], ...]:
    before = {} if first else dict(terms_words(old.terms))
    pairs = [(name, before.get(name, ""), words) for name, words in terms_words(new.terms)]
    keys = dict.fromkeys((*old.interpretations, *new.interpretations))
    pairs += [
        (f"{clause_name(key)}的解读", old.interpretations.get(key, ""), new.interpretations.get(key, ""))
        for key in keys
    ]
    return tuple(pair for pair in pairs if pair[1] != pair[2])
