"""Which rules of a book are met or one leaf short, from the answers of all their tests, and their explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qifu.engines.rules.explain import Explainer, Explanation
from qifu.engines.rules.judge import Values
from qifu.engines.rules.rails import Rails, State
from qifu.engines.rules.tree import Bound, Leaf, Test, Truth, leaves
from qifu.registers.enterprises.fact_book import FactBook


class NearMisses:
    """The rules of a book and where their leaves stand among its tests (`numbers`).

    What does not hang on the enterprise is kept once a rule was asked for: its bits, and the words of its bounds.
    """

    def __init__(self, bounds: Sequence[Bound], numbers: Mapping[Test, int]) -> None:
        self.bounds, self._numbers = bounds, numbers
        self._alike: dict[int, int] = {}
        """The number of each leaf's test, by the test's id()."""
        self._required: dict[int | Test, str] = {}
        self._bits: dict[int, tuple[Rails, tuple[tuple[int, int], ...]]] = {}
        starts: list[int] = []
        of_test: list[int] = []
        scored: list[bool] = []
        for bound in bounds:
            starts.append(len(of_test))
            listed = leaves(bound.require)
            tests = [leaf.test for leaf in listed if isinstance(leaf, Leaf)]
            scored.append(len(tests) < len(listed))
            found = [numbers[test] for test in tests]
            self._alike.update(zip(map(id, tests), found, strict=True))
            of_test += found or [len(numbers)]
        self._starts, self._tests = np.array(starts, np.int64), np.array(of_test, np.int64)
        self._scored = np.array(scored, bool)

    def explained(
        self, truths: list[int], answers: tuple[int, ...], values: Values, facts: FactBook
    ) -> list[Explanation]:
        """Return the explanations of the rules that are met or have just one unmet leaf, in their order.

        `truths` are those of the rules; `answers` of the tests are 0 UNMET, 1 UNKNOWN, 3 MET.
        """
        explainer = Explainer(facts, values, self._alike, self._required)
        told = []
        for at in self._candidates(truths, answers):
            rails, state = self._state(at, answers)
            said = Truth(truths[at])
            if said == Truth.UNMET and self._scored[at] and _unmet(rails, state) != 1:
                continue
            told.append(explainer.verdict(self.bounds[at], said, rails, state))
        return told

    def _candidates(self, truths: list[int], answers: tuple[int, ...]) -> list[int]:
        """Return the rules that are met, and those of which at most one leaf beside score tables is unmet."""
        if not truths:
            return []
        unmet_test = np.frombuffer(bytes((*answers, 1)), np.uint8) == 0
        unmet = np.add.reduceat(unmet_test[self._tests].view(np.int8), self._starts, dtype=np.int32)
        said = np.frombuffer(bytes(truths), np.uint8)
        short = (unmet == 1) | (self._scored & (unmet == 0))
        found: Any = np.flatnonzero((said == Truth.MET) | ((said == Truth.UNMET) & short))
        return list(found.tolist())

    def _state(self, at: int, answers: tuple[int, ...]) -> tuple[Rails, State]:
        """Return a rule over bits, and the bits that the answers set."""
        kept = self._bits.get(at)
        if kept is None:
            rails = Rails(self.bounds[at].require)
            kept = self._bits[at] = (
                rails,
                tuple((self._numbers[test], mask) for test, mask in rails.masks.items()),
            )
        met = possible = 0
        for number, mask in kept[1]:
            said = answers[number]
            if said:
                possible |= mask
                if said == 3:
                    met |= mask
        return kept[0], (met, possible)


def _unmet(rails: Rails, state: State) -> int:
    return sum(line.truth(state) == Truth.UNMET for line in rails.lines)
