"""The page of an assignment, and the acts on it: what is offered there is what would not be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from qifu.foundation import access
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_logged
from qifu.foundation.pages import Request, page
from qifu.services.work_plans import actions
from qifu.services.work_plans.pages.work_forms import OWN_DUE, OWN_TEXT, ActForm
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_item as items
from qifu.services.work_plans.queries.plans import sees_internal

TITLES = {
    "confirm_lead": ("确认牵头单位", "check"), "close_work": ("销号", "circle-check"), "return_work": ("退回并说明", "arrow-left"),
    "answer_question": ("答复提问", "message"), "report_progress": ("报告进展", "pencil"), "reach_milestone": ("完成节点", "check"),
    "submit_work": ("申请销号", "send"), "ask_question": ("向改革办提问", "message-question"), "add_comment": ("留言", "message"),
    "reopen_work": ("重新打开", "refresh"), "change_lead": ("更换牵头单位", "users"), "add_unit": ("增加参与单位", "plus"),
    "remove_unit": ("移出参与单位", "x"), "expand_generic": ("指明泛指单位", "building-community"),
    "apply_expansions": ("套用展开规则", "rosette-discount-check"), "set_due": ("调整期限", "calendar-due"),
    "decompose": ("分解到下级", "sitemap"), "set_precedence": ("设定先后", "arrow-right"),
    "remove_precedence": ("取消先后", "x"), "set_milestones": ("设定节点", "flag"),
}  # fmt: skip
HERE = (
    "confirm_lead", "close_work", "return_work", "answer_question", "report_progress", "reach_milestone", "submit_work",
    "ask_question", "add_comment", "reopen_work",
)  # fmt: skip
"""The acts with a form on the page itself; the others have a page of their own."""
DONE = {
    "confirm_lead": "已确认牵头单位。", "report_progress": "进展已报告。", "submit_work": "已申请销号，等待第二人核定。",
    "close_work": "已销号。", "return_work": "已退回，并告知牵头单位。", "answer_question": "已答复。",
    "ask_question": "已提交，改革办答复后会通知您。", "reopen_work": "已重新打开。",
}  # fmt: skip


@require_safe
@page("work_plans.follow")
def assignment(request: Request, pk: int) -> HttpResponse:
    """Show one assignment with all that happened to it and the forms of what may be done now."""
    item = items.item(request.actor, request.at, pk, request.today)
    return _shown(request, item)


@require_http_methods(["GET", "HEAD", "POST"])
@page("work_plans.follow")
def act(request: Request, pk: int, name: str) -> HttpResponse:
    """Do one act, or show its form."""
    if name not in TITLES:
        raise Http404
    item = items.item(request.actor, request.at, pk, request.today)
    if request.method != "POST":
        if name not in item.offers:
            raise access.NotFound(name)
        return _act_page(request, item, ActForm(name, item, request.today), 200)
    if name not in item.offers:
        messages.error(
            request, f"现在不能{TITLES[name][0]}：情况刚刚有变化，或已超出您的权限。请看下面的推进记录。"
        )
        return redirect("assignment", pk)
    form = ActForm(name, item, request.today, request.POST, request.FILES)
    if form.is_valid():
        try:
            _do(request, name, item, form.cleaned_data)
        except Refused as refusal:
            _explain(form, refusal)
        else:
            messages.success(request, DONE.get(name, f"已{TITLES[name][0]}。"))
            return redirect("assignment", pk)
    if name in HERE:
        return _shown(request, item, form)
    return _act_page(request, item, form, 422)


def _explain(form: ActForm, refusal: Refused) -> None:
    known = refusal.fields.keys() & form.fields.keys()
    for field in known:
        form.add_error(field, refusal.fields[field])
    if not known:
        form.add_error(None, refusal.message)


def _act_page(request: Request, item: items.Item, form: ActForm, status: int) -> HttpResponse:
    title, icon = TITLES[form.act]
    context = {
        "item": item, "row": item.row, "form": form, "title": title, "icon": icon, "place": queries.place_name(item.row.place_code),
        "ready": items.ready_rules(item, request.today) if form.act == "apply_expansions" else [],
    }  # fmt: skip
    return render(request, "work_plans/work_act.html", context, status=status)


def _shown(request: Request, item: items.Item, refused: ActForm | None = None) -> HttpResponse:
    row = item.row
    forms = [
        {"form": refused if refused is not None and refused.act == name else ActForm(name, item, request.today),
         "name": name, "title": TITLES[name][0], "icon": TITLES[name][1], "open": refused is not None and refused.act == name}
        for name in HERE
        if name in item.offers
    ]  # fmt: skip
    if refused is None and forms:
        forms[0]["open"] = forms[0]["name"] != "add_comment"
    others = [(name, *TITLES[name]) for name in TITLES if name in item.offers and name not in HERE]
    codes = [row.place_code, *(one.place_code for one in (*item.parts, *item.before, *item.after))]
    codes += [row.parent.place_code] if row.parent is not None else []
    context = {
        "item": item, "row": row, "plan": row.plan, "today": request.today, "forms": forms, "others": others,
        "places": queries.place_names(codes), "internal": row.plan.publicity != queries.PUBLIC,
        "part_figures": queries.figures(item.part_counts),
        "sees_plan": row.plan.publicity == queries.PUBLIC or sees_internal(request.actor, request.at, row.plan),
    }  # fmt: skip
    return render(request, "work_plans/assignment.html", context, status=200 if refused is None else 422)


# ---- from a form to the act ---------------------------------------------------------------------------------------


def _do(request: Request, name: str, item: items.Item, data: dict[str, Any]) -> None:
    given: dict[str, Any] = {"assignment": item.row, "by": request.actor, "at": request.at}
    if name not in ("add_comment", "ask_question", "answer_question"):
        seen = request.POST.get("seen", "")
        given["expected_seq"] = int(seen) if seen.isdigit() and len(seen) < 10 else None
    build = _BUILD.get(name)
    arguments = build(request, item, data) if build else dict(data)
    getattr(actions, name)(**given, **arguments)


def _uploads(data: dict[str, Any]) -> dict[str, Any]:
    return {"files": [(one.name, one.file) for one in data["files"]], "unclassified": data["unclassified"]}


def _report(request: Request, item: items.Item, data: dict[str, Any]) -> dict[str, Any]:
    as_of = data.get("as_of") or request.today
    figures = [
        actions.Figure(value=value, as_of=as_of, target_order=one.order)
        for one in item.targets
        if (value := data.get(f"figure_{one.order}")) is not None
    ]
    return {"text": data["text"], "figures": figures, "today": request.today} | _uploads(data)


def _milestones(request: Request, item: items.Item, data: dict[str, Any]) -> dict[str, Any]:
    drafts = []
    for name in (key for key in data if key.startswith("title_")):
        title, due = data[name].strip(), data[f"due_{name[6:]}"]
        if bool(title) != bool(due):
            raise Refused(
                "节点的名称和期限要一起填写",
                **{name if not title else f"due_{name[6:]}": "请补全，或把这一行清空"},
            )
        if title:
            drafts.append(actions.MilestoneDraft(title=title, due_on=due))
    return {"milestones": drafts}


def _decompose(request: Request, item: items.Item, data: dict[str, Any]) -> dict[str, Any]:
    own = {
        code: actions.PlaceException(due_on=data[f"{OWN_DUE}{code}"], requirement=data[f"{OWN_TEXT}{code}"])
        for code in data["places"]
    }
    return {
        "places": data["places"], "requirement": data["requirement"], "due_on": data["due_on"],
        "exceptions": {code: one for code, one in own.items() if one != actions.PlaceException()},
    }  # fmt: skip


def _before(request: Request, item: items.Item, data: dict[str, Any]) -> dict[str, Any]:
    return {"before": items.work_row(request.actor, request.at, data["before"])}


Build = Callable[[Request, items.Item, dict[str, Any]], dict[str, Any]]
_BUILD: dict[str, Build] = {
    "report_progress": _report,
    "submit_work": lambda request, item, data: {"text": data["text"]} | _uploads(data),
    "set_milestones": _milestones,
    "decompose": _decompose,
    "set_precedence": _before,
    "remove_precedence": _before,
    "reach_milestone": lambda request, item, data: data | {"today": request.today},
    "apply_expansions": lambda request, item, data: {"today": request.today},
}


@require_safe
@page("work_plans.follow")
def evidence(request: Request, pk: int, file: int) -> HttpResponseBase:
    """Download a file that bears out a report; a browser never opens it as a page of this site."""
    stored = items.evidence(request.actor, request.at, pk, file)
    content = open_logged(stored, by=request.actor, at=request.at, purpose="下载佐证材料")
    response = FileResponse(
        content, as_attachment=True, filename=stored.name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
