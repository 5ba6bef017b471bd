"""Which enterprises a person may act for now: the answer to foundation's Authority protocol."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Grant
from qifu.foundation.kept_grants import KeptGrants
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.scopes import LEGAL_REPRESENTATIVE, roles_of


def in_force(day: date) -> Q:
    """Return the condition of a mandate that grants something on `day`."""
    open_ended = Q(ends_on__isnull=True) | Q(ends_on__gt=day)
    return open_ended & Q(starts_on__lte=day, revoked_at=None, suspended_at=None)


def holds_mandate(person_id: int, at: datetime) -> bool:
    """Tell whether the person may act for any enterprise now: such an account needs a second factor."""
    return Mandate.objects.filter(in_force(timezone.localdate(at)), person_id=person_id).exists()


def bound_until(person_ids: Collection[int], at: datetime) -> dict[int, date | None]:
    """Return, for those who ever held a mandate, the first day they held none; None while one is open."""
    day, found = timezone.localdate(at), dict[int, date | None]()
    for row in Mandate.objects.filter(person_id__in=list(person_ids)):
        ended = timezone.localdate(row.revoked_at) if row.revoked_at else row.ends_on
        known = found.get(row.person_id, date.min)
        over = ended is not None and ended <= day
        found[row.person_id] = max(known, ended) if over and known is not None and ended else None
    return found


def _grants(actor_id: int, at: datetime) -> Iterable[Grant]:
    """Return one grant for the legal representative; for a handler one for each scope of the mandate."""
    held = Mandate.objects.filter(
        in_force(timezone.localdate(at)),
        person_id=actor_id,
        person__is_active=True,
        person__one_time_until=None,
    )
    for mandate in held.order_by("pk"):
        representative = mandate.kind == Mandate.Kind.LEGAL_REPRESENTATIVE
        for role in [LEGAL_REPRESENTATIVE] if representative else roles_of(mandate.scope):
            yield Grant(role=role, actor_id=actor_id, enterprise_id=mandate.enterprise_id)


MANDATES = KeptGrants("qifu_mandate_grants", _grants)


def forget_mandates() -> None:
    """Read mandates again at the next question; called by acts that change them."""
    MANDATES.forget()
