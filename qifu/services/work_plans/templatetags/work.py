"""How work on plans is shown: a status in words, the cells of the board, links to the rows behind a count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from qifu.services.work_plans.fields import grouped
from qifu.services.work_plans.queries.work import KINDS, LOOKS, ORDER, due_words, list_link, status_of
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
def board_rows(board: Any, plan_id: int, place: str, level: str) -> SafeString:
    """Draw the rows of the board; thousands of cells a page, so they are joined here and not by the engine."""
    address = escape(list_link(plan_id))
    before, after = reverse("assignment", args=[0]).rsplit("0", 1)
    shown = {
        (
            one.code,
            status,
        ): f'{after}" title="{escape(one.name)} {word}" aria-label="{escape(one.name)} {word}">{letter}</a></td>'
        for one in board.places
        for status, (word, letter, _) in _WORDS.items()
    }
    start = {
        status: f'<td class="cell"><a class="dot dot-{look} is-{status}" href="{before}'
        for status, (_, _, look) in _WORDS.items()
    }
    codes = [one.code for one in board.places]
    parts: list[str] = []
    for row in board.rows:
        asked = f"kind={row.kind}&amp;number={row.number}&amp;place={place}&amp;level={level}"
        parts.append(
            f'<tr><th scope="row" class="task"><a href="{address}?{asked}"><span class="soft">{KINDS[row.kind]} {row.number}</span> '
            f"{escape(row.title)}</a></th>"
        )
        cells = row.cells
        for code in codes:
            if code in cells:
                status, pk = cells[code]
                parts.append(f"{start[status]}{pk}{shown[code, status]}")
            else:
                parts.append('<td class="cell"></td>')
        parts.append(f'<td class="cell">{_total(row.counts, address, asked)}</td></tr>\n')
    return mark_safe("".join(parts))


def _total(counts: Mapping[str, int], address: str, asked: str) -> str:
    """Return a total: closed of all, and what is overdue; each figure leads to its rows. All parts are escaped."""
    whole = sum(counts.values())
    if not whole:
        return "—"
    closed, overdue = counts.get(Status.CLOSED, 0), counts.get(Status.OVERDUE, 0)
    late = (
        f'<a class="late" href="{address}?{asked}&amp;status=overdue">逾期 {overdue:,}</a>' if overdue else ""
    )
    return (
        f'<span class="totals"><a href="{address}?{asked}&amp;status=closed" title="销号">{closed:,}</a>'
        f'<span class="soft">/</span><a href="{address}?{asked}" title="全部">{whole:,}</a>{late}</span>'
    )


@register.simple_tag
def board_totals(board: Any, plan_id: int, place: str, level: str, kind: str) -> SafeString:
    """Draw the cells of the total row: each column, then the whole."""
    address = escape(list_link(plan_id))
    asked = f"&amp;kind={kind}" if kind else ""
    columns = [
        _total(board.totals.get(one.code, {}), address, f"place={one.code}&amp;level=own{asked}")
        for one in board.places
    ]
    columns.append(_total(board.whole, address, f"place={place}&amp;level={level}{asked}"))
    return mark_safe("".join(f'<td class="cell">{one}</td>' for one in columns))


@register.filter
def at_place(places: Mapping[str, str], code: str) -> str:
    """Return the name of a place among those that the page has read."""
    return places.get(code, code)


@register.filter
def figure_number(value: Any) -> str:
    """Write an exact figure with separators, without the zeros that the database pads it with."""
    return grouped(value)


@register.filter
def due_day(row: Any) -> str:
    """Write the deadline of an assignment for a table."""
    return due_words(row)


@register.simple_tag
def doing_link(row: Any, key: str) -> str:
    """Return where what waits is done: the form on the assignment's page, or the form's own page."""
    if key == "confirm_lead" and row.lead_id is None:
        return reverse("assignment_act", args=[row.pk, "change_lead"])
    if key == "expand_generic":
        return reverse("assignment_act", args=[row.pk, key])
    return f"{reverse('assignment', args=[row.pk])}#{key}"
