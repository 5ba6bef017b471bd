"""What could still be known: the facts that a rule waits for, and the values on both sides of each edge of a test."""

from __future__ import annotations

from collections.abc import Iterator

from qifu.engines.rules.judge import Values, code_prefix, outcome, truth
from qifu.engines.rules.tree import (
    Amount,
    Bound,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    DayIs,
    FlagIs,
    Group,
    Leaf,
    Node,
    Score,
    Share,
    Terms,
    Test,
    Tiers,
    Truth,
)
from qifu.registers.enterprises.fact_book import FOREVER, LARGEST, Value

FREE = (10**8, 100, 1, 0)
"""Values tried for a number whose edge hangs on another missing number."""
ELSEWHERE = {"place": "900000", "industry": "Z"}
"""Codes of no place and no industry."""
WORK = 40_000
"""How many tests are tried to settle which missing facts of a rule could decide; past it a fact is named untested."""


def facts_of(test: Test) -> tuple[str, ...]:
    """Return the facts that a test asks, each once, in its order."""
    if isinstance(test, Compare):
        return tuple(dict.fromkeys(fact for _, fact in (*test.of, *test.over)))
    return (test.fact,)


def tests(node: Node) -> Iterator[Test]:
    """Yield the tests of a tree in the file's order, those of the bands of scores too."""
    if isinstance(node, Leaf):
        yield node.test
    elif isinstance(node, Group):
        for child in node.children:
            yield from tests(child)
    else:
        for item in node.items:
            for band in item.bands:
                yield from tests(band.when)


def rule_tests(bound: Bound) -> Iterator[Test]:
    """Yield every test of a rule: of its requirement, of its score tables and of the tiers of its amount."""
    parts: list[object] = [bound.require, bound.amount]
    while parts:
        match parts.pop():
            case Leaf(test=test):
                yield test
            case Group(children=children):
                parts.extend(children)
            case Score(items=items):
                parts.extend(band.when for item in items for band in item.bands)
            case Tiers(tiers=tiers, otherwise=otherwise):
                parts.extend(part for tier in tiers for part in tier)
                parts.append(otherwise)
            case Combine(amounts=amounts):
                parts.extend(amounts)
            case Bounded(amount=amount):
                parts.append(amount)


def facts_asked(bound: Bound) -> frozenset[str]:
    """Return every fact that a rule's requirement and amount use."""
    return frozenset(
        {*(fact for test in rule_tests(bound) for fact in facts_of(test)), *_added_up(bound.amount)}
    )


def _added_up(amount: Amount | None) -> Iterator[str]:
    match amount:
        case Share(of=terms) | Brackets(of=terms):
            yield from (fact for _, fact in terms)
        case Tiers(tiers=tiers, otherwise=otherwise):
            for part in (*(given for _, given in tiers), otherwise):
                yield from _added_up(part)
        case Combine(amounts=parts):
            for part in parts:
                yield from _added_up(part)
        case Bounded(amount=part):
            yield from _added_up(part)


def by_fact(node: Node) -> dict[str, list[Test]]:
    """Return the tests of a tree under each fact they ask, facts in the file's order."""
    found: dict[str, list[Test]] = {}
    for test in dict.fromkeys(tests(node)):
        for fact in facts_of(test):
            found.setdefault(fact, []).append(test)
    return found


def is_coarse(test: Test, values: Values) -> bool:
    """Return whether a code is known but too coarse for the test: only the city, where a county is asked."""
    return (
        isinstance(test, CodeIn)
        and values.get(test.fact) is not None
        and outcome(test, values) == Truth.UNKNOWN
    )


def open_facts(node: Node, values: Values) -> tuple[str, ...]:
    """Return the facts that an UNKNOWN tree waits for, missing or too coarse; none below what is decided already.

    Answering all of them leaves every test on an open branch decided, but for ratios to nothing.
    """
    return tuple(dict.fromkeys(_open(node, values)))


def _open(node: Node, values: Values) -> Iterator[str]:
    if truth(node, values) != Truth.UNKNOWN:
        return
    if isinstance(node, Leaf):
        coarse = is_coarse(node.test, values)
        for fact in facts_of(node.test):
            if coarse or values.get(fact) is None:
                yield fact
    elif isinstance(node, Group):
        for child in node.children:
            yield from _open(child, values)
    else:
        for item in node.items:
            sure = max(
                [item.otherwise, *(b.points for b in item.bands if truth(b.when, values) == Truth.MET)]
            )
            for band in item.bands:
                if band.points > sure:
                    yield from _open(band.when, values)


def amount_waits(amount: Amount, values: Values) -> tuple[str, ...]:
    """Return the missing facts that an amount needs, in its order; none where it hangs on a ratio to nothing."""
    return tuple(dict.fromkeys(_amount_waits(amount, values)))


def _amount_waits(amount: Amount, values: Values) -> Iterator[str]:
    if isinstance(amount, Share | Brackets):
        yield from (fact for _, fact in amount.of if values.get(fact) is None)
    elif isinstance(amount, Bounded):
        yield from _amount_waits(amount.amount, values)
    elif isinstance(amount, Combine):
        for part in amount.amounts:
            yield from _amount_waits(part, values)
    elif isinstance(amount, Tiers):
        for when, given in amount.tiers:
            said = truth(when, values)
            if said != Truth.UNMET:
                yield from open_facts(when, values) if said == Truth.UNKNOWN else _amount_waits(given, values)
                return
        if amount.otherwise is not None:
            yield from _amount_waits(amount.otherwise, values)


def edge_values(test: Test, fact: str, values: Values) -> list[Value]:
    """Return the values of one fact at which the test changes, and their neighbours, given the other values."""
    if isinstance(test, Compare):
        return _number_edges(test, fact, values)
    if isinstance(test, DayIs):
        return [test.day - 1, test.day, test.day + 1]
    if isinstance(test, FlagIs):
        return [0, 1]
    if isinstance(test, ChoiceIn):
        other = next(at for at in range(len(test.positions) + 1) if at not in test.positions)
        return [*test.positions, other]
    if isinstance(test, CodeIn):
        place = test.prefixes[0][:1].isdigit() or not test.prefixes[0]
        inside: list[Value] = [p.ljust(6, "0") if place else p for p in test.prefixes]
        return [*inside, ELSEWHERE["place" if place else "industry"]]
    return [0, test.day + 1, FOREVER]


def _number_edges(test: Compare, fact: str, values: Values) -> list[Value]:
    """A test of sums is linear in each fact: fact × slope OP rest, and fact × over_slope > over_rest."""
    of_slope, of_rest = _split(test.of, fact, values)
    over_slope, over_rest = _split(test.over, fact, values) if test.over else (0, 1)
    if of_rest is None or over_rest is None:
        return list(FREE)
    above, below = test.bound.as_integer_ratio()
    slope, rest = of_slope * below - above * over_slope, above * over_rest - below * of_rest
    near: set[int] = set()
    for top, bottom in ((rest, slope), (-over_rest, over_slope)):
        if bottom:
            near.update(range(top // bottom - 1, -(-top // bottom) + 2))
    return [whole for whole in sorted(near) if abs(whole) <= LARGEST]


def _split(terms: Terms, fact: str, values: Values) -> tuple[int, int | None]:
    """Return the coefficient of a fact in a sum, and the sum of the others (None when one is missing)."""
    slope, rest = 0, 0
    unknown = False
    for coefficient, name in terms:
        value = values.get(name)
        if name == fact:
            slope += coefficient
        elif value is None:
            unknown = True
        else:
            rest += coefficient * int(value)
    return slope, None if unknown else rest


def possible_values(asked: list[Test], fact: str, values: Values) -> list[Value]:
    """Return the values of one fact that any of the tests tells apart, within what is known of it (a coarse code)."""
    found: dict[Value, None] = {}
    for test in asked:
        found.update(dict.fromkeys(edge_values(test, fact, values)))
    known = values.get(fact)
    if isinstance(known, str):
        return [value for value in found if code_prefix(str(value)).startswith(code_prefix(known))]
    return list(found)


def missing_facts(bound: Bound, values: Values) -> tuple[str, ...]:
    """Return the facts that could decide an UNKNOWN verdict, in the file's order; none for one that is decided.

    A fact could decide when, with some answers to other open facts, the rule is open without it and decided with it.
    Exact on the values that the rule's tests tell apart; where that takes more than WORK, the fact is named.
    """
    waiting = open_facts(bound.require, values)
    pivots = _Pivots(bound.require, waiting, values)
    return tuple(fact for fact in waiting if pivots.could_decide(fact))


class _Pivots:
    """The search for answers that leave the rule to one fact: none of the others answered, then one, then two …"""

    def __init__(self, node: Node, waiting: tuple[str, ...], values: Values) -> None:
        self.node, self.waiting, self.values = node, waiting, dict(values)
        self.asked = by_fact(node)
        self.size = sum(1 for _ in tests(node))
        self.left = WORK

    def could_decide(self, fact: str) -> bool:
        others = tuple(other for other in self.waiting if other != fact)
        return any(self._pivots(fact, others, self.values, answers) for answers in range(len(others) + 1))

    def _open(self, values: Values) -> bool:
        self.left -= self.size
        return truth(self.node, values) == Truth.UNKNOWN

    def _pivots(self, fact: str, others: tuple[str, ...], known: dict[str, Value], answers: int) -> bool:
        """Whether just so many answers to `others` leave the rule to `fact`; it is open without them."""
        if self.left < 0:
            return True
        if not answers:
            choices = possible_values(self.asked[fact], fact, known)
            return any(not self._open({**known, fact: value}) for value in choices)
        for at in range(len(others) - answers + 1):
            other = others[at]
            for value in possible_values(self.asked[other], other, known):
                answered = {**known, other: value}
                if self._open(answered) and self._pivots(fact, others[at + 1 :], answered, answers - 1):
                    return True
        return False
