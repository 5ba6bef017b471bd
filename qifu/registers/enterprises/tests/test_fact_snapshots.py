"""The site's snapshot follows the fact store: made whole, then brought up to date by what was recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from qifu.foundation.access import SYSTEM
from qifu.foundation.imports.kinds import SourceRow
from qifu.foundation.jobs import Job, run_one
from qifu.registers.enterprises import fact_snapshots, snapshot
from qifu.registers.enterprises.actions import import_batch
from qifu.registers.enterprises.demo import counties, source_row
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.fact_snapshots import snapshot_from_store
from qifu.registers.enterprises.generate import make
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.snapshot_job import SNAPSHOT, plan_snapshot

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
DAY, YEAR_END = date(2024, 6, 20), date(2023, 12, 31)


@pytest.fixture
def firms(province: Path) -> list[Enterprise]:
    rows: list[SourceRow] = [
        source_row(n, made) for n, made in enumerate(make(40, "snapshot", counties(DAY)), 2)
    ]
    import_batch(rows=rows, source="登记", by=SYSTEM, at=AT)
    return list(Enterprise.objects.order_by("pk"))


def tell(firm: Enterprise, as_of: date = YEAR_END, at: datetime = AT, **values: Any) -> None:
    record_facts(enterprise=firm, values=values, as_of=as_of, source="税务部门", by=SYSTEM, at=at)


def values(found: snapshot.Snapshot, fact: str) -> dict[str, Any]:
    table = snapshot.read(found, ["uscc", fact])
    return dict(zip(table["uscc"].to_pylist(), table[fact].to_pylist()))


def test_made_whole_then_only_what_changed(tmp_path: Path, firms: list[Enterprise]) -> None:
    tell(firms[0], revenue="300万元")
    first = snapshot_from_store(DAY, at=AT + timedelta(hours=3), root=tmp_path)
    assert first.rows == len(firms) and snapshot.verify(first) == []
    assert values(first, "revenue")[firms[0].uscc] == 300 * 10**6
    assert values(first, "place")[firms[0].uscc] == (firms[0].division_code or None)
    at = AT + timedelta(hours=5)
    tell(firms[1], revenue="5万元", at=at)
    asked: list[int] = []
    second = snapshot_from_store(DAY, at=at, root=tmp_path, report=asked.append)
    assert asked == [1]
    assert values(second, "revenue")[firms[1].uscc] == 5 * 10**6
    whole = snapshot_from_store(DAY, at=at, root=tmp_path, whole=True)
    assert [part.digest for part in whole.parts] == [part.digest for part in second.parts]


def test_a_value_of_a_later_day_comes_on_its_day(tmp_path: Path, firms: list[Enterprise]) -> None:
    tell(firms[2], as_of=date(2024, 6, 25), at=AT + timedelta(days=5), tax_credit="A级")
    week = AT + timedelta(days=7)
    assert values(snapshot_from_store(DAY, at=week, root=tmp_path), "tax_credit")[firms[2].uscc] is None
    found = snapshot_from_store(date(2024, 6, 27), at=week, root=tmp_path)
    assert values(found, "tax_credit")[firms[2].uscc] == 0


def test_a_new_year_is_read_whole(tmp_path: Path, firms: list[Enterprise]) -> None:
    tell(firms[0], revenue="300万元")
    snapshot_from_store(DAY, at=AT, root=tmp_path)
    found = snapshot_from_store(date(2025, 6, 20), at=AT + timedelta(days=365), root=tmp_path)
    assert values(found, "revenue")[firms[0].uscc] is None
    assert values(found, "revenue_y1")[firms[0].uscc] == 300 * 10**6


def test_the_job_makes_it_every_night(
    settings: LazySettings, tmp_path: Path, firms: list[Enterprise]
) -> None:
    settings.DATA_DIR = tmp_path
    plan_snapshot(by=SYSTEM, at=AT)
    plan_snapshot(by=SYSTEM, at=AT)
    assert Job.objects.filter(kind=SNAPSHOT).count() == 1
    night = AT + timedelta(days=1)
    assert run_one(worker="night", clock=lambda: night)
    done = Job.objects.filter(kind=SNAPSHOT).order_by("pk")
    assert [job.state for job in done] == ["done", "waiting"]
    assert snapshot.current(fact_snapshots.folder()).rows == len(firms)
