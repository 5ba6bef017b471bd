"""The fields of a reading: their Chinese names and kinds, how a person's entry is checked, how a value is shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from qifu.engines.official_documents.deadlines import read_deadline

PART_TITLES = {
    "document": "文件信息", "body": "正文", "indicators": "主要指标", "tasks": "重点任务", "actions": "专项行动",
    "missing": "缺行", "duties": "正文职责",
}  # fmt: skip
FREQUENCIES = ("月度", "季度", "半年度", "年度")
COMPARATORS = {">=": "不低于", "<=": "不高于", "=": "等于", ">": "高于", "<": "低于"}


@dataclass(frozen=True)
class Field:
    """One field: `kind` is text, long, number, date, deadline, units, names, lines, targets, choice, flag or group."""

    name: str
    title: str
    kind: str
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


class FieldFault(Exception):
    """What was entered cannot stand; the message is Chinese and says what is wrong and what to write instead."""


_COMPARATOR = tuple(COMPARATORS.items())
_FREQUENCY = tuple((name, name) for name in FREQUENCIES)

FIELDS: dict[str, tuple[Field, ...]] = {
    "document": (
        Field("title", "标题", "text", required=True),
        Field("document_number", "文号", "text"),
        Field("issuer", "发文单位", "text"),
        Field("seal", "代章或用印", "text"),
        Field("issued_on", "成文日期", "date"),
        Field("addressees", "主送", "lines"),
        Field("copied_to", "抄送", "lines"),
        Field("urgency", "紧急程度", "text"),
        Field("signed_by", "签发人", "text"),
        Field("publicity", "文件所注公开属性", "text"),
    ),
    "indicators": (
        Field("dimension", "维度", "group"),
        Field("name", "指标名称", "text", required=True),
        Field("unit", "计量单位", "text"),
        Field("target", "目标值", "number"),
        Field("comparator", "比较", "choice", choices=_COMPARATOR),
        Field("target_text", "目标原文", "text"),
        Field("frequency", "频度", "choice", choices=_FREQUENCY),
    ),
    "tasks": (
        Field("group", "分组", "group"),
        Field("measure", "工作举措", "long", required=True),
        Field("responsible", "责任单位", "units"),
        Field("open_list", "单位以“等”结尾", "flag"),
        Field("deadline", "完成时限", "deadline"),
    ),
    "actions": (
        Field("name", "行动名称", "text", required=True),
        Field("goal", "攻坚目标", "long"),
        Field("targets", "主要指标", "targets"),
        Field("tasks", "重点任务", "lines"),
        Field("lead", "牵头单位", "names"),
        Field("cooperating", "协同单位", "names"),
    ),
    "missing": (
        Field("name", "名称", "text"),
        Field("lead", "牵头单位", "names"),
        Field("targets", "主要指标", "targets"),
    ),
    "duties": (
        Field("text", "内容", "long", required=True),
        Field("lead", "牵头单位", "names"),
        Field("cooperating", "配合单位", "names"),
        Field("responsible", "责任单位", "names"),
        Field("deadline", "期限", "deadline"),
    ),
}
TARGET_KEYS = ("text", "name", "comparator", "value", "unit", "baseline", "direction")


def field_of(part: str, name: str) -> Field | None:
    """Return the field called `name` of a part, or None; the body's doubts concern no field of their own."""
    return next((field for field in FIELDS.get(part, ()) if field.name == name), None)


# ---- showing ----------------------------------------------------------------------------------------------------


def shown(field: Field, value: Any) -> str:
    """Return the value as a clerk reads it; an empty text where there is none."""
    if value is None or value == []:
        return ""
    writer = _WRITERS.get(field.kind)
    if writer is not None:
        return writer(value)
    return dict(field.choices).get(value, str(value)) if field.kind == "choice" else str(value)


def shown_target(target: Mapping[str, Any]) -> str:
    """Return one figure in words: name, comparison, value, unit; or its baseline."""
    words = COMPARATORS.get(target.get("comparator") or "", "")
    if target.get("baseline"):
        figure = f"{words}{target['baseline']}{grouped(target.get('value'))}{target.get('unit') or ''}"
    elif target.get("value") is not None:
        figure = f"{words}{grouped(target['value'])}{_tight(target.get('unit'))}"
    else:
        figure = ""
    name = target.get("name") or target.get("text") or ""
    return f"{name}：{figure}" if figure and name else name or figure


def grouped(value: Any) -> str:
    """Return a number with separators, trailing zeros dropped: 12000 -> 12,000; an empty text for none."""
    if value in (None, ""):
        return ""
    number = Decimal(str(value))
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tight(unit: Any) -> str:
    return "" if not unit else f" {unit}" if re.match(r"[%‰A-Za-z]", str(unit)) else str(unit)


def _shown_deadline(value: Any) -> str:
    return str(value.get("raw") or value.get("due") or "")


_WRITERS: dict[str, Callable[[Any], str]] = {
    "deadline": _shown_deadline,
    "units": lambda value: "、".join(str(unit["name"]) for unit in value),
    "names": lambda value: "、".join(map(str, value)),
    "lines": lambda value: "\n".join(map(str, value)),
    "targets": lambda value: "\n".join(map(shown_target, value)),
    "number": grouped,
    "flag": lambda value: "是" if value else "否",
}


# ---- entering ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """What a form sent for one field: `text` of the one control, `columns` of a table of controls."""

    text: str = ""
    columns: Mapping[str, Sequence[str]] | None = None


Resolver = Callable[[str], tuple[str, str]]
"""Gives for a written unit its usual name and its kind (specific, generic or division)."""


def read_entry(
    field: Field, entry: Entry, *, year: int | None = None, resolve: Resolver | None = None
) -> Any:
    """Return the JSON value that a person entered; raises FieldFault when it cannot stand."""
    if field.kind == "targets":
        columns = entry.columns or {}
        value: Any = _read_targets(
            {key: [cell.replace("\0", "") for cell in cells] for key, cells in columns.items()}
        )
    else:
        text = entry.text.replace("\0", "").strip()
        value = _READERS[field.kind](field, text, year, resolve or _as_written) if text else _nothing(field)
    if field.required and not value:
        raise FieldFault(f"“{field.title}”不能为空，请按原件填写")
    return value


def _as_written(name: str) -> tuple[str, str]:
    return name, "specific"


def _nothing(field: Field) -> Any:
    return {"units": [], "names": [], "lines": [], "flag": False}.get(field.kind)


def read_number(text: str, title: str) -> str:
    """Return a decimal text; takes separators and full-width digits, refuses words."""
    plain = re.sub(r"[,，\s]", "", text).translate(str.maketrans("０１２３４５６７８９．－", "0123456789.-"))
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise FieldFault(f"“{title}”应为数字，如 95.5；“{text}”不是数字。单位请填在“计量单位”一栏") from None
    if (
        not number.is_finite()
        or abs(number) >= Decimal(10) ** 15
        or number.normalize().as_tuple().exponent < -6
    ):  # type: ignore[operator]
        raise FieldFault(f"“{title}”超出范围：整数不超过 15 位，小数不超过 6 位")
    return f"{number:f}"


def _read_date(field: Field, text: str, *_: Any) -> str:
    found = re.fullmatch(r"(\d{4})[-年/.](\d{1,2})[-月/.](\d{1,2})日?", text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        pass
    raise FieldFault(f"“{field.title}”应为日期，如 2024-02-09；“{text}”不是日期")


def _read_deadline(field: Field, text: str, year: int | None, _: Any) -> dict[str, Any]:
    read = read_deadline(text, year)
    if read is None:
        raise FieldFault(f"看不懂期限“{text}”。请写成“2024年6月”“2024年6月30日”“二季度”“年底”或“持续推进”")
    due = read.deadline.due
    return {"raw": read.deadline.raw, "kind": read.deadline.kind, "due": due.isoformat() if due else None}


def split_names(text: str) -> list[str]:
    """Split unit names at line ends, at 、；, and at commas outside brackets (县（市、区）stays whole)."""
    names, depth, start = [], 0, 0
    for i, mark in enumerate(text):
        depth += (mark in "（([〔") - (mark in "）)]〕")
        if mark == "\n" or (depth <= 0 and mark in "、；;，,"):
            names.append(text[start:i])
            start, depth = i + 1, 0 if mark == "\n" else depth
    return [name.strip() for name in [*names, text[start:]] if name.strip()]


def _read_units(field: Field, text: str, _: Any, resolve: Resolver) -> list[dict[str, Any]]:
    return [
        {"raw": raw, "name": name, "kind": kind, "inherited": False}
        for raw, (name, kind) in ((raw, resolve(raw)) for raw in _unit_lines(text))
    ]


def _unit_lines(text: str) -> list[str]:
    """One unit a line when there are several lines (a name may hold 、), else split at the marks."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines if len(lines) > 1 else split_names(text)


def _read_choice(field: Field, text: str, *_: Any) -> str:
    if text not in dict(field.choices):
        raise FieldFault(f"“{field.title}”只能选：{'、'.join(title for _, title in field.choices)}")
    return text


def _read_text(field: Field, text: str, *_: Any) -> str:
    limit = 300 if field.kind in ("text", "group") else 10000
    if len(text) > limit:
        raise FieldFault(f"“{field.title}”最多 {limit} 字，现有 {len(text)} 字")
    return text


def _read_targets(columns: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    count = max((len(column) for column in columns.values()), default=0)
    targets = []
    for i in range(count):
        cells = {
            key: (columns.get(key) or [""] * count)[i].strip()
            for key in TARGET_KEYS
            if i < len(columns.get(key, ()))
        }
        if not any(cells.get(key) for key in ("text", "name", "value", "baseline")):
            continue
        if not cells.get("name"):
            raise FieldFault(f"第{i + 1}个指标缺名称，请按原件填写；不需要的一行请全部清空")
        comparator = cells.get("comparator") or None
        if comparator is not None and comparator not in COMPARATORS:
            raise FieldFault(f"第{i + 1}个指标的比较方式不认识，请在列表中选择")
        value = read_number(cells["value"], f"第{i + 1}个指标的数值") if cells.get("value") else None
        targets.append(
            {
                "text": cells.get("text") or cells["name"], "name": cells["name"], "comparator": comparator,
                "value": value, "unit": cells.get("unit") or None, "baseline": cells.get("baseline") or None,
                "direction": cells.get("direction") or None,
            }
        )  # fmt: skip
    return targets


_READERS: dict[str, Callable[..., Any]] = {
    "text": _read_text,
    "long": _read_text,
    "group": _read_text,
    "number": lambda field, text, *_: read_number(text, field.title),
    "date": _read_date,
    "deadline": _read_deadline,
    "units": _read_units,
    "names": lambda field, text, *_: _unit_lines(text),
    "lines": lambda field, text, *_: [line.strip() for line in text.splitlines() if line.strip()],
    "choice": _read_choice,
    "flag": lambda field, text, *_: text in ("是", "1", "true", "on"),
}


def proposed_value(
    field: Field | None, proposal: str, current: Any, *, year: int | None, resolve: Resolver | None
) -> Any:
    """Return the value that a proposal names, or None where accepting it leaves the reading as it is.

    Advice is a sentence: it ends with a full stop or cannot be read as a value of the field. A proposal for a list
    speaks of one of its entries, so it never replaces a list that has any.
    """
    text = proposal.strip()
    if field is None or not text or text.endswith(("。", "？")) or field.kind in ("targets", "lines", "long"):
        return None
    if field.kind in ("units", "names") and current:
        return None
    quoted = re.fullmatch(r"(?:改为|应为)?[“\"]([^“”\"]+)[”\"]", text)
    try:
        value = read_entry(field, Entry(text=quoted[1] if quoted else text), year=year, resolve=resolve)
    except FieldFault:
        return None
    return None if value == current else value
