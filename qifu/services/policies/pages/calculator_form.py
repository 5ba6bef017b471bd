"""One question of the calculator as a form: money with its unit, a count, yes or no, a choice, a place by city, an industry by search."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from qifu.registers.enterprises.fact_actions import read_value
from qifu.registers.enterprises.fact_book import Fact, ValueProblem
from qifu.services.policies.queries import calculator as queries

MONEY_UNITS = ("万元", "元", "亿元")
HELD = {"有，在有效期内": "长期", "没有": "否"}
_LONGEST = 40


class QuestionForm(forms.Form):
    """The answer to one fact; `value` is set when the form is valid. Of a place and an industry there are two steps."""

    def __init__(self, data: Any = None, *, fact: Fact, day: date) -> None:
        super().__init__(data, prefix=fact.id)
        self.fact, self.day, self.value = fact, day, None  # type: Fact, date, Value
        self.more = False
        """True while the first of two steps is answered: no fault, but not yet an answer."""
        getattr(self, f"_ask_{fact.type}", self._ask_number)()

    def _ask_number(self) -> None:
        self.fields["number"] = forms.CharField(
            label="数值", max_length=_LONGEST, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            help_text="" if self.fact.type == "money" else f"单位：{self.fact.unit}",
        )  # fmt: skip
        if self.fact.type == "money":
            self.fields["unit"] = forms.ChoiceField(label="单位", choices=[(one, one) for one in MONEY_UNITS])

    def _ask_flag(self) -> None:
        self._words([("是", "是"), ("否", "否")])

    def _ask_honour(self) -> None:
        self._words([(kept, words) for words, kept in HELD.items()])

    def _ask_choice(self) -> None:
        self._words([(one, one) for one in self.fact.choices])

    def _words(self, choices: list[tuple[str, str]]) -> None:
        self.fields["word"] = forms.ChoiceField(label=self.fact.label, choices=choices, widget=forms.RadioSelect, error_messages={"required": "请选一个，不清楚的按“不清楚”"})  # fmt: skip

    def _ask_day(self) -> None:
        self.fields["word"] = forms.CharField(
            label="日期", max_length=20, widget=forms.DateInput(attrs={"type": "date"}), help_text="如 2022-06-20"
        )  # fmt: skip

    def _ask_place(self) -> None:
        self.fields["city"] = forms.ChoiceField(
            label="设区市", choices=[("", "请选择"), *queries.cities(self.day)],
            error_messages={"required": "请选择设区市", "invalid_choice": "请从列表中选择设区市"},
        )  # fmt: skip
        city = self._given("city")
        below = queries.counties(city, self.day)
        if below:
            self.fields["county"] = forms.ChoiceField(
                label="县（市、区）", required=False, choices=[("", "请选择"), *below, (city, "不清楚是哪个县（市、区）")],
            )  # fmt: skip

    def _ask_industry(self) -> None:
        self.fields["search"] = forms.CharField(
            label="查找行业", max_length=_LONGEST, required=False,
            help_text="写行业名称中的字，如 软件、批发、汽车零部件，再从查到的里面选一个",
        )  # fmt: skip
        found = queries.industries(self._given("search"))
        if found:
            self.fields["code"] = forms.ChoiceField(
                label="选一个最接近的", choices=found, widget=forms.RadioSelect, required=False,
                error_messages={"invalid_choice": "请从查到的行业里选一个"},
            )  # fmt: skip

    def _given(self, name: str) -> str:
        return str(self.data.get(self.add_prefix(name), ""))[:_LONGEST] if self.is_bound else ""

    def clean(self) -> dict[str, Any]:
        """Read the answer as its fact reads it."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        text, field = self._text(data)
        if not text:
            self.more = "county" in self.fields or "code" in self.fields
            self.add_error(field, self._next_step())
            return data
        try:
            self.value = read_value(self.fact, text)
        except ValueProblem as problem:
            self.add_error(field, str(problem))
        return data

    def _text(self, data: dict[str, Any]) -> tuple[str, str]:
        if "number" in self.fields:
            number = data["number"].strip()
            bare = number.replace(",", "").replace("，", "").replace(".", "").lstrip("-").isdigit()
            return (number + (data.get("unit") or self.fact.unit) if bare else number), "number"
        if self.fact.type == "place":
            county = data.get("county", "")
            return county, "county" if "county" in self.fields else "city"
        if self.fact.type == "industry":
            return data.get("code", ""), "code" if "code" in self.fields else "search"
        return data["word"], "word"

    def _next_step(self) -> str:
        if self.fact.type == "place":
            return "请再选择县（市、区）"
        if "code" in self.fields:
            return "请从查到的行业里选一个；没有合适的，换个词再查"
        return "没有查到，换个词试试" if self._given("search").strip() else "请写行业名称中的字"
