"""How items of a plan are shown: figures and deadlines in words, links that keep the version looked at."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from qifu.services.work_plans.queries.plans import due_state, target_words

register = template.Library()


@register.filter
def figure_words(target: Any) -> str:
    """Write the figure of a target: 不低于 60 %; 低于全国 0.5个百分点."""
    return target_words(target)


@register.simple_tag
def due(item: Any, today: date) -> dict[str, str]:
    """Return {state, word} of a deadline against the business day."""
    state, word = due_state(item, today)
    return {"state": state, "word": word}


@register.simple_tag
def item_link(item: Any, query: str = "") -> str:
    """Return the address of an item; `query` keeps the version looked at."""
    url = reverse("plan_item", args=[item.plan_id, item.kind, item.number])
    return f"{url}?{query}" if query else url


@register.simple_tag
def unit_items(plan_id: int, name: str, query: str = "") -> str:
    """Return the address of the items in which a unit has a part."""
    asked = urlencode({"unit": name})
    return f"{reverse('plan_items', args=[plan_id])}?{asked}" + (f"&{query}" if query else "")
