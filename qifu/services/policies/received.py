"""What an enterprise has been paid, for its check-up; whoever pays adds the function that tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Received:
    """One payment that arrived: fen, the day, its number for questions."""

    policy_code: str
    title: str
    fen: int
    paid_on: date
    number: str = ""


RECEIVED: list[Callable[[int, date], list[Received]]] = []
"""Each returns what an enterprise (its key) had been paid by a day; the caller has asked who may see it."""


def received(enterprise_id: int, day: date) -> list[Received]:
    """Return what an enterprise had been paid by `day`, newest first."""
    found = [one for tell in RECEIVED for one in tell(enterprise_id, day)]
    return sorted(found, key=lambda one: (one.paid_on, one.number), reverse=True)
