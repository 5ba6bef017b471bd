"""The one page of a case for the staff, and every act on it: what is offered there is what would not be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from qifu.foundation import access
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_logged
from qifu.foundation.pages import Request, page
from qifu.services.enterprise_problems.actions import asks, escalating, moving, parts, promises
from qifu.services.enterprise_problems.actions.files import NewFiles
from qifu.services.enterprise_problems.forms import ActForm
from qifu.services.enterprise_problems.queries import case_page as queries
from qifu.services.enterprise_problems.queries import promises as promise_queries
from qifu.services.enterprise_problems.queries.offers import MAIN, Offer

ICONS = {
    "exclude": "circle-x", "refer": "external-link", "accept": "check", "classify": "list-details", "assign": "send", "transfer": "send",
    "unassign": "rotate", "unaccept": "rotate", "take": "check", "divide": "users", "return": "arrow-left", "rule": "rosette-discount-check",
    "contact": "message", "report": "news", "raise_step": "arrow-up", "draft": "pencil", "pass": "check", "revise": "arrow-left",
    "sign": "writing", "sign_and_close": "writing", "close": "circle-check", "send_back": "arrow-left", "shelve": "player-pause",
    "review_shelf": "checklist", "unshelve": "refresh", "rework": "refresh", "exempt": "check", "reopen": "refresh", "note": "file-text",
    "answer_escalation": "message", "decide_ask": "rosette-discount-check", "answer_part": "message", "ask_part": "users",
    "withdraw_part": "x", "ask_extension": "calendar-due", "ask_pause": "player-pause", "withdraw_ask": "x", "resume_clock": "clock",
    "escalate": "arrow-up", "settle_promise": "flag",
}  # fmt: skip
ALIASES = {"evidence": "files"}
VIEWS = {"inside": "内部流转", "firm": "企业可见进展"}


@require_safe
@page("enterprise_problems.view")
def problem(request: Request, number: int) -> HttpResponse:
    """Show one case with all that happened to it and the form of the next act."""
    return _shown(request, _page(request, number))


@require_http_methods(["GET", "HEAD", "POST"])
@page("enterprise_problems.view")
def act(request: Request, number: int, name: str, item: int | None = None) -> HttpResponse:
    """Do one act, or show its form."""
    found = _page(request, number)
    offer = next((one for one in found.offers if one.name == name and one.item == item), None)
    if offer is None:
        if request.method != "POST":
            raise access.NotFound(name)
        messages.error(request, "现在不能这样做：情况刚刚有变化，或已超出您的权限。请看下面的办理记录。")
        return redirect("problem", number)
    if request.method != "POST":
        return _act_page(request, found, ActForm(offer, found), 200)
    form = ActForm(offer, found, request.POST, request.FILES)
    if form.is_valid() and _done(request, found, form):
        messages.success(request, f"已{offer.title}。")
        return redirect("problem", number)
    return _act_page(request, found, form, 422)


def _page(request: Request, number: int) -> queries.CasePage:
    return queries.case_page(request.actor, request.at, request.moment, str(number))


def _done(request: Request, found: queries.CasePage, form: ActForm) -> bool:
    """Do the act; False where it was refused, with the reason at its field."""
    try:
        _do(request, found, form)
    except Refused as refusal:
        named = {ALIASES.get(field, field): words for field, words in refusal.fields.items()}
        known = named.keys() & form.fields.keys()
        for field in known:
            form.add_error(field, named[field])
        if not known:
            form.add_error(None, refusal.message)
        return False
    return True


def _do(request: Request, found: queries.CasePage, form: ActForm) -> None:
    offer, data = form.offer, dict(form.cleaned_data)
    given: dict[str, Any] = {"case": found.case, "by": request.actor, "at": request.at}
    if offer.transition is not None:
        return _move(request, given, form)
    do, arguments = _VERBS[offer.name]
    if do in _VERSIONED:
        given["expected_version"] = _seen(request)
    do(**given, **arguments(found, offer, data))


def _move(request: Request, given: dict[str, Any], form: ActForm) -> None:
    step, data = form.offer.transition, form.cleaned_data
    assert step is not None
    pledged = form.promises()
    if form.errors:
        raise Refused("请把承诺补全")
    asked = {
        name: data[name] for name in (*step.form, "result") if name in data and data[name] not in ("", None)
    }
    moving.move_problem(
        **given, transition=step.name, form=asked, text=data.get("text", ""), expected_version=_seen(request),
        files=_files(data), promises=[promises.NewPromise(text, day) for text, day in pledged],
        confirmed=data.get("confirmed", ""),
    )  # fmt: skip


def _seen(request: Request) -> int | None:
    """Return the version of the case that the form was made from."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdigit() and len(seen) < 10 else None


def _files(data: dict[str, Any]) -> NewFiles | None:
    uploads = data.get("files") or []
    if not uploads:
        return None
    return NewFiles(
        [(one.name, one.file) for one in uploads], unclassified=data["unclassified"], give=data.get("give", False),
        publicity=data.get("publicity") or "not_public",
    )  # fmt: skip


def _clock_name(found: queries.CasePage, offer: Offer) -> str:
    return next(one.name for one in found.clocks if one.number == offer.item)


Arguments = Callable[[queries.CasePage, Offer, dict[str, Any]], dict[str, Any]]
_VERBS: dict[str, tuple[Callable[..., Any], Arguments]] = {
    "ask_part": (parts.ask_part, lambda found, offer, data: {
        "organisation_id": int(data["organisation"]), "kind": data["kind"], "request": data["request"],
    }),
    "answer_part": (parts.answer_part, lambda found, offer, data: {
        "part_id": offer.item, "answer": data["answer"], "files": _files(data),
    }),
    "withdraw_part": (parts.withdraw_part, lambda found, offer, data: {"part_id": offer.item, "text": data["text"]}),
    "ask_extension": (asks.ask_extension, lambda found, offer, data: {
        "clock": data["clock"], "amount": data["amount"], "text": data["text"], "files": _files(data),
    }),
    "ask_pause": (asks.ask_pause, lambda found, offer, data: {
        "clock": data["clock"], "reason": data["reason"], "text": data["text"], "until_on": data["until_on"],
        "files": _files(data),
    }),
    "decide_ask": (asks.decide_ask, lambda found, offer, data: {
        "ask_id": offer.item, "approve": data["approve"] == "yes", "text": data["text"],
    }),
    "withdraw_ask": (asks.withdraw_ask, lambda found, offer, data: {"ask_id": offer.item}),
    "resume_clock": (asks.resume_clock, lambda found, offer, data: {
        "clock": _clock_name(found, offer), "text": data["text"],
    }),
    "escalate": (escalating.escalate, lambda found, offer, data: {"reason": data["reason"]}),
    "answer_escalation": (escalating.answer_escalation, lambda found, offer, data: {
        "escalation_id": offer.item, "decision": data["decision"], "text": data["text"],
        "lead_id": int(data["lead"]) if data["lead"] else None,
    }),
    "settle_promise": (promises.settle_promise, lambda found, offer, data: {
        "promise_id": offer.item, "kept": data["kept"] == "yes", "text": data["text"], "files": _files(data),
    }),
}  # fmt: skip
_VERSIONED = (
    parts.ask_part, asks.ask_extension, asks.ask_pause, asks.decide_ask, escalating.escalate,
    escalating.answer_escalation,
)  # fmt: skip


# ---- showing -----------------------------------------------------------------------------------------------------------


def _shown(request: Request, found: queries.CasePage, contact: Any = None) -> HttpResponse:
    view = request.GET.get("view", "inside")
    main = next((one for one in found.offers if one.main < len(MAIN)), None)
    context = {
        "page": found, "case": found.case, "problem": found.problem, "contact": contact, "reasons": moving.REVEAL_REASONS,
        "main": ActForm(main, found) if main else None, "main_icon": ICONS.get(main.name, "check") if main else "",
        "others": [(one, ICONS.get(one.name, "check"), _link(found, one)) for one in found.offers if one is not main],
        "link": _link(found, main) if main else "", "view": view if view in VIEWS else "inside", "moment": request.moment,
        "tabs": [
            {"title": title, "url": f"?view={name}#stream", "current": (view if view in VIEWS else "inside") == name}
            for name, title in VIEWS.items()
        ],
        "may_reveal": bool(found.roles & set(moving.REVEALED_TO)),
    }  # fmt: skip
    return render(request, "enterprise_problems/problem.html", context)


def _link(found: queries.CasePage, offer: Offer) -> str:
    if offer.item is None:
        return reverse("problem_act", args=[found.case.number, offer.name])
    return reverse("problem_act_on", args=[found.case.number, offer.name, offer.item])


def _act_page(request: Request, found: queries.CasePage, form: ActForm, status: int) -> HttpResponse:
    seen = _seen(request) if request.method == "POST" else None
    passed = seen is not None and seen < found.case.version
    context = {
        "page": found, "case": found.case, "problem": found.problem, "form": form, "offer": form.offer,
        "icon": ICONS.get(form.offer.name, "check"), "link": _link(found, form.offer), "moment": request.moment,
        "since": queries.since(request.actor, request.at, found.case.number, seen) if passed and seen is not None else [],
    }  # fmt: skip
    return render(request, "enterprise_problems/problem_act.html", context, status=status)


@require_safe
@page("enterprise_problems.view")
def flow(request: Request, number: int) -> HttpResponse:
    """Show on the flow chart of its rules which way a case went and where it stands."""
    case, picture = queries.flow_chart(request.actor, request.at, str(number))
    context = {
        "case": case,
        "picture": SafeString(picture),
    }  # made by our own drawing, which escapes its words
    return render(request, "enterprise_problems/problem_flow.html", context)


@require_http_methods(["POST"])
@page("enterprise_problems.view")
def contact(request: Request, number: int) -> HttpResponse:
    """Show the firm's contact in clear, once, with the reason kept in the audit trail."""
    found = _page(request, number)
    try:
        shown = moving.reveal_contact(
            case=found.case, reason=request.POST.get("reason", ""), by=request.actor, at=request.at
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("problem", number)
    answer = _shown(request, found, shown)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@page("enterprise_problems.view")
def file(request: Request, number: int, file: int) -> HttpResponseBase:
    """Download a file of the case; a browser never opens it as a page of this site."""
    kept = queries.staff_file(request.actor, request.at, str(number), file).file
    return _download(request, kept, "下载涉企问题附件")


@require_safe
@page("enterprise_problems.view")
def pack(request: Request, number: int, escalation: int) -> HttpResponseBase:
    """Download the evidence pack of an escalation."""
    kept = queries.pack(request.actor, request.at, str(number), escalation).pack
    return _download(request, kept, "下载上报证据包")


def _download(request: Request, kept: Any, purpose: str) -> HttpResponseBase:
    try:
        content = open_logged(kept, by=request.actor, at=request.at, purpose=purpose)
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(
        content, as_attachment=True, filename=kept.name, content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_safe
@page("enterprise_problems.view")
def promise_list(request: Request) -> HttpResponse:
    """Show promises by where they stand, those due first."""
    show = request.GET.get("show", "open")
    rows = promise_queries.promise_page(
        request.actor, request.at, request.moment, show=show, number=request.GET.get("page")
    )
    counts = promise_queries.counts(request.actor, request.at, request.moment)
    context = {
        "rows": rows, "show": show,
        "tabs": [
            {"title": title, "url": f"?show={name}", "current": show == name, "count": counts[name]}
            for name, title in promise_queries.SHOWS.items()
        ],
    }  # fmt: skip
    return render(request, "enterprise_problems/promises.html", context)


urlpatterns: list[URLPattern] = [
    path("workbench/problems/promises/", promise_list, name="promises"),
    path("workbench/problems/<int:number>/", problem, name="problem"),
    path("workbench/problems/<int:number>/flow/", flow, name="problem_flow"),
    path("workbench/problems/<int:number>/contact/", contact, name="problem_contact"),
    path("workbench/problems/<int:number>/files/<int:file>/", file, name="problem_file"),
    path("workbench/problems/<int:number>/packs/<int:escalation>/", pack, name="problem_pack"),
    path("workbench/problems/<int:number>/act/<slug:name>/", act, name="problem_act"),
    path("workbench/problems/<int:number>/act/<slug:name>/<int:item>/", act, name="problem_act_on"),
]
