"""Who is on the list of a policy that is applied for: whose application of the period was supported, with the amount decided."""

from __future__ import annotations

from collections.abc import Iterator

from qifu.services.policies.listing import NO_AMOUNT, Counts, Listed
from qifu.services.policies.models import PayoutRound, PolicyRequest


def supported(payout: PayoutRound, counts: Counts) -> Iterator[Listed]:
    """Yield who is to be paid, in the order of the register: applications of the list's period decided before it was begun."""
    rows = PolicyRequest.objects.filter(
        kind=PolicyRequest.Kind.APPLICATION, policy=payout.policy_id, period=payout.period, active=True,
        case__result="supported", case__closed_at__lte=payout.listed_at,
    )  # fmt: skip
    for row in rows.select_related("enterprise").order_by("enterprise_id"):
        counts.judged += 1
        if row.granted_fen is None or row.enterprise is None:
            counts.left_out[NO_AMOUNT] += 1
            continue
        yield Listed(row.enterprise.pk, row.enterprise.uscc, row.granted_fen, row.facts)
