"""Exports of what is filtered, as Excel and Word."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.export_excel import excel as as_excel
from qifu.services.work_plans.export_rows import Facts, Sheet, sheets
from qifu.services.work_plans.export_word import word as as_word
from qifu.services.work_plans.pages.browse import filtered
from qifu.services.work_plans.queries import plans as queries

_OFFICE = "application/vnd.openxmlformats-officedocument"
EXCEL = ("xlsx", f"{_OFFICE}.spreadsheetml.sheet")
WORD = ("docx", f"{_OFFICE}.wordprocessingml.document")
_NAMES = ("工作要点分解表", "work-plan")


@require_safe
@page("work_plans.view")
def excel(request: Request, pk: int) -> HttpResponse:
    """Return the filtered items as a workbook."""
    facts, rows = _content(request, pk)
    return file_answer(as_excel(facts, rows), facts, *_NAMES, EXCEL)


@require_safe
@page("work_plans.view")
def word(request: Request, pk: int) -> HttpResponse:
    """Return the filtered items as a Word document."""
    facts, rows = _content(request, pk)
    return file_answer(as_word(facts, rows), facts, *_NAMES, WORD)


def _content(request: Request, pk: int) -> tuple[Facts, list[Sheet]]:
    plan = queries.plan(request.actor, request.at, pk)
    asked = request.GET.get("version", "")
    revision = queries.version(request.actor, request.at, plan, int(asked) if asked.isdigit() else None)
    chosen = filtered(request, plan, revision)
    content = revision.content
    level = content["publicity_level"]
    facts = Facts(
        title=content["title"], document_number=content.get("document_number") or "", issuer=content.get("issuer") or "",
        publicity=queries.PUBLICITIES[level], internal=level != queries.PUBLIC, version=revision.number,
        as_of=request.today, chosen=filter_words(chosen.form),
    )  # fmt: skip
    return facts, sheets(chosen.qs, request.today)


def filter_words(form: Any) -> str:
    """Return what was filtered by, so that a part is never taken for the whole."""
    if not form.is_bound or not form.is_valid():
        return ""
    parts = []
    for name, value in form.cleaned_data.items():
        if value in (None, "") or name == "version":
            continue
        choices = dict(getattr(form.fields[name], "choices", ()))
        parts.append(f"{form.fields[name].label}：{choices.get(value, value)}")
    return f"筛选：{'；'.join(parts)}" if parts else ""


def file_answer(content: bytes, facts: Facts, what: str, plain: str, kind: tuple[str, str]) -> HttpResponse:
    """Return the file as a download named after the plan and `what`; `plain` for clients that do not know RFC 5987."""
    extension, media_type = kind
    name = f"{facts.document_number or facts.title}_{what}_第{facts.version}版.{extension}"
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = (
        f"attachment; filename={plain}-v{facts.version}.{extension}; filename*=UTF-8''{quote(name.replace('/', '_'), safe='')}"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
