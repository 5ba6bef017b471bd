"""A simulation says what judging every enterprise one by one says; nothing of fewer than five can be got back."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qifu.engines.rules.judge import amount as judged_amount
from qifu.engines.rules.judge import verdict
from qifu.engines.rules.random_rules import boundary_rows, random_amount, random_bound
from qifu.engines.rules.tree import Bound, Bounded, Fixed, Share, Truth
from qifu.registers.enterprises.fact_book import FactBook, Value, fact_book
from qifu.registers.enterprises.kept_table import table_of
from qifu.services.policies.amounts import Amounts
from qifu.services.policies.simulate import Change, Figures, simulate_files, uncapped
from qifu.services.policies.small_cells import Veil, hidden, hidden_places, money_step

FACTS = FactBook(
    {
        name: fact_book().facts[name]
        for name in (
            "place", "industry", "employees", "insured_staff", "revenue", "revenue_y1", "rd_expense", "legal_person", "entity_kind", "high_tech",
            "established_on",
        )
    }
)  # fmt: skip


def with_amount(random: Random, bound: Bound) -> Bound:
    """The rule with an amount, often under a cap that stands outermost."""
    amount = random_amount(random, FACTS, depth=2)
    if random.random() < 0.7:
        amount = Bounded(amount, cap=random.choice([0, 1, 50_000_00, 10**9]))
    return Bound(bound.code, bound.version, bound.as_of, bound.require, amount)


@pytest.mark.parametrize("seed", range(12))
def test_figures_are_those_of_judging_one_by_one(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    now, before, *sizes = [
        with_amount(random, random_bound(random, FACTS, code=f"r{number}", depth=2)) for number in range(5)
    ]
    rows = boundary_rows(random, [now, before, *sizes], FACTS, 150, missing=0.1)
    files = []
    for number in range(2):
        files.append(tmp_path / f"{number}.parquet")
        part = [(f"{n:018d}", row) for n, row in enumerate(rows) if n % 2 == number]
        pq.write_table(table_of(part, FACTS), files[-1])
    found = simulate_files(files, now, sizes, before=before, enterprises=len(rows))

    expected: Counter[tuple[str, str, str, str]] = Counter()
    change, amounts = Counter[str](), list[int]()
    for row in rows:
        _count(row, now, before, sizes, expected, change, amounts)
    told = {
        (cell.place, cell.section, cell.size, name): getattr(cell.figures, name)
        for cell in found.cells
        for name in ("met", "unknown", "short", "unpriced", "fen")
    }
    assert {key: count for key, count in told.items() if count} == {
        key: n for key, n in expected.items() if n
    }
    assert found.change == Change(
        change["gainers"], change["losers"], change["met_before"], change["fen_before"]
    )
    assert [int(fen) for fen in found.amounts.rising] == sorted(amounts)
    assert found.amounts.cost(found.cap) == found.total.fen
    assert sum(found.by("city").values(), Figures()) == found.total


def _count(
    row: dict[str, Value] | object, now: Bound, before: Bound, sizes: list[Bound], expected: Counter[tuple[str, str, str, str]],
    change: Counter[str], amounts: list[int],
) -> None:  # fmt: skip
    values: dict[str, Value] = dict(row)  # type: ignore[call-overload]
    said, was = verdict(now, values), verdict(before, values)
    size = next((str(n) for n, one in enumerate(sizes) if verdict(one, values).truth == Truth.MET), "")
    where = (str(values.get("place") or ""), str(values.get("industry") or "")[:1], size)
    expected[*where, "met"] += said.truth == Truth.MET
    expected[*where, "unknown"] += said.truth == Truth.UNKNOWN
    expected[*where, "short"] += said.unmet_leaf is not None
    if said.truth == Truth.MET:
        expected[*where, "unpriced"] += said.amount_fen is None
        expected[*where, "fen"] += said.amount_fen or 0
        open_ended, _ = uncapped(now.amount)
        assert open_ended is not None
        fen = judged_amount(open_ended, values)
        amounts += [] if fen is None else [fen]
    change["gainers"] += said.truth == Truth.MET and was.truth != Truth.MET
    change["losers"] += said.truth != Truth.MET and was.truth == Truth.MET
    change["met_before"] += was.truth == Truth.MET
    change["fen_before"] += was.amount_fen or 0


def test_sums_past_64_bits_are_exact() -> None:
    amounts = Amounts.of([2**62] * 5)
    assert amounts.cost(None) == 5 * 2**62 and amounts.cost(3) == 15
    assert uncapped(Bounded(Share(1, ((1, "revenue"),)), cap=7))[1] == 7 and uncapped(Fixed(5))[1] is None  # type: ignore[arg-type]


@given(
    st.lists(st.integers(0, 60), max_size=12).map(sorted),
    st.none() | st.integers(1, 70),
    st.integers(0, 400),
)
def test_caps_and_budgets_are_those_of_paying_one_after_another(amounts: list[int], cap: int | None, budget: int) -> None:  # fmt: skip
    given_amounts = Amounts.of(amounts)
    capped = [one if cap is None else min(one, cap) for one in amounts]
    assert given_amounts.cost(cap) == sum(capped)
    told = given_amounts.served(cap, budget)
    assert (told.fewest, told.most) == (_paid(capped[::-1], budget), _paid(capped, budget))
    assert told.factor == 1 or told.factor * sum(capped) == budget


def _paid(amounts: list[int], budget: int) -> int:
    count = 0
    for amount in amounts:
        budget -= amount
        if budget < 0:
            break
        count += 1
    return count


COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), max_size=6)


@settings(max_examples=150)
@given(COUNTS)
def test_no_hidden_cell_follows_from_the_total(counts: dict[str, int]) -> None:
    away = hidden(counts)
    assert all(key in away for key, count in counts.items() if 0 < count < 5)
    total = sum(counts[key] for key in away)
    if sum(counts.values()) < 5 or not away:  # the total itself is not shown
        return
    assert len(away) > 1 and total >= 5
    if all(count == 1 for count in counts.values()):  # the one table that has nothing to hide behind
        return
    least = min(min(counts[key] for key in away), 1)
    ways = [
        way for way in product(range(least, total), repeat=min(3, len(away))) if _fits(way, total, len(away))
    ]
    for place in range(min(3, len(away))):
        assert len({way[place] for way in ways}) > 1


def _fits(way: tuple[int, ...], total: int, cells: int) -> bool:
    left = total - sum(way)
    return left == 0 if cells == len(way) else left >= cells - len(way)


PLACES = st.dictionaries(
    st.sampled_from(["330100", "330102", "330105", "330203", "330205", "330302", ""]), st.integers(0, 30), max_size=7
)  # fmt: skip


@settings(max_examples=150)
@given(PLACES)
def test_cities_and_counties_do_not_give_one_another_away(counts: dict[str, int]) -> None:
    cities, counties = hidden_places(counts)
    whole: dict[str, int] = {}
    for place, count in counts.items():
        whole[place and place[:4] + "00"] = whole.get(place and place[:4] + "00", 0) + count
    for city, count in whole.items():
        below = {place: n for place, n in counts.items() if (place and place[:4] + "00") == city}
        out = {place for place in below if place in counties}
        if city in cities:  # no sum of its counties is left to add up
            assert out == {place for place, n in below.items() if n}
        elif out:
            assert len(out) > 1 and sum(below[place] for place in out) >= 5
        assert count >= 5 or count == 0 or city in cities
    if cities and sum(counts.values()) >= 5:
        assert len(cities) > 1 and sum(whole[city] for city in cities) >= 5


@given(st.integers(0, 60), st.integers(0, 2**70), st.binary(min_size=1, max_size=8))
def test_counts_are_told_in_fives_and_small_ones_not_at_all(count: int, mark: int, secret: bytes) -> None:
    veil = Veil(secret)
    shown = veil.count(count, mark)
    assert shown == Veil(secret).count(count, mark)
    if count < 5:
        assert shown is None
    else:
        assert (shown is None and count < 9) or (
            shown is not None and shown % 5 == 0 and 0 <= abs(shown - count) < 5
        )
    assert 0 <= veil.draw(mark) < 5


@given(st.lists(st.integers(0, 10**9), min_size=5, max_size=30), st.integers(0, 2**70))
def test_no_amount_is_larger_than_the_step_that_its_sum_is_told_in(amounts: list[int], mark: int) -> None:
    fen, largest = sum(amounts), max(amounts)
    step = money_step(fen, len(amounts), largest)
    assert (step >= largest and step * len(amounts) >= 5 * fen) or not fen
    shown, told = Veil(b"x").money(fen, len(amounts), largest, mark)
    assert told == step and shown % step == 0 and abs(shown - fen) < step
