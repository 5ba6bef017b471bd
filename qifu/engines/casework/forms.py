"""What a form of a transition gave, checked field by field by its kind: plain values out, Refused with the field's name.

A form may come from a page or from another system, so nothing about its values is taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import CaseType, Effect, FieldType, Transition
from qifu.engines.casework.models import Case
from qifu.foundation.action import Refused
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person

LONGEST = {"text": 500, "long_text": 10_000}
LARGEST = 2**31 - 1
EMPTY: tuple[object, ...] = (None, "", [])


def choices_of(row: Case, definition: CaseType, name: str) -> Mapping[str, str]:
    """Return what a field of a form may be, code to title; empty where it is free."""
    asked = definition.fields.get(name)
    if asked is None:
        return {}
    return binding_of(row.kind).choices(asked.choices_of) if asked.choices_of else asked.choices


def checked(
    row: Case, definition: CaseType, transition: Transition, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what was given, without what is empty: text, whole numbers, True, days as YYYY-MM-DD.

    A closing with one result only need not name it. Refused for what is missing, unknown, too long, not one of the choices, or not there (a unit, a person).
    """
    unknown = set(given) - set(transition.form) - {"result"}
    if unknown:
        raise Refused(f"“{transition.title}”不收这些内容：{'、'.join(sorted(unknown))}")
    filled = {name: value for name, value in given.items() if value not in EMPTY}
    for name in transition.needed:
        if name not in filled and not (name == "result" and transition.effect is Effect.CLOSE):
            title = definition.fields[name].title
            raise Refused(f"请填写“{title}”", **{name: f"请填写{title}"})
    found: dict[str, Any] = {}
    for name, value in filled.items():
        if name == "result" and transition.effect is Effect.CLOSE:
            found[name] = value
            continue
        field = definition.fields[name]
        try:
            found[name] = _READERS[field.kind](field, value, choices_of(row, definition, name))
        except ValueError as error:
            raise Refused(f"“{field.title}”{error}", **{name: str(error)}) from None
    if transition.effect is Effect.CLOSE and len(transition.results) == 1:
        found.setdefault("result", transition.results[0])
    if transition.effect is Effect.CLOSE and found.get("result") not in transition.results:
        allowed = "、".join(definition.results[one] for one in transition.results)
        raise Refused(f"请选择办理结果：{allowed}", result="请选择办理结果")
    return found


def _text(field: FieldType, value: Any, choices: Mapping[str, str]) -> str:
    if not isinstance(value, str):
        raise ValueError("应为文字")
    longest = LONGEST[field.kind]
    if len(value) > longest:
        raise ValueError(f"最多 {longest} 字，现有 {len(value)} 字，请缩短")
    if "\x00" in value:
        raise ValueError("含有无法保存的字符，请删去后再提交")
    return value


def _choice(field: FieldType, value: Any, choices: Mapping[str, str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError("没有这个选项，请从列出的选项中选择")
    return value


def _whole(value: Any) -> int | None:
    """Return a whole number written as such or as digits; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None


def _organisation(field: FieldType, value: Any, choices: Mapping[str, str]) -> int:
    found = _whole(value)
    if (
        found is None
        or found > 2**63 - 1
        or not Organisation.objects.filter(pk=found, effective_to=None).exists()
    ):
        raise ValueError("没有这个单位或者已撤销，请重新选择")
    return found


def _person(field: FieldType, value: Any, choices: Mapping[str, str]) -> int:
    found = _whole(value)
    if found is None or found > 2**63 - 1 or not Person.objects.filter(pk=found, is_active=True).exists():
        raise ValueError("没有这个人员或者已停用，请重新选择")
    return found


def _day(field: FieldType, value: Any, choices: Mapping[str, str]) -> str:
    try:
        return value.isoformat() if type(value) is date else date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError("应为日期，写成 2024-06-20") from None


def _number(field: FieldType, value: Any, choices: Mapping[str, str]) -> int:
    found = _whole(value)
    if found is None or found > LARGEST:
        raise ValueError("应为不小于 0 的整数")
    return found


def _flag(field: FieldType, value: Any, choices: Mapping[str, str]) -> bool:
    if value not in (True, False, "on", "true", "false", "1", "0"):
        raise ValueError("应为是或否")
    return value in (True, "on", "true", "1")


_READERS: Mapping[str, Callable[[FieldType, Any, Mapping[str, str]], Any]] = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "organisation": _organisation,
    "person": _person,
    "day": _day,
    "number": _number,
    "flag": _flag,
}
