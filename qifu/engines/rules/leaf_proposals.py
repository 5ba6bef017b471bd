"""What to write instead of a line that could not be read, always with the fact that was written; pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from qifu.engines.rules.leaf_words import OPS, squeeze
from qifu.engines.rules.rule_problems import LineProblem
from qifu.registers.enterprises.fact_book import UNITS, Fact

LONGEST_MENDED = 200
MOST_PIECES = 8
_JOINS = re.compile(r"(\s*[,，;；]?\s*(?:或者|或|并且|而且|且)\s*[,，]?\s*|\s*[,，;；]\s*)")
_SIGNS = {"正": ">", "负": "<", "零": "=", "不正": "<=", "不负": ">=", "不零": "!="}
_REWORDED = (
    (re.compile(r"\s*[:：]\s*"), " "),
    (re.compile(r"\s*(?:或者|或|以及|及|和)\s*"), "、"),
)
"""注册地 属于 杭州市 或 宁波市 -> 注册地 属于 杭州市、宁波市."""
_QUANTITY = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)(.*)")
_NUMBERS = {"money": "100万元", "percent": "3%", "count": "3", "decimal": "1.5"}
Reads = Callable[[str], bool]
FactOf = Callable[[str], Fact | None]


def example(fact: Fact, rest: str = "") -> str:
    """Return what a line about this fact looks like; a number that stands alone in `rest` is taken over."""
    name = fact.label
    if fact.is_number:
        value = _own_quantity(fact, rest) or _some_quantity(fact)
        return f"请写成 {name} >= {value}，或 {name} <= {value}"
    return (
        "请写成 "
        + {
            "day": f"{name} 满 2年，或 {name} 不晚于 2022-12-31",
            "flag": f"{name} 为 是，或 {name} 为 否",
            "choice": f"{name} 属于 {'、'.join(fact.choices[:2])}",
            "place": f"{name} 属于 浙江省",
            "industry": f"{name} 属于 制造业、软件和信息技术服务业",
            "honour": f"有效期内的 {name}",
        }[fact.type]
    )


def mended(line: str, reads: Reads, fact_of: FactOf) -> LineProblem | None:
    """Return a problem whose remedy is a line that can be read and means what was written, if one is known."""
    if len(line) > LONGEST_MENDED:
        return None
    plain = squeeze(line)
    proposals = [form(plain, fact_of) for form in (_signed, _denied, _turned)]
    proposals += [other for wrong, right in _REWORDED if (other := wrong.sub(right, line.strip())) != line]
    proposed = next((other for other in proposals if other and reads(other)), "")
    if proposed:
        return LineProblem("leaf", f"“{plain[:40]}”读不懂", f"请写成 {proposed}")
    return _two_in_one(line, reads, fact_of)


def _own_quantity(fact: Fact, rest: str) -> str:
    """The quantity in the fact's unit when `rest` is nothing else and its unit fits; 3件 stays 3件."""
    found = _QUANTITY.fullmatch(rest)
    if found is None or len(rest) > 20:
        return ""
    unit = found[2] or fact.unit
    if fact.type == "money" and unit in ("万", "亿"):
        unit += "元"
    fits = unit in UNITS and UNITS[unit][0] == fact.base_unit if unit else not fact.unit
    return found[1] + unit if fits else ""


def _some_quantity(fact: Fact) -> str:
    text = _NUMBERS[fact.type]
    return text if fact.type in ("money", "percent") else text + fact.unit


def _two_in_one(line: str, reads: Reads, fact_of: FactOf) -> LineProblem | None:
    """`A 或 B`, `A 且 B`, `A，B`: a part without its own subject takes over the one before it."""
    pieces = _JOINS.split(line.strip())
    if not 3 <= len(pieces) <= 2 * MOST_PIECES:
        return None
    parts: list[str] = []
    joins: set[str] = set()
    subject, start = "", 0
    while start < len(pieces):
        for end in range(start + 1, len(pieces) + 1, 2):
            text = "".join(pieces[start:end]).strip()
            taken = next(
                (form for form in (text, f"{subject} {text}" if subject else text) if reads(form)), ""
            )
            if taken:
                break
        else:
            return None
        parts.append(taken)
        subject = _subject(taken, fact_of)
        if end < len(pieces):
            joins.add("any" if "或" in pieces[end] else "all")
        start = end + 1
    if len(parts) < 2:
        return None
    if len(joins) > 1:
        return LineProblem("leaf", "一行里既有“或”又有“且”", "请每个条件写一行，分别放在 any: 和 all: 之下")
    shown = ", ".join(f'"{part}"' if re.search(r"[,\[\]{}#:]", part) else part for part in parts)
    return LineProblem("leaf", f"一行写了 {len(parts)} 个条件", f"请写成 {joins.pop()}: [{shown}]")


def _subject(text: str, fact_of: FactOf) -> str:
    """The fact name that a part begins with."""
    plain = squeeze(text)
    return next(
        (plain[:length] for length in range(min(40, len(plain)), 0, -1) if fact_of(plain[:length])), ""
    )


def _signed(plain: str, fact_of: FactOf) -> str:
    """净利润为正 -> 净利润 > 0元."""
    found = re.fullmatch(r"(.+?)(?:(不)?(?:应?为|是)|=)?(正|负|零)(?:数|值)?", plain)
    fact = fact_of(found[1]) if found else None
    if not found or not fact or not fact.is_number:
        return ""
    return f"{fact.label} {_SIGNS[(found[2] or '') + found[3]]} 0{fact.base_unit}"


def _denied(plain: str, fact_of: FactOf) -> str:
    """没有拖欠职工工资 -> 拖欠职工工资 为 否; 有高新技术企业 -> 有效期内的 高新技术企业."""
    found = re.fullmatch(r"(没有|不存在|不是|不为|未|无|不|非|存在|有|是|为)(.+)", plain)
    fact = fact_of(found[2]) if found else None
    if not found or not fact:
        return ""
    denied = found[1] not in ("存在", "有", "是", "为")
    if fact.type == "honour":
        return f"{'没有' if denied else ''}有效期内的 {fact.label}"
    return f"{fact.label} 为 {'否' if denied else '是'}" if fact.type == "flag" else ""


def _turned(plain: str, fact_of: FactOf) -> str:
    """至少3件有效发明专利数 -> 有效发明专利数 >= 3件."""
    word = max((word for word in OPS if plain.startswith(word)), key=len, default="")
    found = _QUANTITY.fullmatch(plain[len(word) :])
    if found is None:
        return ""
    for unit in sorted((*UNITS, ""), key=len, reverse=True):
        fact = fact_of(found[2][len(unit) :].removeprefix("的")) if found[2].startswith(unit) else None
        if fact is not None and fact.is_number:
            return f"{fact.label} {OPS[word] if word else '>='} {found[1]}{unit or fact.unit}"
    return ""
