"""The page that makes first passwords and gives them as a file, once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.imports.sheets import csv_lines
from qifu.foundation.pages import Request, page
from qifu.registers.people.first_passwords import AT_ONCE, hand_out_passwords, waiting


@require_safe
@page("people.manage")
def first_passwords(request: Request) -> HttpResponse:
    """Say how many people wait for their first password, and offer to make them."""
    rows = waiting(request.actor, request.at)
    context = {"people": rows[:AT_ONCE], "count": rows.count(), "at_once": AT_ONCE}
    return render(request, "people/first_passwords.html", context)


@require_POST
@page("people.manage")
def hand_out(request: Request) -> HttpResponse:
    """Make the passwords and answer with them as a file: the only time they are seen."""
    try:
        given = hand_out_passwords(by=request.actor, at=request.at)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("first_passwords")
    rows = [
        [
            one.person.username,
            one.person.name,
            one.password,
            f"{timezone.localtime(one.until):%Y-%m-%d %H:%M}",
        ]
        for one in given
    ]
    body = b"".join(csv_lines(["登录名", "姓名", "一次性口令", "有效至"], rows))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, "一次性口令.csv")
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("workbench/people/first-passwords/", first_passwords, name="first_passwords"),
    path("workbench/people/first-passwords/file/", hand_out, name="first_passwords_file"),
]
