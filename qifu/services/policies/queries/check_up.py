"""The check-up of one enterprise, put together from where it stands with all policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from qifu.engines.rules.explain import explain
from qifu.engines.rules.judge import amount
from qifu.foundation.money import format_money
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.models import Enterprise
from qifu.services.policies.advice import NOT_ADVISED, ways
from qifu.services.policies.check_up import CheckUp, Item, Near, Risk, Stacked, risks_of
from qifu.services.policies.library import Library, Live
from qifu.services.policies.models import Policy
from qifu.services.policies.queries.own import Own, Row, own, row
from qifu.services.policies.received import Received, received
from qifu.services.policies.stacking import HIGHER, Claim, Combination, LeftOut, Rule, best_combination
from qifu.services.policies.standing import MONEY, standing_of

MOST_NEAR, MOST_RISKS = 20, 60
"""So many policies that are one condition short, and so many risks, are told in full."""


def own_check_up(enterprise: Enterprise, day: date) -> CheckUp:
    """Return the check-up on `day`; who may see it was asked before."""
    found = own(enterprise, day)
    met = found.sorted.groups["met"]
    rows = {live.code: row(found, live, "met") for live in met}
    got = received(enterprise.pk, day)
    paid = {one.policy_code for one in got}
    combination = combined(found.library, met, rows, _held(found, got))
    open_ = [live for live in met if rows[live.code].ends.state != "closed"]
    missed = [live for live in met if rows[live.code].ends.state == "closed" and live.code not in paid]
    near = [live for live in found.sorted.groups["short"] if _still(found, live)]
    near.sort(key=lambda live: -(_fen(live, found) or 0))
    taken = [rows[code] for code in combination.taken]
    return CheckUp(
        enterprise.name, enterprise.uscc, day, tuple(got),
        tuple(_item(rows[live.code]) for live in _by_amount(open_, rows) if live.code not in paid),
        tuple(_item(rows[live.code]) for live in _by_amount(missed, rows)),
        tuple(_item(rows[live.code]) for live in open_ if rows[live.code].ends.soon and live.code not in paid),
        tuple(_near(found, live) for live in near[:MOST_NEAR]), max(0, len(near) - MOST_NEAR), _risks(found, met),
        _stacked(found, combination, rows, got), combination, brought(combination, taken, "cash"), brought(combination, taken, "saving"),
        len(found.sorted.groups["ask"]), Policy.objects.filter(code__in=rows, simulated=True).exists(),
    )  # fmt: skip


def combined(
    library: Library, met: list[Live], rows: dict[str, Row], held: Sequence[Claim] = ()
) -> Combination:
    """Return the best lawful combination of met policies that can be had now, beside what was paid already (`held`).

    A base of a tax is no known amount.
    """
    can = [live for live in met if rows[live.code].ends.state != "closed"]
    claims = [
        Claim(live.code, rows[live.code].amount_fen if rows[live.code].money != "base" else None)
        for live in can
    ]
    there = {live.code for live in can}
    mine = [library.live[one.code] for one in held if one.code not in there]
    return best_combination(claims, stacking_rules(library, [*can, *mine]), held=held)


def _held(found: Own, got: Sequence[Received]) -> list[Claim]:
    """Return what was paid under the versions in force, by policy; older payments stand against nothing."""
    fen: dict[str, int] = {}
    for one in got:
        live = found.library.live.get(one.policy_code)
        if live is not None and one.paid_on >= live.version.effective_from:
            fen[live.code] = fen.get(live.code, 0) + one.fen
    return [Claim(code, amount) for code, amount in fen.items()]


def stacking_rules(library: Library, lives: list[Live]) -> list[Rule]:
    """Return what these policies say of one another, by code; a policy may be named by its title."""
    found = []
    for live in lives:
        document = live.version.document or live.rule.document
        for one in live.version.stacking:
            other = library.book.find(one.other)
            code = other.code if other is not None else one.other
            found.append(Rule(live.code, code, one.how, f"{document} {live.version.source}".strip()))
    return found


def brought(combination: Combination, taken: Sequence[Row], money: str) -> int:
    """Return the fen of one kind of money that the policies taken still bring."""
    return sum(combination.brings(one.code, one.amount_fen or 0) for one in taken if one.money == money)


def _by_amount(lives: list[Live], rows: dict[str, Row]) -> list[Live]:
    return sorted(lives, key=lambda live: (-(rows[live.code].amount_fen or 0), live.code))


def _fen(live: Live, found: Own) -> int | None:
    return amount(live.bound.amount, found.values) if live.bound.amount else None


def _still(found: Own, live: Live) -> bool:
    """Tell whether a policy can still be had after a change."""
    return live.version.window is None or found.day < live.version.window[1]


def _item(one: Row) -> Item:
    return Item(
        one.code, one.title, one.amount, one.amount_fen, MONEY[one.money], one.clause, one.how_to, one.ends.words, one.declared
    )  # fmt: skip


def _near(found: Own, live: Live) -> Near:
    shown = row(found, live, "short")
    told = explain(live.bound, fact_book(), found.values)
    advised = next((way for way in ways(told, found.library.places) if way.advised), None)
    first = ways(told, found.library.places)[:1]
    why = f"{NOT_ADVISED}（{first[0].why_not}）" if first else "没有找到能达到要求的改变"
    return Near(_item(shown), shown.lacks, advised.words if advised else why, advised is not None)


def _risks(found: Own, met: list[Live]) -> tuple[Risk, ...]:
    risks: list[Risk] = []
    for live in met:
        if len(risks) >= MOST_RISKS:
            break
        stands = standing_of(live.bound, found.values, found.declared, live.content.terms)
        told = explain(live.bound, fact_book(), found.values)
        risks += risks_of(told, dict(found.values), stands.rests_on, found.day, found.library.places)
    return tuple(risks[:MOST_RISKS])


def _stacked(
    found: Own, combination: Combination, rows: dict[str, Row], got: Sequence[Received]
) -> tuple[Stacked, ...]:
    """Say of each policy that is left out for what, by which clause and how much less it gives; of what is topped up, the difference."""
    had = {claim.code: claim.fen or 0 for claim in _held(found, got)}
    advice = []
    for claim, rule in combination.instead:
        code = rule.code if claim.code == rule.other else rule.other
        more = format_money(combination.brings(code, rows[code].amount_fen or 0))
        paid = f"已享受“{_title(found, claim.code)}” {format_money(claim.fen or 0)}"
        advice.append(
            Stacked(rows[code].title, f"{paid}，两项{rule.how}（{rule.source}），还可以得差额 {more}")
        )
    for one in combination.left_out:
        mine = rows[one.code].amount_fen if rows[one.code].money != "base" else None
        others = [rule.other if rule.code == one.code else rule.code for rule in one.against]
        named = "；".join(
            f"{'已享受' if code in had else '与'}“{_title(found, code)}”{'，两项' if code in had else ''}{rule.how}（{rule.source}）"
            for code, rule in zip(others, one.against, strict=True)
        )
        theirs = [had[code] if code in had else _known_fen(rows, code) for code in others]
        advice.append(Stacked(rows[one.code].title, f"{named}。{_compared(mine, theirs, one, had, others)}"))
    return tuple(advice)


def _compared(
    mine: int | None, theirs: Sequence[int | None], one: LeftOut, had: Mapping[str, int], others: Sequence[str]
) -> str:  # fmt: skip
    """Say in money why a policy is left out."""
    if one.from_fen is not None:
        return f"这一项的金额还不知道，超过 {format_money(one.from_fen)} 时改选这一项"
    if any(rule.how != HIGHER and code in had for rule, code in zip(one.against, others, strict=True)):
        return "已经享受的不能再要这一项"
    known = [fen for fen in theirs if fen is not None]
    if mine is None or len(known) < len(theirs):
        return "选另一项更合算"
    which = "那一项" if len(known) == 1 else "那几项合计"
    return f"{which} {format_money(sum(known))}，这一项 {format_money(mine)}，" + _taken_words(
        sum(known) - mine
    )


def _taken_words(more: int) -> str:
    """Say what taking the others brings; less only where they make room for more elsewhere."""
    if more > 0:
        return f"取高的，多 {format_money(more)}"
    return "两边一样多，选一边即可" if more == 0 else "选那一边，连同其他能一起享受的合计更多"


def _known_fen(rows: Mapping[str, Row], code: str) -> int | None:
    return rows[code].amount_fen if code in rows and rows[code].money != "base" else None


def _title(found: Own, code: str) -> str:
    return found.library.live[code].rule.title
