"""The search for values of given facts that meet an unmet rule: nearest first, judged a limited number of times.

Unknown facts are not told values: it is enough that some answers exist. Two short cuts keep this small. Once a search
has failed, each condition that must hold (a part of the topmost `all`) is tried by itself, and what was found for its
facts rules out every set that changes only these of them. And open tests that can all be met by answers which no other
open test asks need no trying, for a tree is monotone in its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from qifu.engines.rules.edges import facts_of, possible_values
from qifu.engines.rules.judge import Values, outcome
from qifu.engines.rules.rails import Line, Part, Rails, State
from qifu.engines.rules.tree import CodeIn, Test, Truth
from qifu.registers.enterprises.fact_book import Value

WORK, WORK_A_SET, WORK_APART = 12_000, 2_000, 6_000
"""How many tests are tried in search of the smallest sets, and of these at most for the values of one set; besides, how many for
conditions by themselves."""
ANSWERS = 40
"""How many answers are tried to meet open tests together, before the rule is judged for each."""
Known = dict[str, Value]
T = TypeVar("T")
Choice = tuple[Value, int, int]
"""A value of a fact, and the bits of the fact's tests that are MET and possible with it."""


class Spent(Exception):
    """The search has judged as often as it may."""


class Search:
    """One rule and one enterprise's values, judged a limited number of times."""

    def __init__(self, rails: Rails, values: Values, state: State) -> None:
        self.rails, self.state, self.left = rails, state, WORK
        self.values: Known = {fact: values.get(fact) for fact in rails.asked}
        met, possible = state
        self.coarse = {
            fact: None
            for fact, asked in rails.asked.items()
            if isinstance(self.values[fact], str) and any(possible & ~met & mask for _, mask in asked)
        }
        """Codes that are known, but too coarse for a test."""
        self.missing = (*(fact for fact, value in self.values.items() if value is None), *self.coarse)
        self._failed, self._tries, self._apart_left = False, 0, WORK_APART
        self._shut: dict[tuple[int, tuple[str, ...], bool], bool] = {}
        self._nearest: dict[tuple[Value, ...], list[Choice]] = {}
        self._best: dict[tuple[Value, ...], list[Choice]] = {}
        self._answerable: dict[tuple[int, tuple[Value, ...]], bool] = {}

    def sharp(self, line: Line) -> frozenset[str]:
        """Return the facts of a leaf's tests, but for those for which a code is too coarse."""
        met, possible = self.state
        return frozenset(
            fact
            for test, mask in self.rails.masks.items()
            if mask & line.mask
            and not (isinstance(test, CodeIn) and test.fact in self.coarse and mask & possible & ~met)
            for fact in facts_of(test)
        )

    def _spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise Spent

    def _judge(self, part: Part, state: State) -> Truth:
        self._spend(part.size)
        return part.truth(state)

    def opened(self, facts: tuple[str, ...]) -> Truth:
        """Return what the rule says where the facts are missing."""
        return self._judge(self.rails.root, self.without(facts))

    def without(self, facts: tuple[str, ...]) -> State:
        """Return the state in which the facts are missing."""
        touched = self.rails.touched(facts)
        return self.state[0] & ~touched, self.state[1] | touched

    def could_meet(self, facts: tuple[str, ...]) -> bool:
        """Return False where values of the facts surely cannot meet the rule unless unknown facts become known.

        It asks whether the rule would be MET if each test that the facts decide went as wanted.
        """
        self._spend(self.rails.root.size)
        touched, whole = self.rails.touched(facts), ~self.rails.touched(self.absent)
        return self.rails.root.hoped(self.state[0] | touched & whole, touched, self.state)

    @property
    def absent(self) -> list[str]:
        return [fact for fact, value in self.values.items() if value is None]

    def close(self, facts: tuple[str, ...], certain: bool = False) -> tuple[Known, State] | None:
        """Return values of the facts that meet the rule, and the state with them; None if there are none.

        The rule is then MET, or waits for unknown facts; with `certain`, it is MET though these stay unknown.
        """
        if self._failed and any(
            self._is_shut(at, facts, certain) for at in range(len(self.rails.conditions))
        ):
            return None
        unknown = () if certain else tuple(fact for fact in self.missing if fact not in facts)
        met = self._within(
            lambda: self._fill(
                self.rails.root, {**self.values, **dict.fromkeys(facts)}, self.without(facts), facts, unknown
            )
        )
        if met is None:
            self._failed = True
            return None
        known, state = {**self.values, **{fact: met[fact] for fact in facts}}, self.state
        for fact in facts:
            others = ~self.rails.mask_of[fact]
            sure, may = self._bits(fact, known)
            state = state[0] & others | sure, state[1] & others | may
        return known, state

    def _within(self, search: Callable[[], T]) -> T | None:
        """Return what a search finds with the work of one set; None when that is spent."""
        kept = max(0, self.left - WORK_A_SET)
        self.left -= kept
        try:
            return search()
        except Spent:
            return None
        finally:
            self.left += kept

    def _is_shut(self, number: int, facts: tuple[str, ...], certain: bool) -> bool:
        """Return whether a condition that must hold surely cannot, whatever values the facts get."""
        condition = self.rails.conditions[number]
        mine = tuple(fact for fact in facts if fact in condition.facts)
        key = number, mine, certain
        found = self._shut.get(key)
        if found is None:
            found = self._shut[key] = self._surely_fails(condition.part, condition.facts, mine, certain)
        return found

    def _surely_fails(self, part: Part, asked: frozenset[str], facts: tuple[str, ...], certain: bool) -> bool:
        state = self.without(facts)
        said = part.truth(state)
        if said != Truth.UNKNOWN:
            return said == Truth.UNMET
        unknown = () if certain else tuple(f for f in self.missing if f in asked and f not in facts)
        free = {*facts, *unknown}
        for test, mask in self.rails.masks.items():
            if mask & part.all and len(free.intersection(facts_of(test))) > 1:
                return False  # values that hang on one another are not all tried
        kept, given = self.left, min(WORK_A_SET, self._apart_left)
        self.left = given
        try:
            return self._fill(part, {**self.values, **dict.fromkeys(facts)}, state, facts, unknown) is None
        except Spent:
            return False
        finally:
            self._apart_left -= given - max(0, self.left)
            self.left = kept

    def waits(self, known: Known, state: State) -> tuple[str, ...]:
        """Return the facts, missing or too coarse, that the rule waits for."""
        return self._facts_open(self.rails.root.waits(*state), known)

    def _facts_open(self, bits: int, known: Known) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fact for test in self.rails.tests(bits) for fact in _open(test, known)))

    def _fill(
        self, part: Part, known: Known, state: State, facts: tuple[str, ...], unknown: tuple[str, ...]
    ) -> Known | None:
        """Return `known` with values of the facts with which a part can be MET by some answers to the unknown."""
        if not facts:
            return (
                known if self._can_be_met(part, known, *self._settled(part, known, state, unknown)) else None
            )
        if self._judge(part, state) == Truth.UNMET:
            return None
        fact, rest = facts[0], facts[1:]
        before, others = self.values[fact], ~self.rails.mask_of[fact]
        met, possible = state[0] & others, state[1] & others
        for value, sure, may in self._sorted(fact, known):
            if value != before or part is not self.rails.root:
                found = self._fill(part, {**known, fact: value}, (met | sure, possible | may), rest, unknown)
                if found is not None:
                    return found
        return None

    def _can_be_met(self, part: Part, known: Known, state: State, unknown: tuple[str, ...]) -> bool:
        """Return whether some answers to the unknown facts meet the part."""
        said = self._judge(part, state)
        if said != Truth.UNKNOWN or not unknown:
            return said == Truth.MET
        waiting = [fact for fact in self._facts_open(part.waits(*state), known) if fact in unknown]
        if not waiting:
            return False
        fact = waiting[0]
        before, others = self.values[fact], ~self.rails.mask_of[fact]
        met, possible = state[0] & others, state[1] & others
        rest = tuple(other for other in unknown if other != fact)
        return any(
            self._can_be_met(part, {**known, fact: value}, (met | sure, possible | may), rest)
            for value, sure, may in self._good(fact, known)
            if value != before
        )

    def _settled(
        self, part: Part, known: Known, state: State, unknown: tuple[str, ...]
    ) -> tuple[State, tuple[str, ...]]:
        """Return the state with open tests MET that some answers meet together, and the facts still to be tried."""
        waits = part.waits(*state) if unknown else 0
        if not waits or waits & self.rails.swapped:
            return state, unknown
        met, possible = state
        for bits, facts in self._apart(waits, known):
            if facts and facts <= {*unknown} and self._are_answerable(bits, facts, known):
                met |= bits
                unknown = tuple(fact for fact in unknown if fact not in facts)
        return (met, possible), unknown

    def _apart(self, waits: int, known: Known) -> list[tuple[int, set[str]]]:
        """Return open tests and their open facts, together where they share one."""
        found: list[tuple[int, set[str]]] = []
        for test, mask in self.rails.masks.items():
            if mask & waits:
                bits, facts = mask, set(_open(test, known))
                for one in [one for one in found if one[1] & facts]:
                    found.remove(one)
                    bits, facts = bits | one[0], facts | one[1]
                found.append((bits, facts))
        return found

    def _are_answerable(self, bits: int, facts: set[str], known: Known) -> bool:
        """Return whether answers were found that meet all these tests."""
        tests = [test for test, mask in self.rails.masks.items() if mask & bits]
        key = bits, tuple(known[fact] for test in tests for fact in facts_of(test))
        found = self._answerable.get(key)
        if found is None:
            order = sorted(facts, key=lambda fact: (-sum(fact in facts_of(test) for test in tests), fact))
            self._tries = ANSWERS
            found = self._answerable[key] = self._all_met(tests, tuple(order), known)
        return found

    def _all_met(self, tests: list[Test], facts: tuple[str, ...], known: Known) -> bool:
        if not facts:
            return True
        fact, rest = facts[0], facts[1:]
        asking = [test for test in tests if fact in facts_of(test)]
        for value in possible_values(asking, fact, known):
            self._tries -= 1
            if self._tries < 0:
                return False
            answered = {**known, fact: value}
            if all(_may_be_met(test, answered, rest) for test in asking) and self._all_met(
                tests, rest, answered
            ):
                return True
        return False

    def _bits(self, fact: str, known: Known) -> State:
        met = possible = 0
        for test, mask in self.rails.asked[fact]:
            said = outcome(test, known)
            if said:
                possible |= mask
                if said == Truth.MET:
                    met |= mask
        return met, possible

    def _tried(self, fact: str, known: Known) -> list[Choice]:
        """Return the values of a fact that its tests tell apart, with what they say."""
        tests = [test for test, _ in self.rails.asked[fact]]
        return [
            (value, *self._bits(fact, {**known, fact: value}))
            for value in possible_values(tests, fact, known)
        ]

    def _key(self, fact: str, known: Known) -> tuple[Value, ...]:
        """Return all that the choices of a fact hang on."""
        beside = self.rails.beside[fact]
        return (fact, known[fact], *[known[other] for other in beside]) if beside else (fact, known[fact])

    def _sorted(self, fact: str, known: Known) -> list[Choice]:
        """Return the choices, nearest first."""
        key = self._key(fact, known)
        found = self._nearest.get(key)
        if found is None:
            before = self.values[fact]
            found = sorted(self._tried(fact, known), key=lambda choice: _distance(before, choice[0]))
            self._nearest[key] = found
        return found

    def _good(self, fact: str, known: Known) -> list[Choice]:
        """Return the choices but those to which another is as good for every test; a tree is monotone in its tests."""
        key = self._key(fact, known)
        found = self._best.get(key)
        if found is None:
            found = self._tried(fact, known)
            if not self.rails.mask_of[fact] & self.rails.swapped:
                found = _undominated(found)
            self._best[key] = found
        return found


def _open(test: Test, known: Known) -> Iterable[str]:
    """Return the facts for which an UNKNOWN test waits."""
    return (fact for fact in facts_of(test) if known[fact] is None or isinstance(test, CodeIn))


def _may_be_met(test: Test, known: Known, unanswered: tuple[str, ...]) -> bool:
    said = outcome(test, known)
    return said == Truth.MET or (said == Truth.UNKNOWN and any(fact in unanswered for fact in facts_of(test)))


def _undominated(choices: list[Choice]) -> list[Choice]:
    if any(met != possible for _, met, possible in choices):
        return choices
    said: dict[int, Choice] = {}
    for choice in choices:
        said.setdefault(choice[1], choice)
    return [choice for met, choice in said.items() if not any(met != one and not met & ~one for one in said)]


def _distance(before: Value, after: Value) -> tuple[int, int]:
    """Nearest first; of codes the order they are listed in (sorting keeps it)."""
    if isinstance(after, int):
        return abs(after - (before if isinstance(before, int) else 0)), after
    return 0, 0
