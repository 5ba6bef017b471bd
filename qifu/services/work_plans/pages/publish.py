"""Publishing, correcting and withdrawing a plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.work_plans import actions
from qifu.services.work_plans.queries import plans as plan_queries
from qifu.services.work_plans.queries import reviews as queries


class PublishForm(forms.Form):
    """How a version is published."""

    effective_from = forms.DateField(
        label="生效日",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="一般是成文日期",
        error_messages={"required": "请填写生效日", "invalid": "生效日应为日期，如 2024-02-09"},
    )
    publicity = forms.ChoiceField(label="公开属性", widget=forms.RadioSelect, choices=queries.PUBLICITIES)
    note = forms.CharField(
        label="版本说明", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="如“首次发布”“更正第5条期限”，会显示在版本记录里",
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    """Why a version is withdrawn."""

    reason = forms.CharField(
        label="撤回原因", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明撤回原因，便于查考"},
    )  # fmt: skip
    revision = forms.IntegerField(widget=forms.HiddenInput)


@page("work_plans.publish")
def publish(request: Request, pk: int) -> HttpResponse:
    """Show what would be published and what held back; publish it."""
    review = queries.review(request.actor, request.at, pk)
    if review.state != "review":
        messages.info(request, f"这份审核稿{review.get_state_display()}。")
        return redirect("plan_review", pk)
    outlook = queries.outlook(review)
    initial = {
        "effective_from": outlook.issued_on or request.today, "publicity": review.publicity, "version": review.version,
    }  # fmt: skip
    form = PublishForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            plan = actions.publish_plan(
                review=review, expected_version=form.cleaned_data["version"], today=request.today,
                effective_from=form.cleaned_data["effective_from"], note=form.cleaned_data["note"],
                publicity=form.cleaned_data["publicity"], by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _published(plan, len(outlook.held)))
            return redirect("plan", plan.pk)
    context = {"form": form, "review": review, "outlook": outlook}
    return render(request, "work_plans/publish.html", context, status=422 if form.errors else 200)


def _published(plan: Any, held: int) -> str:
    text = f"《{plan.title}》第 {plan.revision_number} 版已发布。"
    return text + (f"有 {held} 项待核，核对后可起草更正补发。" if held else "")


@require_POST
@page("work_plans.publish")
def correct(request: Request, pk: int) -> HttpResponse:
    """Open a draft that corrects the version in force."""
    plan = plan_queries.plan(request.actor, request.at, pk)
    try:
        review = actions.start_correction(plan=plan, by=request.actor, at=request.at)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("plan", pk)
    messages.success(request, "已起草更正。改好后发布为新版本，现行版本在那之前不变。")
    return redirect("plan_review", review.pk)


@page("work_plans.publish")
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Ask for the reason, then withdraw the version in force."""
    plan = plan_queries.plan(request.actor, request.at, pk)
    plan_queries.require_publisher(request.actor, request.at, plan)
    form = WithdrawForm(request.POST or None, initial={"revision": plan.revision_number})
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.withdraw_plan(
                plan=plan, reason=form.cleaned_data["reason"], expected_revision=form.cleaned_data["revision"],
                by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            after = (
                f"第 {row.revision_number} 版恢复为现行版本。"
                if row.revision_id
                else "现在没有现行版本，公众已看不到。"
            )
            messages.success(request, f"第 {plan.revision_number} 版已撤回，{after}")
            return redirect("plan_versions", pk)
    return render(
        request, "work_plans/withdraw.html", {"form": form, "plan": plan}, status=422 if form.errors else 200
    )
