"""The filters of the items of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import django_filters
from django import forms

from qifu.services.work_plans.queries import plans as queries

DUE = [("past", "已到期"), ("soon", "临期（30天内）"), ("later", "未到期"), ("ongoing", "持续推进")]


class ItemFilter(django_filters.FilterSet):
    """Narrow items by text, kind, group, unit, level and deadline."""

    text = django_filters.CharFilter(label="关键词", method="by_text", max_length=60)
    kind = django_filters.ChoiceFilter(label="类别", choices=list(queries.KINDS.items()), empty_label="全部")
    group = django_filters.ChoiceFilter(label="分组或维度", field_name="group", empty_label="全部")
    unit = django_filters.ChoiceFilter(label="责任单位", method="by_unit", empty_label="全部")
    level = django_filters.ChoiceFilter(
        label="层级", method="by_level", choices=list(queries.LEVELS.items()), empty_label="全部"
    )
    due = django_filters.ChoiceFilter(label="期限", method="by_due", choices=DUE, empty_label="全部")
    due_from = django_filters.DateFilter(label="期限不早于", field_name="due_on", lookup_expr="gte")
    due_to = django_filters.DateFilter(label="期限不晚于", field_name="due_on", lookup_expr="lte")

    version = django_filters.CharFilter(method="keep", widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, groups: Sequence[str], units: Sequence[str], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.filters["group"].extra["choices"] = [(name, name) for name in groups]
        self.filters["unit"].extra["choices"] = [(name, name) for name in units]
        for name in ("due_from", "due_to"):
            self.filters[name].extra["widget"] = forms.DateInput(attrs={"type": "date"})

    def keep(self, rows: Any, name: str, value: str) -> Any:
        """Narrow nothing: the version looked at is only carried along."""
        return rows

    def by_text(self, rows: Any, name: str, value: str) -> Any:
        """Hold a text."""
        return rows.filter(queries.text_filter(value))

    def by_unit(self, rows: Any, name: str, value: str) -> Any:
        """Have a unit."""
        return rows.filter(queries.unit_filter(value))

    def by_level(self, rows: Any, name: str, value: str) -> Any:
        """Have a unit of a level."""
        return rows.filter(queries.level_filter(value))

    def by_due(self, rows: Any, name: str, value: str) -> Any:
        """Stand so against the business day."""
        return rows.filter(queries.due_filter(value, self.today))
