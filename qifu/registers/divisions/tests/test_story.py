"""The life of the divisions' table: loaded, asked, corrected, shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound
from qifu.foundation.action import WriteOutsideAct
from qifu.foundation.yaml_data import DataError
from qifu.registers.divisions import queries
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.divisions.models import Division

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
AuditRow: Any = apps.get_model("foundation", "AuditRow")
SMALL = """
title: 试
divisions:
- {code: '330000', name: 浙江省, kind: province}
- {code: '330100', name: 杭州市, kind: city, parent: '330000'}
- {code: '330103', name: 下城区, kind: county, parent: '330100', effective: {from: null, to: 2021-04-09}, successors: ['330105']}
- {code: '330105', name: 拱墅区, kind: county, parent: '330100', effective: {from: 2021-04-09, to: null}}
- {code: 'F330100-01', name: 试验新区, kind: functional_area, parent: '330105', spans: ['330105'], counted_in_totals: false, effective: {from: 2022-01-01, to: null}}
"""
Load = Callable[[str], Any]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return a function that loads a file with this text."""

    def run(text: str) -> Any:
        path = tmp_path / "divisions.yaml"
        path.write_text(text, "utf-8")
        return load_divisions(by=SYSTEM, at=AT, path=path)

    return run


def test_the_province_is_loaded_once_and_again_without_change(province: Path) -> None:
    assert queries.counts(DAY) | {"functional_area": 0} == {
        "province": 1, "city": 11, "county": 90, "functional_area": 0,
    }  # fmt: skip
    rows = AuditRow.objects.filter(act="divisions.load")
    assert rows.count() == 1 and rows.get().facts["created"] == Division.objects.count()
    again = load_divisions(by=SYSTEM, at=AT, path=province / "divisions.yaml")
    assert (again.created, again.changed, again.removed) == (0, 0, 0) and again.unchanged > 100
    assert rows.count() == 2


def test_a_correction_replaces_rows_and_is_seen_at_once(load: Load) -> None:
    load(SMALL)
    assert queries.names(["330105"]) == {"330105": "杭州市拱墅区"}
    report = load(SMALL.replace("拱墅区", "新拱墅区").replace("2022-01-01", "2023-01-01"))
    assert (report.created, report.changed, report.removed, report.unchanged) == (1, 1, 1, 3)
    assert str(report) == "新增 1、更改 1、删去 1、未变 3"
    assert queries.names(["330105"]) == {"330105": "杭州市新拱墅区"}
    assert queries.division("F330100-01", date(2022, 6, 1)) is None


def test_a_faulty_file_changes_nothing(load: Load) -> None:
    load(SMALL)
    with pytest.raises(DataError, match="第 6 行"):
        load(SMALL.replace("parent: '330100'", "parent: '339999'"))
    assert Division.objects.count() == 5 and AuditRow.objects.filter(act="divisions.load").count() == 1


def test_only_the_system_loads_and_nothing_writes_around_the_door(load: Load, tmp_path: Path) -> None:
    load(SMALL)
    with pytest.raises(NotFound):
        load_divisions(by=ANONYMOUS, at=AT, path=tmp_path / "divisions.yaml")
    with pytest.raises(WriteOutsideAct):
        Division.objects.get(code="330105").save()


def test_a_subtree_holds_past_and_present_for_one_light_query(
    load: Load, django_assert_num_queries: Any
) -> None:
    load(SMALL)
    everything = {"330100", "330103", "330105", "F330100-01"}
    assert queries.subtree("330100") == everything
    with django_assert_num_queries(1):
        found = queries.subtrees(["330000", "330105", "330103", "no such"])
    assert found["330000"] == everything | {"330000"}
    assert found["330105"] == {"330105", "F330100-01"}
    assert found["330103"] == {"330103"} and found["no such"] == {"no such"}


def test_what_was_in_force_on_a_day(load: Load) -> None:
    load(SMALL)
    before, after = date(2021, 4, 8), date(2021, 4, 9)
    assert queries.division("330103", before) and not queries.division("330103", after)
    assert queries.division("330105", after) and not queries.division("330105", before)
    assert [one.division.code for one in queries.ended(after)] == ["330103"]
    assert queries.ended(after)[0].successors == (("330105", "拱墅区"),)
    city = queries.tree(DAY)[0].below[0]
    assert [row.division.code for row in city.rows] == ["330105", "F330100-01"] and city.area_count == 1


def test_totals_never_count_a_functional_area(load: Load) -> None:
    load(SMALL)
    assert queries.total({"330105": 5, "F330100-01": 3}, 0, DAY) == 5
    assert queries.total({"330100": 7, "330105": 5, "F330100-01": 3}, 0, DAY) == 7


def test_pages_show_tree_history_and_mistakes(
    province: Path, client: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        page = client.get("/divisions/").content.decode()
    assert "温州湾新区" in page and "待核" in page and "下城区" in page
    assert "下城区" in client.get("/divisions/?day=2018-01-01").content.decode()
    assert "日期不对" in client.get("/divisions/?day=2018-13-01").content.decode()
    assert "萧山经济技术开发区" in client.get("/divisions/330109/").content.decode()
    assert "拱墅区" in client.get("/divisions/330103/").content.decode()
    assert "/divisions/F330300-01/" in client.get("/search/?q=温州湾").content.decode()
    assert client.get("/divisions/999999/").status_code == 404
