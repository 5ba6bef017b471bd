"""The division book: Zhejiang as it is and was, subtrees, totals, and data files that are wrong."""

from __future__ import annotations

import csv
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.yaml_data import DataError
from qifu.registers.divisions.division_book import DivisionBook, load_divisions

ROOT = Path(__file__).resolve().parents[4]
SHARED = Path(os.environ.get("QIFU_SHARED", ROOT.parent / "shared"))
BOOK = load_divisions(ROOT / "provinces" / "zhejiang" / "divisions.yaml")
CODES = sorted({row.code for row in BOOK.rows})
STANDING = [code for code in CODES if code in BOOK]
DAYS = st.dates(date(2010, 1, 1), date(2030, 12, 31))


def test_cities_and_counties_are_those_of_the_shared_list() -> None:
    path = SHARED / "data" / "divisions" / "zhejiang_city_county.csv"
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have the shared divisions")
        pytest.skip("shared divisions absent (set QIFU_SHARED)")
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    assert {(row["code_city"] + "00", row["name_city"]) for row in rows} == {
        (city.code, city.name) for city in BOOK.of_kind("city")
    }
    assert {(row["code_county"], row["name_county"], row["code_city"] + "00") for row in rows} == {
        (county.code, county.name, county.parent) for county in BOOK.of_kind("county")
    }
    assert (len(BOOK.of_kind("city")), len(BOOK.of_kind("county"))) == (11, 90)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("萧山", "330109"),
        ("萧山区", "330109"),
        ("杭州市萧山区", "330109"),
        ("杭州萧山区", "330109"),
        ("浙江省杭州市 萧山区", "330109"),
        ("浙江", "330000"),
        ("浙江省", "330000"),
        ("温州", "330300"),
        ("景宁", "331127"),
        ("温州湾新区", "F330300-01"),
        ("前湾新区", "F330200-01"),
        ("江干区", None),
        ("不存在", None),
        ("", None),
        ("市", None),
    ],
)
def test_by_name_knows_full_short_and_city_qualified_names(text: str, code: str | None) -> None:
    found = BOOK.by_name(text)
    assert (found.code if found else None) == code


def test_by_name_within_keeps_to_the_subtree() -> None:
    assert BOOK.by_name("萧山", within="330200") is None
    found = BOOK.by_name("萧山", within="330100")
    assert found is not None and found.code == "330109"


def test_the_map_of_hangzhou_changes_on_the_ninth_of_april_2021() -> None:
    before, after = BOOK.as_of(date(2021, 4, 8)), BOOK.as_of(date(2021, 4, 9))
    for gone in ("330103", "330104"):
        assert gone in before and gone not in after
    for new in ("330113", "330114"):
        assert new not in before and new in after
    assert "F330100-01" in before.subtree("330100") and "F330100-01" not in after
    assert len(list(before.counted(["330100"]))) == len(list(after.counted(["330100"]))) == 13


@pytest.mark.parametrize(
    ("code", "day", "heirs"),
    [
        ("330103", date(2024, 1, 1), ("330105",)),
        ("330104", date(2024, 1, 1), ("330102", "330114")),
        ("330104", date(2020, 1, 1), ("330104",)),
        ("330110", date(2024, 1, 1), ("330110", "330113")),
        ("F330100-02", date(2024, 1, 1), ("330114",)),
        ("F330100-02", date(2020, 1, 1), ("F330100-01",)),
        ("330204", date(2024, 1, 1), ("330212",)),
        ("330109", date(2024, 1, 1), ("330109",)),
        ("999999", date(2024, 1, 1), ()),
    ],
)
def test_successors_follow_the_chain_to_the_day(code: str, day: date, heirs: tuple[str, ...]) -> None:
    assert BOOK.successors(code, day) == heirs


def test_a_functional_area_lies_under_the_lowest_common_parent_and_is_never_counted() -> None:
    assert "F330600-01" in BOOK.subtree("330600") and "F330600-01" not in BOOK.subtree("330602")
    assert BOOK.parents("F330600-01") == ("330600", "330000")
    assert BOOK.counted(["F330600-01"]) == ()
    assert BOOK.counted(["330602", "F330600-01", "330602"]) == ("330602",)
    values = {"330600": 10, "330602": 4, "F330600-01": 3, "330503": 2}
    assert BOOK.total(values, 0) == 12
    assert BOOK.total({"330602": Decimal("0.1"), "330604": Decimal("0.2")}, Decimal(0)) == Decimal("0.3")


@given(st.sampled_from(STANDING))
def test_a_subtree_holds_itself_and_only_what_lies_below(code: str) -> None:
    subtree = BOOK.subtree(code)
    assert code in subtree
    assert all(code in BOOK.parents(below) for below in subtree - {code})
    assert all(subtree < BOOK.subtree(above) for above in BOOK.parents(code))


@given(st.lists(st.sampled_from(CODES)))
def test_counting_never_doubles(codes: list[str]) -> None:
    counted = BOOK.counted(codes)
    assert len(counted) == len(set(counted))
    assert counted == BOOK.counted(list(reversed(codes)) + codes) == BOOK.counted(counted)
    assert all(BOOK.get(code).kind == "county" for code in counted)  # type: ignore[union-attr]
    whole = BOOK.outermost(codes)
    parts = [county for code in whole for county in BOOK.counted([code])]
    assert sorted(parts) == sorted(set(parts)) == list(counted)


@given(st.sampled_from(CODES), DAYS)
def test_successors_are_in_force_and_cover_every_day_once_known(code: str, day: date) -> None:
    book = BOOK.as_of(day)
    heirs = BOOK.successors(code, day)
    assert all(heir in book for heir in heirs)
    if code in book:
        assert code in heirs
    elif any(row.effective_to is not None and row.effective_to <= day for row in BOOK.versions(code)):
        assert heirs


@given(st.text(max_size=12))
def test_any_text_is_a_name_or_none(text: str) -> None:
    found = BOOK.by_name(text)
    assert found is None or found.code in BOOK


@given(DAYS)
def test_every_day_has_one_province_eleven_cities_and_valid_parents(day: date) -> None:
    book: DivisionBook = BOOK.as_of(day)
    assert len(book.of_kind("province")) == 1 and len(book.of_kind("city")) == 11
    assert all(row.parent in book for row in book.of_kind("county"))
    assert set(book.counted(["330000"])) == {row.code for row in book.of_kind("county")}


HEAD = """divisions:
- {code: '330000', name: 浙江省, kind: province}
- {code: '330100', name: 杭州市, kind: city, parent: '330000'}
- {code: '330200', name: 宁波市, kind: city, parent: '330000'}
- {code: '330102', name: 上城区, kind: county, parent: '330100'}
- {code: '330203', name: 海曙区, kind: county, parent: '330200'}
"""


@pytest.mark.parametrize(
    ("added", "line", "cause"),
    [
        ("- {code: '330105', name: 拱墅区, kind: county, parent: '330900'}", 7, "上级“330900”不存在"),
        ("- {code: '330105', name: 拱墅区, kind: county, parent: '330102'}", 7, "级别不对"),
        ("- {code: '330105', name: 拱墅区, kind: county}", 7, "没有写上级 parent"),
        ("- {code: '330102', name: 上城区, kind: county, parent: '330100'}", 7, "与第 5 行重复"),
        (
            "- {code: '330102', name: 上城区, kind: county, parent: '330100', effective: {from: null, to: 2021-04-09}}",
            7,
            "有效期与第 5 行重叠",
        ),
        (
            "- {code: '330103', name: 下城区, kind: county, parent: '330100', effective: {to: 2021-04-09},"
            " successors: ['330199']}",
            7,
            "后续区划“330199”不在本文件中",
        ),
        (
            "- {code: '330103', name: 下城区, kind: county, parent: '330100', successors: ['330102']}",
            7,
            "现行区划写了后续",
        ),
        (
            "- {code: '330103', name: 下城区, kind: county, parent: '330100', effective: {from: 2021-04-09, to: 2021-04-09}}",
            7,
            "起日不早于止日",
        ),
        (
            "- {code: '330103', name: 下城区, kind: county, parent: '330100', effective: {from: 二〇二一年}}",
            7,
            "不是日期",
        ),
        ("- {code: '33010', name: 下城区, kind: county, parent: '330100'}", 7, "格式不对"),
        ("- {code: '330103', name: 下城区, kind: town, parent: '330100'}", 7, "“town”不在允许之列"),
        (
            "- {code: '330103', name: 下城区, kind: county, parent: '330100', colour: red}",
            7,
            "不认识“colour”",
        ),
        (
            "- {code: '330103', name: 下城区, kind: county, parent: '330100', counted_in_totals: false}",
            7,
            "合计标志不对",
        ),
        (
            "- {code: F330100-01, name: 某新区, kind: functional_area, parent: '330100', spans: ['330102']}",
            7,
            "合计标志不对",
        ),
        (
            "- {code: F330100-01, name: 某新区, kind: functional_area, parent: '330100', counted_in_totals: false,"
            " spans: ['330102', '330203']}",
            7,
            "最近共同上级“330000”",
        ),
        (
            "- {code: F330100-01, name: 某新区, kind: functional_area, parent: '330100', counted_in_totals: false,"
            " spans: ['330100']}",
            7,
            "不是同期有效的县",
        ),
        (
            "- {code: F330100-01, name: 某新区, kind: functional_area, parent: '330100', counted_in_totals: false}",
            7,
            "没有写所在县",
        ),
        ("- {code: '330114', name: 某新区, kind: functional_area, parent: '330100'}", 7, "格式不对"),
        ("- {code: '330103', code: '330104', name: 下城区, kind: county, parent: '330100'}", 7, "“code”重复"),
        ("- {code: '330103', name: [下城区, kind: county", 7, "YAML 格式有误"),
        ("- 只是文字", 7, "应为若干"),
    ],
)
def test_a_wrong_file_is_refused_with_file_line_cause_and_remedy(
    tmp_path: Path, added: str, line: int, cause: str
) -> None:
    path = tmp_path / "divisions.yaml"
    path.write_text(HEAD + added + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_divisions(path)
    assert cause in str(caught.value)
    assert str(caught.value).startswith(f"divisions.yaml 第 {line} 行：") and caught.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe\x00",
        b"divisions:",
        b"divisions: {}",
        b"a: b: c",
        b"!!python/object:os.system {}",
        b"divisions: [{code: 2021-13-99}]",
        b"x: " + b"[" * 5000,
    ],
)
def test_rubbish_is_refused_and_never_crashes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "divisions.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError):
        load_divisions(path)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_divisions(tmp_path / "none.yaml")


def test_data_that_is_not_sure_says_so() -> None:
    assert {row.confidence for row in BOOK.rows} == {"", "待核"}
