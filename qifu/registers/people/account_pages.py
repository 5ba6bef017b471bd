"""Pages of one's own account: contacts, second factor, who stands in, a copy of one's own data."""

from __future__ import annotations

import io
import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from openpyxl import Workbook

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.people import contacts, delegations, queries, retention, second_factor
from qifu.registers.people.forms import CodeForm, ContactForm, SwitchOffForm, show_refusal
from qifu.registers.people.signed_in import must_set_up_factor


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("people.keep_own_account")
def own_account(request: Request) -> HttpResponse:
    """Show who one is here, one's posts, contacts and who stands in; a posted form keeps a contact."""
    person = queries.myself(request.actor)
    form, status = ContactForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                contacts.set_contact(by=request.actor, at=request.at, person=person, **form.cleaned_data)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, "已登记")
                return redirect("own_account")
    context = {
        "form": form,
        "posts": queries.own_posts(request.actor, request.at),
        "contacts": contacts.own_contacts(request.actor, request.at),
        "delegations": delegations.delegations_of(request.actor, request.at, person),
        "may_delegate": bool(delegations.posts_to_delegate(person, request.at)),
        "has_factor": second_factor.has_authenticator(person),
        "codes_left": second_factor.recovery_codes_left(request.actor),
    }
    return render(request, "people/own_account.html", context, status=status)


@require_POST
@page("people.keep_own_account")
def remove_contact(request: Request) -> HttpResponse:
    """Take away one's own contact."""
    try:
        contacts.remove_contact(
            by=request.actor,
            at=request.at,
            person=queries.myself(request.actor),
            kind=request.POST.get("kind", ""),
        )
        messages.success(request, "已删除")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("own_account")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@page("people.keep_own_account")
def second_factor_page(request: Request) -> HttpResponse:
    """Show one's authenticator and its setting up; a posted password switches it off."""
    person = queries.myself(request.actor)
    form, status = SwitchOffForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                second_factor.switch_off(by=request.actor, at=request.at, person=person, **form.cleaned_data)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, "动态口令已停用")
                return redirect("own_account")
    return _second_factor(request, form, CodeForm(), status)


def _second_factor(request: Request, off: SwitchOffForm, code: CodeForm, status: int) -> HttpResponse:
    person = queries.myself(request.actor)
    context = {
        "in_use": second_factor.has_authenticator(person),
        "enrolment": second_factor.enrolment(request.actor),
        "codes_left": second_factor.recovery_codes_left(request.actor),
        "demanded": must_set_up_factor(person),
        "off": off,
        "form": code,
    }
    return render(request, "people/second_factor.html", context, status=status)


@require_POST
@page("people.keep_own_account")
def begin_second_factor(request: Request) -> HttpResponse:
    """Make a new secret to be confirmed."""
    try:
        second_factor.begin(by=request.actor, at=request.at, person=queries.myself(request.actor))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("second_factor")


@never_cache
@require_POST
@page("people.keep_own_account")
def confirm_second_factor(request: Request) -> HttpResponse:
    """Put the authenticator into use and show the recovery codes, once."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            codes = second_factor.confirm(
                by=request.actor, at=request.at, person=queries.myself(request.actor), **form.cleaned_data
            )
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return render(request, "people/recovery_codes.html", {"codes": codes})
    return _second_factor(request, SwitchOffForm(), form, 422)


@require_POST
@page("people.keep_own_account")
def end_delegation(request: Request, delegation_id: int) -> HttpResponse:
    """End a delegation that one gave, took over, or administers; go back to where it was shown."""
    found = delegations.to_end(request.actor, request.at, delegation_id)
    if found is None:
        raise NotFound("people.end_delegation")
    try:
        delegations.end_delegation(by=request.actor, at=request.at, delegation=found)
        messages.success(request, "代理已结束")
    except Refused as refused:
        messages.error(request, refused.message)
    person = request.POST.get("person", "")
    return (
        redirect("person", int(person))
        if person.isdecimal() and len(person) < 18
        else redirect("own_account")
    )


@never_cache
@require_POST
@page("people.keep_own_account")
def own_data(request: Request) -> HttpResponse:
    """Hand out a copy of one's own data, as JSON or a workbook."""
    found = retention.export_own_data(
        by=request.actor, at=request.at, person=queries.myself(request.actor), gather=[queries.own_data]
    )
    if request.POST.get("form") == "xlsx":
        content, media_type, ending = (
            _workbook(found), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx",
        )  # fmt: skip
    else:
        content, media_type, ending = (
            json.dumps(found, ensure_ascii=False, indent=1).encode(), "application/json; charset=utf-8", "json",
        )  # fmt: skip
    disposition = f"attachment; filename=\"my-data.{ending}\"; filename*=UTF-8''%E6%88%91%E7%9A%84%E4%BF%A1%E6%81%AF.{ending}"
    return HttpResponse(content, content_type=media_type, headers={"Content-Disposition": disposition})


def _workbook(found: dict[str, Any]) -> bytes:
    book = Workbook()
    del book["Sheet"]
    for title, rows in found.items():
        sheet = book.create_sheet(title)
        sheet.append(list(rows[0]) if rows else ["没有记录"])
        for number, row in enumerate(rows, start=2):
            for column, value in enumerate(row.values(), start=1):
                cell = sheet.cell(number, column, value)
                if isinstance(value, str):
                    cell.data_type = "s"  # a text that begins with = stays a text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


urlpatterns = [
    path("account/", own_account, name="own_account"),
    path("account/contacts/remove/", remove_contact, name="remove_contact"),
    path("account/second-factor/", second_factor_page, name="second_factor"),
    path("account/second-factor/begin/", begin_second_factor, name="second_factor_begin"),
    path("account/second-factor/confirm/", confirm_second_factor, name="second_factor_confirm"),
    path("account/delegations/<int:delegation_id>/end/", end_delegation, name="end_delegation"),
    path("account/data/", own_data, name="own_data"),
]
