"""What was paid and what is promised, for other rooms: packages of promises, the check-up of an enterprise."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Count, Sum

from qifu.services.policies.models import Clawback, PayoutEntry
from qifu.services.policies.received import Received

PROMISED = ("confirmed", "approved", "checked", "financed", "batched", "failed")


def paid_fen(policy_ids: Collection[int]) -> dict[int, int]:
    """Return the fen paid of each policy, less what came back; policies without payments are left out."""
    rows = PayoutEntry.objects.filter(policy_id__in=policy_ids, paid_fen__gt=0)
    found = dict(rows.values_list("policy_id").annotate(Sum("paid_fen")).order_by())
    back = Clawback.objects.filter(entry__policy_id__in=policy_ids, repaid_fen__gt=0)
    for policy, fen in back.values_list("entry__policy_id").annotate(Sum("repaid_fen")).order_by():
        found[policy] -= fen
    return found


def promised_fen(policy_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return (enterprises, fen) of each policy that enterprises have confirmed and that is not paid yet."""
    rows = PayoutEntry.objects.filter(policy_id__in=policy_ids, state__in=PROMISED)
    return {
        policy: (count, fen)
        for policy, count, fen in rows.values_list("policy_id")
        .annotate(Count("pk"), Sum("listed_fen"))
        .order_by()
    }


def returned_fen(entry: PayoutEntry) -> int:
    """Return what was asked back for good of an entry: decided, and still asked."""
    rows = Clawback.objects.filter(entry=entry).exclude(state=Clawback.State.DROPPED)
    return sum(row.fen if row.decided_fen is None else row.decided_fen for row in rows)


def received_by(enterprise_id: int, day: date) -> list[Received]:
    """Return what an enterprise was paid by `day`."""
    rows = PayoutEntry.objects.filter(enterprise_id=enterprise_id, state="paid", paid_on__lte=day)
    return [
        Received(row.policy.code, row.policy.title, row.paid_fen, row.paid_on, f"{row.round_id}-{row.pk}")
        for row in rows.select_related("policy").defer("facts")
        if row.paid_on is not None
    ]
