"""What happened to an assignment, in its order, for those who follow it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from qifu.foundation.access import Actor, find
from qifu.services.work_plans.models import Assignment, Event


def events(actor: Actor, at: datetime, pk: int) -> QuerySet[Event]:
    """Return the events of one assignment with figures and files; raises NotFound; dropped items keep their history."""
    row = find(Assignment.objects.all(), actor, "work_plans.follow", at, pk=pk)
    rows = Event.objects.filter(assignment=row).select_related("organisation", "answers")
    return rows.prefetch_related("figures", "evidence__file").order_by("seq")
