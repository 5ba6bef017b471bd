"""Damaged rows: each is put right and told, or told as lost; nothing is invented."""

from __future__ import annotations

from qifu.engines.official_documents import read_plan
from qifu.engines.official_documents.plan import Plan

from .shared import table

START = "关于印发2024年工作要点的通知\n\n附件\n\n重点任务清单\n\n"
HEADING = "序号|重点任务|工作举措|责任单位|完成时限"
GOOD = [
    "1|提升服务|建立企业服务专员制度，明确工作职责。|省经信厅、省财政厅|2024年3月",
    "2||推行证照联办，压减办理材料和时间。|省市场监管局|2024年6月",
    "3|规范执法|编制涉企检查事项清单并向社会公布。|省司法厅、省财政厅|2024年12月",
    "4||推行综合查一次，减少重复检查。|省司法厅|持续推进",
]


def plan_of(*rows: str) -> Plan:
    return read_plan((START + table(HEADING, *rows)).encode()).plan


def told(plan: Plan, number: int) -> set[str]:
    return {i.code for i in plan.irregularities if i.where.number == number and i.severity != "info"}


def test_undamaged_rows_are_not_doubted() -> None:
    plan = plan_of(*GOOD)
    assert [t.group for t in plan.tasks] == ["提升服务", "提升服务", "规范执法", "规范执法"]
    assert all(not told(plan, n) for n in range(1, 5))


def test_a_row_shifted_left() -> None:
    plan = plan_of(GOOD[0], "2|推行证照联办，压减办理材料和时间。|省市场监管局|2024年6月|", *GOOD[2:])
    assert plan.tasks[1].measure.startswith("推行证照联办") and [
        u.name for u in plan.tasks[1].responsible
    ] == ["省市场监管局"]
    assert "row_shifted" in told(plan, 2)


def test_a_row_cut_by_a_page() -> None:
    plan = plan_of(GOOD[0], "2||推行证照联办，压减|省市场|2024年", "||办理材料和时间。|监管局|6月", *GOOD[2:])
    assert len(plan.tasks) == 4
    assert plan.tasks[1].measure == "推行证照联办，压减办理材料和时间。"
    assert [u.name for u in plan.tasks[1].responsible] == ["省市场监管局"]
    assert plan.tasks[1].deadline is not None and str(plan.tasks[1].deadline.due) == "2024-06-30"
    assert "row_joined" in told(plan, 2)


def test_a_missing_row_leaves_a_gap() -> None:
    plan = plan_of(GOOD[0], GOOD[2], GOOD[3])
    assert [t.number for t in plan.tasks] == [1, 3, 4]
    assert [(m.kind, m.number, m.name) for m in plan.missing] == [("task", 2, None)]
    assert told(plan, 2) == {"number_gap"}


def test_a_repeated_row_is_kept_once() -> None:
    plan = plan_of(*GOOD[:3], GOOD[2], GOOD[3])
    assert [t.number for t in plan.tasks] == [1, 2, 3, 4]
    assert "row_repeated" in told(plan, 3)


def test_look_alikes_in_names_and_dates() -> None:
    plan = plan_of(GOOD[0], "2||推行证照联办，压减办理材料和时间。|省市扬监管局|2O24年6目", *GOOD[2:])
    assert plan.tasks[1].deadline is not None and str(plan.tasks[1].deadline.due) == "2024-06-30"
    assert {"deadline_repaired"} <= told(plan, 2)
    assert told(plan, 2) & {"name_repaired", "name_doubtful"}


def test_an_empty_cell_is_an_error_not_a_guess() -> None:
    plan = plan_of(GOOD[0], "2||推行证照联办，压减办理材料和时间。||2024年6月", *GOOD[2:])
    assert plan.tasks[1].responsible == []
    assert "units_missing" in told(plan, 2)


def test_borders_lost() -> None:
    plan = plan_of(GOOD[0], "2 推行证照联办，压减办理材料和时间。 省市场监管局 2024年6月", *GOOD[2:])
    assert [u.name for u in plan.tasks[1].responsible] == ["省市场监管局"]
    assert "cells_separated" in told(plan, 2)


def test_two_rows_in_one() -> None:
    first, second = GOOD[0].split("|"), GOOD[1].split("|")
    stacked = "\t".join(f'"{a}\n{b}"' if a and b else a for a, b in zip(first, second, strict=True))
    plan = read_plan((START + table(HEADING) + "\n" + stacked + "\n" + table(*GOOD[2:])).encode()).plan
    assert [t.number for t in plan.tasks] == [1, 2, 3, 4]
    assert [u.name for u in plan.tasks[1].responsible] == ["省市场监管局"]
    assert "row_separated" in told(plan, 1) and "row_separated" in told(plan, 2)
