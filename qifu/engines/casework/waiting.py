"""What waits on a case (asks, answers of other units, the word of the level above) ends with that on which it waits.

Nothing is left open behind a stopped clock or a closed case; the ids of what was withdrawn go into the event's facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.models import Case, CaseAsk, CaseClock, CasePart, Escalation
from qifu.engines.casework.record import moment_of
from qifu.foundation.action import current_act

Withdrawn = dict[str, list[int]]
"""Ids of withdrawn rows: withdrawn_asks, withdrawn_parts, withdrawn_escalations; only keys with some."""


def withdraw_with(rows: Sequence[CaseClock], definition: CaseType) -> Withdrawn:
    """Withdraw what waits on clocks that are stopped; asks nothing where nothing can wait on them."""
    if not rows:
        return {}
    verbs = definition.verbs
    asked = [row.pk for row in rows if row.name in (*verbs.extension_clocks, *verbs.pause_clocks)]
    raised = [row.pk for row in rows if row.name == verbs.escalation_clock]
    parts = [row.part_id for row in rows if row.part_id is not None]
    case = rows[0].case
    return _kept(
        _asks(case, CaseAsk.objects.filter(clock__in=asked)) if asked else [],
        _parts(case, CasePart.objects.filter(pk__in=parts)) if parts else [],
        _escalations(case, Escalation.objects.filter(clock__in=raised)) if raised else [],
    )


def withdraw_all(case: Case) -> Withdrawn:
    """Withdraw everything that waits on a case that closes."""
    return _kept(
        _asks(case, CaseAsk.objects.filter(case=case)),
        _parts(case, CasePart.objects.filter(case=case)),
        _escalations(case, Escalation.objects.filter(case=case)),
    )


def withdraw_asks(case: Case) -> Withdrawn:
    """Withdraw the open asks of a case whose lead changes: they were the former lead's reasons."""
    return _kept(_asks(case, CaseAsk.objects.filter(case=case)), [], [])


def _kept(asks: list[int], parts: list[int], escalations: list[int]) -> Withdrawn:
    found = {"withdrawn_asks": asks, "withdrawn_parts": parts, "withdrawn_escalations": escalations}
    return {key: ids for key, ids in found.items() if ids}


def _asks(case: Case, rows: QuerySet[Any]) -> list[int]:
    act = current_act()
    ids = list(rows.filter(decision=CaseAsk.Decision.OPEN).order_by("pk").values_list("pk", flat=True))
    if ids:
        CaseAsk.objects.filter(pk__in=ids).update(
            decision=CaseAsk.Decision.WITHDRAWN, decided_at=moment_of(case), decided_by=act.by.id,
            decided_by_name=act.by.name[:60], decision_text=f"因“{act.title}”失去对象，自动撤回",
        )  # fmt: skip
    return ids


def _parts(case: Case, rows: QuerySet[Any]) -> list[int]:
    ids = list(rows.filter(answered_at=None, withdrawn_at=None).order_by("pk").values_list("pk", flat=True))
    if ids:
        CasePart.objects.filter(pk__in=ids).update(withdrawn_at=moment_of(case))
    return ids


def _escalations(case: Case, rows: QuerySet[Any]) -> list[int]:
    ids = list(rows.filter(decision=Escalation.Decision.OPEN).order_by("pk").values_list("pk", flat=True))
    if ids:
        Escalation.objects.filter(pk__in=ids).update(
            decision=Escalation.Decision.WITHDRAWN, answered_at=moment_of(case), answered_by=current_act().by.id,
        )  # fmt: skip
    return ids
