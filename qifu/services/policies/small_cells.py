"""Figures that may be shown: nothing of fewer than five enterprises, nor what subtraction or a second question would give back; pure.

Three things hold together.

1. A count below five is hidden. In a table whose total is shown, the hidden cells together hold at least five enterprises
   and are at least two: where the small ones are not, the smallest of the others is hidden with them. A city that is
   hidden hides its counties.
2. Who may ask again with a threshold moved by one could compare two answers. So figures that one can vary are shown in
   steps: counts in fives, money in steps not smaller than the largest single amount nor than five average ones. Up or
   down is drawn at random with the chances that keep the mean right, the draw hanging on the set of enterprises and the
   site's secret alone: asking the same again in other words tells nothing new, and one enterprise more or less changes
   the chances of what is shown by a fifth, never surely the figure.
3. The draw also decides from which count on, five to nine, a count is shown at all, so that the step from hidden to
   shown gives nobody away. What is not shown is `FEW`; none at all is not told apart.

It does not stop whoever asks thousands of questions about one enterprise; nobody but staff of the place may ask.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qifu.services.policies.amounts import AT_LEAST
from qifu.services.policies.simulate import Figures, Simulation, city_of

COUNTED = ("met", "unknown", "short")
FEW = "少于 10"
"""What is said of a count that is not shown, after the second and third rule."""
_STEPS = (10, 20, 25, 50)


@dataclass(frozen=True)
class Shown:
    """The figures of one line as they may be shown; None is hidden. `fen` is in steps of `step`; 0 is less than one."""

    met: int | None = None
    unknown: int | None = None
    short: int | None = None
    fen: int | None = None
    step: int = 1


@dataclass(frozen=True)
class ShownChange:
    """The change against the version before as it may be shown; None is hidden."""

    gainers: int | None
    losers: int | None
    met_before: int | None
    fen_before: int | None


@dataclass(frozen=True)
class Veil:
    """Shows counts and money in steps; `secret` is the site's."""

    secret: bytes

    def draw(self, mark: int) -> int:
        """Return 0 to 4, always the same for a set's mark, each as likely."""
        return int.from_bytes(hmac.digest(self.secret, str(mark).encode(), "sha256")[:8]) % AT_LEAST

    def count(self, count: int, mark: int) -> int | None:
        """Return a count as it may be shown: a multiple of five next to it, or None where it is too small."""
        draw = self.draw(mark)
        if count < 2 * AT_LEAST - 1 - draw:
            return None
        return (count + draw) // AT_LEAST * AT_LEAST

    def money(self, fen: int, priced: int, largest: int, mark: int) -> tuple[int, int]:
        """Return the sum of so many amounts as it may be shown, and its step."""
        step = money_step(fen, priced, largest)
        return (AT_LEAST * fen + self.draw(mark) * step) // (AT_LEAST * step) * step, step


def money_step(fen: int, priced: int, largest: int) -> int:
    """Return the step in which the sum of `priced` amounts is told: five of them where all are alike, else a round one."""
    if fen <= 0 or priced <= 0:
        return 1
    if largest * priced == fen:
        return AT_LEAST * largest
    wanted, power = max(largest, -(-AT_LEAST * fen // priced)), 1
    while True:
        for lead in _STEPS:
            if lead * power >= wanted:
                return lead * power
        power *= 10


def is_small(count: int) -> bool:
    """Tell whether so many enterprises are too few to be told of; none at all is told."""
    return 0 < count < AT_LEAST


def hidden(counts: Mapping[str, int]) -> frozenset[str]:
    """Return the keys of the cells to hide in a table whose total is shown; all of them where the total itself is small."""
    found = {key for key, count in counts.items() if is_small(count)}
    if not found:
        return frozenset()
    for key in sorted(counts, key=lambda key: (counts[key], key)):
        together = sum(counts[one] for one in found)
        if (
            len(found) > 1 and together >= AT_LEAST and together > len(found)
        ):  # as many as cells: each would be one
            break
        if counts[key]:
            found.add(key)
    if sum(counts[one] for one in found) == len(
        found
    ):  # so it would be still: cells without any are hidden too
        found |= counts.keys()
    return frozenset(found)


def hidden_places(counts: Mapping[str, int]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the cities and the counties to hide, by the counts of counties."""
    cities: dict[str, dict[str, int]] = {}
    for place, count in counts.items():
        cities.setdefault(city_of(place), {})[place] = count
    away = hidden({city: sum(within.values()) for city, within in cities.items()})
    places = {
        place
        for city, within in cities.items()
        for place in (hidden(within) if city not in away else [one for one, count in within.items() if count])
    }
    return away, frozenset(places)


def shown_total(simulation: Simulation, veil: Veil) -> Shown:
    """Return the figures of all as they may be shown."""
    return _shown(simulation.total, (), veil)


def shown_by(simulation: Simulation, key: str, veil: Veil) -> dict[str, Shown]:
    """Return the figures by `place`, `city`, `section` or `size` as they may be shown beside the total."""
    rows = simulation.by(key)
    away = {name: _away(simulation, rows, key, name) for name in COUNTED}
    return {
        one: _shown(figures, {name for name in COUNTED if one in away[name]}, veil)
        for one, figures in rows.items()
    }


def shown_unpriced(simulation: Simulation, veil: Veil) -> int | None:
    """Return how many that meet the policy have no known amount, as it may be shown."""
    total = simulation.total
    return veil.count(total.unpriced, total.marks[3])


def shown_change(simulation: Simulation, veil: Veil) -> ShownChange | None:
    """Return the change against the version before as it may be shown; None without one."""
    change = simulation.change
    if change is None:
        return None
    gainers, losers, before = change.marks
    met_before = veil.count(change.met_before, before)
    fen, _ = veil.money(change.fen_before, change.priced_before, change.largest_before, before)
    few = met_before is None or veil.count(change.priced_before, before) is None
    return ShownChange(
        veil.count(change.gainers, gainers),
        veil.count(change.losers, losers),
        met_before,
        None if few else fen,
    )


def _away(simulation: Simulation, rows: Mapping[str, Figures], key: str, name: str) -> frozenset[str]:
    if key in ("place", "city"):
        places = {place: getattr(figures, name) for place, figures in simulation.by("place").items()}
        return hidden_places(places)[key == "place"]
    return hidden({one: getattr(figures, name) for one, figures in rows.items()})


def _shown(figures: Figures, away: Iterable[str], veil: Veil) -> Shown:
    told = {
        name: None if name in away else veil.count(getattr(figures, name), figures.marks[at])
        for at, name in enumerate(COUNTED)
    }
    priced = figures.met - figures.unpriced
    if told["met"] is None or veil.count(priced, figures.marks[0]) is None:
        return Shown(told["met"], told["unknown"], told["short"])
    fen, step = veil.money(figures.fen, priced, figures.largest, figures.marks[0])
    return Shown(told["met"], told["unknown"], told["short"], fen, step)
