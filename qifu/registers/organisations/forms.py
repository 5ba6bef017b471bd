"""The forms of organisations; what they accept is decided again by the acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from qifu.registers.organisations import queries


def _day(label: str, required: bool = True, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=required, help_text=help_text, widget=widget, input_formats=["%Y-%m-%d"]
    )


class OrganisationFilter(forms.Form):
    """What the list of organisations shows."""

    text = forms.CharField(label="名称、简称或曾用名", required=False, max_length=60)
    level = forms.ChoiceField(label="层级", required=False, choices=[("", "全部"), *queries.LEVELS.items()])
    kind = forms.ChoiceField(label="类型", required=False, choices=[("", "全部"), *queries.KINDS.items()])


class ExpansionForm(forms.Form):
    """What a generic unit means in one place; the members are ticked in the page's own list."""

    basis = forms.CharField(label="依据", max_length=300, help_text="如文件名称和文号、专题会议纪要")
    effective_from = _day("生效日")
    effective_to = _day("失效日", required=False, help_text="这一天起不再适用；长期适用留空")

    def members(self) -> list[str]:
        """Return the codes that were ticked."""
        given: Any = self.data
        return list(given.getlist("members")) if hasattr(given, "getlist") else []


class WordingForm(forms.Form):
    """Which generic unit, in which place's documents."""

    written = forms.CharField(
        label="文件中的写法",
        max_length=120,
        help_text="照文件原样填写，可带层级，如“市、县（市、区）党委改革办”",
    )
    place_code = forms.ChoiceField(label="文件所属区划")

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place_code"].choices = list(places.items())  # type: ignore[attr-defined]
