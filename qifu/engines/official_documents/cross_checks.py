"""Body against annexes: figures, names, leads, gaps and an order of deadlines that cannot be."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial

from .body import Body, Item
from .characters import bare, bigrams, containment, distance, key, likeness
from .figures import in_base_units
from .irregularities import Findings
from .plan import Action, Indicator, Plan, Target, Task
from .text_repair import TextMender
from .units import UnitNames, split_units

_FLOW = re.compile(r"新增|增加|净增|新建|新培育|新设")
_STOCK = re.compile(r"总数|总量|累计|存量|总人数|保有量")
_REACH = re.compile(r"(?:拓展|扩大|增加|增至|扩|提升|增长|达)(?:至|到)")
_ACTION_WORD = re.compile(r"专项行动|攻坚行动|行动$")


def cross_check(
    plan: Plan, body: Body, findings: Findings, names: UnitNames | None, mender: TextMender
) -> None:
    """All comparisons; also fills `missing` from the body."""
    _figures_against_indicators(plan, body, findings)
    _targets_against_indicators(plan, findings)
    matches = _actions_in_body(plan, body)
    _recover_missing(plan, body, matches, names)
    _action_names_and_leads(plan, matches, findings, names)
    _deadline_order(plan.tasks, findings)
    _definitions(plan, findings)


# -- figures


def _figures_against_indicators(plan: Plan, body: Body, findings: Findings) -> None:
    for item in body.items:
        for target in item.targets:
            if target.value is None or target.baseline:
                continue
            indicator = _nearest(target.name, plan.indicators)
            if indicator is not None:
                _compare(target, indicator, f"正文{item.path}", findings)


def _targets_against_indicators(plan: Plan, findings: Findings) -> None:
    for action in plan.actions:
        for target in action.targets:
            indicator = (
                _nearest(target.name, plan.indicators)
                if target.value is not None and not target.baseline
                else None
            )
            if indicator is not None:
                _compare(target, indicator, f"专项行动{action.number}", findings)


def _core(name: str) -> str:
    return re.sub(
        r"全省|全市|全年|新增|总数|总人数|数量|的|力争|确保|以上|拓展至|达到|拓展数|数$|人数", "", key(name)
    )


def _nearest(name: str, indicators: list[Indicator]) -> Indicator | None:
    core = _core(name)
    if len(core) < 4:
        return None
    best: tuple[float, Indicator] | None = None
    for indicator in indicators:
        other = _core(indicator.name)
        score = 1.0 if core == other else likeness(core, other)
        if best is None or score > best[0]:
            best = (score, indicator)
    return best[1] if best and best[0] >= 0.72 else None


def _compare(target: Target, indicator: Indicator, place: str, findings: Findings) -> None:
    if indicator.target is None or target.value is None:
        return
    here, there = in_base_units(target.value, target.unit), in_base_units(indicator.target, indicator.unit)
    stated = f"{place}“{target.name}”为{_shown(target.value)}{target.unit or ''}"
    listed = f"指标{indicator.number}“{indicator.name}”为{_shown(indicator.target)}{indicator.unit or ''}"
    told = partial(findings.add, number=indicator.number, line=indicator.source.line)
    if here[1] and there[1] and here[1] != there[1]:
        told("unit_differs", "indicators", f"{stated}，{listed}，计量单位不同。", field="unit")
        return
    if here[0] != there[0]:
        told("value_differs", "indicators", f"{stated}，{listed}，数值不同，请核对。", field="target")
        return
    flow_here, flow_there = bool(_FLOW.search(target.name)), bool(_FLOW.search(indicator.name))
    stock_there = bool(_STOCK.search(indicator.name))
    reaches = re.search(_REACH.pattern + r"\s*" + re.escape(_shown(target.value)), target.text)
    reach = reaches and re.search(r"拓展数|新增", indicator.name)
    if (flow_here and stock_there) or (flow_there and _STOCK.search(target.name)) or reach:
        told(
            "stock_or_flow",
            "indicators",
            f"{stated}，{listed}：一处说新增（增量），一处说总数（存量），口径不一致。",
            field="name",
        )
    elif (target.unit or "") != (indicator.unit or "") and target.value != indicator.target:
        told(
            "scale_differs",
            "indicators",
            f"{stated}，{listed}，两处相等，写法不同。",
            field="target",
        )


def _shown(value: Decimal) -> str:
    return format(value.normalize(), "f")


# -- actions in the body


def _action_items(body: Body) -> list[Item]:
    return [i for i in body.items if i.level >= 2 and _ACTION_WORD.search(i.title)]


def _plain_action(name: str) -> str:
    return re.sub(r"^(?:实施|开展|推进|深入实施)|专项行动|攻坚行动|行动$", "", key(name))


def _actions_in_body(plan: Plan, body: Body) -> dict[int, tuple[Action, Item]]:
    """Annex actions with the body item that speaks of them, best pairs first; keyed by the item's line."""
    items = _action_items(body)
    pairs = sorted(
        (
            (likeness(_plain_action(a.name), _plain_action(i.title)), -n, a, i)
            for n, a in enumerate(plan.actions)
            for i in items
        ),
        key=lambda p: (-p[0], -p[1]),
    )
    used: set[int] = set()
    matches: dict[int, tuple[Action, Item]] = {}
    for score, _n, action, item in pairs:
        if score >= 0.4 and action.number not in used and item.line not in matches:
            used.add(action.number)
            matches[item.line] = (action, item)
    return matches


def _recover_missing(
    plan: Plan, body: Body, matches: dict[int, tuple[Action, Item]], names: UnitNames | None
) -> None:
    """Gaps in the actions' numbering are filled from body items that stand between the neighbours' items."""
    gaps = [m for m in plan.missing if m.kind == "action"]
    if not gaps:
        return
    items = _action_items(body)
    numbers = [matches[i.line][0].number if i.line in matches else None for i in items]
    position = 0
    while position < len(items):
        if numbers[position] is not None:
            position += 1
            continue
        end = position
        while end < len(items) and numbers[end] is None:
            end += 1
        low = max((n for n in numbers[:position] if n), default=0)
        high = numbers[end] if end < len(items) else max([g.number for g in gaps], default=0) + 1
        between = [g for g in gaps if low < g.number < (high or 0)]
        if len(between) == end - position:
            for gap, item in zip(between, items[position:end], strict=True):
                gap.name = re.sub(r"^(?:实施|开展|推进)(?=.{4,}行动)", "", item.title)
                gap.lead = lead_of(item, names)
                gap.targets = item.targets
                gap.recovered_from = f"body {item.path}"
        position = end


def lead_of(item: Item, names: UnitNames | None) -> list[str]:
    """Lead units in the bracket at the end of a body item."""
    match = re.search(r"[（(〔\[]\s*牵头(?:单位|部门)?\s*[:：]\s*(.+?)\s*[)）〕\]]\s*。?$", item.text)
    return split_units(match[1], names).names if match else []


def _action_names_and_leads(
    plan: Plan, matches: dict[int, tuple[Action, Item]], findings: Findings, names: UnitNames | None
) -> None:
    for action, item in matches.values():
        title = re.sub(r"^(?:实施|开展|推进)(?=.{4,}行动)", "", item.title)
        if key(title) != key(action.name):
            text = f"名称不一致：正文{item.path}写“{title}”，附件写“{action.name}”。"
            findings.add(
                "name_differs", "actions", text, number=action.number, field="name", line=action.source.line
            )
        lead = lead_of(item, names)
        if lead and action.lead and set(map(key, lead)) != set(map(key, action.lead)):
            near = any(0 < distance(a, b, 1) <= 1 for a in lead for b in action.lead)
            text = (
                f"牵头单位不一致：正文{item.path}写“{'、'.join(lead)}”，附件写“{'、'.join(action.lead)}”"
                + ("，疑为同一单位的不同写法。" if near else "。")
            )
            findings.add(
                "lead_differs", "actions", text, number=action.number, field="lead", line=action.source.line
            )


# -- order of deadlines

_ISSUES = re.compile(r"(?:印发|出台|制定|发布|编制|明确)")
_RESTS_ON = re.compile(r"(?:根据|按照|依据|对照|依照)([^，。；]{4,40})")
_PAPER = (
    "指导意见",
    "指导目录",
    "实施意见",
    "管理办法",
    "工作方案",
    "实施方案",
    "指南",
    "标准",
    "目录",
    "清单",
    "办法",
    "方案",
    "意见",
    "细则",
    "规范",
)


def _deadline_order(tasks: list[Task], findings: Findings) -> None:
    """A task that rests on a paper which another task issues later cannot be done in time."""
    for task in tasks:
        match = _RESTS_ON.search(task.measure)
        if not match or task.deadline is None or task.deadline.due is None:
            continue
        paper = next((p for p in _PAPER if p in match[1]), None)
        if paper is None:
            continue
        for other in tasks:
            if (
                other is task
                or other.deadline is None
                or other.deadline.due is None
                or other.deadline.due <= task.deadline.due
            ):
                continue
            if (
                _ISSUES.search(other.measure)
                and paper in other.measure
                and _same_matter(task.measure, other.measure)
            ):
                text = f"任务{task.number}（{task.deadline.raw}）要依据任务{other.number}的{paper}，而后者{other.deadline.raw}才完成，时间顺序不合理。"
                findings.add(
                    "deadline_order",
                    "tasks",
                    text,
                    number=task.number,
                    field="deadline",
                    line=task.source.line,
                )


def _same_matter(first: str, second: str) -> bool:
    matter = re.search(r"《([^》]+)》", second)
    words = matter[1] if matter else second
    return (
        containment(re.sub(r"关于|的指导意见|指导意见|的通知", "", words), first) > 0.55
        or len(bigrams(words) & bigrams(first)) >= 10
    )


def _definitions(plan: Plan, findings: Findings) -> None:
    vague = [i for i in plan.indicators if re.search(r"指数|满意[率度]|诚信度|便利度", bare(i.name))]
    for indicator in vague:
        findings.add(
            "no_definition",
            "indicators",
            f"通知没有给出“{indicator.name}”的计算方法和数据来源。",
            number=indicator.number,
            field="name",
            line=indicator.source.line,
        )
