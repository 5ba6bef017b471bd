"""What an export of a plan holds, whatever its format: headings, rows with the plan's own numbering, and its marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from qifu.services.work_plans.queries.plans import ROLES, STANDINGS, due_state, target_words

Cell = str | Decimal | date | None


@dataclass(frozen=True)
class Facts:
    """What is said about the whole export: title, number, publicity, version, 截至日, and whether it is filtered."""

    title: str
    document_number: str
    issuer: str
    publicity: str
    internal: bool
    version: int
    as_of: date
    chosen: str = ""

    @property
    def footer(self) -> str:
        """One line that says which version this is and when it was true."""
        mark = "内部材料，不得公开、不得转发" if self.internal else self.publicity
        return f"第{self.version}版 · 截至{self.as_of:%Y-%m-%d} · {mark}"


@dataclass(frozen=True)
class Sheet:
    """One table: headings with their widths (in characters), and rows."""

    title: str
    headings: tuple[tuple[str, int], ...]
    rows: Sequence[tuple[Cell, ...]]


def sheets(items: Iterable[Any], today: date) -> list[Sheet]:
    """Return the three annexes (and the duties where there are any), each with the items of its kind."""
    rows = list(items)
    found = [_indicators(rows), _tasks(rows, today), _actions(rows)]
    duties = _duties(rows, today)
    return [*found, duties] if duties.rows else found


def units_in_words(item: Any, role: str | None = None) -> str:
    """Return the units of an item, of one role or with the role named where there are several."""
    parts = [unit for unit in item.units.all() if role is None or unit.role == role]
    words = "、".join(unit.name for unit in parts)
    return f"{words}等" if item.open_list and parts and role != "lead" else words


def _standing(item: Any) -> str:
    return "" if item.standing == "stated" else STANDINGS[item.standing]


def _indicators(items: list[Any]) -> Sheet:
    headings = (
        ("序号", 6), ("维度", 18), ("指标名称", 46), ("计量单位", 10), ("年目标值", 12), ("频度", 8), ("备注", 14),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for item in (one for one in items if one.kind == "indicator"):
        target = next(iter(item.targets.all()), None)
        value: Cell = (
            target.value if target and target.value is not None else target_words(target) if target else ""
        )
        unit = target.unit if target else ""
        rows.append(
            (
                Decimal(item.number),
                item.group,
                item.title,
                unit or "/",
                value,
                item.frequency,
                _standing(item),
            )
        )
    return Sheet("主要指标", headings, rows)


def _tasks(items: list[Any], today: date) -> Sheet:
    headings = (
        ("序号", 6), ("重点任务", 24), ("工作举措", 60), ("责任单位", 44), ("完成时限", 14), ("期限日", 12),
        ("期限情况", 10), ("备注", 12),
    )  # fmt: skip
    rows = [
        (
            Decimal(item.number), item.group, item.text or item.title, units_in_words(item), item.deadline_text,
            item.due_on, due_state(item, today)[1], _standing(item),
        )
        for item in items
        if item.kind == "task"
    ]  # fmt: skip
    return Sheet("重点任务", headings, rows)


def _actions(items: list[Any]) -> Sheet:
    headings = (
        ("序号", 6), ("行动名称", 28), ("攻坚目标", 40), ("主要指标", 44), ("重点任务", 60), ("牵头单位", 22), ("协同单位", 44),
        ("备注", 12),
    )  # fmt: skip
    rows = []
    for item in (one for one in items if one.kind == "action"):
        targets = [
            f"{n}.{t.name} {target_words(t)}".strip() for n, t in enumerate(item.targets.all(), start=1)
        ]
        steps = [f"{n}.{step}" for n, step in enumerate(item.steps, start=1)]
        text = "" if item.standing == "missing" else item.text
        rows.append(
            (
                Decimal(item.number), item.title, text, "\n".join(targets), "\n".join(steps), units_in_words(item, "lead"),
                units_in_words(item, "cooperating"), _standing(item),
            )
        )  # fmt: skip
    return Sheet("专项行动", headings, rows)


def _duties(items: list[Any], today: date) -> Sheet:
    headings = (("序号", 6), ("内容", 70), ("单位", 44), ("期限", 14), ("期限情况", 10), ("备注", 12))
    rows = [
        (
            Decimal(item.number), item.text or item.title,
            "；".join(f"{ROLES[role]}：{words}" for role in ROLES if (words := units_in_words(item, role))),
            item.deadline_text, due_state(item, today)[1] if item.deadline_kind else "", _standing(item),
        )
        for item in items
        if item.kind == "duty"
    ]  # fmt: skip
    return Sheet("正文职责", headings, rows)
