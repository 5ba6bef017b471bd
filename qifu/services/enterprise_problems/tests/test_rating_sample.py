"""The sample can be replayed, is fair, and cannot be steered after the seed was promised."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.services.enterprise_problems import sample

DAY = date(2024, 6, 1)
SEED = bytes(range(32))
NUMBERS = st.lists(st.from_regex(r"330109202405[0-9]{5}", fullmatch=True), max_size=60)


def by_hand(seed: bytes, day: date, numbers: list[str], per_cent: int, least: int) -> list[str]:
    """Draw as the manual tells anybody to."""
    key = lambda number: hmac.new(seed, f"{day}:{number}".encode(), hashlib.sha256).hexdigest()  # noqa: E731
    wanted = max(least, (len(set(numbers)) * per_cent + 99) // 100)
    return sorted(set(numbers), key=key)[:wanted]


@given(
    numbers=NUMBERS,
    per_cent=st.integers(0, 100),
    least=st.integers(0, 10),
    seed=st.binary(min_size=32, max_size=32),
)
def test_anyone_can_replay_it(numbers: list[str], per_cent: int, least: int, seed: bytes) -> None:
    drawn = sample.draw(seed, DAY, numbers, per_cent=per_cent, least=least)
    assert list(drawn) == by_hand(seed, DAY, numbers, per_cent, least)
    assert set(drawn) <= set(numbers) and len(set(drawn)) == len(drawn)
    assert sample.draw(seed, DAY, reversed(numbers), per_cent=per_cent, least=least) == drawn


@given(numbers=NUMBERS, least=st.integers(0, 10))
def test_a_larger_share_only_adds(numbers: list[str], least: int) -> None:
    drawn = [sample.draw(SEED, DAY, numbers, per_cent=one, least=least) for one in (5, 20, 100)]
    assert drawn[1][: len(drawn[0])] == drawn[0] and set(drawn[2]) == set(numbers)


def test_the_share_is_rounded_up_and_has_a_minimum() -> None:
    assert [sample.size_of(n, 5, 3) for n in (0, 2, 3, 60, 61, 100, 101)] == [0, 2, 3, 3, 4, 5, 6]
    with pytest.raises(ValueError, match="per cent"):
        sample.size_of(10, 101, 0)


def test_each_case_is_drawn_about_as_often_as_any_other() -> None:
    """Twenty of a hundred, drawn with a thousand seeds: each near 200, within five standard deviations (12.6 each)."""
    numbers = [f"330109202405{i:05}" for i in range(100)]
    counts = dict.fromkeys(numbers, 0)
    for i in range(1000):
        seed = hashlib.sha256(f"fair {i}".encode()).digest()
        for number in sample.draw(seed, DAY, numbers, per_cent=20, least=0):
            counts[number] += 1
    assert sum(counts.values()) == 20_000
    assert all(200 - 64 < count < 200 + 64 for count in counts.values())


def test_a_promise_holds_for_one_seed_only_and_the_list_is_fixed() -> None:
    promise = sample.commitment_of(SEED)
    assert sample.keeps(SEED, promise) and not sample.keeps(SEED[::-1], promise)
    frame = {"330109": ["b", "a"], "330110": ["c"]}
    assert sample.digest_of(frame) == hashlib.sha256(b"a\nb\nc\n").hexdigest()
    assert sample.digest_of({"330109": ["a", "b"]}) != sample.digest_of(frame)
    drawn = sample.draw_by_place(SEED, DAY, frame, per_cent=50, least=1)
    assert set(drawn) == {"330109", "330110"} and len(drawn["330109"]) == 1
