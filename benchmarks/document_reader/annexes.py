"""The three kinds of annex tables: indicators, tasks, special actions."""

from __future__ import annotations

import copy
from random import Random
from typing import TYPE_CHECKING, Any

from . import phrases
from .model import Block, Paragraph, Plan, Record, Row, Table, any_of
from .phrases import Place, Units
from .words import ACTION_NAMES, ACTION_TASKS, GOALS, INDICATORS, MEASURES, MEASURES_PLAIN, NEW_THINGS

if TYPE_CHECKING:
    from .generate import Shape

HEADINGS: dict[str, dict[str, list[str]]] = {
    "indicators": {
        "number": ["序号"],
        "dimension": ["维度", "类别", "领域"],
        "name": ["指标名称", "指标", "主要指标"],
        "unit": ["单位", "计量单位", ""],
        "target": ["年目标值", "目标值", "{y}年目标", "{y}年目标值"],
        "target_unit": ["目标值", "{y}年目标"],
        "frequency": ["频度", "统计频度", "监测频次"],
        "previous": ["{p}年完成值", "{p}年实际值"],
        "owner": ["责任单位", "牵头单位"],
    },
    "tasks": {
        "number": ["序号", "编号"],
        "group": ["重点任务", "主要任务", "任务名称", "工作任务"],
        "measure": ["工作举措", "具体措施", "工作内容", "主要举措", "具体任务"],
        "responsible": ["责任单位", "负责单位", "责任部门"],
        "lead": ["牵头单位", "牵头部门"],
        "cooperating": ["配合单位", "配合部门", "协同单位"],
        "deadline": ["完成时限", "时间节点", "完成时间", "进度要求", "时限要求"],
        "note": ["备注"],
    },
    "actions": {
        "number": ["序号"],
        "name": ["行动名称", "专项行动", "专项行动名称"],
        "goal": ["攻坚目标", "行动目标", "总体目标"],
        "targets": ["主要指标", "量化指标", "量化目标"],
        "tasks": ["重点任务", "主要任务", "主要举措"],
        "lead": ["牵头单位", "牵头部门"],
        "cooperating": ["协同单位", "配合单位", "协同部门"],
    },
}


def _heading(random: Random, plan: Plan, part: str, columns: tuple[str, ...]) -> Row:
    """Heading row; a word is never used twice in one table."""
    cells: list[str] = []
    for role in columns:
        words = [w for w in HEADINGS[part][role] if w == "" or w not in cells]
        cells.append(random.choice(words).format(y=plan.year, p=plan.year - 1))
    if random.random() < 0.2:  # two characters spread over the cell
        cells = [f"{c[0]} {c[1]}" if len(c) == 2 else c for c in cells]
    elif random.random() < 0.15:  # four characters in two lines
        cells = [f"{c[:2]}\n{c[2:]}" if len(c) == 4 else c for c in cells]
    return Row(cells, kind="heading")


def _headings(random: Random, plan: Plan, part: str, columns: tuple[str, ...]) -> list[Row]:
    """One heading row, or two where lead and cooperating bodies stand under a heading of their own."""
    row = _heading(random, plan, part, columns)
    if part != "tasks" or "cooperating" not in columns or random.random() < 0.5:
        return [row]
    lead = columns.index("lead")
    above = [*row.cells[:lead], "责任分工", "", *row.cells[lead + 2 :]]
    below = [cell if lead <= i <= lead + 1 else "" for i, cell in enumerate(row.cells)]
    return [Row(above, kind="heading"), Row(below, kind="heading")]


NUMBER_STYLES = ["{}", "{}", "{}", "{}.", "（{}）", "{:02d}", "{}、"]


def _fill(style: str, value: str, first: bool) -> str:
    return value if first or style == "repeat" else ""


# ---- indicators --------------------------------------------------------------------------------------------------


def indicators_table(
    random: Random, plan: Plan, shape: Shape, place: Place, groups: list[tuple[str, str]]
) -> list[Block]:
    columns = shape.indicators
    style = random.choice(["blank", "repeat", "merged"])
    table = Table(
        "indicators",
        list(columns),
        [_heading(random, plan, "indicators", columns)],
        {"dimension"} if style == "merged" else set(),
    )
    pool = random.sample(INDICATORS, min(len(INDICATORS), random.randint(8, 18)))
    thirds = sorted(random.sample(range(1, len(pool)), min(3, len(groups)) - 1))
    numbering = random.choice(NUMBER_STYLES)
    for number, definition in enumerate(pool, 1):
        dimension = (
            groups[sum(1 for edge in thirds if number - 1 >= edge)][0][-6:] + "方面"
            if "dimension" in columns
            else None
        )
        first = number - 1 in (0, *thirds)
        record, cells = _indicator(random, plan, place, definition, columns, number, dimension)
        cells["number"] = numbering.format(number)
        if "dimension" in columns:
            cells["dimension"] = _fill(style, str(dimension), first)
        plan.truth["indicators"].append(record)
        table.rows.append(Row([cells[c] for c in columns], [record]))
    return [table]


def _indicator(
    random: Random,
    plan: Plan,
    place: Place,
    definition: tuple[str, str, int, int, int, str],
    columns: tuple[str, ...],
    number: int,
    dimension: str | None,
) -> tuple[Record, dict[str, str]]:
    name, unit, low, high, decimals, better = definition
    if random.random() < 0.15:
        thing, unit = random.choice(NEW_THINGS)
        name, low, high, decimals, better = f"新增{thing}数", 5, 3000, 0, "up"
        if name in [one["name"] for one in plan.truth["indicators"]]:
            name = f"累计{thing}数"
    value = phrases.figure(random, low, high, decimals)
    before, figure, behind, comparator = _target_words(random, value, better)
    frequency = random.choice(["月度", "季度", "年度"]) if "frequency" in columns else None
    dash = unit == "分" and random.random() < 0.5 and "unit" in columns
    text, in_cell = before + figure + behind, before + figure + unit + behind
    record: Record = {
        "number": number,
        "dimension": dimension,
        "name": name,
        "unit": None if dash else unit,
        "target": value,
        "target_text": in_cell if "target_unit" in columns else text,
        "comparator": comparator,
        "frequency": frequency,
    }
    if random.random() < 0.05:
        text = in_cell = "完成国家下达任务"
        record |= {"target": None, "target_text": text, "comparator": None}
        record["unit"] = None if "target_unit" in columns else record["unit"]
    cells = {
        "name": name,
        "unit": "/" if dash else unit,
        "target": text,
        "target_unit": in_cell,
        "frequency": frequency or "",
        "previous": str(phrases.figure(random, low, high, decimals)),
    }
    cells["owner"] = phrases.bodies(random, place, 2, 0.0).text if "owner" in columns else ""
    return record, cells


def _target_words(random: Random, value: int | float, better: str) -> tuple[str, str, str, str | None]:
    """A target as written: what stands before the figure, the figure, what stands behind, and the comparator meant."""
    figure = f"{value:,}" if value >= 1000 and random.random() < 0.12 else str(value)
    if random.random() > 0.25:
        return "", figure, "", None
    up = [("≥", "", ">="), (">", "", ">"), ("", "以上", ">="), ("不低于", "", ">=")]
    down = [("≤", "", "<="), ("", "以内", "<="), ("不超过", "", "<=")]
    before, behind, comparator = random.choice(up if better == "up" else down)
    return before, figure, behind, comparator


# ---- tasks -------------------------------------------------------------------------------------------------------


def tasks_table(
    random: Random, plan: Plan, shape: Shape, place: Place, groups: list[tuple[str, str]]
) -> list[Block]:
    """One table; or one for each group, below the group's name, where the shape's groups are captions."""
    columns = shape.tasks
    style = random.choice(shape.groups) if "group" in columns else shape.groups[0]
    headings = _headings(random, plan, "tasks", columns)
    merged = {"group"} if style == "merged" else set[str]()
    table = Table("tasks", list(columns), list(headings), merged)
    blocks: list[Block] = [] if style == "caption" else [table]
    numbering = random.choice(NUMBER_STYLES)
    joint = "\n" if random.random() < 0.12 else None
    number = 0
    for index, (title, keyword) in enumerate(groups):
        band = f"{'一二三四五六七八九十'[index]}、{title}"
        if style == "band":
            table.rows.append(Row([band] + [""] * (len(columns) - 1), kind="band"))
        elif style == "caption":
            table = Table("tasks", list(columns), copy.deepcopy(headings), merged)
            blocks += [Paragraph(band, "heading"), table]
        for place_in_group, measure in enumerate(_measures(random, keyword)):
            number += 1
            cells, record = _task(random, plan, shape, place, number, measure, joint)
            cells["number"] = numbering.format(number)
            if style in ("band", "caption"):
                record["group"] = any_of(title, band)
            elif "group" in columns:
                record["group"] = title
                cells["group"] = _fill(style, title, place_in_group == 0)
            plan.truth["tasks"].append(record)
            table.rows.append(Row([cells[c] for c in columns], [record]))
    if random.random() < 0.25:
        blocks.append(
            Paragraph(
                random.choice(
                    ["注：各项任务按季度调度。", "备注：完成时限为“持续推进”的，每半年报送一次进展。"]
                )
            )
        )
    return blocks


def _measures(random: Random, keyword: str) -> list[str]:
    """Measures of one group: most speak of it, a few are general, a few are several numbered sentences."""
    measures = []
    for pattern in random.sample(MEASURES, random.randint(2, 6)):
        text = pattern if random.random() < 0.85 else random.choice(MEASURES_PLAIN)
        if random.random() < 0.05:
            text = f"1.{text}\n2.{random.choice(MEASURES_PLAIN)}"
        measures.append(text.format(k=keyword))
    return measures


def _task(
    random: Random, plan: Plan, shape: Shape, place: Place, number: int, measure: str, joint: str | None
) -> tuple[dict[str, str], Record]:
    raw, due = phrases.deadline(random, plan.year, shape.deadlines)
    record: Record = {
        "number": number,
        "group": None,
        "measure": measure,
        "responsible": [],
        "open_list": False,
        "deadline": due,
    }
    cells = {
        "measure": measure,
        "deadline": raw,
        "note": random.choice(["", "", "", "省级试点", "跨年度任务", "需专项经费"]),
    }
    if "lead" in shape.tasks:
        lead = phrases.bodies(random, place, 2, 0.0, "、", tail=False)
        helpers = _others(random, place, lead)
        cells["lead"], cells["cooperating"] = lead.text, helpers.text
        record["responsible"], record["open_list"] = lead.members + helpers.members, helpers.open_list
    else:
        units = phrases.bodies(random, place, 4, 0.35, joint)
        cells["responsible"] = units.text
        record["responsible"], record["open_list"] = units.members, units.open_list
    return cells, record


def _others(random: Random, place: Place, lead: Units) -> Units:
    """Cooperating bodies, none of which leads."""
    taken = {str(name) for name in lead.names}
    while True:
        units = phrases.bodies(random, place, 4, 0.25)
        if not taken & {str(name) for name in units.names}:
            return units


# ---- actions -----------------------------------------------------------------------------------------------------


def actions_table(
    random: Random, plan: Plan, shape: Shape, place: Place, groups: list[tuple[str, str]]
) -> list[Block]:
    columns = shape.actions
    table = Table("actions", list(columns), [_heading(random, plan, "actions", columns)])
    joint = random.choice(["\n", "\n", " "])
    numbering = random.choice(NUMBER_STYLES)
    for number, (_, keyword) in enumerate(groups, 1):
        lines = [phrases.target_line(random) for _ in range(random.randint(1, 4))]
        tasks = [t.format(k=keyword) for t in random.sample(ACTION_TASKS, random.randint(2, 5))]
        lead = phrases.bodies(random, place, 2, 0.0, random.choice(["、", " ", "\n"]), tail=False)
        helpers = _others(random, place, lead)
        goal = random.choice(GOALS).format(k=keyword) if "goal" in columns else None
        record: Record = {
            "number": number,
            "name": random.choice(ACTION_NAMES).format(k=keyword),
            "goal": goal,
            "targets": [t for _, targets in lines for t in targets],
            "tasks": tasks,
            "lead": lead.names,
            "cooperating": helpers.names,
        }
        cells: dict[str, Any] = {
            "number": numbering.format(number),
            "name": record["name"],
            "goal": goal,
            "lead": lead.text,
            "cooperating": helpers.text,
            "targets": _numbered([t + "。" for t, _ in lines], joint),
            "tasks": _numbered(tasks, joint),
        }
        if random.random() < 0.1:
            cells["cooperating"], record["cooperating"] = "/", []
        plan.truth["actions"].append(record)
        table.rows.append(Row([cells[c] for c in columns], [record]))
    return [table]


def _numbered(lines: list[str], joint: str) -> str:
    if len(lines) == 1:
        return lines[0]
    return joint.join(f"{n}.{line}" for n, line in enumerate(lines, 1))
