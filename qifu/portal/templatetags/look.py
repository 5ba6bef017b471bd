"""The parts every page is made of: icons, states, figures, fields, notes, pages, tabs, charts. See docs/look.md."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.forms.widgets import (
    CheckboxInput,
    CheckboxSelectMultiple,
    ClearableFileInput,
    RadioSelect,
    Select,
)
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from qifu.foundation.money import format_money

register = template.Library()

STATES = {
    "good": "circle-check",
    "warn": "alert-triangle",
    "bad": "alert-circle",
    "info": "info-circle",
    "idle": "circle-dashed",
}
MARKS = {
    "simulated": ("warn", "flask", "模拟数据", "为演示生成的数据，不是真实业务数据"),
    "reported": ("info", "pencil", "填报", "由责任单位填报，附有佐证；系统不能自动统计"),
    "unverified": ("warn", "hourglass", "待核", "尚未与原文或数源部门核对"),
    "internal": ("bad", "lock", "内部", "内部材料，不得公开、不得转发"),
    "provisional": ("warn", "calendar", "暂定", "官方节假日安排尚未公布，日期可能变化"),
}
MESSAGE_STATES = {"success": "good", "warning": "warn", "error": "bad", "info": "info", "debug": "idle"}
WEEKDAYS = "一二三四五六日"
WHOLE = re.compile(r"[0-9][0-9.,]*|[\s\S]")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; it is decoration, so the word beside it carries the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def state(kind: str, word: str, title: str = "", mark: str = "") -> SafeString:
    """Show a state by colour, icon and word; `kind` is good, warn, bad, info or idle; `title` explains on hover."""
    shown = icon(mark or STATES[kind])
    if title:
        return format_html('<span class="state state-{}" title="{}">{}{}</span>', kind, title, shown, word)
    return format_html('<span class="state state-{}">{}{}</span>', kind, shown, word)


@register.simple_tag
def mark(kind: str) -> SafeString:
    """Show one of the site's fixed marks (模拟数据, 填报, 待核, 内部, 暂定) with its explanation."""
    colour, picture, word, title = MARKS[kind]
    return state(colour, word, title, picture)


@register.simple_tag
def figure(value: Any, unit: str = "", label: str = "", link: str = "", of: str = "") -> SafeString:
    """Show a number with its unit and what it counts; `link` leads to its rows, `of` names the denominator on hover."""
    tag = format_html('a class="figure" href="{}"', link) if link else SafeString('span class="figure"')
    return format_html(
        '<{}{}><span class="value">{}<span class="unit">{}</span></span><span class="label">{}</span></{}>',
        tag, format_html(' title="{}"', of) if of else "", number(value), unit, label, "a" if link else "span",
    )  # fmt: skip


@register.simple_tag
def share(part: int, whole: int) -> SafeString | str:
    """Show a percentage with one decimal, its numerator and denominator on hover; a dash where nothing is counted."""
    if not whole:
        return "—"
    percent = (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"))
    return format_html(
        '<span class="number" title="{} / {}">{} %</span>', number(part), number(whole), percent
    )


@register.simple_tag
def crumbs(*parts: str) -> SafeString:
    """Show where the page stands: title, address, title, address, … ; a last title without address is this page."""
    pairs = [(parts[i], parts[i + 1] if i + 1 < len(parts) else "") for i in range(0, len(parts), 2)]
    items = format_html_join(
        "", "<li>{}</li>",
        ((format_html('<a href="{}">{}</a>', url, title) if url else format_html("<span>{}</span>", title),) for title, url in pairs),
    )  # fmt: skip
    return format_html('<nav aria-label="所在位置"><ol class="crumbs">{}</ol></nav>', items)


@register.inclusion_tag("portal/components/note.html")
def note(kind: str, text: str) -> dict[str, Any]:
    """Show a note: `kind` is good, warn, bad, info, idle or a Django message level."""
    shown = MESSAGE_STATES.get(kind, kind if kind in STATES else "info")
    return {"state": shown, "mark": STATES[shown], "text": text}


@register.inclusion_tag("portal/components/blank.html")
def blank(title: str, why: str, url: str = "", verb: str = "", mark: str = "file-search") -> dict[str, Any]:
    """Show an empty list: what is missing, why, and the next step."""
    return {"title": title, "why": why, "url": url, "verb": verb, "mark": mark}


@register.inclusion_tag("portal/components/field.html")
def field(bound: BoundField, why: str = "", source: str = "", wrong_url: str = "") -> dict[str, Any]:
    """Show a form field: label above, why we ask, where a prefilled value came from, help, error at the field."""
    widget = bound.field.widget
    group = isinstance(widget, (RadioSelect, CheckboxSelectMultiple))
    single = isinstance(widget, CheckboxInput)
    if group or single:
        look = "form-check-input"
        widget.attrs.setdefault("class", look)
    else:
        look = "form-select" if isinstance(widget, Select) else "form-control"
    if isinstance(widget, ClearableFileInput):
        widget.attrs.setdefault("class", "form-control")
    attrs = {} if group else {"class": f"{widget.attrs.get('class', '')} {look}".strip()}
    return {
        "field": bound, "widget": bound.as_widget(attrs=dict(attrs)), "group": group, "single": single,
        "why": why, "source": source, "wrong_url": wrong_url,
    }  # fmt: skip


@register.inclusion_tag("portal/components/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Summarise a form's errors above it, each with a link to its field."""
    return {"form": form, "count": sum(len(errors) for errors in form.errors.values())}


@register.inclusion_tag("portal/components/form_fields.html")
def form_fields(form: BaseForm) -> dict[str, Any]:
    """Show the error summary and every field of a form."""
    return {"form": form}


@register.inclusion_tag("portal/components/filters.html", takes_context=True)
def filters(context: Mapping[str, Any], form: BaseForm, target: str = "") -> dict[str, Any]:
    """Show a filter form (of django-filter or any GET form); with `target` (#id) the list below is swapped in place."""
    request: HttpRequest = context["request"]
    active = any(request.GET.get(name) for name in form.fields)
    return {"form": form, "target": target, "action": request.path, "active": active}


@register.inclusion_tag("portal/components/pages.html", takes_context=True)
def pages(context: Mapping[str, Any], page: Page[Any]) -> dict[str, Any]:
    """Show which rows of how many these are, and links to the other pages, keeping filters."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "numbers": list(numbers), "request": context["request"]}


@register.filter
def with_query(request: HttpRequest, page: int) -> str:
    """Return this address with another page number."""
    query = request.GET.copy()
    query["page"] = str(page)
    return f"?{query.urlencode()}"


@register.inclusion_tag("portal/components/tabs.html")
def tabs(label: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Show tabs that are links; each item has title, url, current and maybe count."""
    return {"label": label, "tabs": items}


@register.inclusion_tag("portal/components/chart.html")
def chart(
    id: str, title: str, data: Mapping[str, Any], basis: str = "", tall: bool = False
) -> dict[str, Any]:
    """Show a chart with its table beneath; `title` says the finding.

    `data`: {"kind": "bar" | "line" | "bullet", "unit", "label", "categories": [...], "series": [{"name", "values"}]}.
    """
    rows = [(name, [one["values"][i] for one in data["series"]]) for i, name in enumerate(data["categories"])]
    return {
        "id": id,
        "script_id": f"{id}-data",
        "title": title,
        "data": data,
        "basis": basis,
        "tall": tall,
        "rows": rows,
    }


@register.simple_tag
def diff(before: str, after: str) -> SafeString:
    """Show what changed between two texts as deletions and insertions: by characters, but numbers as a whole."""
    old, new = WHOLE.findall(before), WHOLE.findall(after)
    parts: list[tuple[str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("".join(old[a:b]),))
            continue
        if b > a:
            parts.append(
                (format_html('<del><span class="visually-hidden">删除：</span>{}</del>', "".join(old[a:b])),)
            )
        if d > c:
            parts.append(
                (format_html('<ins><span class="visually-hidden">新增：</span>{}</ins>', "".join(new[c:d])),)
            )
    return format_html('<span class="diff">{}</span>', format_html_join("", "{}", parts))


@register.simple_tag
def route(name: str, *args: Any) -> str:
    """Return the address of a route, or nothing where the room that owns it is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.filter
def number(value: Any) -> str:
    """Write a number with separators (3,284); anything else as it is, nothing as a dash."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, float)):
        return str(value)
    return f"{value:,}"


@register.filter
def yuan(fen: int | None) -> str:
    """Write an amount in fen as people read it (1.56 亿元)."""
    return "—" if fen is None else format_money(fen)


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """Write a day for a table: 2024-03-31."""
    if value is None:
        return "—"
    local = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{0}">{0}</time>', local.isoformat())


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Write a moment: 2024-03-31 09:05."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), f"{local:%Y-%m-%d %H:%M}"
    )


@register.filter
def day_words(value: date | datetime | None) -> str:
    """Write a day for a sentence: 3月31日（周日）."""
    if value is None:
        return "—"
    local = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return f"{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）"
