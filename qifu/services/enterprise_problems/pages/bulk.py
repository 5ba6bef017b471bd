"""Acts on many cases at once: looked over first, done one by one, told one by one, undone as one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.enterprise_problems.actions.bulk import go_on, start_bulk, start_undo
from qifu.services.enterprise_problems.lists import choices, lists
from qifu.services.enterprise_problems.queries import bulk as queries
from qifu.services.enterprise_problems.queries import queues, saved
from qifu.services.enterprise_problems.queries.lines import DIFFICULTIES, Line
from qifu.services.enterprise_problems.queries.responsibility import owners, units
from qifu.services.enterprise_problems.suggestions import suggest

RUN = "enterprise_problems.run_hub"
TITLES = {"accept": "批量纳入问题池", "assign": "批量交办", "merge": "批量合并"}
OUTCOMES = {
    "waiting": ("idle", "等待"), "done": ("good", "已办"), "refused": ("bad", "未办"), "undone": ("idle", "已撤销"),
    "kept": ("warn", "未能撤销"),
}  # fmt: skip


@require_POST
@page(RUN)
def bulk_look(request: Request) -> HttpResponse:
    """Show what a bulk act would do to each case ticked; nothing is done yet."""
    kind, numbers = request.POST.get("kind", ""), request.POST.getlist("case")
    desk = queues.desk_of(request.actor, request.at, request.POST.get("desk", ""))
    chosen = queries.chosen(request.actor, request.at, request.moment, desk, numbers)
    if kind not in TITLES or not desk.is_hub or not chosen:
        messages.error(request, "请先在列表里勾选要处理的问题。")
        return redirect("problem_queue")
    topics = {line.problem.topic for line in chosen if line.problem.topic}
    owned = owners(topics, desk.place, request.today) if kind == "assign" else {}
    rows = []
    for line in chosen:
        found = suggest(line.problem.words, lists().topics)
        owner = owned.get(line.problem.topic)
        rows.append({
            "line": line, "suggestion": found[0] if found else None, "topic": line.problem.topic or (found[0].code if found else ""),
            "owner": owner if owner is None or owner.pk != line.case.complained_id else None,
        })  # fmt: skip
    context: dict[str, Any] = {
        "desk": desk, "kind": kind, "title": TITLES[kind], "rows": rows, "topics": choices("topics").items(),
        "difficulties": DIFFICULTIES.items(), "units": units(desk.place) if kind == "assign" else (),
    }  # fmt: skip
    return render(request, "enterprise_problems/bulk_look.html", context)


@require_POST
@page(RUN)
def bulk_do(request: Request) -> HttpResponse:
    """Do a bulk act as looked over."""
    kind = request.POST.get("kind", "")
    desk = queues.desk_of(request.actor, request.at, request.POST.get("desk", ""))
    chosen = queries.chosen(request.actor, request.at, request.moment, desk, request.POST.getlist("case"))
    try:
        steps = _steps(request, kind, chosen, desk)
        row = start_bulk(by=request.actor, at=request.at, place_code=desk.place, kind=kind, steps=steps)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("problem_queue")
    go_on(row, by=request.actor, at=request.at)
    return redirect("problem_bulk", pk=row.pk)


def _steps(
    request: Request, kind: str, chosen: list[Line], desk: queues.Desk
) -> list[tuple[Any, dict[str, Any]]]:
    """Return each case with what the engine is given for it."""
    post, known = request.POST, lists().topics
    if kind == "merge":
        main = next((line.case for line in chosen if line.case.number == post.get("main", "")), None)
        if main is None:
            raise Refused("请选择主件：其他各件并入它")
        return [(line.case, {"main": main.pk}) for line in chosen if line.case.pk != main.pk]
    if kind == "assign":
        lead = post.get("lead", "")
        topics = {line.problem.topic for line in chosen if line.problem.topic}
        owned = owners(topics, desk.place, request.today)
        if lead.isdecimal() and len(lead) < 12:
            return [(line.case, {"lead": int(lead)}) for line in chosen]
        return [
            (line.case, {"lead": owned[line.problem.topic].pk} if line.problem.topic in owned else {}) for line in chosen
        ]  # fmt: skip
    steps = []
    for line in chosen:
        topic = post.get(f"topic-{line.case.pk}", "")
        board = str(known[topic]["board"]) if topic in known else ""
        given = {
            "topic": topic,
            "board": board,
            "scope": "individual",
            "difficulty": post.get("difficulty", ""),
        }
        steps.append((line.case, given))
    return steps


@require_safe
@page(RUN)
def bulk_result(request: Request, pk: int) -> HttpResponse:
    """Show what became of each case of a bulk act, and how to undo it."""
    row = saved.bulk(request.actor, request.at, pk)
    steps = [
        step | {"colour": OUTCOMES[step["outcome"]][0], "word": OUTCOMES[step["outcome"]][1]}
        for step in row.steps
    ]
    steps.sort(key=lambda step: ("refused", "kept", "waiting", "done", "undone").index(step["outcome"]))
    done = sum(step["outcome"] == "done" for step in steps)
    waiting = sum(step["outcome"] == "waiting" for step in steps)
    context = {
        "row": row, "title": TITLES[row.kind], "steps": steps, "done": done, "refused": sum(step["outcome"] == "refused" for step in steps),
        "waiting": waiting, "finished": len(steps) - waiting, "may_undo": done and not waiting and row.undone_at is None,
    }  # fmt: skip
    return render(request, "enterprise_problems/bulk.html", context)


@require_POST
@page(RUN)
def bulk_undo(request: Request, pk: int) -> HttpResponse:
    """Undo a bulk act as one, where nothing followed."""
    row = saved.bulk(request.actor, request.at, pk)
    try:
        started = start_undo(by=request.actor, at=request.at, bulk=row)
        after = go_on(started, by=request.actor, at=request.at, undo=True)
        kept = sum(step["outcome"] == "kept" for step in after.steps)
        messages.success(request, f"已撤销，其中 {kept} 件未能撤销，原因见下。" if kept else "已全部撤销。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("problem_bulk", pk=pk)


urlpatterns: list[URLPattern] = [
    path("workbench/problems/bulk/look/", bulk_look, name="problem_bulk_look"),
    path("workbench/problems/bulk/do/", bulk_do, name="problem_bulk_do"),
    path("workbench/problems/bulk/<int:pk>/", bulk_result, name="problem_bulk"),
    path("workbench/problems/bulk/<int:pk>/undo/", bulk_undo, name="problem_bulk_undo"),
]
