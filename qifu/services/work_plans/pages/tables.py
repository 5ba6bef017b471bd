"""The sortable table of items."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


class ItemTable(tables.Table):
    """Items with number, title, group, units, figure and deadline."""

    number = tables.Column(verbose_name="序号", order_by=("kind", "number"), attrs={"td": {"class": "keep"}})
    title = tables.Column(verbose_name="事项", attrs={"td": {"class": "lead-cell item-cell"}})
    group = tables.Column(verbose_name="分组或维度", attrs={"td": {"class": "wide-only"}})
    units = tables.Column(verbose_name="责任单位", empty_values=(), orderable=False)
    targets = tables.Column(verbose_name="目标", empty_values=(), orderable=False)
    due_on = tables.Column(verbose_name="期限", empty_values=(), order_by=("due_on", "order"))

    class Meta:
        orderable = True
        empty_text = "没有符合条件的事项"

    def __init__(self, *args: Any, today: date, query: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.query = today, query

    def render_number(self, record: Any) -> str:
        """Kind and number as the document numbers it."""
        return f"{record.get_kind_display()} {record.number}"

    def render_title(self, record: Any) -> SafeString:
        """The title as a link; what is missing or held back says so."""
        return render_to_string("work_plans/item_title.html", {"item": record, "query": self.query})

    def render_units(self, record: Any) -> SafeString:
        """Units by role."""
        return render_to_string("work_plans/item_units.html", {"item": record})

    def render_targets(self, record: Any) -> SafeString:
        """Figures in words."""
        return render_to_string("work_plans/item_targets.html", {"item": record})

    def render_due_on(self, record: Any) -> SafeString:
        """The deadline as written, and how it stands against the business day."""
        return render_to_string("work_plans/item_due.html", {"item": record, "today": self.today})
