"""The quantification workbench: one form that works without scripts, and the parts that the editor fetches while one types."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from qifu.engines.rules.rule_problems import RuleProblems
from qifu.engines.rules.sql_conditions import TooLarge
from qifu.foundation.action import Refused
from qifu.foundation.money import MoneyError, parse_money
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import library as actions
from qifu.services.policies.actions.workbench import prepare_snapshot
from qifu.services.policies.content import Content
from qifu.services.policies.drafting import LONGEST_CLAUSE, proposals, with_line
from qifu.services.policies.queries import workbench as queries
from qifu.services.policies.queries.workbench import SIMULATE, Desk
from qifu.services.policies.trying import Tried, tried

LONGEST_MONEY = 40


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(SIMULATE)
def workbench(request: Request, code: str | None = None) -> HttpResponse:
    """Write a policy: show it, check and simulate it, find conditions in a clause, save the draft; no text is ever lost."""
    desk = queries.desk(code, request.actor, request.at)
    text = desk.text
    context: dict[str, Any] = {}
    if request.method == "POST":
        text = _posted(request)
        if "accept" in request.POST:
            text = with_line(text, request.POST["accept"][:2000])
        if request.POST.get("act") == "save":
            saved = _save(request, desk, text, context)
            if saved is not None:
                return saved
    found = tried(text, desk.place_code, request.today)
    context |= _context(request, desk, text, found) | _figures(request, desk, found)
    return render(request, "policies/workbench.html", context)


@never_cache
@require_POST
@page(SIMULATE)
def workbench_check(request: Request, code: str | None = None) -> HttpResponse:
    """What the text says so far: problems, the tree in words, the examples."""
    desk = queries.desk(code, request.actor, request.at)
    found = tried(_posted(request), desk.place_code, request.today)
    return render(request, "policies/workbench_check.html", {"found": found})


@never_cache
@require_POST
@page(SIMULATE)
def workbench_figures(request: Request, code: str | None = None) -> HttpResponse:
    """Reach and cost of the text; nothing where it cannot be read."""
    desk = queries.desk(code, request.actor, request.at)
    found = tried(_posted(request), desk.place_code, request.today)
    return render(
        request, "policies/workbench_figures.html", {"found": found} | _figures(request, desk, found)
    )


@never_cache
@require_POST
@page(SIMULATE)
def workbench_propose(request: Request) -> HttpResponse:
    """The conditions found in a clause, each to be accepted by a person."""
    return render(request, "policies/workbench_proposals.html", _proposed(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(SIMULATE)
def workbench_snapshot(request: Request) -> HttpResponse:
    """Have the snapshot of facts made, and show how far it is."""
    if request.method == "POST":
        prepare_snapshot(by=request.actor, at=request.at)
        return redirect("policy_workbench_snapshot")
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    context = {"snapshot": queries.snapshot_at_hand(), "job": queries.snapshot_job(request.at)}
    return render(request, "policies/workbench_snapshot.html", context)


def _posted(request: Request) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n")


def _save(request: Request, desk: Desk, text: str, context: dict[str, Any]) -> HttpResponse | None:
    """Keep the draft and lead on; None, with what is wrong in `context`, where it cannot be kept."""
    try:
        if desk.policy is None:
            if desk.owner is None:
                raise Refused("您没有可以起草政策的岗位，这段文本没有保存")
            policy = actions.create(
                text=text, terms=desk.terms, owner=desk.owner, by=request.actor, at=request.at
            )
        else:
            policy = desk.policy
            actions.save_draft(
                policy=policy,
                content=Content(text, desk.terms, desk.interpretations),
                expected_digest=request.POST.get("digest", ""),
                by=request.actor,
                at=request.at,
            )
    except Refused as refused:
        context["not_saved"] = "；".join((refused.message, *refused.fields.values()))
        return None
    except RuleProblems:
        context["not_saved"] = "文本里还有下面这些问题，改好后再保存"
        return None
    messages.success(request, "草稿已保存。")
    return redirect("policy_workbench", policy.code)


def _context(request: Request, desk: Desk, text: str, found: Tried) -> dict[str, Any]:
    code = desk.policy.code if desk.policy else None
    here = reverse("policy_workbench", args=[code]) if code else reverse("policy_workbench_new")
    names = tuple(queries.place_names())
    digest = request.POST.get("digest", desk.digest)
    return {
        "desk": desk, "text": text, "found": found, "here": here, "digest": digest, "rows": max(24, min(60, text.count("\n") + 4)),
        "completions": queries.completions(names), "cap": request.POST.get("cap", "")[:LONGEST_MONEY],
        "budget": request.POST.get("budget", "")[:LONGEST_MONEY],
    } | _proposed(request)  # fmt: skip


def _proposed(request: Request) -> dict[str, Any]:
    clause = request.POST.get("clause", "")[:LONGEST_CLAUSE]
    return {"clause": clause, "proposed": proposals(clause, request.today) if clause.strip() else None}


def _figures(request: Request, desk: Desk, found: Tried) -> dict[str, Any]:
    """The figures and what cap and budget would mean; why there are none where there are none."""
    if found.bound is None:
        return {}
    snapshot = queries.snapshot_at_hand()
    if snapshot is None:
        return {"no_snapshot": True}
    try:
        figures = queries.figures(found, desk.policy, snapshot, request.actor, request.at)
    except TooLarge:
        return {"figures_problem": "文本里的数值太大，算不出来，请核对数值和单位。"}
    context: dict[str, Any] = {
        "figures": figures,
        "sliders": queries.slider_data(figures.simulation, queries.veil()),
    }
    cap, budget, wrong = _money(request, "cap"), _money(request, "budget"), list[str]()
    for title, value in (("上限", cap), ("预算", budget)):
        if isinstance(value, str):
            wrong.append(f"{title}：{value}")
    if wrong:
        context["answer_problem"] = "；".join(wrong)
    elif cap is not None or budget is not None:
        context["answer"] = queries.answer(figures.simulation, cap, budget, queries.veil())  # type: ignore[arg-type]
        context["answered"] = True
        if (told := context["answer"]) is not None:
            context["answer_cost"] = queries.cost_words(told.fen, told.step)
            context["answer_served"] = queries.served_words(told)
    return context


def _money(request: Request, name: str) -> int | str | None:
    """Return the fen of a field, None where it is empty, or what is wrong with it."""
    written = request.POST.get(name, "").strip()[:LONGEST_MONEY]
    if not written:
        return None
    try:
        fen = parse_money(written)
    except MoneyError as error:
        return str(error)
    return fen if fen > 0 else "应大于 0"


urlpatterns = [
    path("workbench/policy-workbench/", workbench, name="policy_workbench_new"),
    path("workbench/policy-workbench/check/", workbench_check, name="policy_workbench_new_check"),
    path("workbench/policy-workbench/figures/", workbench_figures, name="policy_workbench_new_figures"),
    path("workbench/policy-workbench/propose/", workbench_propose, name="policy_workbench_propose"),
    path("workbench/policy-workbench/snapshot/", workbench_snapshot, name="policy_workbench_snapshot"),
    path("workbench/policies/<slug:code>/workbench/", workbench, name="policy_workbench"),
    path("workbench/policies/<slug:code>/workbench/check/", workbench_check, name="policy_workbench_check"),
    path("workbench/policies/<slug:code>/workbench/figures/", workbench_figures, name="policy_workbench_figures"),
]  # fmt: skip
