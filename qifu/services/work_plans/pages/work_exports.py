"""Exports of the filtered list of work: 分解表 as a workbook, 台账 as a workbook or a document."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.export_excel import excel
from qifu.services.work_plans.export_rows import Facts
from qifu.services.work_plans.export_word import word
from qifu.services.work_plans.export_work import decomposition, ledger
from qifu.services.work_plans.pages.exports import EXCEL, WORD, file_answer, filter_words
from qifu.services.work_plans.pages.work import frame
from qifu.services.work_plans.pages.work_list import chosen
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_list as lists

MOST_ROWS = 10_000
MOST_IN_WORD = 2_000


@require_safe
@page("work_plans.follow")
def decomposition_excel(request: Request, pk: int) -> HttpResponse:
    """Return the filtered work as a workbook: tasks by divisions."""
    asked = _asked(request, pk, MOST_ROWS)
    if isinstance(asked, HttpResponse):
        return asked
    facts, rows, places = asked
    sheet = decomposition(rows, lists.units_of(rows), places, request.today)
    return file_answer(excel(facts, [sheet]), facts, "落实情况分解表", "work-decomposition", EXCEL)


@require_safe
@page("work_plans.follow")
def ledger_excel(request: Request, pk: int) -> HttpResponse:
    """Return the filtered work with every report as a workbook."""
    asked = _asked(request, pk, MOST_ROWS)
    if isinstance(asked, HttpResponse):
        return asked
    facts, rows, places = asked
    sheet = ledger(rows, lists.ledger_events(rows), places, request.today)
    return file_answer(excel(facts, [sheet]), facts, "台账", "work-ledger", EXCEL)


@require_safe
@page("work_plans.follow")
def ledger_word(request: Request, pk: int) -> HttpResponse:
    """Return the filtered work with every report as a document."""
    asked = _asked(request, pk, MOST_IN_WORD)
    if isinstance(asked, HttpResponse):
        return asked
    facts, rows, places = asked
    sheet = ledger(rows, lists.ledger_events(rows), places, request.today)
    return file_answer(word(facts, [sheet], "台账"), facts, "台账", "work-ledger", WORD)


def _asked(request: Request, pk: int, most: int) -> HttpResponse | tuple[Facts, list[Any], dict[str, str]]:
    """Return the facts, rows and place names of an export, or the way back where there are too many rows."""
    context = frame(request, pk, "list")
    plan = context["plan"]
    found, _ = chosen(request, context)
    rows = list(found.qs[: most + 1])
    if len(rows) > most:
        messages.error(
            request, f"符合条件的事项超过 {most:,} 项，一次导不完。请先用地区、状态或类别缩小范围，再导出。"
        )
        return redirect(
            queries.list_link(plan.pk, **{key: value for key, value in request.GET.items() if value})
        )
    facts = Facts(
        title=plan.title, document_number=plan.document_number, issuer=plan.issuer, publicity=plan.get_publicity_display(),
        internal=True, version=plan.revision_number, as_of=request.today, chosen=filter_words(found.form),
    )  # fmt: skip
    return facts, rows, queries.every_place_name()
