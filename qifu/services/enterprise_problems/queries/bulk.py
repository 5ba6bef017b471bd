"""The cases that somebody ticked at a hub's desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, visible
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.queries.lines import Line, lines
from qifu.services.enterprise_problems.queries.queues import Desk

MOST = 1_000


def chosen(actor: Actor, at: datetime, moment: datetime, desk: Desk, numbers: Sequence[str]) -> list[Line]:
    """Return the cases of these numbers at the desk's own place, in the order ticked; others are silently no part of it."""
    wanted = list(dict.fromkeys(numbers))[:MOST]
    rows = visible(Case.objects.filter(kind=KIND), actor, "enterprise_problems.as_hub", at)
    known = dict(rows.filter(place_code=desk.place, number__in=wanted).values_list("number", "pk"))
    return lines([known[number] for number in wanted if number in known], actor, at, moment)
