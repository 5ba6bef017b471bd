"""Whom a message about a problem reaches: officers of a unit, clerks of a hub, desks above, the firm's own people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from qifu.engines.casework.models import Case, Escalation
from qifu.registers.mandates.authority import in_force
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.scopes import ALL
from qifu.registers.organisations.hubs import upper_place
from qifu.registers.people.holders import held_posts, people_of
from qifu.services.enterprise_problems.module import ABOVE, CALL_BACK, HUB, LEAD, UNIT


def officers_of(organisation_id: int, at: datetime) -> list[int]:
    """Return who exercises an officer's post at a unit on the day, deputies of the absent included."""
    return _people(at, role__in=list(LEAD), organisation_id=organisation_id)


def takers_of(organisation_id: int, at: datetime) -> list[int]:
    """Return who may answer for a unit that was asked to take part."""
    return _people(at, role__in=list(UNIT), organisation_id=organisation_id)


def hub_clerks(case: Case, at: datetime) -> list[int]:
    """Return the clerks of the hub of a case's place; never those of the unit complained of."""
    return _people(at, case, role__in=list(HUB), place_code=case.place_code)


def clerks_above(case: Case, at: datetime) -> list[int]:
    """Return who answers for the level above: where the case was raised to, else the nearest place above with such people."""
    open_one = case.escalations.filter(decision=Escalation.Decision.OPEN).first()
    if open_one is not None:
        return _people(at, case, role__in=list(ABOVE), place_code=open_one.to_place)
    return _climb(case, at, list(ABOVE))


def call_back_desk(case: Case, at: datetime) -> list[int]:
    """Return the call-back officers of the nearest place above that has any."""
    return _climb(case, at, list(CALL_BACK))


def people_of_firm(case: Case, at: datetime) -> list[int]:
    """Return who of the firm is told: whoever reported, its legal representative, its handlers for problems."""
    found = [case.reporter_id] if case.reporter_id is not None else []
    if case.enterprise_id is not None:
        held = Mandate.objects.filter(
            in_force(timezone.localdate(at)), enterprise_id=case.enterprise_id, person__is_active=True
        )
        for kind, scope, person in held.order_by("pk").values_list("kind", "scope", "person_id"):
            if kind == Mandate.Kind.LEGAL_REPRESENTATIVE or {"problems", ALL} & set(scope):
                found.append(person)
    return list(dict.fromkeys(found))


def _climb(case: Case, at: datetime, roles: list[str]) -> list[int]:
    place = upper_place(case.place_code) or case.place_code
    while place:
        found = _people(at, case, role__in=roles, place_code=place)
        if found:
            return found
        place = upper_place(place) or ""
    return []


def _people(at: datetime, case: Case | None = None, **posts: Any) -> list[int]:
    """Return whoever holds such a post on the day, then their deputies."""
    day = timezone.localdate(at)
    rows = held_posts(day).filter(**posts)
    if case is not None and case.complained_id is not None:
        rows = rows.exclude(organisation_id=case.complained_id)
    return people_of(rows, day)
