"""The random sample for independent call-backs: pure, and replayable by anybody who has the seed and the list.

A seed of 32 random bytes is made before the month begins and only its SHA-256 is shown (the commitment): nobody can
choose the seed after he knows which cases were closed, and nobody can know the sample before it is drawn. Cases are
ranked by HMAC-SHA256(seed, "day:number"), the smallest first; of each place the first n % are taken, at least `least`.
The list of numbers is fixed by its own SHA-256. Source: the draw by hash of a committed seed is the usual method of
public draws (RFC 3797 describes a verifiable selection of the same kind).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

SEED_BYTES = 32


def commitment_of(seed: bytes) -> str:
    """Return what is shown of a seed before it is drawn with: 64 hex digits of its SHA-256."""
    return hashlib.sha256(seed).hexdigest()


def keeps(seed: bytes, commitment: str) -> bool:
    """Tell whether a seed is the one that was committed to."""
    return hmac.compare_digest(commitment_of(seed), commitment)


def rank(seed: bytes, day: date, number: str) -> str:
    """Return the rank of a case number: 64 hex digits, to be sorted as text."""
    return hmac.new(seed, f"{day.isoformat()}:{number}".encode(), hashlib.sha256).hexdigest()


def size_of(count: int, per_cent: int, least: int) -> int:
    """Return how many of `count` are drawn: `per_cent` rounded up, at least `least`, never more than there are."""
    if count < 0 or not 0 <= per_cent <= 100 or least < 0:
        raise ValueError("a share lies between 0 and 100 per cent, counts are not negative")
    return min(count, max(least, -(-count * per_cent // 100)))


def draw(seed: bytes, day: date, numbers: Iterable[str], *, per_cent: int, least: int) -> tuple[str, ...]:
    """Return the numbers drawn from one place's list, best rank first; order and repetition in the list do not matter."""
    ranked = sorted(set(numbers), key=lambda number: (rank(seed, day, number), number))
    return tuple(ranked[: size_of(len(ranked), per_cent, least)])


def draw_by_place(
    seed: bytes, day: date, frame: Mapping[str, Sequence[str]], *, per_cent: int, least: int
) -> dict[str, tuple[str, ...]]:
    """Return what is drawn from each place's list, place by place."""
    return {place: draw(seed, day, frame[place], per_cent=per_cent, least=least) for place in sorted(frame)}


def digest_of(frame: Mapping[str, Sequence[str]]) -> str:
    """Return the SHA-256 of a list: its numbers in order, each on a line, UTF-8."""
    numbers = sorted({number for one in frame.values() for number in one})
    return hashlib.sha256("".join(f"{number}\n" for number in numbers).encode()).hexdigest()
