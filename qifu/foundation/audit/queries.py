"""Reading the audit trail; the tables are imported from this room only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Model, QuerySet
from django.utils import timezone

from qifu.foundation.access import Actor, visible
from qifu.foundation.audit.models import AuditRow


def audit_rows(
    actor: Actor, at: datetime, *, act: str = "", actor_id: int | None = None, day: date | None = None
) -> QuerySet[AuditRow]:
    """Return the audit rows the actor may read, latest first: of an act, by a person, on a local day.

    An auditor whose post covers a part of the province reads all rows: acts without a place (sign-ins, loads) concern
    everyone.
    """
    rows = visible(AuditRow.objects.all(), actor, "foundation.read_audit", at)
    if act:
        rows = rows.filter(act=act)
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id, actor_kind="person")
    if day is not None:
        start = timezone.make_aware(datetime.combine(day, time.min))
        rows = rows.filter(at__gte=start, at__lt=start + timedelta(days=1))
    return rows.order_by("-at", "-pk")


def rows_about(subject: Model, *, actor_ids: Iterable[int]) -> QuerySet[AuditRow]:
    """Return the acts about a row by these people, latest first; the caller has made sure who may read them."""
    rows = AuditRow.objects.filter(subject_kind=subject._meta.label_lower, subject_id=str(subject.pk))
    return rows.filter(actor_kind="person", actor_id__in=list(actor_ids)).order_by("-at", "-pk")


def acts_of(person_id: int) -> list[tuple[str, int]]:
    """Return what a person did and how often, by title: what the trail keeps about that person."""
    rows = AuditRow.objects.filter(actor_kind="person", actor_id=person_id)
    counted = rows.values_list("title").annotate(count=Count("pk")).order_by("title")
    return [(str(title), int(count)) for title, count in counted]


def who_did(subject: Model, *, acts: Iterable[str], since: datetime) -> set[int]:
    """Return the people who did any of the acts on a row since a moment."""
    rows = AuditRow.objects.filter(
        subject_kind=subject._meta.label_lower, subject_id=str(subject.pk), act__in=list(acts), at__gte=since
    )
    return {actor for actor in rows.values_list("actor_id", flat=True) if actor is not None}
