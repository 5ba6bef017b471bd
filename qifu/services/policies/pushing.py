"""What an enterprise is told of its policies: who has an account, what is new to it, and why it is the one.

Told is what is met, and what is one condition short where an honest way leads there and there is something to apply for (not
what is used when filing taxes: a firm without income from technology need not hear of its exemption). Nothing is told twice of one revision
for one reason, nothing of a policy that the enterprise called 与我无关, nothing once its window is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from qifu.engines.rules.edges import facts_of, tests
from qifu.engines.rules.explain import explain
from qifu.engines.rules.judge import Values
from qifu.engines.rules.tree import FlagIs
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_store import facts_as_of
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.authority import in_force
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.scopes import ALL
from qifu.services.policies.advice import ways
from qifu.services.policies.countdown import countdown
from qifu.services.policies.judging import FACTS, accounts, part_of
from qifu.services.policies.library import Library, Live, policy_library
from qifu.services.policies.models import JudgeMark, PolicyMatch, PolicyPush
from qifu.services.policies.push_rules import PushRules, push_rules
from qifu.services.policies.queries.own import Judged, short_words
from qifu.services.policies.sorting import lacking, sort_policies

PUSHED = "@pushed"
"""The mark of the day on which every enterprise with an account was last looked at."""
Kind = PolicyPush.Kind
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing to tell an enterprise."""

    match: PolicyMatch
    live: Live
    kind: str
    why: str


def rules() -> PushRules:
    """Return the province's figures."""
    return push_rules(Path(settings.PROVINCE_DIR))


def push_due(touched: Collection[int], *, at: datetime) -> int:
    """Tell the enterprises whose verdicts changed, and once a day every one that has something to be told; return messages."""
    from qifu.services.policies.actions.push import mark_pushed, push

    day = clock.business(at).astimezone(SHANGHAI).date()
    mark = JudgeMark.objects.filter(name=PUSHED).first()
    daily = mark is None or mark.day != day
    if daily and not JudgeMark.objects.filter(name=FACTS).exists():
        return 0
    ids = set(touched)
    if daily:
        ids = set(_with_account(day).values_list("enterprise_id", flat=True))
    sent = 0
    for pk in sorted(accounts(sorted(ids), day)):
        enterprise = Enterprise.objects.get(pk=pk)
        if pending(enterprise, day):
            sent += push(enterprise=enterprise, by=SYSTEM, at=at)
    if daily:
        mark_pushed(day=day, by=SYSTEM, at=at)
    return sent


def _with_account(day: date) -> QuerySet[Mandate]:
    return Mandate.objects.filter(in_force(day)).order_by()


def people_of(enterprise_id: int, day: date) -> list[int]:
    """Return whom of the enterprise is told of policies: its legal representative, and its handlers for policies."""
    held = _with_account(day).filter(enterprise=enterprise_id, person__is_active=True)
    return list(
        dict.fromkeys(
            person
            for kind, scope, person in held.values_list("kind", "scope", "person_id")
            if kind == Mandate.Kind.LEGAL_REPRESENTATIVE or {"policies", ALL} & set(scope)
        )
    )


def pending(enterprise: Enterprise, day: date) -> list[Pending]:
    """Return what is to be told, the most pressing first: what is met before what is short, what ends soon, what gives most."""
    told = PolicyPush.objects.filter(enterprise=enterprise)
    earlier: dict[int, list[PolicyPush]] = {}
    for one in told.order_by("pk"):
        earlier.setdefault(one.policy_id, []).append(one)
    matches = PolicyMatch.objects.filter(enterprise=enterprise, verdict__in=("met", "short"))
    library = policy_library(day)
    by_id = {live.policy_id: live for live in library.live.values()}
    found: list[tuple[PolicyMatch, Live, str]] = []
    for match in matches:
        live = by_id.get(match.policy_id)
        kind = _kind(match, live, earlier.get(match.policy_id, []), day) if live else None
        if live is not None and kind is not None:
            found.append((match, live, kind))
    if not found:
        return []
    values = facts_as_of(enterprise, day)
    said = [
        Pending(match, live, kind, why)
        for match, live, kind in found
        if (why := why_words(library, live, match.verdict, values))
    ]
    return sorted(said, key=lambda one: _order(one, day))


def _order(one: Pending, day: date) -> tuple[bool, int, int, str]:
    left = countdown(one.live.version, day).days
    return one.match.verdict != "met", 10_000 if left is None else left, -(one.match.amount_fen or 0), one.live.code  # fmt: skip


def _kind(match: PolicyMatch, live: Live, told: Sequence[PolicyPush], day: date) -> str | None:
    """Return why a policy is to be told now, or None."""
    ends = countdown(live.version, day)
    filed_only = match.verdict == "short" and live.content.terms.delivery == "filing"
    if ends.state == "closed" or filed_only or any(one.dismissed_at for one in told):
        return None
    mine = [one for one in told if one.revision_id == match.revision_id]
    kinds = {one.kind for one in mine}
    if not mine:
        if told:
            return Kind.CHANGED
        return Kind.NEW if match.cause == PolicyMatch.Cause.POLICY else Kind.ELIGIBLE
    if match.verdict != "met" or any(one.confirmed_at or one.paid_at for one in told):
        return None
    if all(one.verdict != "met" for one in mine):
        return None if Kind.ELIGIBLE in kinds else Kind.ELIGIBLE
    days, limit = ends.days, rules()
    if ends.state == "open" and days is not None and days <= limit.before_end:
        return None if Kind.EXPIRING in kinds else Kind.EXPIRING
    last = max(one.pushed_at for one in mine).astimezone(SHANGHAI).date()
    waited = day - last >= timedelta(limit.remind_after)
    automatic = live.content.terms.delivery == "automatic"
    return Kind.REMINDER if automatic and waited and Kind.REMINDER not in kinds else None


def why_words(library: Library, live: Live, verdict: str, values: Values) -> str:
    """Return why this enterprise in a sentence; nothing where it is short and no honest way leads there. No amounts."""
    if verdict == "met":
        names = _telling(live, values)
        more = "等" if len(names) > _NAMED else ""
        return (f"按{'、'.join(names[:_NAMED])}{more}判断，" if names else "") + "各项条件都符合"
    part = part_of(library, frozenset({live.code}))
    told = explain(live.bound, fact_book(), values)
    if not any(way.advised for way in ways(told, library.places)):
        return ""
    short = next(iter(lacking(live.bound, values)), None)
    if short is None:
        return ""
    found = Judged(library.day, part, values, frozenset(), sort_policies(part, values))
    return f"只差一项：{short_words(short, found)}"[:300]


def _telling(live: Live, values: Values) -> list[str]:
    """Return the names of the facts that speak for the enterprise, in the rule's order: not its place, not what it must not have."""
    book = fact_book().facts
    asked = [fact for test in tests(live.bound.require) for fact in facts_of(test) if not (isinstance(test, FlagIs) and not test.wanted)]  # fmt: skip
    known = [name for name in dict.fromkeys(asked) if values.get(name) is not None]
    return [book[name].label for name in known if book[name].type != "place"]
