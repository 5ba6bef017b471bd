"""Random bound rules over any book of facts, and enterprises on their boundaries: what the readings are tried with.

Everything is drawn from the `random.Random` passed in, so a printed seed gives the same rules and values again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from random import Random
from typing import Literal

from qifu.engines.rules.edges import rule_tests
from qifu.engines.rules.tree import (
    Amount,
    Band,
    Bound,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    DayIs,
    Fixed,
    FlagIs,
    Group,
    HonourValid,
    Item,
    Leaf,
    Node,
    Op,
    Score,
    Share,
    Terms,
    Test,
    Tiers,
)
from qifu.registers.enterprises.fact_book import FOREVER, LARGEST, TYPES, Fact, FactBook, Value

OPS: tuple[Op, ...] = ("<=", "<", ">=", ">", "=", "!=")
PLACES = (
    "330000", "330100", "330106", "330110", "330200", "330206", "331000", "331002", "331003", "320000", "320500", "320505", "110101", "000000",
)  # fmt: skip
PLACE_PREFIXES = (
    "33",
    "3301",
    "330106",
    "330110",
    "3302",
    "330206",
    "3310",
    "331002",
    "32",
    "3205",
    "110101",
)
INDUSTRIES = (
    "A",
    "C",
    "C1",
    "C16",
    "C39",
    "C391",
    "C3911",
    "C3912",
    "C392",
    "F",
    "F51",
    "F52",
    "F5211",
    "I",
    "I65",
    "I6510",
    "K7010",
    "O",
)
AS_OF = date(2024, 6, 30)
TODAY = (AS_OF - date(1970, 1, 1)).days
NUMBERS = (0, 1, 2, 5, 10, 300, 1000, 50_000, 2_000_000, 40_000_000_00, 10**12)
ROUNDINGS: tuple[Literal["half_up", "down", "up"], ...] = ("half_up", "down", "up")
POINTS = (1, 2, 3, 5, 8, 10, 15, 20)


@dataclass
class _Maker:
    """Draws the parts of one rule, from a few facts of each type, so that leaves share facts; leaf ids are unique in it."""

    random: Random
    facts: FactBook
    made: int = 0
    chosen: list[Fact] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind in TYPES:
            stored = [fact for fact in self.facts.stored() if fact.type == kind]
            self.chosen += self.random.sample(stored, min(len(stored), self.random.randint(1, 4)))
        self.numbers = [fact.id for fact in self.chosen if fact.is_number]

    def id(self) -> str:
        self.made += 1
        return f"leaf-{self.made}"

    def terms(self, most: int = 3) -> Terms:
        """One to `most` different number facts with small coefficients."""
        count = min(self.random.choice((1, 1, 1, 2, most)), len(self.numbers))
        chosen = self.random.sample(self.numbers, count)
        return tuple((self.random.choice((1, 1, 1, 1, 2, -1, -3, 1000)), fact) for fact in chosen)

    def compare(self) -> Compare:
        """A comparison of one fact, of a sum, of a ratio, or of a growth."""
        random = self.random
        shape = random.random()
        op = random.choice(OPS) if random.random() < 0.4 else random.choice(OPS[:4])
        if shape < 0.5 or not self.numbers:
            of = self.terms(1) if shape < 0.35 else self.terms()
            bound = Fraction(random.choice(NUMBERS) * random.choice((1, 1, 1, -1)))
            if random.random() < 0.2:
                bound += Fraction(random.randint(1, 9), random.choice((2, 3, 10)))
            return Compare(of, op, bound)
        if shape < 0.6:  # (this year - last year) over last year
            now, before = random.sample(self.numbers, 2) if len(self.numbers) > 1 else self.numbers * 2
            return Compare(((1, now), (-1, before)), op, self.share(), ((1, before),))
        return Compare(self.terms(), op, self.share(), self.terms())

    def share(self) -> Fraction:
        """The bound of a ratio: a per cent, a few decimals, a third; now and then below 0 or above 1."""
        random = self.random
        bound = random.choice(
            (
                Fraction(random.randint(0, 30), 100),
                Fraction(random.randint(1, 9999), 10_000),
                Fraction(1, 3),
                Fraction(5, 2),
            )
        )
        return -bound if random.random() < 0.1 else bound

    def test(self) -> Test:
        """A test of a random stored fact."""
        random = self.random
        fact = random.choice(self.chosen)
        negated = random.random() < 0.3
        if fact.is_number:
            return self.compare()
        if fact.type == "day":
            return DayIs(
                fact.id, random.choice(OPS), TODAY - random.choice((0, 365, 366, 730, 731, 1826, 7000))
            )
        if fact.type == "flag":
            return FlagIs(fact.id, not negated)
        if fact.type == "choice":
            count = random.randint(1, len(fact.choices))
            return ChoiceIn(fact.id, tuple(sorted(random.sample(range(len(fact.choices)), count))), negated)
        if fact.type == "honour":
            return HonourValid(fact.id, TODAY - random.choice((0, 0, 1, 30, 400)), negated)
        pool = PLACE_PREFIXES if fact.type == "place" else INDUSTRIES
        return CodeIn(fact.id, outermost(random.sample(pool, random.choice((1, 1, 1, 2, 4)))), negated)

    def leaf(self) -> Leaf:
        return Leaf(self.id(), self.test())

    def group(self, depth: int) -> Group:
        count = self.random.choice((1, 2, 2, 3, 3, 4, 5))
        children = tuple(self.node(depth - 1) for _ in range(count))
        kind = self.random.choice(("all", "all", "any", "any", "k_of_n"))
        if kind == "all":
            return Group("all", count, children)
        if kind == "any":
            return Group("any", 1, children)
        return Group("k_of_n", self.random.randint(1, count), children)

    def score(self, depth: int) -> Score:
        """A score table whose least lies somewhere between nothing and everything; half have groups."""
        random = self.random
        own = self.id()
        titles = random.sample(("创新", "成长", "管理"), random.choice((0, 0, 1, 2)))
        items = tuple(
            self.item(depth, number, random.choice((*titles, ""))) for number in range(random.randint(1, 5))
        )
        groups = tuple((title, random.randint(0, most_points(items, title) + 1)) for title in titles)
        return Score(own, items, random.randint(0, most_points(items) + 1), groups, random.random() < 0.25)

    def item(self, depth: int, number: int, group: str) -> Item:
        random = self.random
        points = sorted(random.sample(POINTS, random.randint(1, 4)), reverse=random.random() < 0.8)
        otherwise = random.randint(0, min(points)) if random.random() < 0.3 else 0
        bands = tuple(Band(p, self.node(min(depth - 1, 1) if random.random() < 0.2 else 0)) for p in points)
        return Item(f"第{number + 1}项", bands, otherwise, group, self.id())

    def node(self, depth: int) -> Node:
        if depth <= 0 or self.random.random() < 0.25:
            return self.leaf()
        return self.score(depth) if self.random.random() < 0.15 else self.group(depth)

    def rate(self) -> Fraction:
        return self.random.choice(
            (
                Fraction(1, 5),
                Fraction(3, 100),
                Fraction(1, 3),
                Fraction(175, 1000),
                Fraction(100_000),
                Fraction(7, 9),
                Fraction(0),
            )
        )

    def brackets(self) -> Brackets:
        borders = sorted(self.random.sample(NUMBERS[1:], self.random.randint(0, 3)))
        return Brackets(self.terms(), tuple((upto, self.rate()) for upto in (*borders, None)))

    def bounded(self, depth: int) -> Bounded:
        random = self.random
        floor = random.choice((None, None, 0, 500_000_00, random.randint(0, 10**7)))
        cap = random.choice((None, 5_000_000_00, 1, random.randint(0, 10**9)))
        unit = random.choice((1, 100, 10_000, 1_000_000, 7))
        return Bounded(self.amount(depth - 1), floor, cap, unit, random.choice(ROUNDINGS))

    def amount(self, depth: int) -> Amount:
        """An amount of any form, at most `depth` deep."""
        random = self.random
        plain: tuple[Callable[[], Amount], ...] = (
            lambda: Fixed(random.choice((0, 1, 50_000_000, random.randint(0, 10**11)))),
            lambda: Share(self.rate(), self.terms()),
            self.brackets,
        )
        deep: tuple[Callable[[], Amount], ...] = (
            lambda: self.bounded(depth),
            lambda: self.tiers(depth),
            lambda: Combine(
                random.choice(("most", "least", "sum")),
                tuple(self.amount(depth - 1) for _ in range(random.randint(1, 3))),
            ),
        )
        return random.choice(deep if depth > 0 and random.random() < 0.8 else plain)()

    def tiers(self, depth: int) -> Tiers:
        tiers = tuple((self.node(1), self.amount(depth - 1)) for _ in range(self.random.randint(1, 3)))
        return Tiers(tiers, self.amount(depth - 1) if self.random.random() < 0.6 else None)


def outermost(prefixes: Sequence[str]) -> tuple[str, ...]:
    """Return the prefixes sorted, without those under another."""
    return tuple(sorted({p for p in prefixes if not any(p != q and p.startswith(q) for q in prefixes)}))


def most_points(items: Sequence[Item], group: str | None = None) -> int:
    """Return the most points that the items (of one group) can give."""
    return sum(
        max(band.points for band in item.bands) for item in items if group is None or item.group == group
    )


def random_bound(random: Random, facts: FactBook, *, code: str = "random", depth: int = 4) -> Bound:
    """Return a bound policy with a tree at most `depth` deep; four of five have an amount."""
    maker = _Maker(random, facts)
    require = maker.node(0) if random.random() < 0.05 else maker.group(depth)
    amount = maker.amount(3) if random.random() < 0.8 else None
    return Bound(code, "2024-01-01", AS_OF, require, amount, code)


def random_amount(random: Random, facts: FactBook, *, depth: int = 3) -> Amount:
    """Return an amount of any form, nested at most `depth` deep."""
    return _Maker(random, facts).amount(depth)


def boundary_rows(
    random: Random, bounds: Sequence[Bound], facts: FactBook, count: int, *, missing: float = 0.1
) -> list[dict[str, Value]]:
    """Return `count` enterprises whose values lie on, one below or one above the boundaries of the rules.

    Each is aimed at one rule: random values first, then for some of its tests one value is changed so that the test
    is decided by one. About `missing` of the values are None; every stored fact is a key.
    """
    tests = [list(rule_tests(bound)) for bound in bounds]
    marks = _marks([test for some in tests for test in some])
    share = (0.0, missing, missing, 2 * missing)
    return [_row(random, facts, marks, random.choice(tests), random.choice(share)) for _ in range(count)]


def _marks(tests: Sequence[Test]) -> Mapping[str, list[int]]:
    """Return, for each fact, the values on, below and above each of its boundaries."""
    marks: dict[str, list[int]] = {}
    for test in tests:
        match test:
            case Compare(of=((_, fact),), bound=bound, over=()):
                marks.setdefault(fact, []).append(int(bound))
            case DayIs(fact=fact, day=day) | HonourValid(fact=fact, day=day):
                marks.setdefault(fact, []).append(day)
            case _:
                pass
    return {fact: [mark + step for mark in found for step in (-1, 0, 1)] for fact, found in marks.items()}


def _row(
    random: Random, facts: FactBook, marks: Mapping[str, list[int]], aimed: Sequence[Test], missing: float
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for fact in facts.stored():
        near = marks.get(fact.id, ())
        if near and random.random() < 0.5:
            values[fact.id] = random.choice(near)
        elif fact.is_number:
            values[fact.id] = _number(random)
        elif fact.type == "day":
            values[fact.id] = TODAY - random.randint(-400, 15_000)
        elif fact.type == "flag":
            values[fact.id] = random.randint(0, 1)
        elif fact.type == "choice":
            values[fact.id] = random.randrange(len(fact.choices))
        elif fact.type == "honour":
            values[fact.id] = random.choice((0, 0, TODAY, TODAY + 1, TODAY + 500, TODAY - 500, FOREVER))
        else:
            values[fact.id] = random.choice(PLACES if fact.type == "place" else INDUSTRIES)
        if facts.facts[fact.id].type == "honour" and int(values[fact.id] or 0) < 0:
            values[fact.id] = 0
    compares = [test for test in aimed if isinstance(test, Compare)]
    for test in random.sample(compares, min(len(compares), 4)):
        _aim(random, values, test)
    return {fact: None if random.random() < missing else value for fact, value in values.items()}


def _number(random: Random) -> int:
    draw = random.random()
    if draw < 0.15:
        return 0
    if draw < 0.25:
        return random.choice((LARGEST, -LARGEST, LARGEST - 1, 10**14 + 1))
    number = (
        random.choice(NUMBERS) + random.randint(-1, 1) if draw < 0.5 else int(10 ** random.uniform(0, 13))
    )
    return -number if random.random() < 0.05 else number


def _aim(random: Random, values: dict[str, Value], test: Compare) -> None:
    """Change one term of the sum so that the comparison is decided by one, or the ratio's lower part so that it is 0 or so."""
    if test.over and random.random() < 0.2:
        _solve(random, values, test.over, Fraction(random.randint(-1, 1)))
        return
    over = sum(c * int(values[fact] or 0) for c, fact in test.over) if test.over else 1
    _solve(random, values, test.of, test.bound * over + random.randint(-1, 1))


def _solve(random: Random, values: dict[str, Value], terms: Terms, wanted: Fraction) -> None:
    """Set one term so that the sum is the whole number at `wanted`, or next to it; a value too large is left alone."""
    coefficient, chosen = random.choice(terms)
    others = sum(c * int(values[fact] or 0) for c, fact in terms if fact != chosen)
    value = int((wanted - others) / coefficient)
    if abs(value) <= LARGEST:
        values[chosen] = value
