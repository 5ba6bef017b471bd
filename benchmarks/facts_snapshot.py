"""Facts in bulk: making 10 million rows of 60 facts, sorting them into a snapshot from any order, changing and reading it.

Every stage runs in a process of its own, whose peak memory is told beside its time. `equal` says that rows in random
order gave the same parts, byte for byte, as rows that came sorted.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measure import seeds_of, timed
from qifu.registers.divisions.division_book import load_divisions
from qifu.registers.enterprises import snapshot as snapshots
from qifu.registers.enterprises.fact_book import FactBook, fact_book
from qifu.registers.enterprises.fact_models import NEVER_STORED
from qifu.registers.enterprises.generate_facts import Making, blocks, place_weights

SIZE, QUICK, FACTS = 10_000_000, 100_000, 60
FIXED_SEED = "2024"
AS_OF = date(2024, 6, 20)
AT = datetime(2024, 6, 20, tzinfo=UTC)
DIVISIONS = Path(__file__).parents[1] / "provinces" / "zhejiang" / "divisions.yaml"
GOAL_MINUTES, GOAL_MB = 5, 4096
CHANGED = 1_000
BUCKET = 400_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--facts N` takes N facts of all groups (0: the whole book); `--folder DIR` keeps the snapshot there."""
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--folder", type=Path)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the stages one after another on the same rows, and return the results."""
    size = options.size or (QUICK if options.quick else SIZE)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {size} rows", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=options.folder, prefix="facts-") as folder:
            results += measure(Path(folder), size, seed, options.facts)
    return results


def measure(folder: Path, size: int, seed: str, count: int) -> list[dict[str, Any]]:
    """Return the results of every stage over `size` rows of `count` facts."""
    told = {name: stage(name, folder, size, seed, count) for name in STAGES}
    what = f"{size:,} rows of {len(chosen(count).stored())} facts"
    in_time = GOAL_MINUTES * 60 if size == SIZE else None
    results = []
    for name, title, goal in (
        ("make", "made and written as a sorted snapshot", in_time),
        ("sort", "sorted from random order into a snapshot", in_time),
        ("change", f"snapshot updated by {CHANGED} changed rows", None),
        ("verify", "snapshot verified by its digests", None),
        ("read", "six columns of one county read", None),
    ):
        equal = told["sort"]["digests"] == told["make"]["digests"] if name == "sort" else None
        results.append(row(f"{what}: {title}", "time", told[name]["seconds"], "s", goal, equal))
        results.append(row(f"{what}: {title}", "peak memory", told[name]["peak_mb"], "MB", GOAL_MB))
    results.append(row(f"{what}: snapshot", "size", told["make"]["bytes"] / 1e6, "MB", None))
    results.append(row(f"{what}: missing", "share", told["make"]["missing"], "of values", None))
    return results


def row(
    job: str, metric: str, value: float, unit: str, goal: float | None, equal: bool | None = None
) -> dict[str, Any]:
    return {
        "job": job, "metric": metric, "value": round(value, 3), "unit": unit, "goal": goal,
        "peer": None, "peer_basis": None, "peer_value": None, "ratio": None, "equal": equal,
    }  # fmt: skip


def stage(name: str, folder: Path, size: int, seed: str, count: int) -> dict[str, Any]:
    """Run one stage in a process of its own."""
    asked = [name, str(folder), str(size), seed, str(count)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.facts_snapshot", *asked],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    print(name, {key: value for key, value in told.items() if key != "digests"}, file=sys.stderr)
    return told


def chosen(count: int) -> FactBook:
    """Return a book of `count` facts, taken in turn from every group of the whole book; all for 0."""
    facts = [fact for fact in fact_book().stored() if fact.group != NEVER_STORED]
    turn = {fact.id: [f.id for f in facts if f.group == fact.group].index(fact.id) for fact in facts}
    taken = {fact.id for fact in sorted(facts, key=lambda fact: turn[fact.id])[: count or len(facts)]}
    return FactBook({fact.id: fact for fact in facts if fact.id in taken})


def making(size: int, seed: str, facts: FactBook) -> Making:
    counties = load_divisions(DIVISIONS).as_of(AS_OF).of_kind("county")
    return Making(size, seed, AS_OF, place_weights((row.code, row.parent or "") for row in counties), facts)


def make(folder: Path, made: Making) -> dict[str, Any]:
    """Make the rows and write them as they come: sorted."""
    built, ms = timed(lambda: _build(folder / "straight", blocks(made), made, in_order=True))
    known = [fact["id"] for fact in built.facts if fact["type"] not in ("place", "industry")]
    gaps = sum(table[name].null_count for table in _parts(built) for name in known)
    return _told(built, ms) | {
        "missing": gaps / built.rows / len(known),
        "bytes": sum(p.bytes for p in built.parts),
    }


def mix(folder: Path, made: Making) -> dict[str, Any]:
    """Write the rows of the snapshot in random order (not measured against a goal)."""
    chooser = np.random.default_rng(0)
    built = snapshots.current(folder / "straight")
    names = [folder / f"mixed{number}.arrow" for number in range(-(-built.rows // BUCKET))]
    writers: list[pa.ipc.RecordBatchFileWriter] = []
    for table in _parts(built):
        plain = pa.table(
            {
                n: table[n].cast(pa.string()) if pa.types.is_dictionary(table[n].type) else table[n]
                for n in table.column_names
            }
        )
        if not writers:
            writers = [pa.ipc.new_file(str(name), plain.schema) for name in names]
        bucket = chooser.integers(0, len(names), len(plain))
        for number, writer in enumerate(writers):
            writer.write_table(plain.filter(pa.array(bucket == number)).combine_chunks())
    for writer in writers:
        writer.close()
    return {"seconds": 0.0}


def mixed(folder: Path) -> Iterator[pa.Table]:
    chooser = np.random.default_rng(1)
    for name in sorted(folder.glob("mixed*.arrow")):
        with pa.OSFile(str(name)) as file:
            table = pa.ipc.open_file(file).read_all()
        name.unlink()
        yield table.take(pa.array(chooser.permutation(len(table))))


def sort(folder: Path, made: Making) -> dict[str, Any]:
    """Build a snapshot from the rows in random order."""
    built, ms = timed(lambda: _build(folder / "mixed", mixed(folder), made, in_order=False))
    return _told(built, ms)


def change(folder: Path, made: Making) -> dict[str, Any]:
    """Change rows of ten places."""
    some = sorted(snapshots.current(folder / "straight").parts, key=lambda part: -part.rows)[:10]
    before = snapshots.read(snapshots.current(folder / "straight"), places=[p.place for p in some if p.place])
    chosen_rows = np.random.default_rng(2).choice(len(before), min(CHANGED, len(before)), replace=False)
    rows = before.take(pa.array(chosen_rows))
    column = rows.schema.get_field_index("employees")
    rows = rows.set_column(column, rows.schema.field(column), pc.add(rows["employees"], 1))
    built, ms = timed(
        lambda: snapshots.update(
            folder / "straight", rows, made.facts, as_of=AS_OF, at=AT, source="benchmark"
        )
    )
    return _told(built, ms)


def verify(folder: Path, made: Making) -> dict[str, Any]:
    """Read every byte."""
    wrong, ms = timed(lambda: snapshots.verify(snapshots.current(folder / "straight")))
    assert not wrong, wrong
    return {"seconds": ms / 1000}


def read(folder: Path, made: Making) -> dict[str, Any]:
    """Read what a policy of one county needs."""
    columns = ["uscc", *[fact.id for fact in made.facts.stored()][:5]]
    found, ms = timed(lambda: snapshots.read(snapshots.current(folder / "straight"), columns, ["330106"]))
    return {"seconds": ms / 1000, "rows": len(found)}


def _build(root: Path, batches: Any, made: Making, *, in_order: bool) -> snapshots.Snapshot:
    told = {"as_of": AS_OF, "at": AT, "source": "benchmark"}
    return snapshots.build(root, batches, made.facts, in_order=in_order, **told)


def _parts(built: snapshots.Snapshot) -> Iterator[pa.Table]:
    for path in built.files():
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number)


def _told(built: snapshots.Snapshot, ms: float) -> dict[str, Any]:
    return {"seconds": ms / 1000, "digests": [part.digest for part in built.parts]}


STAGES: dict[str, Callable[[Path, Making], dict[str, Any]]] = {
    "make": make, "mix": mix, "sort": sort, "change": change, "verify": verify, "read": read,
}  # fmt: skip


def main(name: str, folder: str, size: str, seed: str, count: str) -> None:
    told = STAGES[name](Path(folder), making(int(size), seed, chosen(int(count))))
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
