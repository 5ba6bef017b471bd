"""The amounts that a policy gives, smallest first: what it costs under another cap, and how far a budget goes; pure and exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
MOST_WHOLE = 2**63 - 1
AT_LEAST = 5
"""No figure is told of fewer enterprises."""
MOST_STEPS = 24
_NICE = tuple(lead * 10**power for power in range(2, 18) for lead in (1, 2, 3, 5))


@dataclass(frozen=True)
class Served:
    """How far a budget goes: first come, between `fewest` (large amounts come first) and `most`; or everyone gets `factor`."""

    fewest: int
    most: int
    factor: Fraction


@dataclass(frozen=True, eq=False)
class Amounts:
    """Amounts in fen before the outermost cap, rising, and their sums up to each."""

    rising: Numbers
    sums: Numbers

    @classmethod
    def of(cls, rising: Sequence[int] | Numbers) -> Amounts:
        """Return them; sums that pass 64 bits are kept as Python's whole numbers."""
        numbers = np.asarray(rising)
        count = len(numbers)
        wide = count > 0 and int(numbers[-1]) * count > MOST_WHOLE
        numbers = numbers.astype(object) if wide or numbers.dtype == object else numbers.astype(np.int64)
        return cls(numbers, np.cumsum(numbers) if count else numbers)

    def cost(self, cap: int | None) -> int:
        """Return the sum of the amounts, none above `cap`."""
        below = self._below(cap)
        return self._sum(below) + (len(self.rising) - below) * (cap or 0)

    def served(self, cap: int | None, budget: int) -> Served:
        """Return how far `budget` fen go when no amount is above `cap`."""
        cost, count = self.cost(cap), len(self.rising)
        if budget >= cost:
            return Served(count, count, Fraction(1))
        below, budget = self._below(cap), max(0, budget)
        above = count - below
        most = int(np.searchsorted(self.sums[:below], budget, side="right"))
        if most == below and cap:
            most += min(above, (budget - self._sum(below)) // cap)
        fewest = min(above, budget // cap) if cap else 0
        if fewest == above:
            left = self._sum(below) - (budget - above * (cap or 0))  # what must stay unpaid of those below
            # of those below, from the largest on: as many as leave at least `left` unpaid
            fewest += below - int(np.searchsorted(self.sums[:below], left, side="left")) - 1
        return Served(max(0, fewest), most, Fraction(budget, cost) if cost else Fraction(1))

    def caps(self) -> list[int]:
        """Return caps worth trying, rising: round amounts, so many enterprises between two that none can be told from the cost."""
        count = len(self.rising)
        if count < 2 * AT_LEAST:
            return []
        nice = [n for n in _NICE if int(self.rising[0]) < n < int(self.rising[-1])]
        found, before = list[int](), 0
        for cap in nice:
            below = self._below(cap)
            if below - before >= AT_LEAST and count - below >= AT_LEAST:
                found.append(cap)
                before = below
        return found[-MOST_STEPS:]

    def _below(self, cap: int | None) -> int:
        if cap is None:
            return len(self.rising)
        return int(np.searchsorted(self.rising, cap, side="left"))

    def _sum(self, count: int) -> int:
        return int(self.sums[count - 1]) if count else 0
