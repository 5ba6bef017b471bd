"""Which of the policies that an enterprise meets it may lawfully have together, so that it gets most; pure and exact.

Policies that are 就高 or 不重复享受 with one another cannot both be had: they are an edge of a graph, and the best
combination is an independent set of the largest total. It is found component by component, by branch and bound; after
LIMIT steps the best found so far is told and marked not `exact`. 可叠加 is no edge; where one policy says 可叠加 and the
other does not allow it, both are not had.

What was paid already is `held`: whatever is 不重复享受 with it is out; what is 就高 with it may take its place, and then
only the difference is still to come.

An amount that is not known counts nothing: such a policy is taken where it costs nothing else, else it is told from
which amount on it should be taken instead (each such policy by itself, the other unknown amounts still as nothing).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

LIMIT = 200_000
"""Steps of the search in one component."""
TOGETHER, HIGHER = "可叠加", "就高"


@dataclass(frozen=True, slots=True)
class Claim:
    """A policy that is met, with its amount in fen; None where it is not known, or no amount of money."""

    code: str
    fen: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What policy `code` says of having `other` too: 可叠加, 就高, 不重复享受, and where it says so."""

    code: str
    other: str
    how: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A policy that is not taken, and the rules of those taken, or held, that stand against it.

    `from_fen` is told where its own amount is not known: with more than that it should be taken instead.
    """

    code: str
    against: tuple[Rule, ...]
    from_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Combination:
    """Codes taken, in the order given; `total` is what they still bring, of the known amounts; `unknown` those taken without one.

    `instead` are the held policies in whose place something higher is taken, with the rule that says so: code, fen, rule.
    """

    taken: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    total: int
    unknown: tuple[str, ...]
    exact: bool = True
    instead: tuple[tuple[Claim, Rule], ...] = ()

    def brings(self, code: str, fen: int) -> int:
        """Return what a policy taken still brings: its amount less what it takes the place of."""
        return max(
            0, fen - sum(had.fen or 0 for had, rule in self.instead if code in (rule.code, rule.other))
        )


def best_combination(
    claims: Sequence[Claim], rules: Iterable[Rule], limit: int = LIMIT, held: Sequence[Claim] = ()
) -> Combination:
    """Return the lawful combination that brings most, of equal ones what is held already, then one with most policies."""
    rules = list(rules)
    mine = {claim.code for claim in held}
    barred = _barred(claims, rules, mine)
    all_ = [*held, *(claim for claim in claims if claim.code not in mine and claim.code not in barred)]
    between = [rule for rule in rules if not (rule.code in mine and rule.other in mine)]
    graph = _Graph([claim.code for claim in all_], between)
    scale = 2 * len(all_) + 1
    weights = [(claim.fen or 0) * scale + (2 if claim.code in mine else 1) for claim in all_]
    best, exact = _heaviest(graph, weights, limit)
    left = [LeftOut(code, against) for code, against in barred.items()]
    for at, claim in enumerate(all_):
        if not best >> at & 1 and claim.code not in mine:
            against = tuple(graph.rules[at, other] for other in _bits(graph.near[at] & best))
            needs = None if claim.fen is not None else _needs(graph, all_, best, at, limit)
            left.append(LeftOut(claim.code, against, needs))
    order = {claim.code: at for at, claim in enumerate(claims)}
    chosen = [claim for at, claim in enumerate(all_) if best >> at & 1]
    taken = [claim for claim in chosen if claim.code not in mine]
    total = sum(claim.fen or 0 for claim in chosen) - sum(claim.fen or 0 for claim in held)
    return Combination(
        tuple(claim.code for claim in taken), tuple(sorted(left, key=lambda one: order[one.code])), total,
        tuple(claim.code for claim in taken if claim.fen is None), exact, _instead(graph, all_, best, len(held)),
    )  # fmt: skip


def _barred(
    claims: Sequence[Claim], rules: Sequence[Rule], mine: Collection[str]
) -> dict[str, tuple[Rule, ...]]:
    """Return the claims that may not be had beside something held, with the rules that say so."""
    found: dict[str, tuple[Rule, ...]] = {}
    for claim in claims:
        against = tuple(
            rule
            for rule in rules
            if rule.how not in (TOGETHER, HIGHER)
            and claim.code in (rule.code, rule.other)
            and (rule.other if rule.code == claim.code else rule.code) in mine
        )
        if against and claim.code not in mine:
            found[claim.code] = against
    return found


def _instead(graph: _Graph, all_: Sequence[Claim], best: int, held: int) -> tuple[tuple[Claim, Rule], ...]:
    """Return the held policies that are given up, each with the rule of the largest that takes its place."""
    found = []
    for at in range(held):
        others = _bits(graph.near[at] & best)
        if not best >> at & 1 and others:
            found.append((all_[at], graph.rules[at, max(others, key=lambda one: all_[one].fen or 0)]))
    return tuple(found)


def _needs(graph: _Graph, claims: Sequence[Claim], best: int, at: int, limit: int) -> int:
    """Return from which amount on a policy of unknown amount is worth what must be given up for it."""
    part = next(one for one in graph.components((1 << len(claims)) - 1) if one >> at & 1)
    weights = [claim.fen or 0 for claim in claims]
    search = _Search(graph.near, weights, limit)
    had = sum(weights[one] for one in _bits(part & best))
    return max(0, had - search.best(part & ~graph.near[at] & ~(1 << at))[0])


class _Graph:
    """Policies by their place; `near` are the neighbours of each as bits, `rules` the rule of each edge."""

    def __init__(self, codes: Sequence[str], rules: Iterable[Rule]) -> None:
        place = {code: at for at, code in enumerate(codes)}
        self.near = [0] * len(codes)
        self.rules: dict[tuple[int, int], Rule] = {}
        for rule in rules:
            one, other = place.get(rule.code), place.get(rule.other)
            if one is None or other is None or one == other or rule.how == TOGETHER:
                continue
            self.near[one] |= 1 << other
            self.near[other] |= 1 << one
            self.rules.setdefault((one, other), rule)
            self.rules.setdefault((other, one), rule)

    def components(self, within: int) -> list[int]:
        return _components(self.near, within)


def _components(near: Sequence[int], within: int) -> list[int]:
    found = []
    while within:
        part = front = within & -within
        while front:
            reached = 0
            for at in _bits(front):
                reached |= near[at]
            front = reached & within & ~part
            part |= front
        found.append(part)
        within &= ~part
    return found


def _heaviest(graph: _Graph, weights: Sequence[int], limit: int) -> tuple[int, bool]:
    chosen, exact = 0, True
    for part in graph.components((1 << len(weights)) - 1):
        search = _Search(graph.near, weights, limit)
        chosen |= search.best(part)[1]
        exact = exact and search.left > 0
    return chosen, exact


class _Search:
    """Branch and bound over sets of bits; what was found of a connected part is kept."""

    def __init__(self, near: Sequence[int], weights: Sequence[int], limit: int) -> None:
        self.near, self.weights, self.left = near, weights, limit
        self.known: dict[int, tuple[int, int]] = {}

    def best(self, within: int) -> tuple[int, int]:
        """Return (weight, set) of the heaviest independent set; a good one where the limit is passed."""
        weight = chosen = 0
        for part in _components(self.near, within):
            found = self._connected(part)
            weight, chosen = weight + found[0], chosen | found[1]
        return weight, chosen

    def _connected(self, part: int) -> tuple[int, int]:
        found = self.known.get(part)
        if found is None:
            found = self._worked_out(part)
            if self.left > 0:
                self.known[part] = found
        return found

    def _worked_out(self, part: int) -> tuple[int, int]:
        for at in _bits(part):
            beside = self.near[at] & part
            if self.weights[at] >= sum(self.weights[one] for one in _bits(beside)):
                rest = self.best(part & ~beside & ~(1 << at))  # no set without it is heavier
                return rest[0] + self.weights[at], rest[1] | 1 << at
        self.left -= 1
        if self.left <= 0:
            return self._greedy(part)
        at = max(_bits(part), key=lambda one: ((self.near[one] & part).bit_count(), self.weights[one]))
        with_it = self.best(part & ~self.near[at] & ~(1 << at))
        taken = with_it[0] + self.weights[at], with_it[1] | 1 << at
        without = part & ~(1 << at)
        if self._most(without) <= taken[0]:
            return taken
        return max(taken, self.best(without), key=lambda one: one[0])

    def _most(self, within: int) -> int:
        """Return a weight that no independent set passes: of each of some cliques the heaviest policy."""
        total = 0
        for at in sorted(_bits(within), key=lambda one: -self.weights[one]):
            if within >> at & 1:
                total += self.weights[at]
                clique, could = 1 << at, self.near[at] & within
                while could:
                    one = (could & -could).bit_length() - 1
                    clique |= 1 << one
                    could &= self.near[one]
                within &= ~clique
        return total

    def _greedy(self, part: int) -> tuple[int, int]:
        weight = chosen = 0
        for at in sorted(_bits(part), key=lambda one: -self.weights[one]):
            if not self.near[at] & chosen:
                weight, chosen = weight + self.weights[at], chosen | 1 << at
        return weight, chosen


def _bits(number: int) -> list[int]:
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found
