"""Pages of the security administrator: what waits for confirmation, failed sign-ins, roles, personal data that is due."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.people import actions, contacts, oversight, queries, retention

_TABS = [
    ("security", "待确认与登录失败"),
    ("role_overview", "角色一览"),
    ("people_due", "个人信息保存期限"),
    ("live_tokens", "接口令牌"),
]


def tabs(current: str) -> list[dict[str, object]]:
    """Return the tabs of the security pages."""
    return [{"title": title, "url": reverse(name), "current": name == current} for name, title in _TABS]


@require_GET
@page("people.secure")
def security(request: Request) -> HttpResponse:
    """Show the posts that wait for confirmation and the names that failed to sign in."""
    context = {
        "tabs": tabs("security"),
        "proposed": oversight.proposed_posts(request.actor, request.at),
        "failed": oversight.failed_sign_ins(request.actor, request.at),
    }
    return render(request, "people/security.html", context)


@require_POST
@page("people.secure")
def settle_post(request: Request, person_id: int, post_id: int, act: str) -> HttpResponse:
    """Confirm or decline a proposed post."""
    found = queries.person(request.actor, request.at, person_id).row
    run = actions.confirm_post if act == "confirm" else actions.decline_post
    try:
        run(by=request.actor, at=request.at, person=found, post_id=post_id)
        messages.success(request, "已确认，任职生效" if act == "confirm" else "已退回，任职不生效")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("security")


@require_GET
@page("people.secure")
def roles(request: Request) -> HttpResponse:
    """Show every role with what it permits."""
    context = {"tabs": tabs("role_overview"), "roles": oversight.role_overview(request.actor, request.at)}
    return render(request, "people/roles.html", context)


@require_GET
@page("people.erase_person")
def people_due(request: Request) -> HttpResponse:
    """Show whose personal data falls due within thirty days."""
    day = timezone.localdate(request.at)
    context = {
        "tabs": tabs("people_due"),
        "due": [(one, one.is_due(day)) for one in retention.people_due(request.actor, request.at)],
        "rule": retention.retention_rule(),
    }
    return render(request, "people/people_due.html", context)


@never_cache
@require_POST
@page("people.reveal_contact")
def reveal_contact(request: Request, person_id: int) -> HttpResponse:
    """Show a contact in clear, once, for a chosen reason."""
    found = queries.person(request.actor, request.at, person_id).row
    kind = request.POST.get("kind", "")
    try:
        shown = contacts.reveal_contact(
            by=request.actor, at=request.at, person=found, kind=kind, reason=request.POST.get("reason", "")
        )
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("person", person_id)
    context = {"person": found, "kind": contacts.KINDS[kind], "shown": shown}
    return render(request, "people/revealed_contact.html", context)


_POST = "workbench/people/<int:person_id>/posts/<int:post_id>/"
urlpatterns = [
    path("workbench/security/", security, name="security"),
    path("workbench/security/roles/", roles, name="role_overview"),
    path("workbench/security/retention/", people_due, name="people_due"),
    path("workbench/people/<int:person_id>/contact/", reveal_contact, name="reveal_contact"),
    *[
        path(f"{_POST}{act}/", settle_post, {"act": act}, name=f"{act}_post")
        for act in ("confirm", "decline")
    ],
]
