"""Sentences whose meaning is known: targets, deadlines, lists of bodies and duties, each with its truth."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from random import Random
from typing import Any

from .model import FREE, Record, any_of
from .words import (
    CITY_BODIES,
    GENERIC_CITY,
    GENERIC_PROVINCE,
    INDICATORS,
    NEW_THINGS,
    PARTY_BODIES,
    PLACES,
    PROVINCE_BODIES,
    SECOND_NAMES,
    SHARED_PREFIX,
    TRAINED,
)


def figure(random: Random, low: int, high: int, decimals: int) -> int | float:
    """A figure in a range, an int where it has no decimals (round ones are as common as odd ones)."""
    if decimals and random.random() < 0.6:
        return round(random.uniform(low, high), decimals)
    return random.randint(low, high)


# ---- targets -----------------------------------------------------------------------------------------------------


def target(name: Any, comparator: Any, value: Any, unit: Any, baseline: Any = None) -> Record:
    return {"name": name, "comparator": comparator, "value": value, "unit": unit, "baseline": baseline}


def _one(random: Random) -> tuple[str, list[Record]]:
    name, unit, low, high, decimals, better = random.choice(INDICATORS)
    value = figure(random, low, high, decimals)
    if better == "up":
        pattern, comparator = random.choice(
            [
                ("{n}达到{v}{u}以上", ">="),
                ("{n}不低于{v}{u}", ">="),
                ("{n}达到{v}{u}", any_of(None, ">=")),
                ("{n}{v}{u}以上", ">="),
                ("力争{n}超过{v}{u}", any_of(">", ">=")),
                ("{n}突破{v}{u}", any_of(">", ">=")),
                ("{n}保持在{v}{u}以上", ">="),
                ("{n}{v}{u}", None),
            ]
        )
    else:
        pattern, comparator = random.choice(
            [
                ("{n}压缩至{v}{u}以内", "<="),
                ("{n}控制在{v}{u}以内", "<="),
                ("{n}不超过{v}{u}", "<="),
                ("{n}不高于{v}{u}", "<="),
                ("{n}降至{v}{u}以下", any_of("<=", "<")),
            ]
        )
    return pattern.format(n=name, v=value, u=unit), [target(name, comparator, value, unit)]


def _new(random: Random) -> tuple[str, list[Record]]:
    thing, unit = random.choice(NEW_THINGS)
    value = random.choice([2, 3, 5, 8, 10, 15, 20, 50, 100, 120, 300, 500, 1000, 2000])
    verb = random.choice(["新增", "培育", "建成", "新建"])
    pattern, comparator = random.choice(
        [
            ("{b}{n}{v}{u}", None),
            ("{b}{n}{v}{u}以上", ">="),
            ("{b}{n}不少于{v}{u}", ">="),
            ("{b}{v}{u}以上{n}", ">="),
        ]
    )
    return (
        pattern.format(b=verb, n=thing, v=value, u=unit),
        [target(any_of(verb + thing, thing, thing + "数", verb + thing + "数"), comparator, value, unit)],
    )


def _relative(random: Random) -> tuple[str, list[Record]]:
    name, _unit, *_ = random.choice([i for i in INDICATORS if i[1] == "%" and i[5] == "up"])
    points = random.choice([0.3, 0.5, 1, 1.5, 2])
    whole = any_of("全国平均水平", "全国", "全国平均")
    form = random.randrange(5)
    if form == 0:
        return f"{name}高于全国平均水平{points}个百分点", [
            target(name, any_of(">", ">=", None), points, "个百分点", whole)
        ]
    if form == 1:
        return f"{name}较上年提高{points}个百分点", [
            target(name, FREE, points, "个百分点", any_of("上年", "较上年"))
        ]
    if form == 2:
        lower = random.choice(["社会物流总费用占地区生产总值比重", "单位产品能耗", "政府性融资担保平均费率"])
        return f"{lower}低于全国{points}个百分点", [
            target(lower, any_of("<", "<=", None), points, "个百分点", any_of("全国", "全国平均水平"))
        ]
    if form == 3:
        thing = random.choice(["普惠小微贷款", "工业投资", "民间投资", "技术改造投资"])
        average = random.choice(["各项贷款平均增速", "全省平均增速", "全部投资平均增速"])
        return f"{thing}增速高于{average}", [
            target(
                any_of(thing + "增速", thing),
                any_of(">", ">="),
                None,
                FREE,
                any_of(average, average[:-4] + "平均"),
            )
        ]
    growth = random.choice([3, 5, 6.5, 8, 10])
    name = random.choice(["技术合同成交额", "跨境电商进出口额", "旅游接待总人次"])
    return f"{name}比上年增长{growth}%", [
        target(any_of(name, name + "增长", name + "增速"), FREE, growth, "%", any_of("上年", "比上年"))
    ]


def _several(random: Random) -> tuple[str, list[Record]]:
    form = random.randrange(3)
    if form == 0:
        people = random.choice(TRAINED)
        values = sorted(
            random.choice([50, 200, 500, 800, 3000, 5000, 20000]) + 10 * i for i in range(len(people))
        )
        figures = "、".join(f"{v}人" for v in values[:-1]) + f"和{values[-1]}人"
        text = "培训" + "、".join(people) + "分别不少于" + figures
        return text, [
            target(any_of("培训" + p, p), ">=", v, "人") for p, v in zip(people, values, strict=True)
        ]
    first, second = random.sample([i for i in INDICATORS if i[5] == "up"], 2)
    v1, v2 = figure(random, *first[2:5]), figure(random, *second[2:5])
    joint = random.choice(["、", "；", "，"])
    if form == 1:
        return (
            f"{first[0]}达到{v1}{first[1]}以上{joint}{second[0]}不低于{v2}{second[1]}",
            [target(first[0], ">=", v1, first[1]), target(second[0], ">=", v2, second[1])],
        )
    (a, au), (b, bu) = random.sample(NEW_THINGS, 2)
    n1, n2 = random.randint(2, 40), random.randint(41, 400)
    return (
        f"新增{a}{n1}{au}{joint}建成{b}{n2}{bu}",
        [
            target(any_of("新增" + a, a, a + "数"), None, n1, au),
            target(any_of("建成" + b, b, b + "数"), None, n2, bu),
        ],
    )


def target_line(random: Random) -> tuple[str, list[Record]]:
    """One line of targets (without full stop) and what it means, one record a figure."""
    make = random.choices([_one, _new, _relative, _several], [5, 3, 2, 2])[0]
    text, records = make(random)
    return text, [{"text": text, **record} for record in records]


# ---- deadlines ---------------------------------------------------------------------------------------------------


def _last(year: int, month: int) -> str:
    return f"{year}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"


ONGOING = ["持续推进", "长期坚持", "常态化推进", "持续实施", "持续推进中", "长期推进"]
DEADLINES = {
    "month": ["{y}年{m}月", "{y}年{m}月", "{y}年{m}月底前", "{y}年{m}月底", "{m}月底前", "{m}月底"],
    "date": ["{y}年{m}月{d}日前", "{y}年{m}月{d}日", "{m}月{d}日前", "{y}-{m:02d}-{d:02d}"],
    "quarter": ["{y}年{q}季度", "{q}季度", "{y}年第{q}季度", "第{q}季度", "{y}年{q}季度末"],
    "half": ["{y}年上半年", "上半年"],
    "year": ["{y}年底前", "{y}年底", "年底前", "{y}年年底", "{y}年"],
}


def deadline(random: Random, year: int, kinds: tuple[str, ...] = ("month",)) -> tuple[str, Record]:
    """A deadline as written and its contract record; the kind of 上半年 is left open, for the contract has none."""
    kind = random.choice(kinds)
    if kind == "ongoing":
        raw = random.choice(ONGOING)
        return raw, {"raw": raw, "kind": "ongoing", "due": None}
    month, day, quarter = random.randint(2, 12), random.randint(1, 28), random.randint(1, 4)
    raw = random.choice(DEADLINES[kind]).format(y=year, m=month, d=day, q="一二三四"[quarter - 1])
    due = {
        "month": _last(year, month),
        "date": f"{year}-{month:02d}-{day:02d}",
        "quarter": _last(year, quarter * 3),
        "half": f"{year}-06-30",
        "year": f"{year}-12-31",
    }[kind]
    return raw, {"raw": raw, "kind": FREE if kind == "half" else kind, "due": due}


# ---- bodies ------------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """Whose plan it is: the organ's prefix and the divisions under it."""

    name: str
    prefix: str  # what stands before its bodies: 省, 自治区, 市
    cities: dict[str, list[str]]
    level: str  # province | city

    @classmethod
    def choose(cls, random: Random, level: str) -> Place:
        province, prefix, cities = random.choice(PLACES)
        if level == "province":
            return cls(province, prefix, cities, level)
        city = random.choice(sorted(cities))
        return cls(city, "市", {city: cities[city]}, level)

    def body(self, random: Random) -> tuple[str, Any]:
        """A body of its own, as written and the names that are right for it."""
        bodies = PROVINCE_BODIES if self.level == "province" else CITY_BODIES
        short = random.choice(bodies if random.random() < 0.8 else PARTY_BODIES)
        prefix = (
            "市"
            if self.level == "city"
            else ("区" if self.prefix == "自治区" and short.startswith("委") else self.prefix)
        )
        name = ("自治区党" if prefix == "区" else prefix) + short
        if short in SECOND_NAMES and random.random() < 0.5:
            second = prefix + SECOND_NAMES[short]
            return f"{name}（{second}）", any_of(name, f"{name}（{second}）")
        return name, name


@dataclass
class Units:
    """A list of bodies as written, with its contract members."""

    text: str
    members: list[Record]
    open_list: bool = False

    @property
    def names(self) -> list[Any]:
        return [member["name"] for member in self.members]


def member(raw: str, name: Any, kind: str = "specific", inherited: Any = False) -> Record:
    return {"raw": raw, "name": name, "kind": kind, "inherited": inherited}


def bodies(
    random: Random,
    place: Place,
    most: int = 4,
    generic: float = 0.25,
    separator: str | None = None,
    tail: bool = True,
) -> Units:
    """A list of responsible bodies in one of the usual ways of writing one."""
    joint = separator or random.choice(["、", "、", "、", "，"])
    members: list[Record] = []
    seen: set[str] = set()
    for _ in range(random.randint(1, most)):
        raw, name = place.body(random)
        if raw.split("（")[0] not in seen:
            seen.add(raw.split("（")[0])
            members.append(member(raw, name))
    text = joint.join(m["raw"] for m in members)
    if random.random() < generic:
        extra_text, extra = _generic(random, place)
        lead_in = random.random() < 0.35
        if lead_in:
            members, text = extra, extra_text
        else:
            comma = "，" if joint != "\n" and (len(extra) > 1 or joint == "，") else joint
            members, text = members + extra, text + comma + extra_text
    open_list = tail and random.random() < 0.12
    if open_list:
        kinds = {m["kind"] for m in members[-1:]}
        text += random.choice(["等", "等部门", "等单位"] if kinds == {"specific"} else ["等"])
    return Units(text, members, open_list)


def _generic(random: Random, place: Place) -> tuple[str, list[Record]]:
    form = random.random()
    if form < 0.4:
        pattern = random.choice(GENERIC_PROVINCE if place.level == "province" else GENERIC_CITY)
        raw = pattern.format(p=place.prefix)
        if "、街道" in raw:
            towns, streets = raw.split("、")
            return raw, [
                member(towns, towns, "generic"),
                member(streets, any_of(streets, "各" + streets), "generic", any_of(True, False)),
            ]
        return raw, [member(raw, raw, "generic")]
    if form < 0.7:
        prefix, shared = random.choice(SHARED_PREFIX)
        members = [member(prefix + shared[0], prefix + shared[0], "generic")]
        members += [member(b, prefix + b, "generic", True) for b in shared[1:]]
        return prefix + "、".join(shared), members
    city = random.choice(sorted(place.cities))
    if form < 0.85 or len(place.cities[city]) < 2:
        chosen = random.sample(sorted(place.cities), min(2, len(place.cities)))
        return "、".join(chosen), [member(c, c, "division") for c in chosen]
    districts = random.sample(place.cities[city], 2)
    members = [
        member(city + districts[0], city + districts[0], "division"),
        _district(city, districts[1]),
    ]
    return city + "、".join(districts), members


def _district(city: str, name: str) -> Record:
    """A district behind a sibling with the city's name inherits it; a county or a city of its own may stand alone."""
    if name.endswith("区"):
        return member(name, city + name, "division", True)
    return member(name, any_of(city + name, name), "division", any_of(True, False))


# ---- duties ------------------------------------------------------------------------------------------------------


def duty(random: Random, place: Place, year: int, style: str) -> tuple[str, Record]:
    """A duty in brackets at the end of a paragraph and its contract record (without `text`)."""
    lead = bodies(random, place, 2, 0.0, "、", tail=False)
    helpers = bodies(random, place, 4, 0.3, "、", tail=False)
    taken = {str(n) for n in lead.names}
    helpers.members = [m for m in helpers.members if str(m["name"]) not in taken] or [
        member("各有关单位", "各有关单位", "generic")
    ]
    helpers.text = _rejoin(helpers.members)
    raw, due = deadline(random, year, ("month", "year", "ongoing"))
    record: Record = {"lead": [], "cooperating": [], "responsible": [], "deadline": None}
    opening, closing = tuple(random.choice(["（）", "（）", "〔〕", "()", "[]"]))
    if style == "labelled":
        parts = [f"牵头单位：{lead.text}"]
        record["lead"] = lead.names
        if random.random() < 0.6:
            word = random.choice(["配合单位", "责任单位", "协同单位"])
            parts.append(f"{word}：{helpers.text}")
            record["responsible" if word == "责任单位" else "cooperating"] = helpers.names
        if random.random() < 0.5:
            parts.append(f"{random.choice(['完成时限', '完成时间'])}：{raw}")
            record["deadline"] = due
        text = "；".join(parts)
    elif style == "responsible":
        text = f"责任单位：{helpers.text}"
        record["responsible"] = helpers.names
    elif style == "lead_cooperate":
        text = f"{lead.text}牵头，{helpers.text}{random.choice(['配合', '参与'])}"
        record["lead"], record["cooperating"] = lead.names, helpers.names
    elif style == "charge":
        text = helpers.text + random.choice(["负责", "按职责分工负责", "分别负责"])
        record["responsible"] = helpers.names
    else:  # charge_by: with a deadline behind the comma
        text = f"{helpers.text}按职责分工负责，{raw}" + ("完成" if raw.endswith("前") else "")
        record["responsible"], record["deadline"] = helpers.names, due
    return f"{opening}{text}{closing}", record


def _rejoin(members: list[Record]) -> str:
    text = ""
    for index, one in enumerate(members):
        text += ("" if index == 0 else "、") + one["raw"]
    return text
