"""What the JSON API of policies shows; the same verdicts and words as on the pages."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from qifu.engines.rules.edges import amount_waits, facts_asked, open_facts
from qifu.engines.rules.explain import WORDS, explain
from qifu.engines.rules.explain_words import why_words
from qifu.engines.rules.read_aloud import rule_aloud
from qifu.engines.rules.written import Example
from qifu.foundation.access import Actor, NotFound, find, require
from qifu.foundation.action import Refused
from qifu.foundation.yaml_shapes import seen
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises import fact_sheet
from qifu.registers.enterprises.fact_actions import read_value
from qifu.registers.enterprises.fact_book import Fact, Value, ValueProblem, fact_book
from qifu.registers.enterprises.models import Enterprise
from qifu.services.policies.advice import ways
from qifu.services.policies.clauses import clauses_of
from qifu.services.policies.library import Live, policy_library
from qifu.services.policies.models import Policy
from qifu.services.policies.queries import own as own_queries
from qifu.services.policies.queries.check_up import combined
from qifu.services.policies.queries.library import NATION, own_units, terms_words
from qifu.services.policies.queries.own import DELIVERIES, Judged, row
from qifu.services.policies.sorting import TITLES, Name, sort_policies
from qifu.services.policies.trying import tried

CALCULATE = "policies.calculate"
_LONGEST_NAME = 40


def policies(
    actor: Actor, at: datetime, day: date, *, text: str = "", place_code: str = "", delivery: str = ""
) -> list[dict[str, Any]]:
    """Return the policies in force on `day`, by code; `place_code` "nation" is the nation's."""
    require(actor, CALCULATE, at)
    wanted = "" if place_code == NATION else place_code
    found = [
        live
        for _, live in sorted(policy_library(day).live.items())
        if (not place_code or live.place_code == wanted)
        and (not delivery or live.content.terms.delivery == delivery)
        and text.strip() in f"{live.rule.title} {live.code} {_document(live)}"
    ]
    names = divisions.names({live.place_code for live in found})
    simulated = _simulated()
    return [_line(live, names, simulated) for live in found]


def policy(actor: Actor, at: datetime, day: date, code: str) -> dict[str, Any]:
    """Return one policy in force with all that is published of it; raises NotFound."""
    require(actor, CALCULATE, at)
    library = policy_library(day)
    live = library.live.get(code)
    if live is None:
        raise NotFound("policy")
    book, plain = fact_book().facts, live.content.interpretations
    clauses = clauses_of(library.book, live.bound, plain, amount_note=live.version.amount_note)
    return {
        **_line(live, divisions.names({live.place_code}), _simulated()),
        "text": live.content.text,
        "aloud": rule_aloud(library.book, code, day),
        "clauses": [{"id": one.id, "text": one.text, "plain": one.plain} for one in clauses],
        "terms": [
            {"title": title, "words": words} for title, words in terms_words(live.content.terms, live.version)
        ],
        "examples": [_example(one) for one in live.rule.examples],
        "facts": [_fact(book[name]) for name in facts_asked(live.bound)],
    }


def facts(actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return the facts that may be told, in the catalogue's order."""
    require(actor, CALCULATE, at)
    return [_fact(fact) for fact in fact_book().stored()]


def told(actor: Actor, at: datetime, day: date, given: Mapping[str, str]) -> Judged:
    """Return where all policies stand for facts that are told, by id or label; raises Refused naming each that can not be read."""
    require(actor, CALCULATE, at)
    book, values, faults = fact_book(), dict[str, Value](), dict[str, str]()
    for name, text in given.items():
        shown, fact = seen(name[:_LONGEST_NAME]), book.find(name)
        if fact is None:
            faults[shown] = _unknown(shown)
        elif fact.id in values:
            faults[shown] = f"“{fact.label}”写了两次，请只留一个"
        else:
            try:
                values[fact.id] = read_value(fact, text)
            except ValueProblem as problem:
                faults[shown] = seen(str(problem))
    if faults:
        raise _refused(faults)
    library = policy_library(day)
    return Judged(day, library, values, frozenset(), sort_policies(library, values))


def firm(actor: Actor, at: datetime, day: date, uscc: str) -> Judged:
    """Return where an enterprise stands that the actor acts for, or whose facts it may see; raises NotFound."""
    for permission in (own_queries.SEE, fact_sheet.VIEW):
        try:
            found = find(Enterprise.objects.select_related("source"), actor, permission, at, uscc=uscc)
        except NotFound:
            continue
        return own_queries.own(found, day)
    raise NotFound("enterprise")


def own_firm(actor: Actor, at: datetime, uscc: str) -> int:
    """Return the id of an enterprise that the actor acts for in policies; raises Refused for any other."""
    try:
        return int(find(Enterprise.objects.all(), actor, own_queries.SEE, at, uscc=uscc).pk)
    except NotFound:
        raise Refused("您没有这家企业惠企政策的授权", uscc="没有授权，或代码不正确") from None


def verdicts(found: Judged, groups: Sequence[Name], limit: int) -> dict[str, Any]:
    """Return the counts of all groups, the sums of the best lawful combination, and `limit` verdicts of each group asked for."""
    met = found.sorted.groups["met"]
    rows = {live.code: row(found, live, "met") for live in met}
    combination = combined(found.library, met, rows)
    sums = {
        money: sum(rows[code].amount_fen or 0 for code in combination.taken if rows[code].money == money)
        for money in ("cash", "saving")
    }
    shown = [
        verdict(found, live, group)
        for group in dict.fromkeys(groups)
        for live in _by_amount(found, group, {code: one.amount_fen for code, one in rows.items()})[:limit]
    ]
    return {
        "day": found.day, "counts": {name: len(some) for name, some in found.sorted.groups.items()}, "cash_fen": sums["cash"],
        "saving_fen": sums["saving"], "left_out": [one.code for one in combination.left_out], "verdicts": shown,
    }  # fmt: skip


def _by_amount(found: Judged, group: Name, fen: Mapping[str, int | None]) -> list[Live]:
    return sorted(found.sorted.groups[group], key=lambda live: (-(fen.get(live.code) or 0), live.code))


def verdict(found: Judged, live: Live, group: Name) -> dict[str, Any]:
    """Return where one policy stands."""
    one, book = row(found, live, group), fact_book().facts
    missing = set(open_facts(live.bound.require, found.values)) if group == "ask" else set[str]()
    if live.bound.amount is not None and group in ("met", "ask"):
        missing |= set(amount_waits(live.bound.amount, found.values))
    return {
        "code": one.code, "title": one.title, "group": group, "group_title": TITLES[group], "amount_fen": one.amount_fen,
        "amount": one.amount, "money": one.money, "clause": one.clause, "delivery": one.delivery, "how_to": one.how_to,
        "until": one.ends.words, "declared": one.declared, "lacks": list(one.lacks),
        "missing": [_fact(fact) for name, fact in book.items() if name in missing],
    }  # fmt: skip


def explained(found: Judged, code: str) -> dict[str, Any]:
    """Return one verdict with each condition, why it is so, and what would meet it; raises NotFound."""
    live = found.library.live.get(code)
    if live is None:
        raise NotFound("policy")
    group = next(name for name, some in found.sorted.groups.items() if live in some)
    said = explain(live.bound, fact_book(), found.values)
    return {
        **verdict(found, live, group),
        "why": why_words(said),
        "ways": [way.words for way in ways(said, found.library.places) if way.advised],
        "conditions": [
            {
                "id": leaf.id, "text": leaf.text, "truth": WORDS[leaf.truth], "actual": leaf.actual, "required": leaf.required,
                "gap": leaf.gap, "source": leaf.source, "reason": leaf.reason,
            }
            for leaf in said.leaves
        ],
    }  # fmt: skip


def checked_draft(actor: Actor, at: datetime, day: date, text: str, place_code: str) -> dict[str, Any]:
    """Return what is wrong with a text for a place whose policies the actor may draft; raises NotFound, Refused."""
    places = {unit.place_code for unit in own_units(actor, at)}
    if not places:
        raise NotFound("units")
    if not place_code and len(places) > 1:
        raise Refused("请写明是哪里的政策", place_code=f"可用：{'、'.join(sorted(places))}")
    place = place_code or min(places)
    if place not in places:
        raise Refused("不能起草那里的政策", place_code=f"可用：{'、'.join(sorted(places))}")
    found = tried(text, place, day)
    return {
        "ok": not found.problems,
        "problems": [
            {"line": one.line, "code": one.code, "message": one.message, "remedy": one.remedy}
            for one in found.problems
        ],
        "aloud": [line for part in found.aloud for line in part.as_text()],
        "examples": [
            {
                "title": one.title, "line": one.line, "wrong": one.wrong, "verdict": one.verdict, "amount": one.granted,
                "why": one.why,
            }
            for one in found.examples
        ],
    }  # fmt: skip


def _simulated() -> set[str]:
    return set(Policy.objects.filter(simulated=True).values_list("code", flat=True))


def _document(live: Live) -> str:
    return live.version.document or live.rule.document


def _line(live: Live, names: Mapping[str, str], simulated: set[str]) -> dict[str, Any]:
    rule, version, delivery = live.rule, live.version, live.content.terms.delivery
    first, last = version.window or (None, None)
    return {
        "code": live.code, "title": rule.title, "document": _document(live), "issuers": list(rule.issuers), "place_code": live.place_code,
        "place": names.get(live.place_code, "国家"), "kinds": list(rule.kinds), "tags": list(rule.tags),
        "effective_from": version.effective_from, "effective_to": version.effective_to, "window_from": first, "window_to": last,
        "delivery": delivery, "delivery_title": DELIVERIES.get(delivery, ""), "simulated": live.code in simulated,
    }  # fmt: skip


def _example(one: Example) -> dict[str, Any]:
    book = fact_book().facts
    return {
        "title": one.title, "as_of": one.as_of, "verdict": one.expect, "amount_fen": one.amount,
        "facts": {name: book[name].written(value) + _unit(book[name]) for name, value in one.values if value is not None},
    }  # fmt: skip


def _unit(fact: Fact) -> str:
    return fact.unit if fact.is_number else ""


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.id, "label": fact.label, "type": fact.type, "unit": fact.unit, "choices": list(fact.choices),
        "question": fact.question, "period": fact.period,
    }  # fmt: skip


def _unknown(name: str) -> str:
    labels = [fact.label for fact in fact_book().stored()]
    near = difflib.get_close_matches(name, labels, n=3, cutoff=0.5)
    return f"事实目录中没有“{name}”" + (
        f"，最接近的是：{'、'.join(near)}" if near else "；全部名称见 /api/v1/policy-facts"
    )


def _refused(faults: Mapping[str, str]) -> Refused:
    """Return what is wrong with facts; a name may be any text, `message` too, so it is no keyword."""
    refused = Refused("有的事实不能识别，fields 中逐项说明")
    refused.fields = dict(faults)
    return refused
