"""Promises made to firms: those of one case, and the list of those that somebody of the staff has to do with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, visible
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.models import Promise
from qifu.services.enterprise_problems.queries.case_page import VIEW, PromiseLine, promise_line

SHOWS = {"open": "待兑现", "near": "临近到期", "over": "已过期", "kept": "已兑现", "broken": "未能兑现"}
NEAR = timedelta(days=7)
PAGE_SIZE = 50


@dataclass(frozen=True)
class ListedPromise:
    """A promise with the case it was made in."""

    case: Case
    line: PromiseLine


def promise_page(
    actor: Actor, at: datetime, moment: datetime, *, show: str, number: str | None = None
) -> Page[Any]:
    """Return one page of the promises in cases that the actor may see, those due first."""
    rows = _rows(actor, at, moment, show).select_related("case", "organisation").order_by("due_on", "pk")
    page: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(number)
    page.object_list = [ListedPromise(one.case, promise_line(one, moment)) for one in page.object_list]
    return page


def counts(actor: Actor, at: datetime, moment: datetime) -> Mapping[str, int]:
    """Return how many promises each tab of the list holds."""
    return {name: _rows(actor, at, moment, name).count() for name in SHOWS}


def _rows(actor: Actor, at: datetime, moment: datetime, show: str) -> QuerySet[Promise]:
    today = moment.astimezone(SHANGHAI).date()
    seen = visible(Case.objects.all(), actor, VIEW, at)
    conditions = {
        "near": Q(state="open", due_on__gte=today, due_on__lte=today + NEAR),
        "over": Q(state="open", due_on__lt=today),
        "kept": Q(state="kept"),
        "broken": Q(state="broken"),
    }
    return Promise.objects.filter(conditions.get(show, Q(state="open")), case__in=seen)
