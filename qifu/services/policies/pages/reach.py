"""Reach for officers: the funnel, one policy with its rows, the nightly checks; for enterprises: their messages about policies."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import push as actions
from qifu.services.policies.message_forms import MessageForm
from qifu.services.policies.queries import messages as told
from qifu.services.policies.queries import own, reach


@require_safe
@page(reach.VIEW)
def policy_reach(request: Request) -> HttpResponse:
    """Show whom the policies reach."""
    found = reach.reach(request.actor, request.at, request.today)
    return render(request, "policies/reach.html", {"found": found})


@require_safe
@page(reach.VIEW)
def policy_reach_policy(request: Request, code: str) -> HttpResponse:
    """Show one policy: where most are one short, and the enterprises of the place."""
    found = reach.policy_reach(
        code, request.actor, request.at, request.today, verdict=request.GET.get("verdict", ""),
        key=request.GET.get("key", "")[:80], number=request.GET.get("page"),
    )  # fmt: skip
    url = reverse("policy_reach_policy", args=[code])
    tabs = [
        {"title": f"{word} {found.line.matched[name]}", "url": f"{url}?verdict={name}", "current": name == found.verdict}
        for name, (_, word) in reach.VERDICTS.items()
    ]  # fmt: skip
    return render(request, "policies/reach_policy.html", {"found": found, "tabs": tabs})


@require_safe
@page(reach.SWEEPS)
def policy_sweeps(request: Request) -> HttpResponse:
    """Show the nightly checks."""
    found = reach.sweeps(request.actor, request.at, request.GET.get("page"))
    lines = [reach.SweepLine(row) for row in found.object_list]
    return render(request, "policies/sweeps.html", {"lines": lines, "page": found})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(told.SEE)
def own_policy_messages(request: Request, pk: int) -> HttpResponse:
    """Show what the enterprise was told, and let it choose how often."""
    enterprise = own.own_enterprise(pk, request.actor, request.at)
    found = told.messages(enterprise, request.actor, request.at, request.GET.get("page"))
    form = MessageForm(
        request.POST if request.method == "POST" else None, usual=found.usual, most=found.most,
        initial={"per_week": found.per_week, "paused": found.paused},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_messages(
                enterprise=enterprise, per_week=form.cleaned_data["per_week"], paused=form.cleaned_data["paused"],
                by=request.actor, at=request.at,
            )  # fmt: skip
            notes.success(request, "已保存消息设置")
            return redirect("own_policy_messages", pk)
        except Refused as refused:
            for name, why in (refused.fields or {"": refused.message}).items():
                form.add_error(name or None, why)
    context = {"enterprise": enterprise, "found": found, "form": form, "reasons": told.reasons()}
    return render(request, "policies/own_messages.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
@page(told.SEE)
def own_policy_dismiss(request: Request, pk: int, code: str) -> HttpResponse:
    """Keep that a policy does not concern the enterprise."""
    enterprise = own.own_enterprise(pk, request.actor, request.at)
    policy = told.pushed_policy(enterprise, code, request.actor, request.at)
    try:
        actions.dismiss(
            enterprise=enterprise, policy=policy, reason=request.POST.get("reason", ""), by=request.actor, at=request.at
        )  # fmt: skip
        notes.success(request, f"已记下“{policy.title}”与贵企业无关，不再提醒")
    except Refused as refused:
        notes.error(request, refused.message)
    return redirect("own_policy_messages", pk)


urlpatterns = [
    path("workbench/policy-reach/", policy_reach, name="policy_reach"),
    path("workbench/policy-reach/checks/", policy_sweeps, name="policy_sweeps"),
    path("workbench/policy-reach/<slug:code>/", policy_reach_policy, name="policy_reach_policy"),
    path("my-policies/<int:pk>/messages/", own_policy_messages, name="own_policy_messages"),
    path("my-policies/<int:pk>/one/<slug:code>/not-for-me/", own_policy_dismiss, name="own_policy_dismiss"),
]
