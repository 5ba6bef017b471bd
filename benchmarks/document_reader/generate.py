"""Plausible official plans of many shapes, made from a seed, each with its exact truth."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from . import phrases
from .annexes import actions_table, indicators_table, tasks_table
from .model import Block, PageBreak, Paragraph, Plan, Record, any_of, empty_truth
from .phrases import Place
from .words import MEASURES, MEASURES_PLAIN, OPENING, SECTION_TEXT, THEMES

NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Shape:
    """What all plans of one family have in common; what is not fixed here is drawn for each plan."""

    name: str
    level: str = "province"
    annexes: tuple[str, ...] = ()  # in the order of the document
    indicators: tuple[str, ...] = ("dimension", "name", "unit", "target", "frequency")
    tasks: tuple[str, ...] = ("number", "group", "measure", "responsible", "deadline")
    actions: tuple[str, ...] = ("number", "name", "goal", "targets", "tasks", "lead", "cooperating")
    groups: tuple[str, ...] = (
        "blank",
        "repeat",
        "merged",
    )  # styles of the group column; "band" is a row across the table
    duties: tuple[str, ...] = ()  # styles of duties in the body; none: no duties
    deadlines: tuple[str, ...] = ("month", "ongoing")
    inline: bool = False  # the body's items are the plan: many, each with its duty
    labels: bool = False  # duties in lines of their own behind the item: 责任单位：… 完成时限：…


ALL = ("labelled", "responsible", "lead_cooperate", "charge", "charge_by")
SHAPES: tuple[Shape, ...] = (
    Shape("three_annexes", annexes=("indicators", "tasks", "actions"), duties=("labelled",)),
    Shape(
        "actions_first",
        annexes=("actions", "indicators", "tasks"),
        duties=("responsible",),
        tasks=("number", "group", "measure", "deadline", "responsible"),
    ),
    Shape(
        "city_lead_cooperate",
        "city",
        ("tasks",),
        tasks=("number", "group", "measure", "lead", "cooperating", "deadline", "note"),
        deadlines=("month", "date", "year", "ongoing"),
    ),
    Shape(
        "no_numbers",
        "city",
        ("tasks",),
        tasks=("group", "measure", "responsible", "deadline"),
        groups=("repeat", "merged"),
        deadlines=("quarter", "half", "ongoing"),
    ),
    Shape(
        "deadline_first",
        annexes=("tasks", "indicators"),
        tasks=("number", "deadline", "responsible", "group", "measure"),
        indicators=("number", "name", "unit", "target"),
    ),
    Shape(
        "bands",
        "city",
        ("tasks",),
        tasks=("number", "measure", "responsible", "deadline"),
        groups=("band",),
        deadlines=("month", "year", "quarter", "ongoing"),
    ),
    Shape(
        "tables_by_group",
        "city",
        ("tasks",),
        tasks=("number", "measure", "responsible", "deadline"),
        groups=("caption",),
        deadlines=("month", "date", "ongoing"),
    ),
    Shape(
        "indicators_previous",
        annexes=("indicators",),
        indicators=("number", "name", "unit", "previous", "target", "owner"),
        duties=("charge", "lead_cooperate"),
    ),
    Shape(
        "unit_in_target",
        "city",
        ("indicators", "tasks"),
        indicators=("number", "dimension", "name", "target_unit", "frequency"),
        tasks=("number", "measure", "responsible", "deadline", "note"),
    ),
    Shape(
        "actions_only",
        annexes=("actions",),
        actions=("number", "name", "targets", "tasks", "lead", "cooperating"),
    ),
    Shape(
        "actions_unnumbered",
        "city",
        ("actions",),
        actions=("name", "goal", "targets", "tasks", "lead", "cooperating"),
        duties=("responsible",),
    ),
    Shape("inline_brackets", inline=True, duties=("labelled",)),
    Shape("state_council", inline=True, duties=("lead_cooperate", "charge", "charge_by", "responsible")),
    Shape("label_lines", "city", inline=True, labels=True),
    Shape(
        "mixed_inline",
        "city",
        ("indicators",),
        inline=True,
        duties=ALL,
        indicators=("dimension", "number", "name", "target", "unit", "frequency"),
    ),
)
FAMILIES = tuple(shape.name for shape in SHAPES)


def generate(seed: str, family: str | None = None) -> Plan:
    """The plan of a seed: the same seed gives the same plan, on every machine."""
    random = Random(seed)
    shape = next(s for s in SHAPES if s.name == family) if family else random.choice(SHAPES)
    place = Place.choose(random, shape.level)
    year = random.choice([2023, 2024, 2025, 2026])
    theme, groups = random.choice(sorted(THEMES.values()))
    groups = random.sample(groups, random.randint(3, min(6, len(groups))))
    plan = Plan(shape.name, year, [], empty_truth(), seed=seed)
    _front(random, plan, place, theme)
    _body(random, plan, shape, place, groups, theme)
    makers = {"indicators": indicators_table, "tasks": tasks_table, "actions": actions_table}
    if shape.annexes:
        _annex_list(plan, shape)
    for index, part in enumerate(shape.annexes, 1):
        plan.blocks += [
            PageBreak(),
            Paragraph(f"附件{index}" if len(shape.annexes) > 1 else "附件", "mark"),
            Paragraph(_annex_title(random, part, theme), "title"),
        ]
        plan.blocks += makers[part](random, plan, shape, place, groups)
    _back(random, plan, place)
    plan.oddities += _conflicts(plan.truth)
    return plan


def _conflicts(truth: Record) -> list[tuple[str, int | None, str | None]]:
    """An action and an indicator that speak of one thing with different figures: whoever warns of it is right."""
    found: list[tuple[str, int | None, str | None]] = []
    for indicator in truth["indicators"]:
        core = indicator["name"].removeprefix("新增").removesuffix("数")
        for action in truth["actions"]:
            if any(
                core in target["text"] and target["value"] != indicator["target"]
                for target in action["targets"]
            ):
                found += [("indicators", indicator["number"], None), ("actions", action["number"], "targets")]
    return found


def _annex_title(random: Random, part: str, theme: str) -> str:
    return {
        "indicators": random.choice(["主要指标清单", f"{theme}主要指标表", "目标指标分解表"]),
        "tasks": random.choice(["重点任务清单", f"{theme}重点任务分工表", "任务分解表"]),
        "actions": random.choice(["专项行动重点任务清单", "重点改革行动清单", "专项行动任务表"]),
    }[part]


def _annex_list(plan: Plan, shape: Shape) -> None:
    names = {"indicators": "主要指标清单", "tasks": "重点任务清单", "actions": "专项行动重点任务清单"}
    listed = [names[p] for p in shape.annexes]
    if len(listed) == 1:
        plan.blocks.append(Paragraph(f"附件：{listed[0]}"))
        return
    for index, name in enumerate(listed, 1):
        plan.blocks.append(Paragraph(("附件：" if index == 1 else "") + f"{index}.{name}"))


ADDRESSEES = [
    ["各市、县（市、区）人民政府", "{p}政府各部门"],
    ["各设区市人民政府", "{p}有关单位"],
    ["{p}级各有关单位"],
    ["各区县人民政府", "{p}直各单位", "各开发区管委会"],
]


def _front(random: Random, plan: Plan, place: Place, theme: str) -> None:
    """Red head, number, title, addressees and the notice's own signature."""
    truth, year = plan.truth, plan.year
    office = place.name + "人民政府办公" + ("厅" if place.level == "province" else "室")
    issuer, short = random.choice(
        [
            (office, "政办发"),
            (f"{place.name}{theme}工作领导小组办公室", "领办发"),
            (place.name + "发展和改革委员会", "发改"),
        ]
    )
    work = f"{year}年{theme}{random.choice(['工作要点', '实施方案', '行动计划', '重点任务清单'])}"
    title = f"关于印发{random.choice(['《{}》', '{}']).format(work)}的通知"
    full_title = (issuer if random.random() < 0.5 else "") + title
    truth["title"] = any_of(full_title, title, work, place.name + work)
    truth["addressees"] = [a.format(p=place.prefix) for a in random.choice(ADDRESSEES)]
    blocks: list[Block] = []
    if random.random() < 0.25:
        truth["urgency"] = random.choice(["特急", "加急"])
        blocks.append(Paragraph(truth["urgency"], "mark"))
    if random.random() < 0.8:
        blocks.append(Paragraph(issuer + "文件", "title"))
    blocks += [
        Paragraph(_number(random, truth, place.name[0] + short, year), "mark"),
        Paragraph(full_title, "title"),
        Paragraph("，".join(truth["addressees"]) + "："),
        Paragraph(f"现将《{work}》印发给你们，请结合实际认真贯彻落实。"),
    ]
    _signature(random, truth, blocks, issuer, place, year)
    blocks += [PageBreak(), Paragraph(work, "title")]
    blocks.append(Paragraph(random.choice(OPENING).format(y=year, t=theme)))
    plan.blocks += blocks


def _number(random: Random, truth: Record, word: str, year: int) -> str:
    """The line with the document number and, now and then, who signed it."""
    number = random.randint(1, 120)
    brackets = random.choice(["〔{}〕", "〔{}〕", "[{}]", "（{}）"]).format(year)
    written = f"{word}{brackets}{number}号"
    truth["document_number"] = any_of(f"{word}〔{year}〕{number}号", written)
    if random.random() < 0.15:
        truth["signed_by"] = random.choice(["王晓明", "李建国", "赵立新", "周文华"])
        written += f"    签发人：{truth['signed_by']}"
    return written


def _signature(
    random: Random, truth: Record, blocks: list[Block], issuer: str, place: Place, year: int
) -> None:
    truth["issuer"] = issuer
    blocks.append(Paragraph(issuer, "sign"))
    truth["seal"] = any_of(None, issuer)
    if random.random() < 0.3:
        sealer = place.prefix + random.choice(
            ["发展改革委", "委改革办", "政府办公厅" if place.level == "province" else "政府办公室"]
        )
        blocks.append(Paragraph(f"（{sealer}代章）", "sign"))
        truth["seal"] = sealer
    month, day = random.randint(1, 4), random.randint(1, 28)
    truth["issued_on"] = f"{year}-{month:02d}-{day:02d}"
    blocks.append(Paragraph(f"{year}年{month}月{day}日", "sign"))
    if random.random() < 0.3:
        word, meant = random.choice(
            [
                ("（此件公开发布）", "公开发布"),
                ("（此件主动公开）", "主动公开"),
                ("（此件依申请公开）", "依申请公开"),
            ]
        )
        truth["publicity"] = any_of(meant, word[1:-1], "主动公开" if "公开发布" in word else meant)
        blocks.append(Paragraph(word))


def _back(random: Random, plan: Plan, place: Place) -> None:
    if random.random() < 0.3:
        copied = random.sample(
            [
                f"{place.prefix}委办公厅",
                f"{place.prefix}人大常委会办公厅",
                f"{place.prefix}政协办公厅",
                f"{place.prefix}军区",
                f"{place.prefix}检察院",
            ],
            3,
        )
        if place.level == "city":
            copied = [c.replace("厅", "室") for c in copied]
        plan.truth["copied_to"] = copied
        plan.blocks.append(Paragraph("抄送：" + "，".join(copied) + "。"))


def _body(
    random: Random, plan: Plan, shape: Shape, place: Place, groups: list[tuple[str, str]], theme: str
) -> None:
    add = plan.blocks.append
    add(Paragraph("一、工作目标", "heading"))
    add(Paragraph(f"到{plan.year}年底，{theme}工作取得明显成效，各项任务按期完成。"))
    add(Paragraph("二、重点任务", "heading"))
    for index, (title, keyword) in enumerate(groups):
        add(Paragraph(f"（{NUMERALS[index]}）{title}", "heading"))
        opening = random.choice(SECTION_TEXT).format(k=keyword)
        if shape.duties and not shape.inline:
            _duty(random, plan, place, shape, opening)
            continue
        add(Paragraph(opening))
        if shape.inline:
            patterns = random.sample(MEASURES, random.randint(2, 4))
            for number, pattern in enumerate(patterns, 1):
                text = f"{number}.{pattern.format(k=keyword)}"
                if shape.labels:
                    _label_lines(random, plan, place, text)
                else:
                    _duty(random, plan, place, shape, text)
    add(Paragraph("三、保障措施", "heading"))
    for index, text in enumerate(random.sample(MEASURES_PLAIN, 2)):
        add(Paragraph(f"（{NUMERALS[index]}）{text}"))


def _duty(random: Random, plan: Plan, place: Place, shape: Shape, text: str) -> None:
    written, record = phrases.duty(random, place, plan.year, random.choice(shape.duties))
    record = {"text": text, **record}
    plan.truth["duties"].append(record)
    stop = random.random()
    if stop < 0.15:  # the bracket before the full stop
        plan.blocks.append(Paragraph(text.rstrip("。") + written + "。", "item", [record]))
    elif stop < 0.25:  # the bracket in a line of its own
        plan.blocks.append(Paragraph(text, "item", [record]))
        plan.blocks.append(Paragraph(written, "item", [record]))
    else:
        plan.blocks.append(Paragraph(text + written, "item", [record]))


def _label_lines(random: Random, plan: Plan, place: Place, text: str) -> None:
    units = phrases.bodies(random, place, 3, tail=False)
    raw, due = phrases.deadline(random, plan.year, ("month", "year", "ongoing"))
    record = {"text": text, "lead": [], "cooperating": [], "responsible": units.names, "deadline": due}
    plan.truth["duties"].append(record)
    plan.blocks += [
        Paragraph(text, "item", [record]),
        Paragraph(f"责任单位：{units.text}", "item", [record]),
        Paragraph(f"完成时限：{raw}", "item", [record]),
    ]
