"""Headings over two lines, headings nobody listed, tables of tasks that have no usual words. Examples are our own."""

from __future__ import annotations

from typing import Any

import pytest

from qifu.engines.official_documents import read_plan
from qifu.engines.official_documents.deadlines import read_deadline
from qifu.engines.official_documents.figures import split_items
from qifu.engines.official_documents.headers import by_last_word

from .test_tables import HEAD, due, grid, names, read_html, read_text, told


def two_lines(upper: str, lower: str, *rows: str) -> dict[str, Any]:
    """A table whose heading has `upper` above columns of figures and `lower` words below it."""
    parts = lower.split("|")
    top = "".join(f'<td rowspan="2">{word}</td>' for word in ("序号", "指标", "单位"))
    head = f'<tr>{top}<td colspan="{len(parts)}">{upper}</td><td rowspan="2">责任单位</td></tr>'
    head += "<tr>" + "".join(f"<td>{word}</td>" for word in parts) + "</tr>"
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in grid(*rows))
    lines = "".join(f"<p>{line}</p>" for line in HEAD)
    html = f"<html><body>{lines}<p>主要指标表</p><table>{head}{body}</table></body></html>"
    return read_plan(html.encode(), filename="a.html").to_json()


@pytest.mark.parametrize(
    ("upper", "lower"),
    [("2024年目标", "上半年|全年"), ("目标值", "一季度末|全年"), ("年度计划", "前三季度|全年")],
)
def test_full_year_wins_over_a_part_of_it(upper: str, lower: str) -> None:
    if lower.startswith("前"):
        lower = lower.replace("前三季度", "上半年目标")
    plan = two_lines(
        upper,
        lower,
        "1|新设企业|户|40|90|市市场监管局",
        "2|技改投资|亿元|7|15|市工信局",
        "3|外资|万美元|20|55|市商务局",
    )
    assert [item["target"] for item in plan["indicators"]] == [90, 15, 55]
    assert [item["number"] for item in plan["indicators"]] == [1, 2, 3]


def test_a_second_heading_line_of_unknown_words_is_no_row() -> None:
    plan = two_lines(
        "目标值",
        "甲档|乙档",
        "1|新设企业|户|40|90|市市场监管局",
        "2|技改投资|亿元|7|15|市工信局",
        "3|外资|万美元|20|55|市商务局",
    )
    assert [item["name"] for item in plan["indicators"]] == ["新设企业", "技改投资", "外资"]
    assert any(item["where"]["field"] == "target" for item in plan["irregularities"])


@pytest.mark.parametrize(
    "text",
    [
        "1.建设驿站2.培训专员3.公布清单",
        "（1）建设驿站（2）培训专员（3）公布清单",
        "①建设驿站②培训专员③公布清单",
    ],
)
def test_lists_without_line_ends_fall_apart(text: str) -> None:
    assert split_items(text) == ["建设驿站", "培训专员", "公布清单"]


@pytest.mark.parametrize(
    "text", ["1.建成标准厂房2.5万平方米", "1.落实附件（2）所列清单", "建成1.2万个车位，新增2.平台"]
)
def test_figures_and_references_are_no_list(text: str) -> None:
    assert len(split_items(text)) == 1


def test_headings_are_known_by_their_last_word() -> None:
    plan = read_html(grid(
        "编号|巩固事项|销号期限|主办司局", "1|公布办事指南，压减材料|2024年5月底|市数据局", "2|开设企业专窗，专人接待|2024年7月底|市政务办",
        "3|清理过期文件，公布结果|立行立改|市司法局",
    ))  # fmt: skip
    assert [due(task) for task in plan["tasks"]] == ["2024-05-31", "2024-07-31", None]
    assert [names(task) for task in plan["tasks"]] == [["市数据局"], ["市政务办"], ["市司法局"]]
    assert not {"column_guessed", "header_missing", "deadline_unreadable"} & set(told(plan))
    assert by_last_word("填报时间") is None and by_last_word("统计部门") is None


def test_deadlines_and_units_make_a_table_of_tasks_whatever_its_title() -> None:
    table = grid(
        "序号|主攻方向|破题事项|责任单位|完成时限", "1|融资|设立风险补偿资金，|市财政局|2024年6月", "2||建立银企对接名单，|市金融办|2024年8月",
        "3|用地|推行工业用地弹性出让，|市自然资源局|2024年9月",
    )  # fmt: skip
    for title in ("营商环境攻坚行动台账", "专项行动任务表"):
        plan = read_html(title, table)
        assert len(plan["tasks"]) == 3 and not plan["actions"]


def test_text_after_an_aligned_table_is_text() -> None:
    plan = read_text(
        "指标表", "", "序号   指标         单位   目标值   责任单位", "1      新设企业     户     90       市市场监管局",
        "2      技改投资     亿元   15       市工信局", "3      外资         万元   55       市商务局", "",
        "　　二、工作安排", "　　（一）设立企业专窗。（牵头单位：市数据局；配合单位：市财政局）",
    )  # fmt: skip
    assert [item["name"] for item in plan["indicators"]] == ["新设企业", "技改投资", "外资"]
    assert [duty["lead"] for duty in plan["duties"]] == [["市数据局"]]


def test_a_date_to_begin_leaves_no_doubt_about_the_end() -> None:
    read = read_deadline("4月启动，10月完成", 2024)
    assert read and read.deadline.due and read.deadline.due.isoformat() == "2024-10-31" and not read.repaired
    assert (again := read_deadline("4月，10月", 2024)) and again.repaired


def test_a_goal_that_holds_the_figures_is_told() -> None:
    plan = read_html("专项行动清单", grid(
        "序号|专项行动|工作目标|量化指标|重点任务|牵头单位|配合单位",
        "1|融资畅通行动|缓解融资难题。|新增贷款50亿元|1.建立名单2.组织对接|市金融办|市财政局",
        "2|用工保障行动|缓解招工难题。招聘会达到30场||1.办招聘会2.建实训基地|市人社局|市总工会",
    ))  # fmt: skip
    assert {item["where"]["field"] for item in plan["irregularities"] if item["where"]["number"] == 2} >= {
        "goal",
        "targets",
    }
