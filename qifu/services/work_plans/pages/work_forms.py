"""The forms on the page of an assignment: one for each act, made only when the act is offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms

from qifu.foundation.files.form_fields import ManyFilesField
from qifu.services.work_plans.queries import work_item as queries

LONG = 5000
OWN_DUE, OWN_TEXT = "own_due_", "own_text_"
"""The names of the fields for what one place has otherwise than the template of a decomposition."""


def _text(
    label: str, *, required: bool = True, most: int = LONG, help_text: str = "", rows: int = 3
) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=most, help_text=help_text, widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请写明{label}"},
    )  # fmt: skip


def _day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=required, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请填写{label}", "invalid": f"{label}不是有效的日期"},
    )  # fmt: skip


def _choice(
    label: str, choices: Any, *, help_text: str = "", blank: str = "请选择"
) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, coerce=int, choices=[("", blank), *choices], help_text=help_text,
        error_messages={"required": f"请选择{label}", "invalid_choice": f"请从列表中选择{label}"},
    )  # fmt: skip


def _files(required: bool) -> dict[str, forms.Field]:
    return {
        "files": ManyFilesField(
            label="佐证材料",
            required=required,
            error_messages={"required": "请至少附一份佐证材料"},
            help_text="可一次选择多个文件；只有参与和管理这一项的人能看到",
        ),
        "unclassified": forms.BooleanField(label="我确认：文件不涉及国家秘密、工作秘密", required=False),
    }


Fields = dict[str, forms.Field]


def _reason(what: str) -> Callable[[queries.Item, date], Fields]:
    return lambda item, today: {"reason": _text(what, most=500)}


def _report(item: queries.Item, today: date) -> Fields:
    fields: Fields = {"text": _text("进展情况", rows=4)}
    for one in item.targets[:12]:
        fields[f"figure_{one.order}"] = forms.DecimalField(
            label=f"{one.name[:60]}{f'（{one.unit}）' if one.unit else ''}", required=False, max_digits=24, decimal_places=6,
            help_text="填报数，没有新数可不填", error_messages={"invalid": "请填写数字"},
        )  # fmt: skip
    if item.targets:
        fields["as_of"] = _day("数据截至日", required=False)
        fields["as_of"].initial = today
    return fields | _files(required=False)


def _submit(item: queries.Item, today: date) -> Fields:
    return {"text": _text("完成情况", rows=4)} | _files(required=not has_evidence(item))


def has_evidence(item: queries.Item) -> bool:
    """Tell whether evidence was given since the work was opened or last reopened, as far as the page shows events."""
    for one in item.events:
        if one.event.kind == "reopened":
            return False
        if list(one.event.evidence.all()):
            return True
    return False


def _milestones(item: queries.Item, today: date) -> Fields:
    fields: Fields = {}
    standing = [one for one in item.milestones if not one.reached_on]
    for n in range(1, max(len(standing) + 2, 4)):
        known = standing[n - 1] if n <= len(standing) else None
        fields[f"title_{n}"] = forms.CharField(
            label=f"节点 {n}", required=False, max_length=200, initial=known.title if known else ""
        )
        fields[f"due_{n}"] = _day(f"节点 {n} 的期限", required=False)
        fields[f"due_{n}"].initial = known.due_on if known else None
    return fields


def _decompose(item: queries.Item, today: date) -> Fields:
    below = queries.places_below(item.row)
    there = {one.place_code for one in item.parts}
    left = [(code, name) for code, name in below if code not in there]
    fields: Fields = {
        "places": forms.MultipleChoiceField(
            label="分解到", choices=left, widget=forms.CheckboxSelectMultiple, initial=[code for code, _ in left],
            help_text="已经分解到的地区不再列出；不分解的地区取消勾选", error_messages={"required": "请至少选择一个地区"},
        ),
        "requirement": _text("分解要求", required=False, help_text="可写 {地区} 代替地名"),
        "due_on": _day("期限", required=False, help_text="不填则与本级相同"),
    }  # fmt: skip
    for code, name in left:
        fields[f"{OWN_DUE}{code}"] = _day(f"{name}的期限", required=False)
        fields[f"{OWN_TEXT}{code}"] = _text(f"{name}的要求", required=False, rows=1)
    return fields if left else {}


def _expand(item: queries.Item, today: date) -> Fields:
    names = [(one.name, one.name) for one in item.units if one.generic]
    return {
        "unit_name": forms.ChoiceField(label="文件写法", choices=names),
        "organisations": forms.TypedMultipleChoiceField(
            label="具体是哪些单位", coerce=int, choices=queries.members_below(item.row.place_code),
            widget=forms.SelectMultiple(attrs={"size": 10}), error_messages={"required": "请至少选择一个单位"},
            help_text="按住 Ctrl 可选多个。同一写法在别处也要用时，请先批准展开规则，再套用",
        ),
    }  # fmt: skip


def _questions(item: queries.Item, today: date) -> Fields:
    asked = [(one.pk, one.text[:60]) for one in item.questions]
    return {"question": _choice("提问", asked, blank="请选择要答复的提问"), "text": _text("答复")}


def _reach(item: queries.Item, today: date) -> Fields:
    open_ = [(one.pk, f"{one.due_on} {one.title}") for one in item.milestones if not one.reached_on]
    day = _day("完成日")
    day.initial = today
    return {"milestone": _choice("节点", open_), "reached_on": day, "text": _text("说明", required=False)}


def _due(item: queries.Item, today: date) -> Fields:
    day = _day("新期限", required=False, help_text="不填表示持续推进")
    day.initial = item.row.due_on
    return {"due_on": day, "reason": _text("调整期限的理由", most=500)}


def _unit(item: queries.Item, today: date) -> Fields:
    taken = {one.organisation_id for one in item.units}
    choices = [one for one in queries.unit_choices(item.row.place_code) if one[0] not in taken]
    role = forms.ChoiceField(label="角色", choices=[("cooperating", "协同"), ("responsible", "责任")])
    return {"organisation": _choice("单位", choices), "role": role}


BUILD: Mapping[str, Callable[[queries.Item, date], Fields]] = {
    "confirm_lead": lambda item, today: {},
    "apply_expansions": lambda item, today: {},
    "change_lead": lambda item, today: {
        "organisation": _choice("新的牵头单位", queries.unit_choices(item.row.place_code)), "reason": _text("更换的理由", most=500),
    },
    "add_unit": _unit,
    "remove_unit": lambda item, today: {
        "unit": _choice("单位", [(one.pk, one.name) for one in queries.removable(item.row, item.units)])
    },
    "expand_generic": _expand,
    "set_due": _due,
    "decompose": _decompose,
    "set_precedence": lambda item, today: {
        "before": _choice("应在这一项之前完成的事项", [one for one in queries.siblings(item.row) if one[0] not in {b.pk for b in item.before}])
    },
    "remove_precedence": lambda item, today: {"before": _choice("不再在前的事项", [(one.pk, one.title) for one in item.before])},
    "set_milestones": _milestones,
    "reach_milestone": _reach,
    "report_progress": _report,
    "ask_question": lambda item, today: {"text": _text("问题")},
    "answer_question": _questions,
    "add_comment": lambda item, today: {"text": _text("留言")},
    "submit_work": _submit,
    "return_work": _reason("退回的理由"),
    "close_work": lambda item, today: {"text": _text("核定意见", required=False)},
    "reopen_work": _reason("重新打开的理由"),
}  # fmt: skip


class ActForm(forms.Form):
    """The form of one act on one assignment; its fields depend on what the assignment is like now."""

    def __init__(self, act: str, item: queries.Item, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix=act, **kwargs)
        self.act = act
        self.fields.update(BUILD[act](item, today))

    def exceptions(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Return (place, its own deadline, its own requirement) for each place of a decomposition, to be shown apart."""
        names = dict(self.fields["places"].choices) if "places" in self.fields else {}
        return [(name, self[f"{OWN_DUE}{code}"], self[f"{OWN_TEXT}{code}"]) for code, name in names.items()]

    @property
    def has_exceptions(self) -> bool:
        """Tell whether something was filled in for one place, so that the part of the form opens."""
        return any(
            due.value() or text.value() or due.errors or text.errors for _, due, text in self.exceptions()
        )
