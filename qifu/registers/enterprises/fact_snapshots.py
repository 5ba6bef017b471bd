"""The site's own snapshot of all facts: kept in the data folder, brought up to date at night from what was recorded since.

It can be made again at any time from the fact store, so no backup holds it. It is read by the system's own bulk work only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
from django.conf import settings

from qifu.registers.enterprises import snapshot as snapshots
from qifu.registers.enterprises.fact_book import Value, fact_book
from qifu.registers.enterprises.fact_store import fact_rows, facts_changed_since
from qifu.registers.enterprises.kept_table import table_of
from qifu.registers.enterprises.models import FactValue
from qifu.registers.enterprises.snapshot import Snapshot, SnapshotProblem

SOURCE = "事实库"
ROWS = 20_000
"""So many rows become one table."""
OVERLAP = timedelta(hours=1)
"""What was being written while the last snapshot was made is read again."""
MOST_CHANGED = 200_000
"""With more enterprises changed, all are read again."""

Report = Callable[[int], None]


def folder() -> Path:
    """Return where the site keeps its snapshot."""
    return Path(settings.DATA_DIR) / "fact_snapshots"


def snapshot_from_store(
    day: date, *, at: datetime, whole: bool = False, root: Path | None = None, report: Report | None = None
) -> Snapshot:
    """Return a snapshot of the facts of `day` as recorded up to `at`: the last one with what changed since, else a new one.

    All enterprises are read again when facts.yaml has changed, when the year has, when the day went back, or when asked
    to (`whole`). `report` is told now and then how many rows were read. Raises SnapshotProblem.
    """
    root = root or folder()
    changed = None if whole else _changed(root, day)
    told = {"as_of": day, "at": at, "source": SOURCE}
    if changed is None:
        return snapshots.build(root, _tables(fact_rows(day), report), fact_book(), **told)
    rows = list(_tables(fact_rows(day, usccs=sorted(changed)), report))
    table = pa.concat_tables(rows).unify_dictionaries() if rows else table_of([], fact_book())
    gone = changed - set(table["uscc"].to_pylist())
    return snapshots.update(root, table, fact_book(), gone=gone, **told)


def _changed(root: Path, day: date) -> set[str] | None:
    """Return the codes whose values may differ from the last snapshot's; None when all must be read."""
    try:
        last = snapshots.current(root)
    except SnapshotProblem:
        return None
    same_facts = last.facts_digest == snapshots.facts_digest(fact_book())
    if not same_facts or last.source != SOURCE or day < last.as_of or day.year != last.as_of.year:
        return None
    changed = set(facts_changed_since(last.recorded_until - OVERLAP))
    coming = FactValue.objects.filter(as_of__gt=last.as_of, as_of__lte=day)  # told before their day
    changed.update(coming.values_list("enterprise__uscc", flat=True).distinct())
    return changed if len(changed) <= MOST_CHANGED else None


def _tables(rows: Iterable[tuple[str, Mapping[str, Value]]], report: Report | None) -> Iterator[pa.Table]:
    source, count = iter(rows), 0
    while batch := list(islice(source, ROWS)):
        count += len(batch)
        yield table_of(batch, fact_book())
        if report is not None:
            report(count)
