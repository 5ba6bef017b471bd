"""From request to assignment: filtering with suggestions, duplicates, who is to handle it. A person decides each time."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.enterprise_problems.actions.merging import merge_problems, split_problem
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.actions.responsibility import rule_responsibility
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.pages.hub_forms import AcceptForm, AssignForm, ExcludeForm, ReferForm
from qifu.services.enterprise_problems.queries import duplicates, queues
from qifu.services.enterprise_problems.queries.lines import lines
from qifu.services.enterprise_problems.queries.orders import last_return, preview
from qifu.services.enterprise_problems.queries.responsibility import owners, ruling_places, units
from qifu.services.enterprise_problems.suggestions import suggest

HUB = "enterprise_problems.run_hub"
FORMS: dict[str, Any] = {"accept": AcceptForm, "exclude": ExcludeForm, "refer": ReferForm}
DONE = {
    "accept": "已纳入问题池",
    "exclude": "已作不予纳入处理，企业可以申诉",
    "refer": "已转法定渠道并告知企业",
}


def _version(request: Request) -> int | None:
    asked = request.POST.get("version", "")
    return int(asked) if asked.isdecimal() and len(asked) < 9 else None


@require_http_methods(["GET", "POST"])
@page(HUB)
def filter_page(request: Request, number: str) -> HttpResponse:
    """Show a new request with what its words suggest; take it up, leave it out, or lead it to its statutory channel."""
    case, problem = duplicates.problem_of(request.actor, request.at, number)
    act = request.POST.get("act", "")
    forms = _filter_forms(request, problem, act)
    shown = ""
    if request.method == "POST" and act in FORMS and forms[act].is_valid():
        given = forms[act].cleaned_data
        if act in ("exclude", "refer") and "sure" not in request.POST:
            shown = preview(case, act, given)
        else:
            try:
                form = given | (
                    {"result": {"exclude": "excluded", "refer": "to_statutory"}[act]}
                    if act != "accept"
                    else {}
                )
                move_problem(
                    by=request.actor, at=request.at, case=case, transition=act, form=form, expected_version=_version(request)
                )  # fmt: skip
                messages.success(request, f"{case.number} {DONE[act]}。")
                return _next(request, case, act)
            except Refused as refusal:
                messages.error(request, refusal.message)
                if not refusal.fields:
                    return redirect("problem_filter", number=number)
    found = duplicates.candidates(request.actor, request.at, request.moment, case, problem)
    context = _about(request, case, problem) | {
        "forms": forms, "act": act, "preview": shown, "candidates": found,
        "topics": suggest(problem.words, lists().topics), "channels": suggest(problem.words, lists().statutory_channels),
        "reasons": lists().exclusion_reasons.values(),
    }  # fmt: skip
    return render(request, "enterprise_problems/queue_filter.html", context)


def _filter_forms(request: Request, problem: Any, act: str) -> dict[str, Any]:
    topics, channels = (
        suggest(problem.words, lists().topics),
        suggest(problem.words, lists().statutory_channels),
    )
    first = topics[0] if topics else None
    topic = problem.topic or (first.code if first else "")
    board = problem.board or (str(first.entry["board"]) if first else "")
    asked = request.GET.get("channel", "")
    channel = asked if asked in lists().statutory_channels else (channels[0].code if channels else "")
    notice = str(lists().statutory_channels[channel]["notice"]) if channel else ""
    initial = {
        "accept": {"topic": topic, "board": board, "scope": problem.scope or "individual", "difficulty": problem.difficulty},
        "exclude": {}, "refer": {"statutory_channel": channel, "notice": notice},
    }  # fmt: skip
    return {
        name: form(request.POST if name == act else None, initial=initial[name], prefix=name)
        for name, form in FORMS.items()
    }


def _about(request: Request, case: Any, problem: Any) -> dict[str, Any]:
    """Return what every page about one case shows at its head."""
    shown = lines([case.pk], request.actor, request.at, request.moment)
    return {"case": case, "problem": problem, "line": shown[0], "complained": case.complained}


def _next(request: Request, case: Any, act: str) -> HttpResponse:
    """Go on: to the assignment of what was taken up, else to the next new request, else back to the queue."""
    if act == "accept":
        return redirect("problem_assign", number=case.number)
    desk = queues.desk_of(request.actor, request.at, f"hub-{case.place_code}")
    rows = queues.cases(
        request.actor, request.at, request.moment, desk=desk, queue=queues.queue_of(desk, "received")
    )
    following = rows.first()
    if following is not None:
        return redirect("problem_filter", number=following.number)
    return redirect(f"{reverse('problem_queue')}?desk={desk.key}&queue=received")


@require_http_methods(["GET", "POST"])
@page(HUB)
def assign_page(request: Request, number: str) -> HttpResponse:
    """Name the unit that is to handle a case; the owner of its topic is proposed, the unit complained of never offered."""
    case, problem = duplicates.problem_of(request.actor, request.at, number)
    owner = owners([problem.topic], case.place_code, request.today).get(problem.topic)
    if owner is not None and owner.pk == case.complained_id:
        owner = None
    ruling = case.state == "returned"
    acts = (
        [("rule", "裁定")]
        if ruling
        else [("assign", "交办（须报告，由企服中心办结）"), ("transfer", "转办（由该单位办结）")]
    )
    choices = [(str(row.pk), row.name) for row in units(case.place_code, without=case.complained_id)]
    returned = last_return(case) if ruling else None
    suggested = str(returned.facts.get("suggested_lead", "")) if returned else ""
    form = AssignForm(
        request.POST if request.method == "POST" else None, units=choices, acts=acts,
        initial={"lead": suggested or (str(owner.pk) if owner else "")},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid() and _assigned(request, case, problem, form.cleaned_data):
        return redirect(
            f"{reverse('problem_queue')}?desk=hub-{case.place_code}&queue={'returned' if ruling else 'pooled'}"
        )
    context = _about(request, case, problem) | {
        "form": form, "owner": owner, "ruling": ruling, "returned": returned, "units": dict(choices),
        "suggested": dict(choices).get(suggested, ""), "may_rule": case.place_code in ruling_places(request.actor, request.at),
    }  # fmt: skip
    return render(request, "enterprise_problems/queue_assign.html", context)


def _assigned(request: Request, case: Any, problem: Any, given: dict[str, Any]) -> bool:
    said = {"explanation" if given["act"] == "rule" else "instruction": given["words"].strip()}
    form = {"lead": int(given["lead"])} | {name: value for name, value in said.items() if value}
    try:
        move_problem(
            by=request.actor, at=request.at, case=case, transition=given["act"], form=form, expected_version=_version(request)
        )  # fmt: skip
    except Refused as refusal:
        messages.error(request, refusal.message)
        return False
    messages.success(request, f"{case.number} 已交办。")
    if given["from_now_on"] and problem.topic:
        try:
            rule_responsibility(
                by=request.actor, at=request.at, place_code=case.place_code, topic=problem.topic,
                organisation_id=int(given["lead"]), effective_from=request.today, basis=given["basis"],
            )  # fmt: skip
            messages.success(request, "已确定今后同类事项的责任单位。")
        except Refused as refusal:
            messages.warning(request, f"已交办，但责任清单没有改：{refusal.message}")
    return True


@require_http_methods(["GET", "POST"])
@page(HUB)
def duplicates_page(request: Request, number: str) -> HttpResponse:
    """Show what may be the same as a case, side by side, and merge with the main one chosen."""
    case, problem = duplicates.problem_of(request.actor, request.at, number)
    if request.method == "POST":
        done = _merged(request, case)
        if done is not None:
            return done
    context = _about(request, case, problem) | {
        "candidates": duplicates.candidates(request.actor, request.at, request.moment, case, problem),
        "children": duplicates.children_of(request.actor, request.at, case, request.moment),
    }  # fmt: skip
    return render(request, "enterprise_problems/duplicates.html", context)


def _merged(request: Request, case: Any) -> HttpResponse | None:
    chosen = [one for one in request.POST.getlist("same") if one != case.number][:50]
    main_number = request.POST.get("main", case.number)
    if not chosen:
        messages.error(request, "请勾选与本件相同的问题，再合并。")
        return None
    every = {one: duplicates.problem_of(request.actor, request.at, one)[0] for one in chosen} | {
        case.number: case
    }
    main = every.get(main_number)
    if main is None:
        messages.error(request, "主件应是本件或勾选的其中一件。")
        return None
    children = [one for key, one in every.items() if key != main.number]
    try:
        merge_problems(
            by=request.actor, at=request.at, main=main, children=children, text=request.POST.get("text", "")
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return None
    messages.success(
        request,
        f"已将 {len(children)} 件并入 {main.number}，各自的编号、时限和评价权不变。合错了可在下面拆分。",
    )
    return redirect("problem_duplicates", number=main.number)


@require_POST
@page(HUB)
def split_page(request: Request, number: str) -> HttpResponse:
    """Split a merged case off again."""
    case, _ = duplicates.problem_of(request.actor, request.at, number)
    main = case.merged_into
    try:
        split_problem(
            by=request.actor, at=request.at, case=case, text=request.POST.get("text", "") or "不是同一事项"
        )
        messages.success(request, f"{case.number} 已拆分，单独办理。拆错了可以重新合并。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("problem_duplicates", number=(main or case).number)


urlpatterns: list[URLPattern] = [
    path("workbench/problems/<str:number>/filter/", filter_page, name="problem_filter"),
    path("workbench/problems/<str:number>/assign/", assign_page, name="problem_assign"),
    path("workbench/problems/<str:number>/duplicates/", duplicates_page, name="problem_duplicates"),
    path("workbench/problems/<str:number>/split/", split_page, name="problem_split"),
]
