"""The list of a plan's work: filters, sortable table, and what exports take from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

import django_filters
import django_tables2 as tables
from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.pages.work import LEVELS, frame
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_list as lists
from qifu.services.work_plans.queries import work_units as units
from qifu.services.work_plans.status import STATUS_TITLES

ROWS_A_PAGE = 50
SCOPES = [("own", "只看本级"), *((key, f"本级和{title}") for key, title in LEVELS.items())]


TIMELY = [("yes", "按期销号"), ("no", "超期销号")]


class WorkFilter(django_filters.FilterSet):
    """Narrow work by words, place, status, kind, unit, lead and deadline."""

    text = django_filters.CharFilter(label="关键词", method="by_text", max_length=60)
    place = django_filters.ChoiceFilter(label="地区", method="keep", empty_label=None)
    level = django_filters.ChoiceFilter(label="范围", method="keep", choices=SCOPES, empty_label=None)
    status = django_filters.ChoiceFilter(
        label="状态",
        method="by_status",
        choices=[(s.value, STATUS_TITLES[s]) for s in queries.ORDER],
        empty_label="全部",
    )
    kind = django_filters.ChoiceFilter(label="类别", choices=list(queries.KINDS.items()), empty_label="全部")
    number = django_filters.NumberFilter(label="序号", field_name="number")
    unit = django_filters.CharFilter(label="单位", method="by_unit", max_length=60)
    lead = django_filters.ChoiceFilter(
        label="牵头", field_name="lead_state", choices=list(queries.LEAD_STATES.items()), empty_label="全部"
    )
    timely = django_filters.ChoiceFilter(
        label="销号", method="by_time", choices=TIMELY, widget=forms.HiddenInput
    )
    led_by = django_filters.CharFilter(
        label="牵头单位", field_name="lead__name", max_length=120, widget=forms.HiddenInput
    )
    due_from = django_filters.DateFilter(label="期限不早于", field_name="due_on", lookup_expr="gte")
    due_to = django_filters.DateFilter(label="期限不晚于", field_name="due_on", lookup_expr="lte")

    def __init__(
        self, *args: Any, places: Sequence[tuple[str, str]], names: Sequence[str], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.filters["place"].extra["choices"] = list(places)
        self.filters["unit"].extra["widget"] = _Suggested(names)
        self.filters["number"].extra["min_value"], self.filters["number"].extra["max_value"] = 1, 99_999
        for name in ("due_from", "due_to"):
            self.filters[name].extra["widget"] = forms.DateInput(attrs={"type": "date"})

    def keep(self, rows: Any, name: str, value: str) -> Any:
        """Narrow nothing: the rows were chosen by place and level before."""
        return rows

    def by_text(self, rows: Any, name: str, value: str) -> Any:
        """Hold a text."""
        return rows.filter(lists.text_filter(value))

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        """Stand so today."""
        return rows.filter(queries.status_filter(value, self.today))

    def by_time(self, rows: Any, name: str, value: str) -> Any:
        """Be closed in time, or late."""
        return rows.filter(units.IN_TIME if value == "yes" else units.LATE)

    def by_unit(self, rows: Any, name: str, value: str) -> Any:
        """Be led by a unit or have it take part."""
        return rows.filter(lists.unit_filter(value))


class _Suggested(forms.TextInput):
    """A text field that suggests the plan's own names."""

    template_name = "work_plans/suggested.html"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(attrs={"list": "unit-names"})
        self.names = names

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return what the widget's template shows."""
        return super().get_context(name, value, attrs) | {"names": self.names}


class WorkTable(tables.Table):
    """Work with number, title, place, lead, deadline, status and last report."""

    number = tables.Column(
        verbose_name="序号", order_by=("order", "place_code"), attrs={"td": {"class": "keep"}}
    )
    title = tables.Column(verbose_name="事项", attrs={"td": {"class": "lead-cell item-cell"}})
    place_code = tables.Column(verbose_name="地区", order_by=("place_code", "order"))
    lead = tables.Column(verbose_name="牵头单位", empty_values=(), order_by=("lead", "order"))
    due_on = tables.Column(
        verbose_name="期限",
        empty_values=(),
        order_by=("due_on", "order", "place_code"),
        attrs={"td": {"class": "date"}},
    )
    phase = tables.Column(verbose_name="状态", orderable=False)
    last_report_at = tables.Column(
        verbose_name="最近报告",
        empty_values=(),
        order_by=("last_report_at", "order"),
        attrs={"td": {"class": "date wide-only"}},
    )

    class Meta:
        orderable = True
        empty_text = "没有符合条件的事项"

    def __init__(self, *args: Any, today: date, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.places = today, places

    def render_number(self, record: Any) -> str:
        """Kind and number as the document numbers it."""
        return f"{queries.KINDS[record.kind]} {record.number}"

    def render_title(self, record: Any) -> SafeString:
        """The title as a link."""
        return render_to_string("work_plans/work_title.html", {"row": record})

    def render_place_code(self, value: str) -> str:
        """The division's full name."""
        return self.places.get(value, value)

    def render_lead(self, record: Any) -> SafeString | str:
        """The lead, and whether a person has confirmed it."""
        if record.lead is None:
            return format_html('<span class="soft">{}</span>', "未定")
        if record.lead_state == "confirmed":
            return record.lead.name
        return format_html('{} <span class="soft">（拟定）</span>', record.lead.name)

    def render_due_on(self, record: Any) -> str:
        """The day, or that there is none."""
        return queries.due_words(record)

    def render_phase(self, record: Any) -> SafeString:
        """How it stands today."""
        return render_to_string("work_plans/work_state.html", {"row": record, "today": self.today})

    def render_last_report_at(self, record: Any) -> SafeString:
        """The day of the last report."""
        return render_to_string("work_plans/work_day.html", {"at": record.last_report_at})


def chosen(request: Request, context: dict[str, Any]) -> tuple[WorkFilter, dict[str, str]]:
    """Return the filtered rows and the query that made them; the list and its exports use the same."""
    plan, place = context["plan"], context["place"]
    level = request.GET.get("level", "")
    level = level if level in dict(SCOPES) else "all"
    rows = lists.listed(request.actor, request.at, plan, place, level, request.today)
    everywhere = queries.columns(plan.place_code, "all", request.today)
    places = [(one.code, one.full_name) for one in everywhere]
    asked = request.GET.copy()
    asked["place"], asked["level"] = place, level
    found = WorkFilter(asked, queryset=rows, places=places, names=lists.unit_names(plan), today=request.today)
    kept = {key: value for key, value in asked.items() if value and key in found.filters}
    return found, kept


@require_safe
@page("work_plans.follow")
def work_list(request: Request, pk: int) -> HttpResponse:
    """Show the work that matches a filter as one sortable table."""
    context = frame(request, pk, "list")
    found, kept = chosen(request, context)
    names = dict(found.filters["place"].extra["choices"])
    table = WorkTable(found.qs, today=request.today, places=names, template_name="portal/table.html")
    RequestConfig(request, paginate={"per_page": ROWS_A_PAGE}).configure(table)
    context |= {
        "filter": found, "table": table, "export_query": urlencode(kept), "count": table.page.paginator.count,
        "asked": bool(set(kept) - {"place", "level"}),
    }  # fmt: skip
    return render(request, "work_plans/work_list.html", context)
