"""The row lock, the version check, the next event: every verb of the engine goes through these, inside an act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import Transition
from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation import access
from qifu.foundation.action import Refused, current_act


@dataclass(frozen=True)
class Standing:
    """In which role and for which unit somebody acts on a case; the system acts in the role `system`."""

    role: str
    organisation_id: int | None = None
    on_behalf_of: int | None = None


def lock(case: Case, *, expected_version: int | None = None, merged: bool = False) -> Case:
    """Return the row, locked until the act ends.

    Refused when it was changed since `expected_version` was read, and, unless `merged`, while it is merged.
    """
    row = Case.objects.select_for_update().get(pk=case.pk)
    current_act().about(row)
    if expected_version is not None and row.version != expected_version:
        raise _unseen(row, expected_version)
    if row.merged_into_id is not None and not merged:
        main = Case.objects.get(pk=row.merged_into_id)
        raise Refused(f"这一件已并入 {main.number}，不能单独办理；如需单独办理，请先拆分")
    return row


def lock_many(cases: Iterable[Case]) -> list[Case]:
    """Return the rows, locked in the order of their numbers, so that two acts never wait for each other."""
    wanted = sorted({case.pk for case in cases})
    return list(Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))


def _unseen(row: Case, seen: int) -> Refused:
    since = row.events.filter(seq__gt=seen).order_by("-seq").first()
    what = f"{since.by_name or '系统'}刚刚作了“{since.title}”" if since else "这一件刚刚有了变化"
    return Refused(f"您打开本页以后，{what}，请刷新看过后再提交")


def standing(case: Case, roles: Iterable[str]) -> Standing:
    """Return the first of the roles in which whoever acts may act on the case; NotFound where there is none.

    The organisation is that of the post by which the role is held.
    """
    act = current_act()
    wanted = list(roles)
    if act.by.kind == "system":
        return Standing("system")
    permissions = binding_of(case.kind).permissions
    held = sorted(access.grants_of(act.by, act.at), key=lambda grant: grant.on_behalf_of is not None)
    for role in wanted:
        code = permissions.get(role)
        if code is None:
            continue
        allowed = access.permissions()[code].grants
        for grant in held:
            for relation in allowed.get(grant.role, ()):
                reached = Case.reach[relation](grant) if relation != access.ANYWHERE else None
                if reached is None or Case.objects.filter(reached, pk=case.pk).exists():
                    return Standing(role, grant.organisation_id, grant.on_behalf_of)
    raise access.NotFound(f"{wanted} on case {case.pk}")


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
    row.last_event_at = act.moment
    row.save()
    event = CaseEvent(
        case=row, seq=row.version, kind=kind, title=title[:60], at=act.moment, by_id=act.by.id,
        by_name=act.by.name[:60], role=who.role, organisation_id=who.organisation_id, state=row.state, text=text,
        shown=shown, facts=said,
    )  # fmt: skip
    event.save(force_insert=True)
    act.note(event=event.title, seq=event.seq)
    binding_of(row.kind).happened(event, transition)
    return event
