"""Made-up facts of many enterprises at once, sorted and as kept values; seeded and pure.

Organisation codes begin with XX, as in `generate`. Rows come in blocks of one place each: a block is seeded by the seed,
its place and its number, so that the same seed gives the same rows whichever places are asked for, on however many threads.
"""

from __future__ import annotations

import csv
import os
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qifu.registers.enterprises import industry
from qifu.registers.enterprises.crowd import PREFIXES, TRADES, Crowd, trade_of
from qifu.registers.enterprises.fact_book import EPOCH, Fact, FactBook
from qifu.registers.enterprises.fact_models import draw
from qifu.registers.enterprises.generate import WEIGHTS
from qifu.registers.enterprises.kept_table import column_type, kept_schema, parquet_writer
from qifu.registers.enterprises.uscc import ALPHABET, INNER_WEIGHTS
from qifu.registers.enterprises.uscc import WEIGHTS as CHECK_WEIGHTS

BLOCK = 65_536
"""Rows drawn at once; part of what a seed means."""
MOST = 31**6
COARSE_PLACE, NO_PLACE, NO_INDUSTRY = 0.004, 0.002, 0.02
COARSE_INDUSTRY = {5: 0.915, 4: 0.04, 3: 0.04, 1: 0.005}
"""How many know their industry down to how many characters of our code."""

_ALPHABET = np.frombuffer(ALPHABET.encode(), np.uint8)
_VALUE = np.zeros(256, np.int64)
_VALUE[_ALPHABET] = np.arange(31)
_INNER = np.zeros(256, np.int64)
_INNER[_ALPHABET] = [int(c, 36) for c in ALPHABET]
_INNER_DIGITS = np.frombuffer(b"0123456789X", np.uint8)


@dataclass(frozen=True)
class Making:
    """What to make: how many rows, by which seed, as of which day, where (weight by code; None is an unknown place)."""

    rows: int
    seed: str
    as_of: date
    places: Mapping[str | None, float]
    facts: FactBook

    def __post_init__(self) -> None:
        if not 0 < self.rows <= MOST:
            raise ValueError(f"行数应在 1 到 {MOST} 之间")
        if not self.places:
            raise ValueError("没有给出区划")


def place_weights(counties: Iterable[tuple[str, str]]) -> dict[str | None, float]:
    """Return the weight of each place for (county, its city) pairs: the counties, coarse ones, and an unknown place."""
    known = dict(counties)
    weights: dict[str | None, float] = {county: WEIGHTS.get(county, 4) for county in known}
    total = sum(weights.values())
    for county, city in known.items():
        if city and city != county:
            weights[city] = weights.get(city, 0) + WEIGHTS.get(county, 4) * COARSE_PLACE
    weights[None] = total * NO_PLACE
    return weights


@lru_cache(maxsize=1)
def _industries() -> tuple[
    list[str], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]
]:
    """All codes in order, their weights, what is usual in each, and the shares of each kind of entity."""
    codes = [code for code in industry.names() if code[0] in TRADES]
    exact = [code for code in codes if len(code) == 5]
    heads = {code: code[:3] if code[:3] in TRADES else code[0] for code in exact}
    within: dict[str, float] = {}
    for code in exact:
        within[heads[code]] = within.get(heads[code], 0) + _own(code)
    weight = {code: TRADES[heads[code]].weight * _own(code) / within[heads[code]] for code in exact}
    shares = np.array(
        [COARSE_INDUSTRY[len(c)] * sum(w for code, w in weight.items() if code.startswith(c)) for c in codes]
    )
    trades = [trade_of(code) for code in codes]
    usual = np.array([[t.people, t.per_head, t.assets, t.tech] for t in trades])
    kinds = np.array([t.kinds for t in trades], float)
    return codes, shares / shares.sum(), usual, np.cumsum(kinds / kinds.sum(axis=1, keepdims=True), axis=1)


def _own(code: str) -> float:
    """How common a class is beside its neighbours: a few are, most are not."""
    return 1.0 / (1 + zlib.crc32(code.encode()) % 23)


@dataclass(frozen=True)
class Plan:
    """The rows of one place: its code, its place in the order, the number of the first row, and how many."""

    place: str | None
    order: int
    first: int
    rows: int


def plans(making: Making) -> list[Plan]:
    """Share the rows out to the places, in order, by largest remainder."""
    places = sorted(making.places, key=lambda place: (place is None, place))
    weights = np.array([making.places[place] for place in places], float)
    exact = weights / weights.sum() * making.rows
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: making.rows - counts.sum()]] += 1
    firsts = np.cumsum(counts) - counts
    return [
        Plan(place, order, int(first), int(count))
        for order, (place, first, count) in enumerate(zip(places, firsts, counts))
        if count
    ]


def blocks(
    making: Making, only: Collection[str | None] | None = None, threads: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Give sorted batches of kept values, each of one place; `only` keeps those places, whose rows stay the same."""
    schema = kept_schema(making.facts)
    wanted = [plan for plan in plans(making) if only is None or plan.place in only]
    pieces = ((plan, number) for plan in wanted for number in range(-(-plan.rows // BLOCK)))
    workers = threads or min(os.cpu_count() or 1, 8)
    waiting: deque[Future[pa.RecordBatch]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for plan, number in pieces:
            waiting.append(pool.submit(_block, making, schema, plan, number))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@lru_cache(maxsize=8)
def _frame(seed: str, rows: int, order: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int8]]:
    """Return the industry (position; past the end: unknown) and the kind of each row of a place, sorted."""
    codes, shares, _, kinds = _industries()
    chooser = np.random.Generator(np.random.SFC64([*_seed(seed), order]))
    local = shares * chooser.lognormal(0.0, 0.5, len(shares))  # each county has its own trades
    local = np.append(local / local.sum() * (1 - NO_INDUSTRY), NO_INDUSTRY)
    counts = chooser.multinomial(rows, local / local.sum())
    where = np.repeat(np.arange(len(codes) + 1, dtype=np.int16), counts)
    bounds = np.vstack([kinds, kinds[codes.index("F51")]])[where]
    kind = (chooser.random(rows)[:, None] > bounds[:, :-1]).sum(axis=1)
    kind = np.sort(where.astype(np.int64) * 8 + kind) % 8
    return where, kind.astype(np.int8)


def _seed(seed: str) -> tuple[int, ...]:
    return tuple(seed.encode()) or (0,)


def _block(making: Making, schema: pa.Schema, plan: Plan, number: int) -> pa.RecordBatch:
    where, kind = _frame(making.seed, plan.rows, plan.order)
    start, stop = number * BLOCK, min((number + 1) * BLOCK, plan.rows)
    where, kind = where[start:stop], kind[start:stop]
    codes, _, usual, _ = _industries()
    people, per_head, assets, tech = np.vstack([usual, [[5.0, 50.0, 1.0, 0.15]]])[where].T
    seed = (*_seed(making.seed), plan.order, number)
    crowd = Crowd(seed, (making.as_of - EPOCH).days, people, per_head, assets, tech, kind)
    columns: list[pa.Array] = []
    for column in schema.names:
        if column == "uscc":
            columns.append(_usccs(making, plan, start, crowd))
            continue
        fact = making.facts.facts[column]
        if fact.type == "place":
            columns.append(_places(crowd, fact, plan.place))
        elif fact.type == "industry":
            columns.append(_codes(where.astype(np.int32), codes))
        else:
            values, missing = draw(crowd, fact)
            kept = values.astype(column_type(fact).to_pandas_dtype())
            columns.append(pa.array(kept, mask=missing))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _places(crowd: Crowd, fact: Fact, place: str | None) -> pa.DictionaryArray:
    """Return the registered place; any other place is mostly the same, sometimes only the city is known."""
    if place is None:
        return _codes(np.zeros(len(crowd), np.int32), [])
    if fact.id == "place":
        return _codes(np.zeros(len(crowd), np.int32), [place])
    codes = list(dict.fromkeys([place, f"{place[:4]}00"]))
    only_city = (crowd.uniform(fact.id) < 0.05) & (len(codes) > 1)
    return _codes(np.where(crowd.missing(fact), len(codes), only_city).astype(np.int32), codes)


def _codes(positions: npt.NDArray[np.int32], codes: Sequence[str]) -> pa.DictionaryArray:
    """Return positions as codes; those past the end are missing."""
    indices = pa.array(positions, pa.int32(), mask=positions >= len(codes))
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(codes), pa.string()))


def _usccs(making: Making, plan: Plan, start: int, crowd: Crowd) -> pa.Array:
    """Return the codes of a block: rising with the row, and valid."""
    step = MOST // making.rows
    jitter = np.floor(crowd.stream("code").random(len(crowd)) * step).astype(np.int64)
    numbers = np.minimum(
        (plan.first + start + np.arange(len(crowd), dtype=np.int64)) * step + jitter, MOST - 1
    )
    return uscc_array(numbers, plan.place or "330000", crowd.kind)


def uscc_array(numbers: npt.NDArray[np.int64], division: str, kinds: npt.NDArray[np.int8]) -> pa.Array:
    """Return valid codes (as `generate.code_of`): XX and the number in base 31, both check digits reckoned at once."""
    text = np.zeros((len(numbers), 18), np.uint8)
    prefixes = np.array([list(prefix.encode()) for prefix in PREFIXES], np.uint8)
    text[:, :2] = prefixes[kinds]
    text[:, 2:10] = np.frombuffer(f"{division}XX".encode(), np.uint8)
    rest = numbers.copy()
    for place in range(15, 9, -1):
        rest, digit = np.divmod(rest, 31)
        text[:, place] = _ALPHABET[digit]
    inner = 11 - (_INNER[text[:, 8:16]] * np.array(INNER_WEIGHTS)).sum(axis=1) % 11
    text[:, 16] = _INNER_DIGITS[np.where(inner == 11, 0, inner)]
    check = (_VALUE[text[:, :17]] * np.array(CHECK_WEIGHTS)).sum(axis=1) % 31
    text[:, 17] = _ALPHABET[(31 - check) % 31]
    offsets = np.arange(0, 18 * len(numbers) + 1, 18, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text.tobytes()))


def write_parquet(path: Path, making: Making) -> int:
    """Write one sorted Parquet file of kept values, a row group per block; return how many rows."""
    schema = kept_schema(making.facts)
    with parquet_writer(path, schema) as writer:
        for batch in blocks(making):
            writer.write_batch(batch, row_group_size=BLOCK)
    return making.rows


def write_csv(path: Path, batches: Iterable[pa.RecordBatch], facts: FactBook) -> int:
    """Write rows in the units that the facts declare, for people and spreadsheets; return how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for batch in batches:
            names = batch.schema.names
            if not count:
                writer.writerow(names)
            columns = [
                column.to_pylist()
                if name == "uscc"
                else [facts.facts[name].written(value) for value in column.to_pylist()]
                for name, column in zip(names, batch.columns)
            ]
            writer.writerows(zip(*columns))
            count += len(batch)
    return count
