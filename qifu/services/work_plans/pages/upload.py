"""Upload of a notice: the form, the progress of reading, what went wrong and what to do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.divisions.queries import names as division_names
from qifu.services.work_plans import actions
from qifu.services.work_plans.queries import reviews as queries

ACCEPT = ".txt,.docx,.html,.htm,.pdf,.doc,.wps,.ofd"


class UploadForm(forms.Form):
    """What to upload and how it may be shown."""

    file = forms.FileField(
        label="公文文件",
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        error_messages={"required": "请选择要上传的文件", "empty": "文件是空的，请检查后重新选择"},
    )
    place = forms.ChoiceField(label="所属地区")
    publicity = forms.ChoiceField(
        label="公开属性",
        widget=forms.RadioSelect,
        initial="not_public",
        choices=queries.PUBLICITIES,
        help_text="主动公开的工作要点，发布后任何人都能看到；其他的只有本地区和下级的改革办、所涉部门能看到。发布前还可以改。",
    )
    unclassified = forms.BooleanField(
        label="我确认：文件不涉及国家秘密、工作秘密，可以在本系统处理",
        required=False,
    )

    def __init__(self, *args: Any, places: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "file"
        ].help_text = f"支持 .docx、.pdf（文字版）、.html、.txt，.doc、.wps、.ofd 会自动转换；不超过 {settings.UPLOAD_LIMIT_BYTES >> 20} MB"
        choices = list(places.items())
        self.fields["place"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["place"].initial = choices[0][0]
            self.fields["place"].widget = forms.HiddenInput()


@page("work_plans.upload")
def upload(request: Request) -> HttpResponse:
    """Show the upload form; a good upload leads to its progress."""
    places = division_names(queries.places_for_upload(request.actor, request.at))
    initial = {"place": next(iter(places), "")}
    form = UploadForm(request.POST or None, request.FILES or None, places=places, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            file = form.cleaned_data["file"]
            review = actions.upload_plan(
                place_code=form.cleaned_data["place"], filename=file.name, content=file.file,
                publicity=form.cleaned_data["publicity"], unclassified=form.cleaned_data["unclassified"],
                by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refusal:
            for name, message in (refusal.fields or {"": refusal.message}).items():
                form.add_error(name if name in form.fields else None, message)
        else:
            return redirect("plan_reading", review.pk)
    return render(request, "work_plans/upload.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@page("work_plans.review")
def reading(request: Request, pk: int) -> HttpResponse:
    """Show how far the reading is; when it is done, lead to the review."""
    review = queries.review(request.actor, request.at, pk)
    if review.state in ("review", "published"):
        target = reverse("plan_review", args=[review.pk])
        return HttpResponseClientRedirect(target) if request.headers.get("HX-Request") else redirect(target)
    job = queries.job_of(review)
    stuck = review.state == "reading" and (job is None or job.state in ("failed", "cancelled"))
    if (stuck or review.state == "failed") and request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()
    context = {
        "review": review,
        "job": job,
        "stuck": stuck,
        "running": review.state == "reading" and not stuck,
    }
    return render(request, "work_plans/reading.html", context)


@require_POST
@page("work_plans.review")
def retry(request: Request, pk: int) -> HttpResponse:
    """Read a failed upload again."""
    review = queries.review(request.actor, request.at, pk)
    try:
        actions.retry_reading(review=review, by=request.actor, at=request.at)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("plan_reading", pk)


@require_POST
@page("work_plans.review")
def discard(request: Request, pk: int) -> HttpResponse:
    """Give up a review."""
    review = queries.review(request.actor, request.at, pk)
    try:
        actions.discard_review(review=review, by=request.actor, at=request.at)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("plan_review", pk)
    messages.success(request, f"已放弃《{review.title}》的审核稿。文件和裁定留存备查。")
    return redirect("plan_reviews")


@require_safe
@page("work_plans.review")
def original_file(request: Request, pk: int) -> HttpResponseBase:
    """Download the file as it was uploaded; a browser never opens it as a page of this site."""
    review = queries.review(request.actor, request.at, pk)
    content = queries.original_file(review, by=request.actor, at=request.at)
    if content is None:
        messages.error(request, "原件不在系统中：这份审核稿由本省数据载入，请对照纸质或公开文件。")
        return redirect("plan_review", pk)
    response = FileResponse(
        content, as_attachment=True, filename=review.filename, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
