"""The rows of `qifu rules match`: every listed pair as the judge has it, and a file that is whole or absent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from qifu.engines.rules import judge
from qifu.engines.rules.fact_source import TableSource
from qifu.engines.rules.fact_table import in_order, rows_at
from qifu.engines.rules.match import (
    SCHEMA,
    VERDICTS,
    MatchError,
    MatchFile,
    Matching,
    facts_asked,
    kernel_sweep,
    match_file,
)
from qifu.engines.rules.random_rules import boundary_rows, random_bound
from qifu.engines.rules.tests.test_over_rows import BOOK
from qifu.engines.rules.tree import Bound, Compare, FlagIs, Leaf, Share, Truth, leaves
from qifu.registers.enterprises.fact_book import LARGEST
from qifu.registers.enterprises.kept_table import table_of

Pair = tuple[object, ...]


@dataclass(frozen=True)
class Chunk:
    first_row: int
    found: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]:
        return self.found


def judged(bounds: Sequence[Bound], table: pa.Table, size: int = 13) -> Iterator[Chunk]:
    """What a sweep by the judge lists, in blocks of `size` rows."""
    known = rows_at(table, range(table.num_rows))
    ids = [[leaf.id for leaf in leaves(bound.require)] for bound in bounds]
    for first in range(0, table.num_rows, size):
        found: list[tuple[int, int, int, int]] = []
        for number, bound in enumerate(bounds):
            for row in range(first, min(first + size, table.num_rows)):
                said = judge.verdict(bound, known[row])
                if said.truth != Truth.UNMET or said.unmet_count == 1:
                    leaf = ids[number].index(said.unmet_leaf) if said.unmet_leaf else -1
                    found.append((row, number, said.truth, leaf))
        row, policy, verdict, leaf_at = np.array(found, dtype=np.int64).reshape(-1, 4).T
        yield Chunk(first, (row, policy.astype(np.int32), verdict.astype(np.int8), leaf_at.astype(np.int32)))


def made(seed: int, firms: int = 90) -> tuple[list[Bound], pa.Table, list[dict[str, int | str | None]]]:
    random = Random(seed)
    bounds = [random_bound(random, BOOK, code=f"p{number}") for number in range(7)]
    values = boundary_rows(random, bounds, BOOK, firms, missing=0.15)
    table = table_of(((f"U{number:03}", row) for number, row in enumerate(values)), BOOK)
    return [small(bound, values) for bound in bounds], table, values


def small(bound: Bound, values: Sequence[dict[str, int | str | None]]) -> Bound:
    """Without its amount, when it passes int64 for someone."""
    fen = [judge.verdict(bound, row).amount_fen or 0 for row in values]
    return bound if max(map(abs, fen)) < 2**63 else replace(bound, amount=None)


def expected(
    bounds: Sequence[Bound], values: Sequence[dict[str, int | str | None]], *, everything: bool
) -> list[Pair]:
    found: list[Pair] = []
    for number, row in enumerate(values):
        for bound in bounds:
            said = judge.verdict(bound, row)
            if everything or said.truth != Truth.UNMET or said.unmet_count == 1:
                found.append(
                    (f"U{number:03}", bound.code, bound.version, VERDICTS[said.truth], said.amount_fen, said.unmet_count, said.unmet_leaf)
                )  # fmt: skip
    return sorted(found, key=repr)


def written(path: Path) -> list[Pair]:
    table = pq.read_table(path)
    assert table.schema.equals(SCHEMA)
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_every_pair_is_the_judges(
    tmp_path: Path, seed: int, everything: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qifu.engines.rules.match._PAIRS", 100)  # several windows
    bounds, table, values = made(seed)
    ordered, _ = in_order(table)
    source = TableSource(ordered)
    path = tmp_path / "out.parquet"
    for listed in (judged(bounds, ordered), kernel_sweep(bounds, source, BOOK)):
        with MatchFile(path) as out:
            for batch in Matching(bounds, everything).batches(source, listed):
                out.write(batch)
        assert written(path) == expected(bounds, values, everything=everything)


@pytest.mark.parametrize("everything", [False, True])
def test_many_blocks_and_windows(tmp_path: Path, everything: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qifu.engines.rules.match._ROWS", 3000)
    monkeypatch.setattr("qifu.engines.rules.match._EVERY_PAIR", 5000)
    bounds, _, values = made(5, 40)
    many = [values[number % 40] for number in range(9000)]
    facts = tmp_path / "facts.parquet"
    table = in_order(table_of(((f"U{number:03}", row) for number, row in enumerate(many)), BOOK))[0]
    pq.write_table(table, facts, row_group_size=700)
    with MatchFile(tmp_path / "out.parquet") as out:
        match_file(bounds, facts, BOOK, out, everything=everything)
    once = expected(bounds, values, everything=everything)
    again = [
        (f"U{number:03}", *pair[1:]) for pair in once for number in range(int(str(pair[0])[1:]), 9000, 40)
    ]
    assert written(tmp_path / "out.parquet") == sorted(again, key=repr)


def test_from_a_file_of_kept_values(tmp_path: Path) -> None:
    bounds, table, values = made(99)
    facts = tmp_path / "facts.parquet"
    pq.write_table(table, facts)
    heard: list[tuple[int, int]] = []
    with MatchFile(tmp_path / "out.parquet") as out:
        assert match_file(bounds, facts, BOOK, out, progress=lambda *now: heard.append(now)) == len(values)
    assert written(tmp_path / "out.parquet") == expected(bounds, values, everything=False)
    assert heard[-1] == (len(values), out.rows)
    assert sorted(tmp_path.iterdir()) == [facts, tmp_path / "out.parquet"]


def test_no_rules_no_firms(tmp_path: Path) -> None:
    bounds, table, _ = made(1)
    for some, rows in (([], table), (bounds, table.slice(0, 0))):
        for everything in (False, True):
            pq.write_table(rows, tmp_path / "facts.parquet")
            with MatchFile(tmp_path / "out.parquet") as out:
                match_file(some, tmp_path / "facts.parquet", BOOK, out, everything=everything)
            assert written(tmp_path / "out.parquet") == []


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path, facts = tmp_path / "out.parquet", tmp_path / "facts.parquet"
    path.write_bytes(b"old")
    heads = Bound("heads", "2024-01-01", date(2024, 6, 30), Leaf("l", FlagIs("restricted", False)), Share(Fraction(10**5), ((1, "employees"),)))  # fmt: skip
    pq.write_table(table_of([("a", {"restricted": 0, "employees": 3}), ("b", {"restricted": 0, "employees": LARGEST})], BOOK), facts)  # fmt: skip
    with pytest.raises(MatchError, match="heads"), MatchFile(path) as out:
        match_file([heads], facts, BOOK, out)
    assert path.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [facts, path]
    with pytest.raises(IsADirectoryError), MatchFile(tmp_path):
        pass


def test_the_facts_that_are_asked() -> None:
    rule = Leaf("l", Compare(((1, "revenue"),), ">=", Fraction(1, 2), ((1, "taxes"), (-1, "assets"))))
    bound = Bound("a", "2024-01-01", date(2024, 6, 30), rule, Share(Fraction(1), ((1, "employees"),)))
    assert facts_asked([bound]) == {"place", "industry", "revenue", "taxes", "assets", "employees"}
