"""The firm's own pages: 我的诉求, one problem with all that may be done about it, 查询 by number and query code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.client_address import client_address
from qifu.foundation.files.storage import open_file
from qifu.foundation.pages import Request, page
from qifu.services.enterprise_problems.actions import own as acts
from qifu.services.enterprise_problems.actions.rating import rate_problem
from qifu.services.enterprise_problems.pages.own_forms import (
    AppealForm,
    LookUpForm,
    MaterialForm,
    RatingForm,
    show,
)
from qifu.services.enterprise_problems.queries import own as queries

KEYS = "problem_keys"
OPEN_FOR = timedelta(hours=1)
MOST_KEYS = 10


def _proof(request: Request, number: str) -> str:
    """Return the proof by which this browser has a problem open, while its hour lasts."""
    found = request.session.get(KEYS, {}).get(number)
    return found[0] if found and datetime.fromisoformat(found[1]) > request.at else ""


def _keep(request: Request, key: acts.Key) -> None:
    kept = dict(request.session.get(KEYS, {}))
    kept.pop(key.number, None)
    kept = dict(list(kept.items())[-(MOST_KEYS - 1) :])
    request.session[KEYS] = kept | {key.number: [key.proof, (request.at + OPEN_FOR).isoformat()]}


@never_cache
@require_safe
@page("enterprise_problems.follow")
def own_problems(request: Request) -> HttpResponse:
    """List one's own problems and those of the firms one acts for; a visitor looks up by code instead."""
    if not request.actor.is_person:
        return redirect("look_up")
    found = queries.own_list(request.actor, request.at, request.GET.get("page"))
    return render(request, "enterprise_problems/own_list.html", {"page": found})


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("enterprise_problems.follow")
def look_up(request: Request) -> HttpResponse:
    """Open a problem by number and query code, for an hour in this browser."""
    form = LookUpForm(request.POST or None, initial={"number": request.GET.get("number", "")[:24]})
    if request.method == "POST" and form.is_valid():
        try:
            key = acts.look_up(
                by=request.actor, at=request.at, source=client_address(request), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            _keep(request, key)
            return redirect("own_problem", key.number)
    return render(
        request, "enterprise_problems/look_up.html", {"form": form}, status=422 if form.errors else 200
    )


@require_POST
@page("enterprise_problems.follow")
def look_up_end(request: Request) -> HttpResponse:
    """Close what was opened by query code, for whoever uses a shared computer."""
    request.session.pop(KEYS, None)
    messages.success(request, "已退出查询")
    return redirect("look_up")


def _found(request: Request, number: str) -> tuple[Any, str]:
    """Return an own case and the proof it was opened by; NotFound for any other."""
    proof = _proof(request, number)
    return queries.own_case(request.actor, request.at, number, proof), proof


@never_cache
@require_safe
@page("enterprise_problems.follow")
def own_problem(request: Request, number: str) -> HttpResponse:
    """Show an own problem; a visitor without its code is led to the look-up, anyone else gets 404."""
    try:
        case, proof = _found(request, number)
    except NotFound:
        if request.actor.is_person:
            raise
        return redirect(f"{reverse('look_up')}?number={number[:24]}")
    return _show(request, case, proof)


def _show(
    request: Request, case: Any, proof: str, forms: dict[str, Form] | None = None, status: int = 200
) -> HttpResponse:
    offer = queries.offer(case, request.moment)
    given = forms or {}
    levels = queries.levels(case)
    context = {
        "case": case, "problem": queries.problem_of(case), "place": queries.place_name(case), "by_code": bool(proof),
        "state": queries.state_words(case), "colour": queries.STATES.get(case.state, "info"), "holder": queries.holder(case),
        "terms": queries.terms(case, request.moment), "how_long": queries.how_long(case), "lines": queries.timeline(case),
        "reply": queries.reply(case), "promises": queries.promises(case), "consents": queries.consents(case),
        "ratings": [(one, dict(levels).get(one.stars, "")) for one in queries.own_ratings(case)], "offer": offer,
        "material": given.get("material", MaterialForm(prefix="material")),
        "appeal": given.get("appeal", AppealForm(prefix="appeal")),
        "rating": given.get("rate", RatingForm(levels=levels, prefix="rate")) if levels else None,
        "bad_form": given.get(next(iter(given), "")), "followed": case.merged_into if case.closed_at is None else None,
    }  # fmt: skip
    return render(request, "enterprise_problems/own_problem.html", context, status=status)


@never_cache
@require_POST
@page("enterprise_problems.follow")
def own_act(request: Request, number: str, act: str) -> HttpResponse:
    """Do what the reporter asks about an own problem; what is refused comes back with every word."""
    case, proof = _found(request, number)
    form, run, done = _act(request, case, act)
    if form is not None and not form.is_valid():
        return _show(request, case, proof, {act: form}, 422)
    try:
        run(
            by=request.actor,
            at=request.at,
            case=case,
            proof=proof,
            **(form.cleaned_data if form is not None else {}),
        )
    except Refused as refused:
        if form is None:
            messages.error(request, refused.message)
            return redirect("own_problem", number)
        show(form, refused)
        return _show(request, case, proof, {act: form}, 422)
    messages.success(request, done)
    return redirect("own_problem", number)


def _act(request: Request, case: Any, act: str) -> tuple[Form | None, Callable[..., Any], str]:
    if act == "material":
        return (
            MaterialForm(request.POST, request.FILES, prefix="material"),
            acts.add_material,
            "已补充，办理单位能看到",
        )
    if act == "appeal":
        return AppealForm(request.POST, prefix="appeal"), acts.appeal, "已提出申诉，由上一级复核"
    if act == "rate":
        form = RatingForm(request.POST, levels=queries.levels(case), prefix="rate")
        return form, rate_problem, "已收到您的评价，谢谢"
    if act == "withdraw":
        return None, acts.withdraw, "已撤回"
    if act in ("agree", "disagree"):
        ask = request.POST.get("ask", "")
        if not ask.isascii() or not ask.isdigit() or len(ask) > 12:
            raise NotFound("ask")
        words = "已同意，暂停期间不计入时限" if act == "agree" else "已告知办理单位您不同意，时限照常计算"

        def answer(**given: Any) -> Any:
            return acts.answer_pause(ask_id=int(ask), given=act == "agree", **given)

        return None, answer, words
    raise NotFound(act)


@never_cache
@require_safe
@page("enterprise_problems.follow")
def own_file(request: Request, number: str, pk: int) -> HttpResponseBase:
    """Download a file that the firm sent or was given; a browser never opens it as a page of this site."""
    case, _ = _found(request, number)
    stored = queries.file_of(case, pk).file
    response = FileResponse(
        open_file(stored), as_attachment=True, filename=stored.name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


_ONE = "my-problems/<str:number>/"
urlpatterns = [
    path("my-problems/", own_problems, name="own_problems"),
    path("problems/look-up/", look_up, name="look_up"),
    path("problems/look-up/end/", look_up_end, name="look_up_end"),
    path(_ONE, own_problem, name="own_problem"),
    path(f"{_ONE}files/<int:pk>/", own_file, name="own_problem_file"),
    path(f"{_ONE}<slug:act>/", own_act, name="own_act"),
]
