"""Groups that are only carried over: labels in the middle of their rows, jumps in the numbering."""

from __future__ import annotations

from qifu.engines.official_documents import read_plan
from qifu.engines.official_documents.plan import Plan

_HEAD = "关于印发2024年工作要点的通知\n\n附件：任务清单\n序号\t重点任务\t工作举措\t责任单位\t完成时限\n"


def _read(labels: list[str], numbers: list[int]) -> Plan:
    rows = [
        f"{n}\t{label}\t推进第{n}项服务事项集成办理。\t省财政厅\t2024年6月"
        for n, label in zip(numbers, labels, strict=True)
    ]
    return read_plan((_HEAD + "\n".join(rows) + "\n").encode(), filename="a.txt").plan


def _doubted(plan: Plan) -> set[int | None]:
    return {i.where.number for i in plan.irregularities if i.code == "group_doubtful"}


def test_labels_in_the_middle_cover_the_rows_around_them() -> None:
    labels = ["", "优化政务服务", "", "", "", "强化要素保障", "", ""]
    plan = _read(labels, list(range(1, 9)))
    assert [t.group for t in plan.tasks] == ["优化政务服务"] * 3 + ["强化要素保障"] * 5
    assert _doubted(plan) == {1, 3, 4, 5, 7, 8}


def test_a_group_carried_over_a_jump_is_doubtful_until_the_next_label() -> None:
    labels = ["优化政务服务", "", "", "", "强化要素保障", ""]
    plan = _read(labels, [1, 2, 6, 7, 8, 9])
    assert _doubted(plan) == {6, 7}


def test_a_whole_numbering_raises_no_doubt() -> None:
    plan = _read(["优化政务服务", "", "", "强化要素保障", "", ""], [1, 2, 3, 4, 5, 6])
    assert _doubted(plan) == set()
