"""The form controls for a field of a reading, by kind, and what they sent back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from qifu.services.work_plans.fields import COMPARATORS, TARGET_KEYS, Entry, Field, shown

HELP = {
    "deadline": "可写：2024年6月、2024年6月30日、二季度、年底、持续推进",
    "units": "每行一个单位；名称里有顿号的（如“市、县（市、区）企服中心”）请单独占一行",
    "names": "每行一个单位",
    "lines": "每行一条",
    "number": "只填数字，单位填在“计量单位”一栏",
    "date": "如 2024-02-09",
    "group": "从列表中选择，或按原件填写",
}
EMPTY_TARGETS = 1
"""How many empty lines follow the figures of a table of targets."""


class ValueForm(forms.Form):
    """One field to correct."""

    def __init__(self, field: Field, value: Any, *args: Any, groups: list[str], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"value": initial_text(field, value)})
        super().__init__(*args, **kwargs)
        self.fields["value"] = _control(field, groups)


class ItemForm(forms.Form):
    """Every field of an item to enter, but tables of figures, which have controls of their own."""

    def __init__(self, fields: Sequence[Field], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in fields:
            if field.kind != "targets":
                self.fields[field.name] = _control(field, [])


def entries_of(fields: Sequence[Field], data: QueryDict) -> dict[str, Entry]:
    """Return what an ItemForm sent, by field."""
    return {
        field.name: entry_of(field, data) if field.kind == "targets" else Entry(text=data.get(field.name, ""))
        for field in fields
    }


def initial_text(field: Field, value: Any) -> str:
    """Return the value as its control holds it."""
    if field.kind in ("units", "names"):
        return "\n".join(unit if isinstance(unit, str) else unit["name"] for unit in value or [])
    if field.kind == "choice":
        return value or ""
    if field.kind == "number":
        return value or ""
    return shown(field, value)


def _control(field: Field, groups: list[str]) -> forms.Field:
    help_text = HELP.get(field.kind, "")
    if field.kind in ("choice", "flag"):
        choices = field.choices or (("是", "是"), ("否", "否"))
        empty = [] if field.kind == "flag" else [("", "（未注明）")]
        initial = "否" if field.name == "open_list" else None
        return forms.ChoiceField(
            label=field.title, required=False, choices=[*empty, *choices], initial=initial
        )
    if field.kind in ("units", "names", "lines", "long"):
        rows = 6 if field.kind in ("lines", "long") else 5
        return forms.CharField(
            label=field.title,
            required=False,
            help_text=help_text,
            widget=forms.Textarea(attrs={"rows": rows}),
        )
    attrs = {"list": "group-list"} if field.kind == "group" and groups else {}
    if field.kind == "number":
        attrs["inputmode"] = "decimal"
    return forms.CharField(
        label=field.title, required=False, help_text=help_text, widget=forms.TextInput(attrs=attrs)
    )


def target_rows(value: Any) -> list[dict[str, str]]:
    """Return the figures of a field as rows of controls, with an empty one after them."""
    rows = [{key: str(target.get(key) or "") for key in TARGET_KEYS} for target in value or []]
    return [*rows, *(dict.fromkeys(TARGET_KEYS, "") for _ in range(EMPTY_TARGETS))]


def entry_of(field: Field, data: QueryDict) -> Entry:
    """Return what a form sent for a field."""
    if field.kind == "targets":
        return Entry(columns={key: data.getlist(f"target_{key}") for key in TARGET_KEYS})
    return Entry(text=data.get("value", ""))


def rows_sent(data: QueryDict) -> list[dict[str, str]]:
    """Return the rows of a table of targets as they were sent, to show them again."""
    columns = {key: data.getlist(f"target_{key}") for key in TARGET_KEYS}
    count = max(map(len, columns.values()), default=0)
    return [
        {key: column[i] if i < len(column) else "" for key, column in columns.items()} for i in range(count)
    ]


COMPARATOR_CHOICES = [("", "（未注明）"), *COMPARATORS.items()]
