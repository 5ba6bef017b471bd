"""The filter of the list of enterprises."""

from __future__ import annotations

from typing import Any

from django import forms

from qifu.registers.enterprises import queries


class EnterpriseFilter(forms.Form):
    """What the list shows; every field narrows it."""

    text = forms.CharField(label="名称（含曾用名）", required=False, max_length=100)
    uscc = forms.CharField(label="统一社会信用代码", required=False, max_length=40)
    division = forms.ChoiceField(label="区划", required=False)
    industry = forms.ChoiceField(label="行业", required=False)
    kind = forms.ChoiceField(label="类型", required=False, choices=[("", "全部"), *queries.KINDS.items()])
    status = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *queries.STATUSES.items()]
    )

    def __init__(self, *args: Any, divisions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = str(self.data.get("industry", "")) if self.is_bound else ""
        self.fields["division"].choices = [("", "全部"), *divisions]  # type: ignore[attr-defined]
        self.fields["industry"].choices = [("", "全部"), *queries.industry_choices(chosen)]  # type: ignore[attr-defined]
