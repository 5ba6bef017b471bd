"""A plan as readable tables for the terminal, wide characters counted as two."""

from __future__ import annotations

from collections.abc import Sequence

from .characters import shown_width
from .plan import Deadline, Plan, Target, number_for_json

_SEVERITY = {"error": "错误", "warning": "警告", "info": "提示"}
_PART = {
    "document": "文件",
    "body": "正文",
    "indicators": "指标",
    "tasks": "任务",
    "actions": "行动",
    "duties": "正文职责",
}


def render(plan: Plan, width: int = 120) -> str:
    """The whole plan as text; `width` in columns."""
    parts = [_head(plan)]
    if plan.indicators:
        rows = [
            [str(i.number), i.dimension or "", i.name, i.unit or "/", i.target_text or "", i.frequency or ""]
            for i in plan.indicators
        ]
        parts.append(
            _table(
                f"指标 {len(rows)} 项",
                ["序", "维度", "指标名称", "单位", "目标", "频度"],
                rows,
                [4, 18, 46, 8, 12, 8],
                width,
            )
        )
    if plan.tasks:
        rows = [
            [
                str(t.number),
                t.group or "",
                t.measure,
                "、".join(u.name for u in t.responsible) + ("等" if t.open_list else ""),
                due(t.deadline),
            ]
            for t in plan.tasks
        ]
        parts.append(
            _table(
                f"任务 {len(rows)} 项",
                ["序", "类别", "举措", "责任单位", "时限"],
                rows,
                [4, 20, 44, 32, 12],
                width,
            )
        )
    for action in plan.actions:
        lines = [
            f"  {action.number}. {action.name}",
            f"     牵头：{'、'.join(action.lead)}   协同：{'、'.join(action.cooperating) or '无'}",
        ]
        lines += [f"     指标：{target(t)}" for t in action.targets]
        parts.append("\n".join(lines))
    if plan.missing:
        parts.append(
            "\n".join(
                ["缺行"]
                + [f"  第{m.number}行 {m.name or '（原件未载）'} {'、'.join(m.lead)}" for m in plan.missing]
            )
        )
    if plan.duties:
        rows = [
            [str(n), d.text, "、".join(d.lead + d.responsible), "、".join(d.cooperating), due(d.deadline)]
            for n, d in enumerate(plan.duties, 1)
        ]
        parts.append(
            _table(
                f"正文职责 {len(rows)} 条",
                ["序", "内容", "牵头/责任", "配合", "时限"],
                rows,
                [4, 52, 28, 20, 12],
                width,
            )
        )
    rows = [
        [
            _SEVERITY[i.severity],
            f"{_PART[i.where.part]}{i.where.number or ''}",
            str(i.where.line or ""),
            i.text,
        ]
        for i in plan.irregularities
    ]
    parts.append(_table(f"存疑 {len(rows)} 处", ["程度", "位置", "行", "说明"], rows, [6, 10, 6, 90], width))
    return "\n\n".join(parts) + "\n"


def due(deadline: Deadline | None) -> str:
    """A deadline as its last day, or its own words."""
    if deadline is None:
        return "未写明"
    return deadline.due.isoformat() if deadline.due else deadline.raw


def target(item: Target) -> str:
    """A target in one line."""
    if item.value is None:
        return f"{item.name}（{item.baseline}）" if item.baseline else item.text
    sign = {">=": "≥", "<=": "≤", None: "="}.get(item.comparator, item.comparator or "=")
    return f"{item.name} {sign} {item.baseline or ''}{number_for_json(item.value)}{item.unit or ''}"


def _head(plan: Plan) -> str:
    shown = [
        ("标题", plan.title),
        ("文号", plan.document_number),
        ("机关", plan.issuer),
        ("用印", plan.seal),
        ("日期", plan.issued_on.isoformat() if plan.issued_on else None),
        ("主送", "；".join(plan.addressees)),
    ]
    return "\n".join(f"{label}：{value}" for label, value in shown if value)


def _table(
    title: str, heading: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], width: int
) -> str:
    if not rows:
        return f"{title}"
    spare = width - sum(widths) - 2 * len(widths)
    fitted = list(widths)
    fitted[widths.index(max(widths))] = max(20, max(widths) + spare)
    lines = [title, _line(heading, fitted), "─" * min(width, sum(fitted) + 2 * len(fitted))]
    for row in rows:
        lines += _wrapped(row, fitted)
    return "\n".join(lines)


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [_fold(text, width) for text, width in zip(row, widths, strict=True)]
    height = max(len(c) for c in columns)
    return [_line([c[i] if i < len(c) else "" for c in columns], widths) for i in range(height)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        text + " " * max(0, width - shown_width(text)) for text, width in zip(cells, widths, strict=True)
    ).rstrip()


def _fold(text: str, width: int) -> list[str]:
    lines, current = [], ""
    for char in text.replace("\n", " "):
        if shown_width(current) + shown_width(char) > width:
            lines.append(current)
            current = ""
        current += char
    return [*lines, current]
