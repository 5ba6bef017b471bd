"""Columnar snapshots of the facts of all enterprises: one sorted Parquet file per place, with a manifest; pure.

A snapshot stands in a folder: `current` leads to the version in force, `000007/` holds `manifest.json` and the parts.
A version is written beside the others and comes into force by one renaming, so that a build that is killed leaves the
last one as it was. Parts that nothing changed are linked, not written again. The last two versions are kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qifu.registers.enterprises.fact_book import FactBook
from qifu.registers.enterprises.kept_table import kept_schema, sort_order
from qifu.registers.enterprises.snapshot_parts import (
    Part,
    SnapshotProblem,
    Spill,
    by_place,
    code_hashes,
    file_digest,
    place_order,
    write_in_order,
)

CURRENT, MANIFEST, LOCK, FORM = "current", "manifest.json", ".lock", 1
KEPT_VERSIONS = 2


@dataclass(frozen=True)
class Snapshot:
    """One version: `as_of` is the day its facts are of, `recorded_until` what had been recorded when it was built.

    `source` says who made the rows (the register, or the generator and its seed); `facts` are the columns' meanings.
    """

    folder: Path
    as_of: date
    recorded_until: datetime
    source: str
    rows: int
    facts: tuple[dict[str, object], ...]
    facts_digest: str
    parts: tuple[Part, ...]

    def files(self, places: Collection[str] | None = None, *, or_may_lie: bool = False) -> list[Path]:
        """Return the parts' files, all or those of `places` (330100 stands for all of the city).

        `or_may_lie` adds the rows of which only a wider place, or none, is known.
        """
        return [self.folder / part.file for part in self.parts if _wanted(part.place, places, or_may_lie)]


def _wanted(place: str | None, places: Collection[str] | None, or_may_lie: bool) -> bool:
    if places is None:
        return True
    if place is None:
        return or_may_lie
    prefixes = [_prefix(code) for code in places]
    if any(place.startswith(prefix) for prefix in prefixes):
        return True
    return or_may_lie and any(prefix.startswith(_prefix(place)) for prefix in prefixes)


def _prefix(code: str) -> str:
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def facts_told(facts: FactBook) -> tuple[dict[str, object], ...]:
    """Return what a reader needs to know of each stored fact."""
    return tuple(
        {
            "id": f.id,
            "label": f.label,
            "type": f.type,
            "unit": f.unit,
            "decimals": f.decimals,
            "choices": list(f.choices),
        }
        for f in facts.stored()
    )


def facts_digest(facts: FactBook) -> str:
    """Return a digest of what decides how values are kept; labels may change without it."""
    told = [{key: value for key, value in row.items() if key != "label"} for row in facts_told(facts)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def build(
    root: Path,
    batches: Iterable[pa.Table | pa.RecordBatch],
    facts: FactBook,
    *,
    as_of: date,
    at: datetime,
    source: str,
    in_order: bool = False,
) -> Snapshot:
    """Write a new version of the whole from kept values in any order, and put it in force.

    `in_order` says that rows come sorted, which is checked, and saves a pass. Raises SnapshotProblem for rows out of
    order, codes that are none or come twice; then the version before stays in force.
    """
    schema = kept_schema(facts)
    with _building(root) as folder:
        tables = (_table(batch, schema) for batch in batches)
        if not in_order:
            tables = _sorted(tables, folder / "spill", schema)
        parts, hashes = [], [np.empty(0, np.uint64)]
        for part, codes in write_in_order(folder, tables, schema):
            parts.append(part)
            hashes.append(codes)
        shutil.rmtree(folder / "spill", ignore_errors=True)
        _refuse_twice(folder, parts, np.concatenate(hashes))
        return _in_force(root, _written(folder, parts, facts, as_of, at, source))


def update(
    root: Path,
    changed: pa.Table,
    facts: FactBook,
    *,
    as_of: date,
    at: datetime,
    source: str,
    gone: Collection[str] = (),
) -> Snapshot:
    """Write a new version in which the rows of `changed` stand for those with their codes, and `gone` are left out.

    Only the parts that lose or gain a row are written. Raises SnapshotProblem when facts.yaml has changed since.
    """
    schema = kept_schema(facts)
    changed = _table(changed, schema)
    codes = changed["uscc"].to_pylist()
    if len(set(codes)) != len(codes):
        raise SnapshotProblem("要更新的行中，同一统一社会信用代码出现两次")
    code_hashes(changed["uscc"])
    with _building(root) as folder:
        before = current(root)
        if before.facts_digest != facts_digest(facts):
            raise SnapshotProblem("事实目录已经变化，快照不能只更新一部分，请重新全部生成")
        left_out = pa.array({*codes, *gone}, pa.string())
        parts = list(_updated(folder, before, dict(_grouped(changed)), left_out, schema))
        return _in_force(root, _written(folder, parts, facts, as_of, at, source))


def _updated(
    folder: Path, before: Snapshot, fresh: dict[str | None, pa.Table], codes: pa.Array, schema: pa.Schema
) -> Iterator[Part]:
    """Write, or link, each part of the next version; `codes` are those whose rows of before are left out."""
    known = {part.place: part for part in before.parts}
    for place in sorted({*known, *fresh}, key=place_order):
        part = known.get(place)
        if part is None:
            tables: Iterable[pa.Table] = [fresh[place]]
        elif place in fresh or _holds(before.folder / part.file, codes):
            tables = _merged(before.folder / part.file, fresh.get(place), codes)
        else:
            _link(before.folder / part.file, folder / part.file)
            yield part
            continue
        for new, _ in write_in_order(folder, tables, schema):
            yield new


def current(root: Path) -> Snapshot:
    """Return the version in force; raises SnapshotProblem when there is none or its manifest is damaged."""
    folder = (root / CURRENT).resolve()
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if told["form"] != FORM:
            raise SnapshotProblem(f"{folder}：清单的格式是 {told['form']}，本程序读 {FORM}，请升级后重新生成")
        parts = tuple(Part(**(row | {"row_groups": tuple(row["row_groups"])})) for row in told["parts"])
        return Snapshot(
            folder,
            date.fromisoformat(told["as_of"]),
            datetime.fromisoformat(told["recorded_until"]),
            told["source"],
            told["rows"],
            tuple(told["facts"]),
            told["facts_digest"],
            parts,
        )
    except FileNotFoundError:
        raise SnapshotProblem(f"{root} 里还没有快照，请先生成") from None
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise SnapshotProblem(f"{folder / MANIFEST} 读不出来（{error}），请重新生成快照") from None


def read(
    snapshot: Snapshot,
    columns: Collection[str] | None = None,
    places: Collection[str] | None = None,
    *,
    or_may_lie: bool = False,
) -> pa.Table:
    """Return the sorted rows, all or of `places` (as `Snapshot.files`), all columns or some."""
    files = snapshot.files(places, or_may_lie=or_may_lie)
    wanted = None if columns is None else list(columns)
    tables = [_rows(path, wanted) for path in files]
    if tables:
        return pa.concat_tables(tables).unify_dictionaries()
    schema = pq.read_schema(snapshot.folder / snapshot.parts[0].file) if snapshot.parts else pa.schema([])
    return schema.empty_table().select(wanted or schema.names)


def verify(snapshot: Snapshot) -> list[str]:
    """Return what is wrong with the files of a version in Chinese, one line each; empty when all is as it was written."""
    problems = []
    for part in snapshot.parts:
        path = snapshot.folder / part.file
        if not path.is_file():
            problems.append(f"{part.file}：文件不在")
        elif path.stat().st_size != part.bytes or file_digest(path) != part.digest:
            problems.append(f"{part.file}：内容与清单不符")
    extra = {path.name for path in snapshot.folder.iterdir()} - {
        MANIFEST,
        *(part.file for part in snapshot.parts),
    }
    problems += [f"{name}：不在清单中" for name in sorted(extra)]
    if sum(part.rows for part in snapshot.parts) != snapshot.rows:
        problems.append("各部分行数之和与总行数不符")
    return problems


def _rows(path: Path, columns: list[str] | None = None) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read(columns=columns)


def _table(batch: pa.Table | pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    if table.schema.names != schema.names:
        missing = [name for name in schema.names if name not in table.schema.names]
        if missing:
            raise SnapshotProblem(f"缺少这些列：{'、'.join(missing[:5])}")
        table = table.select(schema.names)
    return table.cast(schema)


def _sorted(tables: Iterable[pa.Table], folder: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    spill = Spill(folder, schema)
    for table in tables:
        spill.add(table)
    yield from spill.sorted()


def _grouped(table: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    return by_place(table.take(sort_order(table)))


def _merged(path: Path, fresh: pa.Table | None, codes: pa.Array) -> Iterator[pa.Table]:
    """Give a part's rows without those codes and with the sorted fresh ones, a row group at a time."""
    with pq.ParquetFile(path) as file:
        fresh = file.schema_arrow.empty_table() if fresh is None else fresh
        for number in range(file.num_row_groups):
            group = file.read_row_group(number)
            before = len(fresh)
            if before and number + 1 < file.num_row_groups:  # of the fresh, those up to the group's last row
                last = pa.concat_tables([fresh, group.slice(len(group) - 1)]).unify_dictionaries()
                before = pc.index(sort_order(last), before).as_py()
            kept = group.filter(pc.invert(pc.is_in(group["uscc"], value_set=codes)))
            if before:
                kept = pa.concat_tables([kept, fresh.slice(0, before)]).unify_dictionaries()
                kept = kept.take(sort_order(kept))
            fresh = fresh.slice(before)
            yield kept


def _holds(path: Path, codes: pa.Array) -> bool:
    """Tell whether a part holds one of those codes."""
    return bool(pc.any(pc.is_in(_rows(path, ["uscc"])["uscc"], value_set=codes)).as_py())


def _refuse_twice(folder: Path, parts: Collection[Part], hashes: npt.NDArray[np.uint64]) -> None:
    hashes.sort()
    twice = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if not len(twice):
        return
    found: list[str] = []
    for part in parts:  # equal hashes may still be of different codes
        codes = _rows(folder / part.file, ["uscc"])["uscc"]
        found += codes.filter(pa.array(np.isin(code_hashes(codes), twice))).to_pylist()
    same = sorted({code for code in found if found.count(code) > 1})
    if same:
        raise SnapshotProblem(f"有 {len(same)} 个统一社会信用代码出现两次，如 {'、'.join(same[:3])}")


@contextlib.contextmanager
def _building(root: Path) -> Iterator[Path]:
    """Give an empty folder to build in, one builder at a time; gone unless it was renamed."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)  # what stands in it is the enterprises' own
    with (root / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SnapshotProblem(f"{root}：另一个进程正在生成快照，请等它完成") from None
        folder = root / ".building"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _written(
    folder: Path, parts: list[Part], facts: FactBook, as_of: date, at: datetime, source: str
) -> Snapshot:
    """Write the manifest, and everything to the disk."""
    snapshot = Snapshot(
        folder,
        as_of,
        at,
        source,
        sum(part.rows for part in parts),
        facts_told(facts),
        facts_digest(facts),
        tuple(parts),
    )
    told = {
        "form": FORM, "as_of": as_of.isoformat(), "recorded_until": at.isoformat(), "source": source, "rows": snapshot.rows,
        "facts_digest": snapshot.facts_digest, "facts": snapshot.facts, "parts": [asdict(part) for part in parts],
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    for path in (*folder.iterdir(), folder):
        _to_disk(path)
    return snapshot


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _in_force(root: Path, built: Snapshot) -> Snapshot:
    """Give the built version its number, lead `current` to it, and drop all but the last versions."""
    numbers = sorted(int(path.name) for path in root.iterdir() if path.name.isdigit())
    name = f"{(numbers[-1] if numbers else 0) + 1:06d}"
    built.folder.rename(root / name)
    step = root / ".current"
    step.unlink(missing_ok=True)
    step.symlink_to(name)
    step.replace(root / CURRENT)
    _to_disk(root)
    for number in numbers[: 1 - KEPT_VERSIONS]:
        shutil.rmtree(root / f"{number:06d}", ignore_errors=True)
    return current(root)


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # another file system, or one that knows no links
        shutil.copyfile(old, new)
