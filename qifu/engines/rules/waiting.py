"""Spans of time that will be met by waiting: 成立时间 满 2年 will be met on a day that can be told now."""

from __future__ import annotations

import re
from datetime import date, timedelta

from qifu.engines.rules.nearest import Change
from qifu.engines.rules.spans import SpanProblem, first_day_limit, read_span, span_end
from qifu.engines.rules.tree import Bound, DayIs, Leaf, leaves
from qifu.registers.enterprises.fact_book import EPOCH

_SPAN = re.compile(r"(?:满|超过)\s*(\d{1,4}(?:周年|年|个月|月|日|天))")


def day_when_met(bound: Bound, change: Change) -> date | None:
    """Return the day on which the leaf of a change will be met without it; None where waiting does not help.

    The span is that of the leaf's text, taken only if it gives the leaf's own day (民法典 201–203).
    """
    leaf = next((one for one in leaves(bound.require) if one.id == change.leaf), None)
    if not isinstance(leaf, Leaf) or not isinstance(leaf.test, DayIs) or not isinstance(change.before, int):
        return None
    written = _SPAN.search(leaf.text)
    if written is None or leaf.test.op != "<=":
        return None
    try:
        span = read_span(written[1])
        first = EPOCH + timedelta(change.before)
        for op, later in ((">=", 0), (">", 1)):
            if first_day_limit(op, span, bound.as_of)[1] == EPOCH + timedelta(leaf.test.day):  # type: ignore[arg-type]
                return span_end(first, span) + timedelta(later)
    except (SpanProblem, OverflowError, ValueError):
        return None
    return None
