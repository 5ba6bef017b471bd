"""A person's own conditions of queues, and the bulk acts of a hub."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation.access import Actor, find, visible
from qifu.services.enterprise_problems.models import BulkAct, SavedFilter

OWN, RUN = "enterprise_problems.keep_filters", "enterprise_problems.run_hub"


def filters(actor: Actor, at: datetime, queue: str) -> list[SavedFilter]:
    """Return the actor's conditions of a queue by name."""
    return list(visible(SavedFilter.objects.filter(queue=queue), actor, OWN, at).order_by("name"))


def one(actor: Actor, at: datetime, pk: int) -> SavedFilter:
    """Return one of the actor's conditions; NotFound."""
    return find(SavedFilter.objects.all(), actor, OWN, at, pk=pk)


def bulk(actor: Actor, at: datetime, pk: int) -> BulkAct:
    """Return one bulk act of the actor's hub; NotFound."""
    return find(BulkAct.objects.all(), actor, RUN, at, pk=pk)
