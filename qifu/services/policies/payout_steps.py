"""Moving entries of a list on, one or a hundred thousand, each with its step; who is told. Used inside acts only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.action import Refused, current_act
from qifu.registers.mandates.authority import in_force
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.scopes import ALL
from qifu.registers.people.holders import held_posts, people_of
from qifu.services.policies.models import PayoutEntry, PayoutRound, PayoutStep

T = TypeVar("T")
AT_ONCE = 1_000


def pieces(rows: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Yield the rows in pieces that one statement can name."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def locked_entry(entry: PayoutEntry) -> PayoutEntry:
    """Return the entry's row as it is now, locked until the act ends."""
    return (
        PayoutEntry.objects.select_for_update(of=("self",)).select_related("round", "policy").get(pk=entry.pk)
    )


def locked(payout: PayoutRound, state: str, ids: Iterable[int] | None = None) -> list[PayoutEntry]:
    """Return the entries of a round in a state (of those named), locked; raises Refused where there is none."""
    rows = PayoutEntry.objects.select_for_update(of=("self",)).filter(round=payout, state=state)
    rows = rows.defer("facts").order_by("pk")
    if ids is None:
        found = list(rows)
    else:
        named = sorted(set(ids))
        found = [row for part in pieces(named) for row in rows.filter(pk__in=part)]
    if not found:
        raise Refused("没有可以办理的企业：可能已由他人办理，请刷新页面")
    return found


def advance(entries: Sequence[PayoutEntry], to: str, title: str, reason: str = "", **fields: Any) -> None:
    """Set the state (and fields) of locked entries and write the step of each."""
    act = current_act()
    for part in pieces(entries):
        PayoutEntry.objects.filter(pk__in=[row.pk for row in part]).update(state=to, **fields)
        PayoutStep.objects.bulk_create([
            PayoutStep(
                round_id=row.round_id, entry=row, at=act.moment, by_id=act.by.id, by_name=act.by.name, before=row.state,
                after=to, title=title, reason=reason[:1000],
            )
            for row in part
        ])  # fmt: skip
        for row in part:
            row.state = to
            for name, value in fields.items():
                setattr(row, name, value)


def round_step(payout: PayoutRound, before: str, title: str, reason: str = "") -> None:
    """Write a step of the round itself."""
    act = current_act()
    PayoutStep(
        round=payout, at=act.moment, by_id=act.by.id, by_name=act.by.name, before=before, after=payout.state,
        title=title, reason=reason[:1000],
    ).save()  # fmt: skip


def people_of_firms(enterprises: Sequence[int], at: datetime) -> dict[int, list[int]]:
    """Return whom each enterprise has for policies: its legal representative and its handlers for them."""
    found: dict[int, list[int]] = {}
    day = timezone.localdate(at)
    for part in pieces(enterprises):
        held = Mandate.objects.filter(in_force(day), enterprise_id__in=part, person__is_active=True)
        for firm, kind, scope, person in held.order_by("pk").values_list(
            "enterprise_id", "kind", "scope", "person_id"
        ):
            if kind == Mandate.Kind.LEGAL_REPRESENTATIVE or {"policies", ALL} & set(scope):
                found.setdefault(firm, []).append(person)
    return found


def officers_of(payout: PayoutRound, at: datetime) -> list[int]:
    """Return the officers of the unit in charge."""
    day = timezone.localdate(at)
    rows = held_posts(day).filter(
        Q(organisation_id=payout.policy.owner_id), role__in=["department_officer", "reform_officer"]
    )
    return people_of(rows, day)


def finance_officers(place_code: str, at: datetime) -> list[int]:
    """Return the finance officers of a place."""
    day = timezone.localdate(at)
    return people_of(held_posts(day).filter(role="finance_officer", place_code=place_code), day)
