"""Damage inside cells and paragraphs: misread glyphs, blanks, brackets, tags, figures and dates."""

from __future__ import annotations

import re
from random import Random

from .leaves import preferred
from .model import FREE, LOST, Damage, Paragraph, Plan, any_of
from .mutate import Spot, change, mutation, spots

DIGITS = {"0": "Oo〇", "1": "lI", "5": "S", "8": "B"}
UNIT_GLYPHS = {
    "家": "冢",
    "项": "顶",
    "个": "介",
    "元": "兀",
    "人": "入",
    "天": "夭",
    "件": "仵",
    "户": "尸",
    "日": "曰",
    "名": "各",
    "岁": "屷",
}
NAME_GLYPHS = {
    "革": "苹",
    "委": "季",
    "人": "入",
    "市": "巿",
    "农": "衣",
    "民": "氏",
    "育": "盲",
    "信": "倍",
    "司": "可",
    "监": "盐",
    "土": "士",
}
WIDE = str.maketrans("0123456789.%", "０１２３４５６７８９．％")
NAMES = ("responsible", "lead", "cooperating")


def names_at(spot: Spot) -> list[str]:
    """Specific bodies named at a spot, as written."""
    listed = spot.record[spot.field]
    listed = listed if isinstance(listed, list) else preferred(listed)
    names = []
    for one in listed or []:
        if isinstance(one, dict) and "raw" in one:
            if one["kind"] == "specific":
                names.append(one["raw"].split("（")[0])
        else:
            names.append(str(preferred(one)))
    return [
        name
        for name in names
        if spot.text.count(name) == 1 and len(name) > 3 and "、" not in name and "（" not in name
    ]


def deadline_at(spot: Spot) -> str:
    record = spot.record["deadline"]
    return (
        str(record["raw"])
        if isinstance(record, dict)
        and record.get("raw") in (spot.text, *re.findall(r"[^：，,；()（）〔〕\[\]]+", spot.text))
        else ""
    )


@mutation
def noise_numbers(plan: Plan, random: Random) -> Damage | None:
    """A digit of a target was read as a letter of the same look (90 as 9O); a person reads on."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        for figure in random.sample(found := re.findall(r"\d[\d.]*\d", spot.text), len(found)):
            places = [i for i, char in enumerate(figure) if char in DIGITS]
            if places:
                at = random.choice(places)
                return figure, figure[:at] + random.choice(DIGITS[figure[at]]) + figure[at + 1 :]
        return None

    return change(plan, random, "noise_numbers", ("target",), edit)


@mutation
def noise_units(plan: Plan, random: Random) -> Damage | None:
    """A unit's character was read as one of the same look (家 as 冢)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        known = [char for char in spot.text if char in UNIT_GLYPHS]
        return (spot.text, spot.text.replace(known[0], UNIT_GLYPHS[known[0]], 1)) if known else None

    return change(plan, random, "noise_units", ("unit",), edit)


@mutation
def noise_names(plan: Plan, random: Random) -> Damage | None:
    """A character of a body's name was read as one of the same look (省农业农村厅 as 省衣业农村厅)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        for name in names_at(spot):
            places = [i for i, char in enumerate(name) if char in NAME_GLYPHS]
            if places:
                at = random.choice(places)
                return name, name[:at] + NAME_GLYPHS[name[at]] + name[at + 1 :]
        return None

    return change(plan, random, "noise_names", NAMES, edit)


@mutation
def noise_deadlines(plan: Plan, random: Random) -> Damage | None:
    """A glyph of a deadline was misread (2O24年6月, 6目)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        raw = deadline_at(spot)
        options = [raw.replace("月", glyph, 1) for glyph in ("目", "曰") if "月" in raw]
        if "20" in raw:
            options += [raw.replace("20", "2O", 1), raw.replace("20", "2o", 1)]
        if "年" in raw[1:]:
            options.append(raw.replace("年", "牛", 1))
        return (raw, random.choice(options)) if options else None

    return change(plan, random, "noise_deadlines", ("deadline",), edit)


@mutation
def blanks_in_names(plan: Plan, random: Random) -> Damage | None:
    """A blank has cut a body's name in two (省委 金融办)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        names = names_at(spot)
        if not names:
            return None
        name = random.choice(names)
        at = random.randint(1, len(name) - 1)
        return name, name[:at] + random.choice([" ", "  ", "　"][:2]) + name[at:]

    return change(plan, random, "blanks_in_names", NAMES, edit)


@mutation
def blanks_in_numbers(plan: Plan, random: Random) -> Damage | None:
    """A blank has cut a figure in two (12 000, 95. 8)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        figures = [f for f in re.findall(r"\d[\d.]*\d", spot.text) if len(f) > 2]
        if not figures:
            return None
        figure = random.choice(figures)
        at = random.randint(1, len(figure) - 1)
        return figure, figure[:at] + " " + figure[at:]

    return change(plan, random, "blanks_in_numbers", ("target", "targets"), edit)


@mutation
def full_width(plan: Plan, random: Random) -> Damage | None:
    """Digits in full width (２０２４年６月, ９０％)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        old = deadline_at(spot) if spot.field == "deadline" else spot.text
        return (old, old.translate(WIDE)) if old else None

    return change(plan, random, "full_width", ("target", "targets", "deadline"), edit)


@mutation
def mixed_brackets(plan: Plan, random: Random) -> Damage | None:
    """A bracket opens in one style and closes in another (（牵头单位：…〕)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        opened = list(re.finditer(r"([（(〔\[])([^（(〔\[）)〕\]]*)([）)〕\]])", spot.text))
        if not opened:
            return None
        one = random.choice(opened)
        start, end = random.choice([("（", ")"), ("(", "）"), ("〔", "）"), ("[", "〕"), ("（", "〕")])
        return one.group(0), start + one.group(2) + end

    return change(plan, random, "mixed_brackets", NAMES, edit)


@mutation
def leftover_tags(plan: Plan, random: Random) -> Damage | None:
    """Tags of the page it was copied from stand in the text (<p>, <ol>, <br>, &nbsp;)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        text = spot.text
        middle = random.randint(1, max(1, len(text) - 1))
        if spot.part == "duties":
            return text, random.choice(
                [f"<p>{text}</p>", f"{text}<br/>", f'<span style="font-size:16px">{text}</span>']
            )
        return text, random.choice([
            f"<p>{text}</p>", f'<ol style="list-style-type: none"> {text} </ol>', f"{text}<br>", f"&nbsp;{text}",
            f"{text[:middle]}</p> <p>{text[middle:]}", f"<li>{text}</li>", f"<span>{text}</span>",
        ])  # fmt: skip

    return change(
        plan,
        random,
        "leftover_tags",
        ("measure", "goal", "targets", "tasks", "responsible", "name", "text"),
        edit,
    )


@mutation
def wraps(plan: Plan, random: Random) -> Damage | None:
    """Lines are broken inside a cell, in the middle of a name or a sentence."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        text = spot.text
        if isinstance(spot.holder, Paragraph) or len(text) < 6 or any(c.isspace() for c in text):
            return None
        cuts = sorted(random.sample(range(2, len(text) - 1), min(random.randint(1, 3), len(text) - 4)))
        parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return text, "\n".join(parts)

    return change(plan, random, "wraps", ("measure", "responsible", "name", "goal", "cooperating"), edit)


@mutation
def stray_marks(plan: Plan, random: Random) -> Damage | None:
    """Marks of a footnote, a list or a correction stand before or behind a text (①, *, ●, √)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        text = spot.text
        if isinstance(spot.holder, Paragraph):
            return None
        behind = spot.field in ("target", "unit", "frequency", "deadline") or random.random() < 0.4
        sign = random.choice(["①", "*", "※", "†"] if behind else ["●", "√", "◆", "·", "* "])
        return text, text + sign if behind else sign + text

    return change(
        plan, random, "stray_marks", ("measure", "name", "target", "deadline", "responsible", "goal"), edit
    )


MONTHS = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]


@mutation
def deadline_style(plan: Plan, random: Random) -> Damage | None:
    """The same month written otherwise (2024 年 3 月, 2024年3 月底前, 2024.3, 2024-03)."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        raw = deadline_at(spot)
        if not raw or spot.record["deadline"]["kind"] != "month":
            return None
        year, month = (int(x) for x in spot.record["deadline"]["due"].split("-")[:2])
        years = "".join("〇一二三四五六七八九"[int(d)] for d in str(year))
        return raw, random.choice([
            f"{year} 年 {month} 月", f"{year}年{month} 月底前", f"{year}.{month}", f"{year}-{month:02d}", f"{year}年{month:02d}月", f"{year}/{month}",
            f"{year} 年{month}月 底", f"{years}年{MONTHS[month]}月", f"{year}年{month}月末",
        ])  # fmt: skip

    return change(plan, random, "deadline_style", ("deadline",), edit)


@mutation
def deadline_lost(plan: Plan, random: Random) -> Damage | None:
    """The month can no longer be read (2024年13月, 2024年 月): the day is lost and a reader must say so."""

    def edit(spot: Spot) -> tuple[str, str] | None:
        raw = deadline_at(spot)
        if not raw or spot.record["deadline"]["kind"] != "month":
            return None
        year = spot.record["deadline"]["due"][:4]
        return raw, random.choice(
            [f"{year}年13月", f"{year}年月底前", f"{year}年■月", f"{year}年0月", f"{year}年？月"]
        )

    damage = change(plan, random, "deadline_lost", ("deadline",), edit)
    if damage:
        damage.lost = True
        damage.records[0]["deadline"] = {"raw": dict(FREE), "kind": dict(FREE), "due": dict(LOST)}
    return damage


SIGNS = re.compile(r"[≥≤<>]|以上|以内|以下|不低于|不少于|不超过|不高于|超过|突破")


@mutation
def comparator_lost(plan: Plan, random: Random) -> Damage | None:
    """The word or sign that says at least or at most is gone: the comparator is no longer stated."""
    places = spots(plan, "target", "targets")
    random.shuffle(places)
    for spot in places:
        record = spot.record
        if spot.field == "target" and record.get("comparator") and SIGNS.search(spot.text):
            old = spot.text
            spot.text = SIGNS.sub("", old)
            record["comparator"], record["target_text"] = None, spot.text
            return Damage(
                "comparator_lost",
                spot.part,
                [record],
                {"target", "target_text", "comparator"},
                note=f"{old} -> {spot.text}",
            )
        for one in record["targets"] if spot.field == "targets" else []:
            if not isinstance(one["text"], str):
                continue
            alone = sum(t["text"] == one["text"] for t in record["targets"]) == 1
            if (
                alone
                and one["baseline"] is None
                and SIGNS.search(one["text"])
                and spot.text.count(one["text"]) == 1
            ):
                old, new = one["text"], SIGNS.sub("", one["text"])
                spot.text = spot.text.replace(old, new)
                one["text"] = new
                one["comparator"] = any_of(
                    None,
                    *(
                        one["comparator"]["any"]
                        if isinstance(one["comparator"], dict)
                        else [one["comparator"]]
                    ),
                )
                return spot.damage("comparator_lost", old, new)
    return None


@mutation
def head_noise(plan: Plan, random: Random) -> Damage | None:
    """Blanks, full-width digits or mixed brackets in the document number or in the date of issue."""
    marks = [
        p
        for p in plan.paragraphs()
        if p.style in ("mark", "sign") and re.search(r"号|\d{4}年\d+月\d+日", p.text)
    ]
    hurt = {f for d in plan.damages if d.part == "document" for f in d.fields}
    random.shuffle(marks)
    for paragraph in marks:
        field = "document_number" if "号" in paragraph.text else "issued_on"
        if field in hurt:
            continue
        old = paragraph.text
        if field == "issued_on":
            paragraph.text = random.choice(
                [re.sub(r"(\d+)", r" \1 ", old).strip(), old.translate(WIDE), old.replace("年", " 年")]
            )
        else:
            spaced = re.sub(r"([〔\[（])(\d{4})([〕\]）])(\d+)", r" \1\2\3 \4 ", old)
            mixed = re.sub(
                r"[〔\[（](\d{4})[〕\]）]", random.choice([r"（\1〕", r"〔\1]", r"(\1)", r"﹝\1﹞"]), old
            )
            paragraph.text = random.choice([spaced, mixed, old.translate(WIDE)])
        if paragraph.text == old:
            continue
        return Damage("head_noise", "document", [], {field}, note=f"{old} -> {paragraph.text}")
    return None
