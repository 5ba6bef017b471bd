"""Snapshots: any order of rows gives the same sorted parts; a change rewrites its places; what breaks a build leaves the last one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qifu.registers.enterprises import snapshot as snapshots
from qifu.registers.enterprises import snapshot_parts
from qifu.registers.enterprises.generate_facts import blocks, uscc_array
from qifu.registers.enterprises.kept_table import is_sorted, kept_schema, sort_order, table_of
from qifu.registers.enterprises.snapshot import (
    Snapshot,
    SnapshotProblem,
    build,
    current,
    read,
    update,
    verify,
)
from qifu.registers.enterprises.tests.made_facts import AS_OF, few_facts, making

AT = datetime(2024, 6, 20, 8, tzinfo=UTC)
FACTS = few_facts()
TOLD = {"as_of": AS_OF, "at": AT, "source": "模拟"}


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return pa.Table.from_batches(list(blocks(making(3_000, facts=FACTS, most=6))))


def shuffled(table: pa.Table, seed: int, piece: int = 500) -> Iterator[pa.Table]:
    order = list(range(len(table)))
    random.Random(seed).shuffle(order)
    for start in range(0, len(order), piece):
        yield table.take(pa.array(order[start : start + piece]))


def plain(table: pa.Table) -> list[dict[str, object]]:
    return table.to_pylist()


def test_in_order_and_in_any_order_give_the_same_parts(tmp_path: Path, rows: pa.Table) -> None:
    straight = build(tmp_path / "a", rows.to_batches(), FACTS, in_order=True, **TOLD)
    mixed = build(tmp_path / "b", shuffled(rows, 1), FACTS, **TOLD)
    assert [part.digest for part in straight.parts] == [part.digest for part in mixed.parts]
    assert straight.rows == len(rows) == sum(sum(part.row_groups) for part in mixed.parts)
    assert verify(straight) == verify(mixed) == []
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    found = read(mixed)
    assert is_sorted(found) and plain(found) == plain(rows)
    assert found.schema.equals(kept_schema(FACTS), check_metadata=True)


def test_small_pieces_give_the_same_order(
    tmp_path: Path, rows: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_parts, "PIECE_BYTES", 4_096)
    monkeypatch.setattr(snapshot_parts, "ROW_GROUP", 64)
    found = build(tmp_path, shuffled(rows, 2, piece=70), FACTS, **TOLD)
    assert plain(read(found)) == plain(rows)
    assert all(size == 64 for part in found.parts for size in part.row_groups[:-1])


def test_columns_and_places_are_read_alone(tmp_path: Path, rows: pa.Table) -> None:
    found = build(tmp_path, rows.to_batches(), FACTS, in_order=True, **TOLD)
    alone = read(found, columns=["uscc", "revenue"], places=["330106"])
    places = rows["place"].cast(pa.string())
    assert alone["uscc"].to_pylist() == rows.filter(pc.equal(places, "330106"))["uscc"].to_pylist()
    assert alone.column_names == ["uscc", "revenue"]
    assert len(read(found, places=["330100"])) == pc.sum(pc.starts_with(places, "3301")).as_py()
    may = set(read(found, places=["330106"], or_may_lie=True)["place"].to_pylist())
    assert may == {"330106", "330100", None}
    assert len(read(found, places=["990000"])) == 0


def test_a_change_rewrites_only_its_places(tmp_path: Path, rows: pa.Table) -> None:
    before = build(tmp_path, rows.to_batches(), FACTS, in_order=True, **TOLD)
    taken = rows.slice(1_000, 1).to_pylist()[0]
    home, away = taken["place"], "330102"
    moved = table_of([(taken["uscc"], taken | {"place": away, "revenue": 1})], FACTS)
    after = update(tmp_path, moved, FACTS, **TOLD)
    was = {part.place: part.digest for part in before.parts}
    assert {part.place for part in after.parts if part.digest != was[part.place]} == {home, away}
    same = next(part for part in after.parts if part.place not in (home, away))
    assert (after.folder / same.file).stat().st_ino == (before.folder / same.file).stat().st_ino
    wanted = pa.concat_tables([rows.slice(0, 1_000), rows.slice(1_001), moved]).unify_dictionaries()
    whole = build(tmp_path / "anew", [wanted], FACTS, **TOLD)
    assert [part.digest for part in whole.parts] == [part.digest for part in after.parts]
    assert verify(after) == []
    left = update(tmp_path, rows.slice(0, 0), FACTS, gone=[taken["uscc"]], **TOLD)
    assert left.rows == after.rows - 1
    assert not before.folder.exists() and after.folder.exists()


def test_changes_fall_into_their_row_groups(
    tmp_path: Path, rows: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_parts, "ROW_GROUP", 40)
    chosen = random.Random(3).sample(range(len(rows)), 300)
    build(
        tmp_path / "a",
        [rows.take(pa.array(sorted(set(range(len(rows))) - set(chosen[:150]))))],
        FACTS,
        **TOLD,
    )
    given = rows.take(pa.array(chosen))
    after = update(tmp_path / "a", given, FACTS, **TOLD)
    assert plain(read(after)) == plain(rows)
    anew = build(tmp_path / "b", [rows], FACTS, **TOLD)
    assert [part.digest for part in anew.parts] == [part.digest for part in after.parts]


def test_a_place_that_loses_its_last_row_has_no_part(tmp_path: Path, rows: pa.Table) -> None:
    before = build(
        tmp_path,
        [rows.filter(pc.is_in(rows["place"].cast(pa.string()), pa.array(["330106", "330102"])))],
        FACTS,
        **TOLD,
    )
    gone = read(before, places=["330102"])["uscc"].to_pylist()
    after = update(tmp_path, rows.slice(0, 0), FACTS, gone=gone, **TOLD)
    assert [part.place for part in after.parts] == ["330106"]
    assert verify(after) == []


def test_faults_are_told_and_leave_the_last_version(tmp_path: Path, rows: pa.Table) -> None:
    good = build(tmp_path, rows.to_batches(), FACTS, in_order=True, **TOLD)

    def refused(words: str, tables: list[pa.Table], *, in_order: bool = False) -> None:
        with pytest.raises(SnapshotProblem, match=words):
            build(tmp_path, tables, FACTS, in_order=in_order, **TOLD)
        assert current(tmp_path) == good
        assert not (tmp_path / ".building").exists()

    refused("没有按", [rows.slice(100, 100), rows.slice(0, 100)], in_order=True)
    refused("没有按", [rows, rows.slice(0, 1)], in_order=True)
    refused("出现两次", [rows, rows.slice(5, 1)])
    refused("缺少这些列", [rows.drop_columns(["revenue"])])
    refused("18 位", [table_of([("9133", {"place": "330106"})], FACTS)])
    refused("不是行政区划代码", [table_of([(rows["uscc"][0].as_py(), {"place": "../etc"})], FACTS)])
    twice = pa.concat_tables([rows.slice(0, 1), rows.slice(0, 1)])
    with pytest.raises(SnapshotProblem, match="出现两次"):
        update(tmp_path, twice, FACTS, **TOLD)
    with pytest.raises(SnapshotProblem, match="事实目录已经变化"):
        update(tmp_path, rows.slice(0, 1), few_facts(5), **TOLD)


def test_damage_is_found(tmp_path: Path, rows: pa.Table) -> None:
    with pytest.raises(SnapshotProblem, match="还没有快照"):
        current(tmp_path)
    found = build(tmp_path, rows.to_batches(), FACTS, in_order=True, **TOLD)
    first, second = (found.folder / part.file for part in found.parts[:2])
    content = bytearray(first.read_bytes())
    content[100] ^= 1
    first.write_bytes(content)
    second.unlink()
    (found.folder / "999999.parquet").touch()
    told = verify(found)
    assert [line.split("：")[1] for line in told] == ["内容与清单不符", "文件不在", "不在清单中"]
    (found.folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(SnapshotProblem, match="请重新生成"):
        current(tmp_path)


KILLED = """
import os, sys
from pathlib import Path
from qifu.registers.enterprises import snapshot
from qifu.registers.enterprises.generate_facts import blocks
from qifu.registers.enterprises.tests.made_facts import making
from qifu.registers.enterprises.tests.test_snapshot import FACTS, TOLD
snapshot._in_force = lambda *given: os._exit(9)
snapshot.build(Path(sys.argv[1]), blocks(making(500, seed="other", facts=FACTS)), FACTS, in_order=True, **TOLD)
"""


def test_a_killed_build_leaves_the_last_version_and_stops_no_other(tmp_path: Path, rows: pa.Table) -> None:
    good = build(tmp_path, rows.to_batches(), FACTS, in_order=True, **TOLD)
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=place, timeout=60, check=False)
    assert done.returncode == 9
    assert (tmp_path / ".building").exists()
    assert current(tmp_path) == good and verify(good) == []
    assert build(tmp_path, rows.to_batches(), FACTS, in_order=True, **TOLD).rows == len(rows)
    assert not (tmp_path / ".building").exists()


def test_one_builder_at_a_time(tmp_path: Path, rows: pa.Table) -> None:
    def tables() -> Iterator[pa.Table]:
        yield rows
        with pytest.raises(SnapshotProblem, match="另一个进程"):
            build(tmp_path, [rows], FACTS, **TOLD)

    assert build(tmp_path, tables(), FACTS, **TOLD).rows == len(rows)


def test_nothing_at_all_is_a_snapshot_too(tmp_path: Path) -> None:
    found = build(tmp_path, [], FACTS, **TOLD)
    assert (found.rows, found.parts, len(read(found))) == (0, (), 0)
    assert verify(found) == []


def test_equal_hashes_of_different_codes_are_no_fault(
    tmp_path: Path, rows: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        snapshot_parts, "_hashes", lambda codes: snapshots.np.zeros(len(codes), snapshots.np.uint64)
    )
    assert build(tmp_path, [rows.slice(0, 50)], FACTS, **TOLD).rows == 50


PLACES = st.sampled_from(["330106", "330102", "330100", None])
TRADES = st.sampled_from(["C39", "C3911", "F", "F5211", None])


@settings(max_examples=25, deadline=None)
@given(
    before=st.dictionaries(st.integers(0, 30), st.tuples(PLACES, TRADES)),
    changes=st.lists(st.dictionaries(st.integers(0, 40), st.tuples(PLACES, TRADES)), max_size=3),
)
def test_updates_equal_a_build_of_the_outcome(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[int, tuple[str | None, str | None]],
    changes: list[dict[int, tuple[str | None, str | None]]],
) -> None:
    codes = uscc_array(
        snapshots.np.arange(41), "330106", snapshots.np.full(41, 2, snapshots.np.int8)
    ).to_pylist()

    def table(known: dict[int, tuple[str | None, str | None]]) -> pa.Table:
        return table_of(
            [(codes[n], {"place": p, "industry": i, "employees": n}) for n, (p, i) in known.items()], FACTS
        )

    root = tmp_path_factory.mktemp("snapshots")
    found: Snapshot = build(root / "a", [table(before)], FACTS, **TOLD)
    outcome = dict(before)
    for change in changes:
        outcome |= change
        found = update(root / "a", table(change), FACTS, **TOLD)
    anew = build(root / "b", [table(outcome)], FACTS, **TOLD)
    assert [(p.place, p.digest) for p in found.parts] == [(p.place, p.digest) for p in anew.parts]
    expected = table(outcome)
    assert plain(read(found)) == plain(expected.take(sort_order(expected)))
