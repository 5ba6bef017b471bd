"""The site's routes, a gallery of every part in both layouts, and a page that fails on purpose."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from qifu.foundation.pages import Request, page
from qifu.portal.urls import *  # noqa: F403
from qifu.portal.urls import urlpatterns as site_urlpatterns

ROWS = [
    {"id": n, "title": f"第{n}项任务：健全企业诉求“一口子”受理机制", "units": "省发展改革委、省市场监管局等",
     "due": f"2024-{n % 12 + 1:02d}-28", "amount": 1284 * n}
    for n in range(1, 124)
]  # fmt: skip


class RowTable(tables.Table):
    """A table as services write them."""

    title = tables.Column(
        "任务", linkify=lambda record: f"#row-{record['id']}", attrs={"td": {"class": "lead-cell"}}
    )
    units = tables.Column("责任单位")
    due = tables.Column("完成时限", attrs={"td": {"class": "date"}})
    amount = tables.Column("服务企业（家）", attrs={"td": {"class": "number"}, "th": {"class": "number"}})

    class Meta:
        order_by = "due"
        row_attrs = {"data-href": lambda record: f"#row-{record['id']}"}
        attrs = {"queue": True}
        empty_text = "还没有任务"


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="单位名称", help_text="与公章一致")
    kind = forms.ChoiceField(label="类别", choices=[("a", "党政机关"), ("b", "事业单位")])
    publicity = forms.ChoiceField(
        label="公开属性", choices=[("no", "不予公开"), ("ask", "依申请公开"), ("yes", "主动公开")],
        widget=forms.RadioSelect, initial="no",
    )  # fmt: skip
    file = forms.FileField(label="公文")
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    agree = forms.BooleanField(label="已确认不含涉密内容")


class FilterForm(forms.Form):
    """A filter."""

    words = forms.CharField(label="关键词", required=False)
    unit = forms.ChoiceField(label="责任单位", required=False, choices=[("", "全部"), ("1", "省发展改革委")])


def _context(request: Request) -> dict[str, Any]:
    table = RowTable(ROWS)
    tables.RequestConfig(request, paginate={"per_page": 10}).configure(table)
    categories = ["政务服务增值化改革", "市场环境", "法治环境", "创新环境", "开放环境"]
    return {
        "table": table,
        "empty": RowTable([], prefix="empty-"),
        "form": ExampleForm({"kind": "a"}),
        "filter": FilterForm(request.GET or None),
        "page": Paginator(ROWS, 50).get_page(2),
        "tabs": [
            {"title": "按行动", "url": "?", "current": True, "count": 14},
            {"title": "按责任单位", "url": "?by=unit", "current": False, "count": 1284},
        ],
        "bars": {"kind": "bar", "unit": "项", "label": "环境", "categories": categories,
                 "series": [{"name": "任务", "values": [9, 7, 6, 5, 3]}]},
        "bullets": {"kind": "bullet", "unit": "%", "label": "指标", "categories": categories,
                    "series": [{"name": "完成", "values": [82, 91, 67, 75, 98]}, {"name": "目标", "values": [90, 90, 85, 80, 95]}]},
        "lines": {"kind": "line", "unit": "天", "label": "月份", "categories": ["1月", "2月", "3月", "4月"],
                  "series": [{"name": "平均用时", "values": [5, 4, 4, 3], "low": [4, 3, 3, 2], "high": [6, 6, 5, 4]}]},
    }  # fmt: skip


@page("portal.view")
def portal_gallery(request: Request) -> HttpResponse:
    """Show every part in the portal's layout."""
    return render(request, "gallery/portal.html", _context(request))


@page("portal.work")
def workbench_gallery(request: Request) -> HttpResponse:
    """Show every part in the workbench's layout."""
    return render(request, "gallery/workbench.html", _context(request))


@page("portal.view")
def failing(request: Request) -> HttpResponse:
    """Fail."""
    raise RuntimeError("on purpose")


urlpatterns = [
    *site_urlpatterns,
    path("gallery/", portal_gallery),
    path("gallery/workbench/", workbench_gallery),
    path("gallery/failing/", failing),
]
