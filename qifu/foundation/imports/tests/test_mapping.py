"""Columns are proposed by what headings say and cells hold; what is unclear is told; rows keep their numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.imports.file_mapping import (
    FileMapping,
    apply_kept,
    from_yaml,
    propose_file,
    to_yaml,
)
from qifu.foundation.imports.kinds import Column
from qifu.foundation.imports.mapping import ColumnMapping, Proposal, heading_key, unit_of
from qifu.foundation.imports.readings import Reading, readings
from qifu.foundation.imports.table_file import open_table
from qifu.foundation.imports.tests.test_table_file import book
from qifu.foundation.yaml_data import DataError


def is_code(cells: Sequence[str]) -> bool:
    return all(len(cell) == 4 and cell.isdigit() for cell in cells)


COLUMNS = (
    Column("name", "企业名称", ("名称", "单位名称"), required=True),
    Column("code", "代码", ("信用代码",), required=True, looks_like=is_code),
    Column("capital", "注册资本", ("注册资金",)),
)


def read(data: bytes | str) -> tuple[Proposal, list[Reading]]:
    content = data.encode() if isinstance(data, str) else data
    table = open_table(io.BytesIO(content))
    found = propose_file(table, COLUMNS)
    proposal = Proposal(found.mapping.parts[0], found.remarks)
    return proposal, list(readings(table, proposal.mapping))


@pytest.mark.parametrize(
    "heading",
    ["企业名称,代码,注册资本", "名 称,信用代码*,注册资金", "企业名称（全称）,代码（18位）:,注 册 资 本", "单位名称,ＣＯＤＥ,capital"],
)  # fmt: skip
def test_headings_are_known_in_many_spellings(heading: str) -> None:
    proposal, rows = read(f"{heading}\n甲,0001,5\n")
    assert proposal.mapping.places == {"name": 0, "code": 1, "capital": 2}
    assert proposal.remarks == ()
    assert rows[0].row is not None and rows[0].row.values == {"name": "甲", "code": "0001", "capital": "5"}


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("注册资本（万元）", "万元"), ("注册资金(单位：万元)", "万元"), ("注册资本/亿元", "亿元"), ("注册资本万元", "万元"),
        ("注册资本（万美元）", "万美元"), ("注册资本", ""), ("元", ""), ("工作单位", ""),
    ],
)  # fmt: skip
def test_a_unit_of_money_in_the_heading_is_read(heading: str, unit: str) -> None:
    assert unit_of(heading) == unit
    if unit:
        _, rows = read(f"企业名称,代码,{heading}\n甲,0001,20\n乙,0002,3美元\n丙,0003,\n")
        assert [r.row.values["capital"] for r in rows if r.row] == ["20" + unit, "3美元", ""]


def test_titles_above_the_heading_are_passed_over_and_two_row_headings_joined() -> None:
    proposal, rows = read(
        book(["某县企业名录"], [], ["企业名称", "登记", None], [None, "代码", "注册资本"], ["甲", "0001", 5])
    )
    assert (proposal.mapping.heading_line, proposal.mapping.places) == (
        4,
        {"name": 0, "code": 1, "capital": 2},
    )
    assert [r.line.number for r in rows] == [5]


def test_two_headings_for_one_column_are_told_and_the_surer_is_taken() -> None:
    proposal, _ = read("名称,企业名称,代码\n甲,乙,0001\n")
    assert proposal.mapping.places == {"name": 1, "code": 2}
    assert "第 2 列“企业名称”、第 1 列“名称”都可能是“企业名称”" in proposal.remarks[0]


def test_a_column_is_known_by_its_content_and_a_file_without_heading_is_read() -> None:
    proposal, rows = read("甲,0001\n乙,0002\n")
    assert (proposal.mapping.heading_line, proposal.mapping.places) == (0, {"code": 1})
    assert [r.line.number for r in rows] == [1, 2]
    assert any("没有找到必填的栏目：企业名称" in remark for remark in proposal.remarks)
    proposal, rows = read("公司,号码\n甲,0001\n")
    assert (proposal.mapping.heading_line, proposal.mapping.places) == (1, {"code": 1})
    assert "第 2 列按内容识别为“代码”" in proposal.remarks[0] and len(rows) == 1


def test_the_sheet_that_fits_the_list_is_chosen() -> None:
    data = book(["填写说明"], ["一"], ["二"], ["三"], sheets={"名单": [["企业名称", "代码"], ["甲", "0001"]]})
    proposal, rows = read(data)
    assert proposal.mapping.sheet == "名单" and len(rows) == 1


def test_every_row_below_the_heading_is_accounted_for() -> None:
    text = "企业名称,代码,注册资本\n甲,0001,5\n\n企业名称,代码,注册资本\n乙,9.1330783350257E+17,5\n丙\ufffd,0003,5\n合计,,15\n共 3 家,,\n"
    _, rows = read(text)
    assert [r.line.number for r in rows] == [2, 3, 4, 5, 6, 7, 8]
    assert [bool(r.row) for r in rows] == [True, False, False, False, False, False, False]
    assert "与表头相同" in rows[2].skipped and "合计行" in rows[5].skipped and "合计行" in rows[6].skipped
    assert rows[3].broken_column == "code" and "科学计数法" in rows[3].broken
    assert rows[4].broken_column == "name" and "无法识别的字符" in rows[4].broken


def test_a_firm_with_a_name_like_a_total_is_a_firm() -> None:
    _, rows = read("企业名称,代码,注册资本\n合计科技有限公司,0001,5\n总计,0002,5\n")
    assert [bool(r.row) for r in rows] == [True, True]


def test_an_apostrophe_that_kept_a_formula_asleep_is_taken_off() -> None:
    _, rows = read("企业名称,代码\n'=1+1,0001\n'甲,0002\n")
    assert [r.row.values["name"] for r in rows if r.row] == ["=1+1", "'甲"]


def test_a_mapping_is_kept_as_yaml_and_applied_to_the_next_file() -> None:
    proposal, _ = read("名称,编码,注册资本（万元）\n甲,0001,5\n")
    kept = from_yaml(to_yaml("enterprises", FileMapping((proposal.mapping,))).encode(), where="m.yaml")
    table = open_table(io.BytesIO("注册资本（万元）,编码,名称\n5,0001,甲\n".encode()))
    again = apply_kept(kept, table, COLUMNS).mapping.parts[0]
    assert again.places == {"name": 2, "code": 1, "capital": 0} and again.units == {"capital": "万元"}
    assert [r.row.values for r in readings(table, again) if r.row] == [
        {"name": "甲", "code": "0001", "capital": "5万元"}
    ]
    other = {"sheets": [{"heading_line": 1, "columns": {"name": "别的", "nope": "编码"}}]}
    assert apply_kept(other, table, COLUMNS).remarks == (
        "文件第 1 行没有“别的”这一列", "对应关系里的“nope”不是这张表的栏目",
    )  # fmt: skip
    with pytest.raises(DataError, match="不认识“x”"):
        from_yaml(b"kind: a\nsheets: []\nx: 1\n", where="m.yaml")


def test_a_mapping_survives_as_plain_data() -> None:
    part = ColumnMapping({"name": 0}, 2, ("企业名称", "", "备注"), "表", {}, (1,))
    mapping = FileMapping((part, part), (("说明", 3),))
    assert FileMapping.from_json(mapping.to_json()) == mapping
    assert part.untaken == ("备注",)


WORDS = st.text("企业名称代码注册资本登记", min_size=1, max_size=12)


@given(WORDS, WORDS, st.integers(0, 12))
def test_blanks_stars_and_notes_in_brackets_do_not_tell_headings_apart(
    words: str, note: str, place: int
) -> None:
    written = f"{words[:place]} \u3000{words[place:]}（{note}）*："
    assert heading_key(written) == heading_key(words) == words


def test_a_richer_heading_further_down_loses_no_row_above_it() -> None:
    proposal, rows = read("企业名称,代码,备注\n甲,0001,x\n乙,0002,y\n名称,信用代码,注册资金\n丙,0003,5\n")
    assert proposal.mapping.heading_line == 1 and len(rows) == 4
    assert [r.row.values["name"] for r in rows if r.row] == ["甲", "乙", "名称", "丙"]


def test_a_heading_below_a_long_preface_is_found_and_told() -> None:
    preface = "\n".join(f"第{number}条说明" for number in range(35))
    proposal, rows = read(f"{preface}\n企业名称,代码\n甲,0001\n")
    assert proposal.mapping.heading_line == 36 and len(rows) == 1
    assert "表头在第 36 行，以上有 35 行文字，不作为数据，请核对" in proposal.remarks
