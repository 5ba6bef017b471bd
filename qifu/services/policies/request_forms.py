"""The forms of applications and questions: the firm's, the visitor's, and the steps of the unit, made from the case type."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from qifu.engines.casework.case_type import CaseType, Transition
from qifu.foundation.action import Refused
from qifu.foundation.files.form_fields import ManyFilesField, ManyFilesInput
from qifu.foundation.phone import HELP as PHONE_HELP
from qifu.services.policies.actions.requests import (
    FILES_HELP,
    KINDS,
    MOST_WORDS,
    Contact,
    KeyUsed,
    Upload,
)

UNCLASSIFIED = "涉密不上网：我确认材料不涉及国家秘密、工作秘密"
ACCEPT = ",".join(f".{kind}" for kind in sorted(KINDS | {"jpeg"}))
SHORT, LONG = 500, 5000


def show(form: forms.Form, refused: Refused) -> None:
    """Put what was refused at its fields, or above the form; a key that was used is changed for a fresh one."""
    if isinstance(refused, KeyUsed):
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["key"] = uuid.uuid4().hex  # type: ignore[index]
    named = {name: words for name, words in refused.fields.items() if name in form.fields}
    for name, words in named.items():
        form.add_error(name, words)
    if not named:
        form.add_error(None, refused.message)


def _words(
    label: str, *, required: bool = True, most: int = MOST_WORDS, rows: int = 4, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=most, help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows, "data-counter": str(most)}),
        error_messages={"required": f"请填写{label}", "max_length": f"最多 {most} 字，请精简"},
    )  # fmt: skip


def _contact() -> dict[str, forms.Field]:
    return {
        "contact_name": forms.CharField(label="联系人", max_length=60, required=False),
        "contact_mobile": forms.CharField(
            label="联系电话", max_length=40, required=False, help_text=PHONE_HELP,
            widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        ),
    }  # fmt: skip


class _Keyed(forms.Form):
    """A form with a secret key, so that what is sent twice is taken once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid.uuid4().hex, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def contact(self) -> Contact:
        """Return whom to reach."""
        return Contact(self.cleaned_data["contact_name"], self.cleaned_data["contact_mobile"])


class ManyUploads(ManyFilesField):
    """Several further files, maybe none; what they are is seen by the act."""

    def __init__(self, label: str) -> None:
        widget = ManyFilesInput(attrs={"accept": ACCEPT, "multiple": True})
        super().__init__(label=label, widget=widget, required=False, help_text=FILES_HELP)

    def clean_one(self, data: Any, initial: Any) -> Any:
        """Return one upload."""
        return Upload(data.name, data.file)


class ApplyForm(_Keyed):
    """An application: a short statement, each material that the policy asks for, further files; nothing that is known already."""

    def __init__(self, *args: Any, materials: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"] = _words(
            "申报说明", help_text="写明申报的理由和项目情况；平台已有的数据不用再写。"
        )
        self.materials = list(materials)
        for n, title in enumerate(materials, 1):
            self.fields[f"material_{n}"] = forms.FileField(
                label=title, help_text=FILES_HELP, widget=forms.FileInput(attrs={"accept": ACCEPT}),
                error_messages={"required": f"请上传“{title}”", "empty": "这个文件是空的，请重新选择"},
            )  # fmt: skip
        self.fields["files"] = ManyUploads("其他材料（可以没有）")
        self.fields |= _contact()
        self.fields["unclassified"] = forms.BooleanField(label=UNCLASSIFIED, required=False)

    def uploads(self) -> list[Upload]:
        """Return what was sent, each with which material it is."""
        given = self.cleaned_data
        named = [
            Upload(given[f"material_{n}"].name, given[f"material_{n}"].file, n)
            for n in range(1, len(self.materials) + 1)
            if given.get(f"material_{n}")
        ]
        return [*named, *given["files"]]


class AskForm(_Keyed):
    """A question; `place` where the policy does not say it, `enterprise` for those who act for one."""

    def __init__(
        self, *args: Any, places: Sequence[Any] | None, firms: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"] = _words(
            "要问什么", rows=5, help_text="一次问一件事，写明是哪项政策、哪一条、贵企业的情况。"
        )
        if places is not None:
            self.fields["place"] = forms.ChoiceField(
                label="企业在哪里", choices=[("", "请选择县（市、区）"), *places], error_messages={"required": "请选择企业所在的县（市、区）"}
            )  # fmt: skip
        if firms:
            self.fields["enterprise"] = forms.ChoiceField(
                label="以哪家企业的名义", choices=[*firms, ("", "本人，不代表企业")], required=False
            )
        self.fields |= _contact()


class OwnActForm(forms.Form):
    """What the sender does: an explanation, for material that was asked for also files."""

    def __init__(self, *args: Any, act: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"prefix": act})
        label = {"supply": "补正说明", "ask_again": "还想问什么"}.get(act, "说明")
        self.fields["explanation"] = _words(label, rows=3)
        if act == "supply":
            self.fields["files"] = ManyUploads("补正的材料")
            self.fields["unclassified"] = forms.BooleanField(label=UNCLASSIFIED, required=False)


class LookUpForm(forms.Form):
    """Number and query code, as they stand on the receipt."""

    number = forms.CharField(
        label="编号", max_length=30, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "请填写编号"},
    )  # fmt: skip
    code = forms.CharField(
        label="查询码", max_length=20, help_text="提交时给的 8 位数字",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}), error_messages={"required": "请填写查询码"},
    )  # fmt: skip


class QueueFilter(forms.Form):
    """What the unit's list shows."""

    text = forms.CharField(label="编号、企业或标题", required=False, max_length=60)
    kind = forms.ChoiceField(
        label="类别", required=False, choices=[("", "全部"), ("application", "申报"), ("question", "咨询")]
    )
    state = forms.ChoiceField(label="环节", required=False)
    policy = forms.ChoiceField(label="政策", required=False)

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [("", "未办结"), ("done", "已办结"), ("all", "全部"), *choices["state"]]
        self.fields["state"].choices = states  # type: ignore[attr-defined]
        self.fields["policy"].choices = [("", "全部"), *choices["policy"]]  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """One step of the unit, made from the case type."""

    def __init__(
        self, *args: Any, step: Transition, definition: CaseType, known: dict[str, str], units: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs | {"prefix": step.name})
        self.step = step
        for name in step.form:
            asked, required = definition.fields[name], name in step.needed
            if asked.kind == "organisation":
                field: forms.Field = forms.ChoiceField(
                    label=asked.title, choices=[("", "请选择单位"), *units], required=required,
                    error_messages={"required": f"请选择{asked.title}"},
                )  # fmt: skip
            elif asked.kind == "long_text":
                field = _words(asked.title, required=required, most=LONG, help_text=asked.help)
            else:
                field = forms.CharField(
                    label=asked.title, required=required, max_length=SHORT, help_text=asked.help,
                    error_messages={"required": f"请填写{asked.title}"},
                )  # fmt: skip
            field.initial = known.get(name, "")
            self.fields[name] = field

    def given(self) -> dict[str, Any]:
        """Return what was filled in."""
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
