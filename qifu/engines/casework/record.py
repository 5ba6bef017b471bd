"""The row lock, the version check, the next event: every verb of the engine goes through these, inside an act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as FirstOf
from django.db.models import IntegerField, Q, Value, When

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import Transition
from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation import access
from qifu.foundation.action import Refused, current_act

MOVING = (
    "place_code", "lead", "mode", "handler_id", "state", "step", "result", "returns", "ruled", "merged_into", "version",
    "due_at", "closed_at", "last_event_at",
)  # fmt: skip
"""What an event may change of its case; the rest is as it was opened."""


@dataclass(frozen=True)
class Standing:
    """In which role and for which unit somebody acts on a case; the system acts in the role `system`."""

    role: str
    organisation_id: int | None = None
    on_behalf_of: int | None = None


def moment_of(row: Case) -> datetime:
    """Return when the act under way counts as done on a case: now, but never before what was recorded last.

    Who waited for the lock may have come earlier than whoever held it; the order of events is the order of the locks.
    """
    return max(current_act().moment, row.last_event_at)


def lock(case: Case, *, expected_version: int | None = None, merged: bool = False) -> Case:
    """Return the row, locked until the act ends.

    Refused when it was changed since `expected_version` was read, and, unless `merged`, while it is merged.
    """
    row = Case.objects.select_for_update().get(pk=case.pk)
    _see(row, expected_version, merged)
    return row


def lock_family(case: Case, *, expected_version: int | None = None) -> tuple[Case, list[Case]]:
    """Return the row and the cases merged into it, locked in the order of their keys; Refused as by `lock`."""
    rows = Case.objects.select_for_update().filter(Q(pk=case.pk) | Q(merged_into=case.pk)).order_by("pk")
    found = {row.pk: row for row in rows}
    row = found.pop(case.pk)
    _see(row, expected_version, merged=False)
    return row, list(found.values())


def lock_many(cases: Iterable[Case]) -> list[Case]:
    """Return the rows, locked in the order of their keys, so that two acts never wait for each other."""
    wanted = sorted({case.pk for case in cases})
    return list(Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))


def _see(row: Case, expected_version: int | None, merged: bool) -> None:
    current_act().about(row)
    see_version(row, expected_version)
    if row.merged_into_id is not None and not merged:
        main = Case.objects.get(pk=row.merged_into_id)
        raise Refused(f"这一件已并入 {main.number}，不能单独办理；如需单独办理，请先拆分")


def see_version(row: Case, expected_version: int | None) -> None:
    """Refuse when the row was changed since `expected_version` was read; None asks nothing."""
    if expected_version is not None and row.version != expected_version:
        raise Refused("您打开本页以后，这一件有了新的办理记录，请刷新看过后再提交")


def standing(case: Case, roles: Iterable[str]) -> Standing:
    """Return the first of the roles in which whoever acts may act on the case; NotFound where there is none.

    The organisation is that of the post by which the role is held; own posts count before those of an absent colleague.
    One query asks for all roles, posts and relations together.
    """
    act = current_act()
    if act.by.kind == "system":
        return Standing("system")
    wanted = list(roles)
    permissions = binding_of(case.kind).permissions
    held = sorted(access.grants_of(act.by, act.at), key=lambda grant: grant.on_behalf_of is not None)
    candidates: list[Standing] = []
    branches: list[When] = []
    for role in wanted:
        allowed = access.permissions()[permissions[role]].grants if role in permissions else {}
        for grant in held:
            for relation in allowed.get(grant.role, ()):
                reached = Q(pk=case.pk) if relation == access.ANYWHERE else Case.reach[relation](grant)
                branches.append(When(reached, then=Value(len(candidates))))
                candidates.append(Standing(role, grant.organisation_id, grant.on_behalf_of))
    first: int | None = None
    if branches:
        asked = FirstOf(*branches, default=None, output_field=IntegerField())
        first = Case.objects.filter(pk=case.pk).values_list(asked, flat=True).get()
    if first is None:
        raise access.NotFound(f"{wanted} on case {case.pk}")
    return candidates[first]


def record(
    row: Case,
    kind: str,
    *,
    title: str,
    who: Standing,
    text: str = "",
    shown: str = "",
    facts: Mapping[str, Any] | None = None,
    transition: Transition | None = None,
) -> CaseEvent:
    """Save the next event of a locked row, and the row; the service is told of it."""
    act = current_act()
    said = dict(facts or {})
    if who.on_behalf_of is not None:
        said["on_behalf_of"] = who.on_behalf_of
    row.version += 1
    row.last_event_at = moment_of(row)
    row.save(update_fields=MOVING)
    event = CaseEvent(
        case=row, seq=row.version, kind=kind, title=title[:60], at=row.last_event_at, by_id=act.by.id,
        by_name=act.by.name[:60], role=who.role, organisation_id=who.organisation_id, state=row.state, text=text,
        shown=shown, facts=said,
    )  # fmt: skip
    event.save(force_insert=True)
    act.note(event=event.title, seq=event.seq)
    binding_of(row.kind).happened(event, transition)
    return event
