"""What the words of a request suggest, and how alike two requests are. Pure: suggestions with reasons, never decisions."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_RUN = 3
"""Marked are runs of at least so many characters that both texts hold; shorter ones say nothing."""
MOST_READ = 2_000
PIECE, PIECES = 3, 12


@dataclass(frozen=True)
class Suggestion:
    """One entry of a list that the words speak for: its code and title, and the words because of which."""

    code: str
    title: str
    because: tuple[str, ...]
    entry: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """Return why, as shown beside the choice: 因为提到“拖欠”“货款”."""
        return "因为提到" + "".join(f"“{word}”" for word in self.because)


def suggest(words: str, entries: Mapping[str, Mapping[str, Any]]) -> list[Suggestion]:
    """Return the entries of a list of which some of their `words` occur, those with most (then longest) words first."""
    text = unicodedata.normalize("NFKC", words).casefold()
    found = []
    for code, entry in entries.items():
        because = tuple(word for word in entry.get("words") or () if word.casefold() in text)
        if because:
            found.append(Suggestion(code, str(entry["title"]), because, entry))
    return sorted(found, key=lambda one: (-len(one.because), -sum(map(len, one.because))))


@dataclass(frozen=True)
class Likeness:
    """How alike two texts are by their pairs of neighbouring characters: counts only, so that it is exact.

    `shared` pairs are in both; `left` and `right` are the pairs of each.
    """

    shared: int
    left: int
    right: int

    @property
    def jaccard_percent(self) -> int:
        """Return shared pairs out of the pairs of either, in whole percent."""
        either = self.left + self.right - self.shared
        return self.shared * 100 // either if either else 0

    @property
    def containment_percent(self) -> int:
        """Return shared pairs out of those of the shorter text, in whole percent."""
        shorter = min(self.left, self.right)
        return self.shared * 100 // shorter if shorter else 0

    @property
    def alike(self) -> bool:
        """Tell whether it is worth a person's look; of random pairs of public messages about one in eight thousand is."""
        if min(self.left, self.right) < 6:
            return False
        return self.jaccard_percent >= 20 or self.containment_percent >= 30


def likeness(one: str, other: str) -> Likeness:
    """Return how alike two texts are; marks, blanks and the width of letters do not count; the first 2,000 characters do."""
    left, right = _pairs(_letters(one)), _pairs(_letters(other))
    return Likeness(len(left & right), len(left), len(right))


@dataclass(frozen=True)
class Stretch:
    """A stretch of a text; `shared` when the other text holds it too."""

    text: str
    shared: bool


def marked(text: str, other: str) -> list[Stretch]:
    """Return a text in stretches, those that `other` holds too marked; joined again they are the text."""
    kept = _letters(text)
    pairs = _pairs(_letters(other))
    common = [False] * len(kept)
    for start, length in _runs([(a + b) in pairs for a, b in itertools.pairwise(c for c, _ in kept)]):
        if length + 1 >= LEAST_RUN:
            common[start : start + length + 1] = [True] * (length + 1)
    flags = [False] * len(text)
    for index, shared in enumerate(common):
        flags[kept[index][1]] = shared
        if shared and index and common[index - 1]:  # marks between two shared letters belong to the stretch
            flags[kept[index - 1][1] : kept[index][1]] = [True] * (kept[index][1] - kept[index - 1][1])
    return [
        Stretch("".join(text[i] for i, _ in group), shared)
        for shared, group in itertools.groupby(enumerate(flags), key=lambda pair: pair[1])
    ]


def pieces(text: str) -> list[str]:
    """Return short pieces, evenly spread over a text, by which texts like it are looked up in an index."""
    letters = "".join(character for character, _ in _letters(text))
    last = len(letters) - PIECE
    if last < 0:
        return [letters] if letters else []
    step = max(1, (last + PIECES - 1) // PIECES)
    return list(dict.fromkeys(letters[i : i + PIECE] for i in range(0, last + 1, step)))[:PIECES]


def _letters(text: str) -> list[tuple[str, int]]:
    """Return the letters and digits of a text, folded, each with its place."""
    found = []
    for place, character in enumerate(text[:MOST_READ]):
        folded = unicodedata.normalize("NFKC", character).casefold()
        if len(folded) == 1 and folded.isalnum():
            found.append((folded, place))
    return found


def _pairs(letters: Sequence[tuple[str, int]]) -> set[str]:
    return {a + b for (a, _), (b, _) in itertools.pairwise(letters)}


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = 0
    for value, group in itertools.groupby(flags):
        length = sum(1 for _ in group)
        if value:
            yield start, length
        start += length
