"""Lists of units, deadlines and figures, each in the writings that offices use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from qifu.engines.official_documents.deadlines import read_deadline
from qifu.engines.official_documents.figures import read_number_cell, read_targets
from qifu.engines.official_documents.units import NameStatus, split_units


@dataclass(frozen=True)
class Known:
    canonical: str
    status: NameStatus = "name"
    note: str | None = None


class Book:
    """A tiny name book."""

    names = {
        "省人社厅省保厅": Known("省人社厅", "slip", "断行误识"),
        "省发改委": Known("省发展改革委", "alias"),
        "省物价局": Known("省发展改革委", "former_name"),
    }

    def resolve(self, raw: str) -> Known | None:
        return self.names.get(raw)


@pytest.mark.parametrize(
    ("text", "names", "open_list"),
    [
        (
            "省财政厅、省审计厅，省数据局（省政务服务办）",
            ["省财政厅", "省审计厅", "省数据局（省政务服务办）"],
            False,
        ),
        ("省公安厅 省检察院", ["省公安厅", "省检察院"], False),
        ("省发展 改革委", ["省发展改革委"], False),
        ("省、市、县（市、区）各业务部门", ["省、市、县（市、区）各业务部门"], False),
        (
            "市、县(市、区)党委改革办、企服中心，省经信厅",
            ["市、县（市、区）党委改革办", "市、县（市、区）企服中心", "省经信厅"],
            False,
        ),
        ("杭州市钱塘区、萧山区、温州湾新区等", ["杭州市钱塘区", "杭州市萧山区", "温州湾新区"], True),
        ("省数据局〔省政务服务办〕；省税务局", ["省数据局（省政务服务办）", "省税务局"], False),
        ("/", [], False),
        ("", [], False),
    ],
)
def test_lists_of_units(text: str, names: list[str], open_list: bool) -> None:
    read = split_units(text)
    assert (read.names, read.open_list) == (names, open_list)


def test_the_name_book_decides_and_slips_are_told() -> None:
    read = split_units("省人社厅 省保厅、省发改委、省物价局", Book())
    assert read.names == ["省人社厅", "省发展改革委", "省发展改革委"]
    assert [(code, proposal) for code, _, _, proposal in read.doubts] == [
        ("name_slip", "省人社厅"),
        ("name_former", "省发展改革委"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "due"),
    [
        ("2024 年 3 月", "month", date(2024, 3, 31)),
        ("２０２４年６月底前", "month", date(2024, 6, 30)),
        ("2024-03-31", "date", date(2024, 3, 31)),
        ("3月15日前", "date", date(2024, 3, 15)),
        ("第三季度", "quarter", date(2024, 9, 30)),
        ("上半年", "month", date(2024, 6, 30)),
        ("年底前", "year", date(2024, 12, 31)),
        ("二〇二四年十二月", "month", date(2024, 12, 31)),
        ("持续推进中", "ongoing", None),
        ("长期坚持", "ongoing", None),
        ("2O24年l2月", "month", date(2024, 12, 31)),
    ],
)
def test_deadlines(text: str, kind: str, due: date | None) -> None:
    read = read_deadline(text, 2024)
    assert read is not None and (read.deadline.kind, read.deadline.due) == (kind, due)


@pytest.mark.parametrize("text", ["2024年13月", "2月30日", "加快推进", "省财政厅", "12"])
def test_no_deadline_is_invented(text: str) -> None:
    assert read_deadline(text, 2024) is None


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("办理事项压缩至50项以内。", [("办理事项", "<=", "50", "项", None)]),
        (
            "培训甲、乙和丙分别不少于500人、5000人和50000人。",
            [
                ("培训甲", ">=", "500", "人", None),
                ("乙", ">=", "5000", "人", None),
                ("丙", ">=", "50000", "人", None),
            ],
        ),
        (
            "物流费用占GDP的比重低于全国0.5个百分点。",
            [("物流费用占GDP的比重", "<", "0.5", "个百分点", "全国")],
        ),
        ("机构突破1万家。", [("机构", ">", "1", "万家", None)]),
        ("推动一批清单落地。", [("推动一批清单落地", None, None, None, None)]),
    ],
)
def test_figures(
    text: str, figures: list[tuple[str, str | None, str | None, str | None, str | None]]
) -> None:
    read = [
        (t.name, t.comparator, str(t.value) if t.value is not None else None, t.unit, t.baseline)
        for t in read_targets(text)
    ]
    assert [(n.removeprefix("推动"), *rest) for n, *rest in read] == [
        (n.removeprefix("推动"), *rest) for n, *rest in figures
    ]


def test_number_cells() -> None:
    assert read_number_cell("≥95.5%") == (Decimal("95.5"), ">=", "%", False)
    assert read_number_cell("1２,000") == (Decimal(12000), None, None, False)
    assert read_number_cell("5O00") == (Decimal(5000), None, None, True)
    assert read_number_cell("完成国家下达任务") is None
