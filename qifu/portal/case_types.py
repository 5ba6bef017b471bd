"""办理规则 for staff: the flow chart, who does what, how each clock is counted, versions; and a plain guide for firms."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from qifu.engines.casework import type_queries
from qifu.engines.casework.bpmn import bpmn
from qifu.engines.casework.case_type import CaseType, Transition
from qifu.engines.casework.drawing import draw
from qifu.engines.casework.drawing_layout import main_line
from qifu.engines.casework.type_differences import changes
from qifu.engines.casework.type_queries import ClockWords, Version
from qifu.foundation.pages import Request, page
from qifu.services.enterprise_problems.lists import lists
from qifu.services.policies.case_binding import USED

VIEW, GUIDE = "casework.view_case_types", "casework.read_guides"
FIRM = "reporter"


@require_safe
@page(VIEW)
def case_types(request: Request) -> HttpResponse:
    """Show every case type with the version in force and where it is used."""
    found = []
    for key in type_queries.keys(request.actor, VIEW, request.at):
        version = type_queries.version_of(request.actor, VIEW, request.at, key, request.today)
        if version is not None:
            found.append({"key": key, "version": version, "used": _used(key)})
    return render(request, "portal/case_types/list.html", {"types": found})


@require_safe
@page(VIEW)
def case_type(request: Request, key: str) -> HttpResponse:
    """Show one version of a case type, the one in force unless another is asked for."""
    version = _version(request, key, VIEW)
    definition = version.definition
    known = type_queries.versions(request.actor, VIEW, request.at, key, request.today)
    before = next((one for one in known if one.number < version.number), None)
    base = type_queries.version_of(request.actor, VIEW, request.at, version.base, request.today) if version.base else None  # fmt: skip
    context = {
        "base": base, "from_base": changes(base.content, version.content) if base else [],
        "key": key, "version": version, "definition": definition, "used": _used(key),
        "drawing": SafeString(draw(definition)),  # our own, each text in it escaped
        "states": [_state(definition, name) for name in definition.states],
        "clocks": list(type_queries.clock_words(definition)), "rules": type_queries.rules_used(definition),
        "verbs": _verbs(definition), "versions": known, "before": before,
        "changes": changes(before.content, version.content) if before else [],
    }  # fmt: skip
    return render(request, "portal/case_types/one.html", context)


@require_safe
@page(VIEW)
def picture(request: Request, key: str) -> HttpResponse:
    """Give the flow chart as a file."""
    version = _version(request, key, VIEW)
    return _file(draw(version.definition), "image/svg+xml", f"{key}-{version.number}.svg")


@require_safe
@page(VIEW)
def process_file(request: Request, key: str) -> HttpResponse:
    """Give the process as BPMN 2.0."""
    version = _version(request, key, VIEW)
    return _file(bpmn(version.definition), "application/xml", f"{key}-{version.number}.bpmn")


@require_safe
@page(GUIDE)
def process_guide(request: Request, key: str = "") -> HttpResponse:
    """Tell a firm what happens to what it raises, step by step, and what it is promised; nothing internal."""
    found = [
        one
        for one in type_queries.in_force_now(request.actor, GUIDE, request.at, request.today)
        if _used(one.definition.key)
    ]
    found.sort(key=lambda one: one.definition.key != one.definition.kind)  # the general one first
    chosen = next((one for one in found if one.definition.key == key or not key), None)
    if chosen is None and (key or found):
        raise Http404
    context: dict[str, Any] = {"types": [{"title": _used(one.definition.key), "key": one.definition.key, "current": one is chosen} for one in found]}  # fmt: skip
    if chosen is not None:
        context |= _guide(chosen.definition) | {"version": chosen, "used": _used(chosen.definition.key)}
    return render(request, "portal/case_types/guide.html", context)


def _version(request: Request, key: str, permission: str) -> Version:
    asked = request.GET.get("number", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else None
    found = type_queries.version_of(request.actor, permission, request.at, key, request.today, number)
    if found is None:
        raise Http404
    return found


def _file(text: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip


def _used(key: str) -> str:
    """Return where a case type is used, as its service or the province's list says; "" where nowhere."""
    if key in USED:
        return USED[key]
    notes = [str(one.get("note") or "、".join(one["places"])) for one in lists().packs if one["case_type"] == key and one.get("active", True)]  # fmt: skip
    return "、".join(notes)


def _state(definition: CaseType, name: str) -> dict[str, Any]:
    acts = [_act(definition, name, one) for one in definition.leaving(name)]
    return {"state": definition.states[name], "acts": acts}


def _act(definition: CaseType, name: str, one: Transition) -> dict[str, Any]:
    clocks = {key: "、".join(definition.clocks[c].title for c in getattr(one, key)) for key in ("starts", "stops", "pauses", "resumes")}  # fmt: skip
    return {
        "title": one.title, "who": "、".join(definition.roles[role] for role in one.roles), "clocks": clocks,
        "to": definition.states[one.to] if one.to not in (None, name) and one.to is not None else None,
        "asks": "、".join(definition.fields[f].title for f in one.needed if f in definition.fields),
        "results": "、".join(definition.results[r] for r in one.results), "shown": one.shown,
        "told": "、".join(definition.roles[role] for role in one.notify if role in definition.roles),
    }  # fmt: skip


def _verbs(definition: CaseType) -> list[tuple[str, str]]:
    """Return what a case type says of the engine's own acts, as rows of a table."""
    verbs, said = definition.verbs, []

    def who(names: tuple[str, ...]) -> str:
        return "、".join(definition.roles[name] for name in names)

    def named(names: tuple[str, ...]) -> str:
        return "、".join(definition.clocks[name].title for name in names)

    if definition.most_returns:
        said.append(("退回改派", f"每件最多 {definition.most_returns} 次；裁定之后不再退回"))
    if verbs.merge_roles:
        said.append(("合并与拆分", f"{who(verbs.merge_roles)}；每位反映人都保留评价的权利"))
    if verbs.co_handler_roles:
        said.append(("协办", f"由{who(verbs.co_handler_roles)}请求"))
    if verbs.extension_clocks and verbs.extension_most is not None:
        said.append(("延期", f"{named(verbs.extension_clocks)}；{who(verbs.extension_asked_by)}申请，{who(verbs.extension_approved_by)}批准，最多 {verbs.extension_times} 次，每次最长 {verbs.extension_most.words()}"))  # fmt: skip
    if verbs.pause_clocks:
        reasons = "、".join(one.title + ("（须企业同意）" if one.consent else "") for one in verbs.pause_reasons.values())  # fmt: skip
        said.append(("暂停计时", f"{named(verbs.pause_clocks)}；{who(verbs.pause_asked_by)}申请，{who(verbs.pause_approved_by)}批准，每次最长 {verbs.pause_most} 日；事由：{reasons}"))  # fmt: skip
    if verbs.escalate_roles:
        said.append(("上报协调", f"由{who(verbs.escalate_roles)}报上一级，附证据包"))
    rule = definition.rating
    if rule is not None:
        said.append(("评价", f"办结后 {rule.open_days} 日内，五档；{rule.bad_at_most} 星及以下{'或没有解决' if rule.unsolved_is_bad else ''}的，由上一级回访，重办后可追加评价一次；{rule.reopen_days} 日内重新打开的视为没有办结"))  # fmt: skip
    return said


def _guide(definition: CaseType) -> dict[str, Any]:
    """Return what a firm is told: the way of a request, other ways it may go, what it may do, what it is promised."""
    promised = [one for one in type_queries.clock_words(definition) if one.promised]
    by_title = {one.title: one for one in promised}
    way = main_line(definition)
    steps: list[dict[str, Any]] = []
    for name in way:  # states that the firm reads in the same words are one step to it
        state = definition.states[name]
        begun = _begun(definition, name, by_title)
        if steps and steps[-1]["shown"] == state.shown:
            steps[-1]["clocks"] += begun
        else:
            steps.append({"shown": state.shown, "clocks": begun})
    others = [state for state in definition.states.values() if state.name not in way]
    own = [
        {"title": one.title, "when": list(dict.fromkeys(definition.states[name].shown for name in one.from_states))}
        for one in definition.transitions.values()
        if FIRM in one.roles
    ]  # fmt: skip
    rules = [(unit, rule, [t for t in titles if t in by_title]) for unit, rule, titles in type_queries.rules_used(definition)]  # fmt: skip
    return {
        "definition": definition, "steps": steps, "own": own, "promised": promised, "rating": definition.rating,
        "others": list(dict.fromkeys(state.shown for state in others)), "rules": [one for one in rules if one[2]],
    }  # fmt: skip


def _begun(definition: CaseType, name: str, promised: dict[str, ClockWords]) -> list[ClockWords]:
    starts = list(definition.states[name].starts)
    starts += [clock for one in definition.transitions.values() if one.to == name for clock in one.starts]
    titles = dict.fromkeys(definition.clocks[clock].title for clock in starts)
    return [promised[title] for title in titles if title in promised]


urlpatterns: list[URLPattern] = [
    path("workbench/case-types/", case_types, name="case_types"),
    path("workbench/case-types/<slug:key>/", case_type, name="case_type"),
    path("workbench/case-types/<slug:key>/flow.svg", picture, name="case_type_picture"),
    path("workbench/case-types/<slug:key>/flow.bpmn", process_file, name="case_type_bpmn"),
    path("process-guide/", process_guide, name="process_guide"),
    path("process-guide/<slug:key>/", process_guide, name="process_guide_of"),
]
