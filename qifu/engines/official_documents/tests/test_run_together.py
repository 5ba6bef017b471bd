"""Names without a separator between them, and labels in traditional characters."""

from __future__ import annotations

import pytest

from qifu.engines.official_documents import read_plan
from qifu.engines.official_documents.units import split_units


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("自治区水利厅自治区财政厅", ["自治区水利厅", "自治区财政厅"]),
        ("省商务厅各设区市人民政府", ["省商务厅", "各设区市人民政府"]),
        ("市医保局市12333服务中心", ["市医保局", "市12333服务中心"]),
        ("省财政厅国家税务总局湖北省税务局", ["省财政厅", "国家税务总局湖北省税务局"]),
        ("畜牧管理司渔业管理司", ["畜牧管理司", "渔业管理司"]),
        ("国家发展改革委财政部交通运输部", ["国家发展改革委", "财政部", "交通运输部"]),
        ("省財政廳省農業農村廳", ["省財政廳", "省農業農村廳"]),
    ],
)
def test_names_run_together_are_split_and_told(text: str, names: list[str]) -> None:
    found = split_units(text)
    assert found.names == names
    assert [code for code, *_ in found.doubts] == ["units_doubtful"]


@pytest.mark.parametrize(
    "name",
    [
        "国家税务总局浙江省税务局",
        "省财政厅农业处",
        "水利部长江水利委员会",
        "国家外汇管理局浙江省分局",
        "省人大常委会办公厅",
        "国务院各部委",
        "中央纪委国家监委驻部纪检监察组",
    ],
)
def test_one_name_stays_one(name: str) -> None:
    found = split_units(name)
    assert (found.names, found.doubts) == ([name], [])


def test_labels_in_traditional_characters_are_known_and_names_stay_as_written() -> None:
    text = (
        "关于印发2024年工作要点的通知\n\n一、主要任务\n"
        "（一）推行数据共享，覆盖全部事项。（牽頭單位：市大數據局；配合單位：市財政局；完成時限：2024年6月）\n"
    )
    plan = read_plan(text.encode(), filename="a.txt").plan
    (duty,) = [d for d in plan.duties if d.lead]
    assert (duty.lead, duty.cooperating) == (["市大數據局"], ["市財政局"])
    assert duty.deadline is not None and str(duty.deadline.due) == "2024-06-30"
    assert any(i.code == "traditional_labels" for i in plan.irregularities)


def test_headings_in_traditional_characters_are_known() -> None:
    text = "关于印发2024年工作要点的通知\n\n附件\n序號\t重點任務\t工作舉措\t責任單位\t完成時限\n" + "".join(
        f"{n}\t优化服务\t推进第{n}项服务事项集成办理。\t省財政廳\t2024年6月\n" for n in range(1, 5)
    )
    plan = read_plan(text.encode(), filename="a.txt").plan
    assert [(t.number, t.group, t.responsible[0].raw) for t in plan.tasks] == [
        (n, "优化服务", "省財政廳") for n in range(1, 5)
    ]


def test_a_line_cut_at_its_blanks_is_told_and_the_unit_of_measure_is_parted_from_the_name() -> None:
    text = "关于印发2024年主要指标的通知\n\n附件 主要指标\n维度 指标名称 年目标值 频度\n" + "".join(
        f"政务 环境 第{n}类事项网办率 % 9{i} 季度\n" for i, n in enumerate("一二三四", 1)
    )
    plan = read_plan(text.encode(), filename="a.txt").plan
    assert [(i.unit, i.target) for i in plan.indicators] == [("%", n) for n in (91, 92, 93, 94)]
    assert {i.where.number for i in plan.irregularities if i.code == "cells_separated"} == {1, 2, 3, 4}
