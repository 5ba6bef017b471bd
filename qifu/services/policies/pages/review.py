"""Reviews of a draft, steps of the loop, and what is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_logged
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import review as actions
from qifu.services.policies.actions.loop import complete_step
from qifu.services.policies.actions.review import Opinion
from qifu.services.policies.forms import CompetitionForm, OpinionForm, StepForm
from qifu.services.policies.queries import library
from qifu.services.policies.queries import loop as loops
from qifu.services.policies.queries import review as queries

REVIEW, LEGALITY, LOOP = "policies.review", "policies.review_legality", "policies.run_loop"
TITLES = {"legality": "合法性审核意见", "collective": "记录集体讨论决定", "filing": "记录备案"}


@require_safe
@page(library.VIEW)
def due(request: Request) -> HttpResponse:
    """List what policies wait for: reviews, filings, legality opinions."""
    return render(
        request, "policies/due.html", {"lines": queries.due(request.actor, request.at, request.today)}
    )


@require_http_methods(["GET", "POST"])
@page(REVIEW)
def competition(request: Request, code: str) -> HttpResponse:
    """Decide about each finding of the fair-competition check."""
    row, draft = _draft(request, code, REVIEW)
    found = queries.draft_findings(row, draft)
    form = CompetitionForm(
        request.POST or None,
        found=found,
        before=queries.decisions_before(row),
        initial={"digest": draft.digest},
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data["opinion"]
        if _done(form, lambda: actions.check_competition(
            policy=row, expected_digest=form.cleaned_data["digest"], decisions=form.decisions(), opinion=said,
            by=request.actor, at=request.at,
        )):  # fmt: skip
            messages.success(request, "公平竞争审查已记录。")
            return redirect("policy", code)
    return render(request, "policies/competition.html", {"form": form, "policy": row, "found": found})


@require_POST
@page(REVIEW)
def ask(request: Request, code: str) -> HttpResponse:
    """Send the draft to the legality reviewers."""
    row = library.own_policy(code, request.actor, request.at, REVIEW)
    try:
        actions.ask_legality(
            policy=row, expected_digest=request.POST.get("digest", ""), by=request.actor, at=request.at
        )
        messages.success(request, "已送合法性审核。审核期间请不要改动草稿，改了要重新送。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("policy", code)


@require_http_methods(["GET", "POST"])
@page(LEGALITY)
def legality(request: Request, code: str) -> HttpResponse:
    """Give the legality opinion."""
    row, draft = _draft(request, code, LEGALITY)
    return _opinion(request, row, draft, "legality", lambda opinion, digest: actions.decide_legality(
        policy=row, expected_digest=digest, opinion=opinion, by=request.actor, at=request.at
    ))  # fmt: skip


@require_http_methods(["GET", "POST"])
@page(REVIEW)
def collective(request: Request, code: str) -> HttpResponse:
    """Record the collective decision."""
    row, draft = _draft(request, code, REVIEW)
    return _opinion(request, row, draft, "collective", lambda opinion, digest: actions.record_collective(
        policy=row, expected_digest=digest, opinion=opinion, by=request.actor, at=request.at
    ))  # fmt: skip


@require_http_methods(["GET", "POST"])
@page(REVIEW)
def filing(request: Request, code: str) -> HttpResponse:
    """Record the filing of the published revision."""
    row = library.own_policy(code, request.actor, request.at, REVIEW)
    return _opinion(request, row, library.published(row), "filing", lambda opinion, digest: actions.record_filing(
        policy=row, opinion=opinion, by=request.actor, at=request.at
    ))  # fmt: skip


def _opinion(
    request: Request, row: Any, revision: Any, kind: str, act: Callable[[Opinion, str], Any]
) -> HttpResponse:
    if revision is None:
        raise NotFound(row.code)
    initial = {"digest": revision.digest, "decided_on": request.today}
    form = OpinionForm(request.POST or None, request.FILES or None, kind=kind, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        file = given["file"]
        opinion = Opinion(
            given.get("passed", "yes") == "yes", given["opinion"], given["document"], given["decided_on"],
            (file.name, file.file) if file else None, given["unclassified"],
        )  # fmt: skip
        if _done(form, lambda: act(opinion, given["digest"])):
            messages.success(request, "已记录。")
            return redirect("policy", row.code)
    context = {
        "form": form, "policy": row, "title": TITLES[kind], "button": "提交", "kind": kind,
        "said": library.said(row, revision, request.today) if kind != "filing" else None,
        "records": row.reviews.filter(number=revision.number, digest=revision.digest).order_by("-pk"),
        "upload": True,
    }  # fmt: skip
    return render(request, "policies/act.html", context)


@require_http_methods(["GET", "POST"])
@page(LOOP)
def step(request: Request, code: str, stage: str) -> HttpResponse:
    """Record a step of the loop."""
    row = library.own_policy(code, request.actor, request.at, LOOP)
    line = next((one for one in loops.loop(row) if one.stage == stage and one.is_next), None)
    if line is None:
        raise NotFound(stage)
    form = StepForm(request.POST or None, stage=stage, initial={"done_on": request.today})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if _done(form, lambda: complete_step(
            policy=row, stage=stage, output=given["output"], done_on=given["done_on"], by=request.actor, at=request.at,
            conclusion=given.get("conclusion", ""), next_review=given.get("next_review"),
        )):  # fmt: skip
            messages.success(request, f"{line.stage.label}已记录。")
            return redirect("policy", code)
    context = {
        "form": form, "policy": row, "title": f"完成{line.stage.label}", "button": "记录", "lead": line.asks,
        "lacks": line.lacks,
    }  # fmt: skip
    return render(request, "policies/act.html", context)


@require_safe
@page(library.VIEW)
def file(request: Request, code: str, record: int) -> HttpResponseBase:
    """Download the paper of a review; a browser never opens it as a page of this site."""
    row = library.policy(code, request.actor, request.at)
    kept = row.reviews.select_related("file").filter(pk=record, file__isnull=False).first()
    if kept is None or kept.file is None or not library.sees_drafts(row, request.actor, request.at):
        raise NotFound(code)
    try:
        content = open_logged(kept.file, by=request.actor, at=request.at, purpose="下载政策审查附件")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(
        content, as_attachment=True, filename=kept.file.name, content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _draft(request: Request, code: str, permission: str) -> tuple[Any, Any]:
    row = library.own_policy(code, request.actor, request.at, permission)
    found = library.draft(row)
    if found is None:
        raise NotFound(code)
    return row, found


def _done(form: Any, act: Callable[[], Any]) -> bool:
    """Do the act; False where it was refused, with the reason at its field."""
    try:
        act()
    except Refused as refusal:
        for name, words in refusal.fields.items():
            if name in form.fields:
                form.add_error(name, words)
        form.add_error(None, refusal.message)
        return False
    return True


HERE = "workbench/policies/"
urlpatterns = [
    path(f"{HERE}due/", due, name="policy_due"),
    path(f"{HERE}<slug:code>/reviews/competition/", competition, name="policy_competition"),
    path(f"{HERE}<slug:code>/reviews/legality/ask/", ask, name="policy_ask_legality"),
    path(f"{HERE}<slug:code>/reviews/legality/", legality, name="policy_legality"),
    path(f"{HERE}<slug:code>/reviews/collective/", collective, name="policy_collective"),
    path(f"{HERE}<slug:code>/reviews/filing/", filing, name="policy_filing"),
    path(f"{HERE}<slug:code>/reviews/files/<int:record>/", file, name="policy_review_file"),
    path(f"{HERE}<slug:code>/steps/<slug:stage>/", step, name="policy_step"),
]
