"""Who gets how much of a budget that may not suffice: first come, or pro rata to the fen; pure."""

from __future__ import annotations

from collections.abc import Sequence


def first_come(claims: Sequence[int], left: int) -> list[int]:
    """Return what each claim (fen, in the order of arrival) is granted: whole or 0; none overtakes one that must wait."""
    granted, open_still = [], True
    for claim in claims:
        open_still = open_still and claim <= left
        granted.append(claim if open_still else 0)
        left -= granted[-1]
    return granted


def pro_rata(claims: Sequence[int], left: int) -> list[int]:
    """Return the shares of claims (fen, not negative) in `left`, by largest remainders: their sum is min(left, all claims).

    No share exceeds its claim. Equal remainders: the earlier claim takes the fen.
    """
    total = sum(claims)
    if total <= left:
        return list(claims)
    parts = [divmod(claim * left, total) for claim in claims]
    shares = [whole for whole, _ in parts]
    order = sorted(range(len(claims)), key=lambda i: (-parts[i][1], i))
    for i in order[: left - sum(shares)]:
        shares[i] += 1
    return shares
