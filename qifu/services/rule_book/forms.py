"""The filters of the lists of rules and facts, and the form that tries a rule."""

from __future__ import annotations

from typing import Any

from django import forms

from qifu.registers.enterprises.fact_sheet import HELD
from qifu.services.rule_book import queries


class RuleFilter(forms.Form):
    """What the list of rules shows."""

    text = forms.CharField(label="名称、文号或标签", required=False, max_length=60)
    kind = forms.ChoiceField(
        label="种类",
        required=False,
        choices=[("", "全部"), ("rule", "规则（认定、划型）"), ("policy", "政策")],
    )
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部"), *((w, w) for w in ("已核对", "待核", "未生效或已失效"))],
    )


class FactFilter(forms.Form):
    """What the list of facts shows."""

    group = forms.ChoiceField(label="分组", required=False)
    sensitivity = forms.ChoiceField(label="敏感级别", required=False)
    held = forms.ChoiceField(label="谁持有", required=False, choices=[("", "全部"), *HELD.items()])
    waits = forms.BooleanField(label="只看规则在等的", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in (("group", queries.groups()), ("sensitivity", queries.sensitivities())):
            self.fields[name].choices = [("", "全部"), *((word, word) for word in words)]  # type: ignore[attr-defined]


class TrialForm(forms.Form):
    """Which enterprise a rule is tried on."""

    uscc = forms.CharField(label="统一社会信用代码", max_length=40)
