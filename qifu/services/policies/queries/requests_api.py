"""Applications and questions as the JSON API gives them: what the firm may read, to the firm and to the unit alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, NotFound, visible
from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies.case_binding import KIND
from qifu.services.policies.models import PolicyRequest
from qifu.services.policies.queries.requests import HANDLE
from qifu.services.policies.queries.requests_own import FOLLOW_OWN, own_view


def requests(actor: Actor, at: datetime, face: str = "own") -> QuerySet[Case]:
    """Return the requests of an asker and of the firms he or she acts for, or (`face` unit) those of the asker's unit; the newest first."""
    if face == "unit" and settings.SITE == "portal":
        raise NotFound("the inside of requests on the portal's half")
    rows = visible(Case.objects.filter(kind=KIND), actor, HANDLE if face == "unit" else FOLLOW_OWN, at)
    return rows.select_related("lead", "enterprise").order_by("-opened_at", "-pk")


def lines(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Return requests as a list gives them."""
    known = (
        PolicyRequest.objects.filter(pk__in=cases).select_related("policy").defer("facts", "said").in_bulk()
    )
    return [_line(case, known[case.pk]) for case in cases]


def one(actor: Actor, at: datetime, moment: datetime, number: str) -> dict[str, Any]:
    """Return one request with all that was shown; raises NotFound."""
    own = requests(actor, at).filter(number=number).first()
    inside = (
        None
        if own or settings.SITE == "portal"
        else requests(actor, at, "unit").filter(number=number).first()
    )
    case = own or inside
    if case is None:
        raise NotFound(f"request {number}")
    view = own_view(case, moment)
    row = view.request
    return {
        **_line(case, row), "words": row.words, "verdict": row.verdict, "amount_fen": row.amount_fen,
        "granted_fen": row.granted_fen if case.result == "supported" else None, "materials": list(row.materials),
        "clocks": [{"title": one.title, "limit": one.limit, "due_at": _local(one.due_at), "words": one.words} for one in view.clocks],
        "events": [{"at": _local(line.at), "unit": line.unit, "text": line.text} for line in reversed(view.lines)],
    }  # fmt: skip


def _line(case: Case, row: PolicyRequest) -> dict[str, Any]:
    definition = of_case(case)
    return {
        "number": case.number, "kind": row.kind, "title": case.title, "policy": row.policy.code if row.policy else "",
        "uscc": case.enterprise.uscc if case.enterprise else "", "unit": case.lead.name, "state": case.state,
        "state_title": definition.states[case.state].shown, "result": case.result,
        "opened_at": _local(case.opened_at), "due_at": _local(case.due_at), "closed_at": _local(case.closed_at),
    }  # fmt: skip


def _local(at: datetime | None) -> datetime | None:
    return at.astimezone(SHANGHAI) if at else None
