"""Which enterprises a person may act for now: the answer to foundation's Authority protocol."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextvars import ContextVar
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Grant
from qifu.foundation.request_id import current_request_id
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.scopes import LEGAL_REPRESENTATIVE, roles_of

_Key = tuple[str, int, datetime]
# As for posts: kept only for the same person at the same moment of the same request.
_answered: ContextVar[tuple[_Key, tuple[Grant, ...]] | None] = ContextVar("qifu_mandate_grants", default=None)


class MandateAuthority:
    """Reads mandates, for one light query a request; a mandate revoked meanwhile grants nothing on the next one."""

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return one grant for the legal representative; for a handler one for each scope of the mandate."""
        key = (current_request_id(), actor_id, at)
        kept = _answered.get()
        if kept is not None and key[0] and kept[0] == key:
            return kept[1]
        found = tuple(_grants(actor_id, at))
        _answered.set((key, found))
        return found


def forget_mandates() -> None:
    """Read mandates again at the next question; called by acts that change them."""
    _answered.set(None)


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
