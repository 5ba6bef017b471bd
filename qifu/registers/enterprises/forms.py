"""The filter of the list of enterprises."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from qifu.registers.enterprises import queries
from qifu.registers.enterprises.fact_book import Fact
from qifu.registers.enterprises.fact_years import YEARS_BACK


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


class FactForm(forms.Form):
    """One value of one fact, its day, and for an officer who told it; a choice or a flag is chosen from its words."""

    def __init__(self, *args: Any, own: bool, fact: Fact, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fact = fact
        self.fields["value"] = self._value(fact, required=own)
        self.fields["as_of"] = forms.DateField(
            label="截至日", initial=date(day.year - 1, 12, 31) if YEARS_BACK.get(fact.period) else day, help_text="这个数值在哪一天是对的；年度数据写年末，如 2023-12-31",
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )  # fmt: skip
        if not own:
            self.fields["source"] = forms.CharField(
                label="数据来源",
                max_length=200,
                help_text=f"提供数据的部门或表；这一项的权威来源是{fact.source}",
            )
            self.fields["note"] = forms.CharField(
                label="说明", max_length=200, required=False, help_text="更正时写明理由"
            )
            self.fields["take_back"] = forms.BooleanField(
                label="撤回这个来源在这一天的数值（登记有误而没有正确数值时）", required=False
            )

    def _value(self, fact: Fact, *, required: bool) -> forms.Field:
        words = ("是", "否") if fact.type == "flag" else fact.choices
        if words:
            return forms.ChoiceField(
                label=fact.label, required=required, choices=[("", "请选择"), *((w, w) for w in words)]
            )
        wanted = {"honour": "写失效日，如 2026-12-08（当日不再有效）；没有写“否”，不设期限写“长期”", "day": "如 2024-06-30", "place": "六位行政区划代码"}  # fmt: skip
        said = wanted.get(fact.type) or (
            f"单位：{fact.unit}，也可以写成 300万元 的样子" if fact.type == "money" else f"单位：{fact.unit}"
        )
        return forms.CharField(label=fact.label, required=required, max_length=60, help_text=said)

    def clean(self) -> dict[str, Any]:
        """Ask for a value unless one is taken back."""
        data: dict[str, Any] = super().clean() or {}
        if "value" in data and not data["value"] and not data.get("take_back"):
            self.add_error("value", "请填写数值")
        return data
