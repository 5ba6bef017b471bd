"""Forms of the firm's own pages: look-up, material, appeal, rating."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from qifu.foundation.action import Refused
from qifu.services.enterprise_problems.intake_forms import ReporterFilesField


def show(form: forms.Form, refused: Refused) -> None:
    """Put what was refused at its fields, or above the form."""
    placed = False
    for name, words in refused.fields.items():
        if name in form.fields:
            form.add_error(name, words)
            placed = True
    if not placed:
        form.add_error(None, refused.message)


class LookUpForm(forms.Form):
    """Number and query code, as they stand on the receipt."""

    number = forms.CharField(
        label="编号", max_length=30, help_text="收件凭证上的编号，如 33010920240300012",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "请填写编号"},
    )  # fmt: skip
    code = forms.CharField(
        label="查询码", max_length=20, help_text="收件凭证上的 8 位数字",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "请填写查询码"},
    )  # fmt: skip


class MaterialForm(forms.Form):
    """What the reporter adds."""

    text = forms.CharField(
        label="补充内容", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=4000,
        error_messages={"max_length": "最多 2000 字，其余请作为附件上传"},
    )  # fmt: skip
    files = ReporterFilesField(label="照片或文件")  # type: ignore[assignment]


class AppealForm(forms.Form):
    """Why the reporter does not agree."""

    explanation = forms.CharField(
        label="申诉理由", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        error_messages={"required": "请写明为什么应当办理", "max_length": "最多 2000 字"},
    )  # fmt: skip


class RatingForm(forms.Form):
    """Solved or not, one to five stars, words if one likes: nothing is preset, and each star costs the same."""

    solved = forms.TypedChoiceField(
        label="问题解决了吗", choices=[("yes", "解决了"), ("no", "没解决")], coerce=lambda value: value == "yes",
        empty_value=None, widget=forms.RadioSelect, error_messages={"required": "请选择解决了或没解决"},
    )  # fmt: skip
    stars = forms.TypedChoiceField(
        label="您对办理满意吗", coerce=int, widget=forms.RadioSelect,
        error_messages={"required": "请选择一至五星", "invalid_choice": "请选择一至五星"},
    )  # fmt: skip
    text = forms.CharField(
        label="想说的话", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000,
        error_messages={"max_length": "最多 2000 字"},
    )  # fmt: skip

    def __init__(self, *args: Any, levels: Iterable[tuple[int, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["stars"].choices = [(n, f"{n}星　{words}") for n, words in levels]  # type: ignore[attr-defined]
