"""Whatever is thrown at the reader: it answers, or refuses with a reason; twice the same; every place exists."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.engines.official_documents import PlanReading, UnreadableDocument, read_plan
from qifu.engines.official_documents.deadlines import read_deadline
from qifu.engines.official_documents.figures import read_targets, split_items
from qifu.engines.official_documents.units import split_units

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = [
    "序号",
    "重点任务",
    "工作举措",
    "责任单位",
    "完成时限",
    "牵头单位",
    "指标名称",
    "年目标值",
    "频度",
    "维度",
    "单位",
    "攻坚目标",
    "主要指标",
    "1",
    "2",
    "3.",
    "（四）",
    "①",
    "2024年3月",
    "持续推进",
    "年底前",
    "省财政厅、省审计厅",
    "市、县（市、区）党委、政府",
    "省数据局（省政务服务办）",
    "/",
    "%",
    "亿元",
    "90",
    "月度",
    "推动政务服务增值化改革取得实效。",
    "1.建立机制。2.不少于 500 家",
    "<p>",
    "附件 1",
    "关于印发工作要点的通知",
    "一、主要目标",
    "（",
    "〔",
    '"',
    "抄送：",
    "——",
    "𠮷",
    "\u200b",
]
CELLS = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=12), st.lists(st.sampled_from(WORDS), max_size=4).map("".join)
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=9), min_size=1, max_size=14)
SEPARATORS = st.sampled_from(["\t", " | ", "   ", "\n", "，"])


def reading_of(data: bytes, filename: str = "") -> PlanReading | None:
    try:
        return read_plan(data, filename=filename)
    except UnreadableDocument as refusal:
        assert refusal.message_zh and refusal.remedy_zh and "\n" not in str(refusal)
        return None


def check(data: bytes, filename: str = "") -> None:
    first, second = reading_of(data, filename), reading_of(data, filename)
    if first is None or second is None:
        assert first is second
        return
    assert first.to_json() == second.to_json()
    json.dumps(first.to_json(), allow_nan=False)
    lines = {block.line for block in first.document.blocks}
    plan = first.plan
    for row in [*plan.indicators, *plan.tasks, *plan.actions, *plan.duties]:
        assert row.source.line in lines and row.source.cell >= 1
    for item in plan.irregularities:
        assert item.where.line is None or item.where.line in lines
        assert item.text


@SETTINGS
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@SETTINGS
@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    check(data)


@SETTINGS
@given(TABLES, SEPARATORS)
def test_any_table(rows: list[list[str]], separator: str) -> None:
    check("\n".join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass"))


@SETTINGS
@given(TABLES, st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_any_table_in_html(rows: list[list[str]], spans: list[int]) -> None:
    body = "".join(
        "<tr>"
        + "".join(f"<td rowspan={spans[0]} colspan={spans[i % 4]}>{cell}</td>" for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    check(
        f"<html><body><p>关于印发要点的通知</p><table>{body}</table></body></html>".encode(
            "utf-8", "surrogatepass"
        )
    )


@SETTINGS
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=8).map("、".join)))
def test_small_readers_never_break(text: str) -> None:
    units = split_units(text)
    assert all(unit.raw and unit.name for unit in units.units)
    assert all(target.text for item in split_items(text) for target in read_targets(item))
    found = read_deadline(text, 2024)
    assert found is None or found.deadline.kind in ("month", "date", "quarter", "year", "ongoing")
    assert found is None or (found.deadline.due is None) == (found.deadline.kind == "ongoing")
