"""The first real notice, leaf by leaf."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from qifu.engines.official_documents import PlanReading, read_plan

from .plan_2024 import ACTIONS, INDICATORS, TASKS
from .shared import shared_file


@pytest.fixture(scope="module")
def reading() -> PlanReading:
    return read_plan(shared_file("plan/work-plan-2024.txt"))


def findings(reading: PlanReading, code: str) -> list[tuple[str, int | None, str | None]]:
    return [
        (i.where.part, i.where.number, i.where.field) for i in reading.plan.irregularities if i.code == code
    ]


def test_header(reading: PlanReading) -> None:
    plan = reading.plan
    assert plan.title == "关于印发2024年营商环境优化提升“一号改革工程”工作要点的通知"
    assert plan.document_number == "浙营商专发〔2024〕1号"
    assert plan.issuer == "浙江省营商环境优化提升“一号改革工程”专班"
    assert plan.seal == "省委改革办"
    assert plan.issued_on == date(2024, 2, 9)
    assert plan.addressees == ["省级各有关单位", "各市、县（市、区）党委改革办"]
    assert (plan.copied_to, plan.urgency, plan.signed_by, plan.publicity) == ([], None, None, None)


def test_indicators(reading: PlanReading) -> None:
    read = [
        (i.number, i.dimension, i.name, i.unit, i.target, i.frequency, i.source.line)
        for i in reading.plan.indicators
    ]
    assert read == INDICATORS
    assert len({i.dimension for i in reading.plan.indicators}) == 6
    assert all(i.comparator is None and i.source.cell == 2 for i in reading.plan.indicators)


def test_tasks(reading: PlanReading) -> None:
    read = [
        (
            t.number,
            t.group,
            [u.name for u in t.responsible],
            t.open_list,
            t.deadline and t.deadline.kind,
            t.deadline.due.isoformat() if t.deadline and t.deadline.due else None,
        )
        for t in reading.plan.tasks
    ]
    assert read == TASKS
    assert len({t.group for t in reading.plan.tasks}) == 7
    assert all(t.measure.endswith("。") for t in reading.plan.tasks)


def test_units_of_a_task_keep_their_writing(reading: PlanReading) -> None:
    seven = reading.plan.tasks[6].responsible
    assert [(u.raw, u.name, u.kind, u.inherited) for u in seven[1:3]] == [
        ("杭州市钱塘区", "杭州市钱塘区", "division", False),
        ("萧山区", "杭州市萧山区", "division", True),
    ]
    three = reading.plan.tasks[2].responsible
    assert [(u.raw, u.kind, u.inherited) for u in three] == [
        ("市、县（市、区）党委改革办", "generic", False),
        ("企服中心", "generic", True),
        ("各业务主管部门", "generic", True),
    ]


def test_actions(reading: PlanReading) -> None:
    read = [
        (
            a.number,
            a.name,
            a.lead,
            len(a.cooperating),
            len(a.tasks),
            [(t.name, t.comparator, t.value, t.unit, t.baseline) for t in a.targets],
        )
        for a in reading.plan.actions
    ]
    assert read == ACTIONS


def test_direction_of_targets(reading: PlanReading) -> None:
    directions = {t.name: t.direction for a in reading.plan.actions for t in a.targets}
    assert directions["全省一审民商事案件平均审理天数"] == "down"
    assert directions["企业投资项目领域审批中介服务事项清单"] == "down"
    assert directions["自动履行率"] == "up"


def test_missing_actions_are_filled_from_the_body(reading: PlanReading) -> None:
    nine, ten = reading.plan.missing
    assert (nine.kind, nine.number, nine.name) == (
        "action",
        9,
        "完善以龙头企业为核心的创新联合体组建机制专项行动",
    )
    assert (nine.lead, nine.recovered_from) == (["省科技厅", "省经信厅"], "body 二(五)2")
    assert [(t.name, t.value, t.unit) for t in nine.targets] == [("新建省级创新联合体", Decimal(10), "家")]
    assert (ten.number, ten.name, ten.lead) == (10, "完善政府产业基金体制机制专项行动", ["省财政厅"])
    assert (ten.targets, ten.recovered_from) == ([], "body 二(五)3")
    assert findings(reading, "number_gap") == [("actions", 9, None), ("actions", 10, None)]


def test_rows_a_page_break_moved(reading: PlanReading) -> None:
    assert findings(reading, "group_moved") == [
        ("tasks", 15, "group"),
        ("tasks", 16, "group"),
        ("tasks", 23, "group"),
    ]
    assert findings(reading, "row_shifted") == [("tasks", 23, None)]


def test_body_against_annexes(reading: PlanReading) -> None:
    assert ("indicators", 23, "name") in findings(reading, "stock_or_flow")  # 新增5000 against 总数5000
    assert ("indicators", 7, "name") in findings(reading, "stock_or_flow")  # 拓展至100件 against 拓展数
    assert ("indicators", 18, "target") in findings(reading, "scale_differs")  # 9万亿 against 90000亿: equal
    assert ("indicators", 10, "unit") in findings(reading, "unit_differs")  # 15部 against 15个
    assert ("tasks", 18, "deadline") in findings(reading, "deadline_order")  # rests on task 19, a month later
    assert {n for _, n, _ in findings(reading, "name_differs")} == {3, 7, 8, 11, 12}
    assert findings(reading, "value_differs") == []


def test_body_items_and_their_figures(reading: PlanReading) -> None:
    by_path = {i.path: i for i in reading.items if i.path}
    figures = [
        (t.name, t.comparator, t.value, t.unit)
        for t in next(i for i in reading.items if i.text.startswith("加强政务服务渠道")).targets
    ]
    assert figures == [
        ("企业开办全流程网办率", ">=", Decimal("95.5"), "%"),
        ("依申请政务服务事项“一网通办”率", ">=", Decimal(85), "%"),
        ("省级以上平台10项区域评估覆盖率", None, Decimal(100), "%"),
    ]
    assert by_path["二(三)3"].title == "实施商事纠纷化解提质增效专项行动"
    assert len([i for i in reading.items if i.title.endswith("专项行动")]) == 16


def test_duties_of_the_body(reading: PlanReading) -> None:
    leads = {d.source.line: d.lead for d in reading.plan.duties}
    assert len(leads) == 22
    assert (
        leads[48] == ["省数据局（省政务服务办）"]
        and leads[52] == ["省发展改革委"]
        and leads[64] == ["省法院"]
    )
    assert leads[103] == ["省委组织部", "省纪委监委机关"]


def test_every_source_points_at_its_text(reading: PlanReading) -> None:
    lines = shared_file("plan/work-plan-2024.txt").read_text(encoding="utf-8").split("\n")
    for task in reading.plan.tasks:
        cell = lines[task.source.line - 1].split("\t")[task.source.cell - 1]
        assert task.measure[:12] in cell.replace(" ", "")
    for action in reading.plan.actions:
        assert action.name[:6] in lines[action.source.line - 1].split("\t")[action.source.cell - 1].replace(
            " ", ""
        )


def test_few_warnings_and_no_error_but_the_gaps(reading: PlanReading) -> None:
    errors = [i.code for i in reading.plan.irregularities if i.severity == "error"]
    warnings = [i for i in reading.plan.irregularities if i.severity == "warning"]
    assert errors == ["number_gap", "number_gap"]
    assert len(warnings) <= 16


def test_quick_and_the_same_each_time(reading: PlanReading) -> None:
    begun = time.process_time()
    again = read_plan(shared_file("plan/work-plan-2024.txt"))
    assert time.process_time() - begun < 1.0
    assert again.to_json() == reading.to_json()
