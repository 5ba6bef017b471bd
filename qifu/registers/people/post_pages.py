"""Pages about a post: ending it with a hand-over of what is open, and letting a colleague stand in."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from qifu.foundation import handover
from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.people import actions, delegations, queries
from qifu.registers.people.forms import DelegationForm, EndPostForm, show_refusal


@require_http_methods(["GET", "HEAD", "POST"])
@page("people.manage")
def end_post(request: Request, person_id: int) -> HttpResponse:
    """End a post on a day; work that is open goes to a successor, or it is said why to nobody."""
    person = queries.person(request.actor, request.at, person_id).row
    wanted = request.POST.get("post") or request.GET.get("post") or ""
    found = queries.open_post(person, request.at, wanted)
    if found is None:
        messages.error(request, "这个岗位已经结束")
        return redirect("person", person_id)
    post, view = found
    work = handover.open_work(person.pk, post.organisation_id, request.at)
    successors = [(one.pk, one.name) for one in delegations.colleagues(person, request.at)]
    form = EndPostForm(
        request.POST or None, work=bool(work), colleagues=successors,
        initial={"ends_on": timezone.localdate(request.at)},
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            chosen = given.pop("successor", None)
            given["successor"] = delegations.colleague(person, request.at, chosen) if chosen else None
            try:
                actions.end_post(by=request.actor, at=request.at, person=person, post_id=post.pk, **given)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, "已办理离任")
                return redirect("person", person_id)
    context = {"form": form, "person": person, "post": view, "work": work}
    return render(request, "people/end_post.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page("people.delegate")
def delegate(request: Request, person_id: int | None = None) -> HttpResponse:
    """Let a colleague stand in at a post of one's own, or, for the administrator, of somebody else's."""
    if person_id is None:
        person, back = queries.myself(request.actor), redirect("own_account")
    else:
        if not queries.may_manage(request.actor, request.at):
            raise NotFound("people.manage")
        person, back = queries.person(request.actor, request.at, person_id).row, redirect("person", person_id)
    today, colleagues = timezone.localdate(request.at), delegations.colleagues(person, request.at)
    form = DelegationForm(
        request.POST or None,
        posts=delegations.posts_to_delegate(person, request.at),
        colleagues=[(one.pk, one.name) for one in colleagues],
        initial={"starts_on": today, "ends_on": today + timedelta(days=7)},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            chosen = given.pop("delegate_id")
            stand_in = next(one for one in colleagues if one.pk == chosen)
            try:
                delegations.delegate_post(
                    by=request.actor, at=request.at, person=person, delegate=stand_in, **given
                )
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, "已安排代理，双方都收到了消息")
                return back
    context = {"form": form, "person": person, "own": person_id is None}
    return render(request, "people/delegate.html", context, status=status)


urlpatterns = [
    path("workbench/people/<int:person_id>/end-post/", end_post, name="person_end_post"),
    path("workbench/people/<int:person_id>/delegate/", delegate, name="person_delegate"),
    path("account/delegate/", delegate, name="delegate"),
]
