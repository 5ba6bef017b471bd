"""运行状况: how the site stands, for the system administrator, and a hand on jobs that failed."""

from __future__ import annotations

from importlib.metadata import version

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation import jobs
from qifu.foundation.action import Refused
from qifu.foundation.operating import backup
from qifu.foundation.operating.findings import GOOD, WARNING, WRONG, findings, overall
from qifu.foundation.pages import Request, page
from qifu.portal.actions import cancel_job, retry_job

COLOURS = {GOOD: "good", WARNING: "warn", WRONG: "bad"}
VERDICTS = {GOOD: "一切正常", WARNING: "可以使用，有事项要处理", WRONG: "有错误，请尽快处理"}

MOST_JOBS = 20


@never_cache
@require_safe
@page("portal.operate")
def operations(request: Request) -> HttpResponse:
    """Show every finding, the worst first, then jobs, workers and the last backup."""
    found = findings(at=request.at)
    order = [WRONG, WARNING, GOOD]
    worst = overall(found)
    listed = jobs.open_jobs(at=request.at, limit=MOST_JOBS)
    return render(
        request,
        "portal/operations/health.html",
        {
            "verdict": VERDICTS[worst],
            "colour": COLOURS[worst],
            "rows": [
                {"finding": one, "colour": COLOURS[one.level]}
                for one in sorted(found, key=lambda one: order.index(one.level))
            ],
            "counts": jobs.counts(),
            "jobs": listed,
            "more_jobs": len(listed) >= MOST_JOBS,
            "workers": jobs.workers(at=request.at),
            "backup": backup.last_backup(),
            "version": version("qifu"),
        },
    )


@require_POST
@page("portal.operate")
def retry(request: Request, job_id: int) -> HttpResponse:
    """Let a failed job run again."""
    try:
        retry_job(job_id=job_id, by=request.actor, at=request.at)
        messages.success(request, "作业已重新排队。")
    except Refused as refused:
        messages.error(request, refused.message)
    return HttpResponseRedirect(reverse("operations"))


@require_POST
@page("portal.operate")
def cancel(request: Request, job_id: int) -> HttpResponse:
    """Cancel a job."""
    try:
        cancel_job(job_id=job_id, by=request.actor, at=request.at)
        messages.success(request, "作业已取消。")
    except Refused as refused:
        messages.error(request, refused.message)
    return HttpResponseRedirect(reverse("operations"))
