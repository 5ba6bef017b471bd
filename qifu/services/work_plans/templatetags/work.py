"""How work on plans is shown: a status in words, the cells of the board, links to the rows behind a count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from qifu.services.work_plans.fields import grouped
from qifu.services.work_plans.queries.work import KINDS, LOOKS, ORDER, Place, list_link, status_of
from qifu.services.work_plans.status import STATUS_TITLES, Status

register = template.Library()

_WORDS = {status.value: (STATUS_TITLES[status], LOOKS[status][2], LOOKS[status][0]) for status in ORDER}


@register.simple_tag
def work_state(row: Any, today: date) -> dict[str, str]:
    """Return {look, icon, word} of an assignment on a day."""
    return status_words(status_of(row, today))


@register.simple_tag
def status_words(status: str) -> dict[str, str]:
    """Return {look, icon, word} of a status."""
    look, icon, _ = LOOKS[Status(status)]
    return {"look": look, "icon": icon, "word": STATUS_TITLES[Status(status)]}


@register.filter
def kind_title(kind: str) -> str:
    """Return the Chinese word of a kind of item."""
    return KINDS.get(kind, kind)


@register.simple_tag
def rows_link(plan_id: int, **query: Any) -> str:
    """Return the address of the rows that a figure was made of."""
    return list_link(plan_id, **query)


@register.simple_tag
def board_cells(row: Any, places: Sequence[Place]) -> SafeString:
    """Draw the cells of one row of the board; a few thousand a page, so they are joined here and not by the engine."""
    base = reverse("assignment", args=[0]).rsplit("0", 1)
    parts: list[str] = []
    for place in places:
        found = row.cells.get(place.code)
        if found is None:
            parts.append('<td class="cell"></td>')
            continue
        status, pk = found
        word, letter, look = _WORDS[status]
        parts.append(
            f'<td class="cell"><a class="dot dot-{look} is-{status}" href="{base[0]}{pk}{base[1]}" '
            f'title="{escape(place.name)} {word}" aria-label="{escape(place.name)} {word}">{letter}</a></td>'
        )
    return mark_safe("".join(parts))


@register.simple_tag
def board_total(counts: Mapping[str, int], plan_id: int, **query: Any) -> SafeString:
    """Draw the total of a row or column: closed of all, and what is overdue; each figure leads to its rows."""
    whole = sum(counts.values())
    if not whole:
        return mark_safe("—")
    closed, overdue = counts.get(Status.CLOSED, 0), counts.get(Status.OVERDUE, 0)
    every = escape(list_link(plan_id, **query))
    parts = [
        f'<a href="{escape(list_link(plan_id, status="closed", **query))}" title="销号">{closed:,}</a>'
        f'<span class="soft">/</span><a href="{every}" title="全部">{whole:,}</a>'
    ]
    if overdue:
        late = escape(list_link(plan_id, status="overdue", **query))
        parts.append(f'<a class="late" href="{late}">逾期 {overdue:,}</a>')
    return mark_safe(f'<span class="totals">{"".join(parts)}</span>')


@register.simple_tag
def board_column(board: Any, place: Place, plan_id: int) -> SafeString:
    """Draw the total of one column."""
    return board_total(board.totals.get(place.code, {}), plan_id, place=place.code, level="own")


@register.filter
def at_place(places: Mapping[str, str], code: str) -> str:
    """Return the name of a place among those that the page has read."""
    return places.get(code, code)


@register.filter
def figure_number(value: Any) -> str:
    """Write an exact figure with separators, without the zeros that the database pads it with."""
    return grouped(value)
