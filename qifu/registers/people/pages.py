"""Pages of people: signing in and out, administration, the audit trail; the rest in `account_pages` and the like."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.people import (
    account_pages,
    actions,
    contacts,
    delegations,
    openid,
    post_pages,
    queries,
    retention,
    second_factor,
    security_pages,
    token_pages,
)
from qifu.registers.people import sign_in as signing
from qifu.registers.people.forms import (
    AuditFilter,
    CodeForm,
    PasswordForm,
    PeopleFilter,
    PersonForm,
    PostForm,
    SignInForm,
    show_refusal,
)


def _safe_next(request: Request) -> str:
    """The address to go on to: one of this site, or nothing."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, hosts, request.is_secure()) else ""


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@page("people.sign_in")
def sign_in(request: Request) -> HttpResponse:
    """Sign in, then go on to where one wanted to go."""
    onward = _safe_next(request)
    if request.actor.is_person and request.method != "POST":
        return HttpResponseRedirect(onward or reverse(settings.START_ROUTE))
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                person = signing.sign_in(
                    by=request.actor, at=request.at, request=request, **form.cleaned_data
                )
            except signing.SecondStepNeeded as half:
                if (asked := _second_step(request, form, half, onward)) is not None:
                    return asked
            except Refused as refused:
                show_refusal(form, refused)
            else:
                first = reverse("change_own_password") if person.must_change_password else ""
                return HttpResponseRedirect(first or onward or reverse(settings.START_ROUTE))
    context = {"form": form, "next": onward, "providers": openid.providers()}
    return render(request, "people/sign_in.html", context, status=status)


def _second_step(
    request: Request, form: forms.Form, half: signing.SecondStepNeeded, onward: str
) -> HttpResponse | None:
    try:
        second_factor.start(request, half.person, at=request.at, onward=onward)
    except Refused as refused:
        show_refusal(form, refused)
        return None
    return redirect("sign_in_second")


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@page("people.sign_in")
def sign_in_second(request: Request) -> HttpResponse:
    """Ask whoever gave the right password for a code; a posted `send` sends one to the person's mobile."""
    half = second_factor.half_signed_in(request, request.at)
    if half is None:
        messages.error(request, second_factor.EXPIRED)
        return redirect("sign_in")
    form, status, sent_to = CodeForm(request.POST or None), 200, ""
    if "send" in request.POST:
        form = CodeForm()
        try:
            sent_to = second_factor.send_code(by=half.person.as_actor(), at=request.at, person=half.person)
        except Refused as refused:
            messages.error(request, refused.message)
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                onward = signing.take_second_step(at=request.at, request=request, **form.cleaned_data)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                first = reverse("change_own_password") if half.person.must_change_password else ""
                return HttpResponseRedirect(first or onward or reverse(settings.START_ROUTE))
    by_sms = "sms" in second_factor.methods(half.person)
    context = {"form": form, "by_sms": by_sms, "sent_to": sent_to}
    return render(request, "people/sign_in_second.html", context, status=status)


@require_POST
@page("people.sign_in")
def sign_out(request: Request) -> HttpResponse:
    """Sign out; harmless for a visitor."""
    if request.actor.is_person:
        signing.sign_out(by=request.actor, at=request.at, request=request)
    return redirect("home")


@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@page("people.change_own_password")
def change_own_password(request: Request) -> HttpResponse:
    """Replace one's own password."""
    form, status, person = PasswordForm(request.POST or None), 200, queries.myself(request.actor)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                signing.change_own_password(
                    by=request.actor, at=request.at, person=person, old=given["old"], new=given["new"],
                    request=request,
                )  # fmt: skip
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, "口令已修改，其他设备上的登录已退出")
                return redirect("own_account")
    return render(request, "people/change_own_password.html", {"form": form}, status=status)


@require_GET
@page("people.view")
def people(request: Request) -> HttpResponse:
    """List people, filtered."""
    form = PeopleFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = queries.people(request.actor, request.at, **wanted)
    shown = queries.people_page(rows, request.at, request.GET.get("page"))
    return render(
        request,
        "people/people.html",
        {"form": form, "page": shown, "manages": queries.may_manage(request.actor, request.at)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page("people.manage")
def new_person(request: Request) -> HttpResponse:
    """Add a person and show the one-time password, once."""
    form, status = PersonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                given = actions.create_person(by=request.actor, at=request.at, **form.cleaned_data)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                return _one_time_password(request, given)
    return render(request, "people/new_person.html", {"form": form}, status=status)


@never_cache
def _one_time_password(request: Request, given: actions.OneTimePassword) -> HttpResponse:
    return render(request, "people/one_time_password.html", {"given": given})


@require_http_methods(["GET", "HEAD", "POST"])
@page("people.view")
def person(request: Request, person_id: int) -> HttpResponse:
    """Show a person; a posted form proposes or adds a post. Access is held in real time: the site's 截至日 does not count here."""
    day = timezone.localdate(request.at)
    form, status = PostForm(request.POST or None, today=day, initial={"starts_on": day}), 200
    found = queries.person(request.actor, request.at, person_id)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                post = actions.add_post(
                    by=request.actor, at=request.at, person=found.row, **form.cleaned_data
                )
            except Refused as refused:
                show_refusal(form, refused)
            else:
                waits = "已提名，经安全管理员确认后生效" if post.awaits_confirmation else "已任职"
                messages.success(request, waits)
                return redirect("person", person_id)
    context = {
        "person": found,
        "form": form,
        "may": queries.may_do(request.actor, request.at, found.row),
        "contacts": contacts.masked_contacts(request.actor, request.at, found.row),
        "delegations": delegations.delegations_of(request.actor, request.at, found.row),
        "has_factor": second_factor.has_authenticator(found.row),
        "reasons": contacts.REVEAL_REASONS.items(),
    }
    return render(request, "people/person.html", context, status=status)


ACTS = {
    "disable": actions.disable_person,
    "enable": actions.enable_person,
    "unlock": actions.unlock_person,
    "reset-second-factor": second_factor.reset,
    "erase": retention.erase_person,
}


@require_POST
@page("people.view")
def change_person(request: Request, person_id: int, act: str) -> HttpResponse:
    """Disable, enable, unlock or erase a person, take a second factor away, or give a one-time password."""
    found = queries.person(request.actor, request.at, person_id).row
    who: dict[str, Any] = {"by": request.actor, "at": request.at, "person": found}
    try:
        if act == "reset-password":
            return _one_time_password(request, actions.reset_password(**who))
        ACTS[act](**who)
        messages.success(request, "已办理")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("person", person_id)


@require_GET
@page("foundation.read_audit")
def audit(request: Request) -> HttpResponse:
    """Show the audit trail, filtered; it cannot be changed here or anywhere."""
    form = AuditFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    shown = queries.audit_page(request.actor, request.at, number=request.GET.get("page"), **wanted)
    return render(request, "people/audit.html", {"form": form, "page": shown})


_CHANGES = "workbench/people/<int:person_id>/"
urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-in/second/", sign_in_second, name="sign_in_second"),
    path("sign-out/", sign_out, name="sign_out"),
    path("account/password/", change_own_password, name="change_own_password"),
    path("workbench/people/", people, name="people"),
    path("workbench/people/new/", new_person, name="new_person"),
    path(_CHANGES, person, name="person"),
    *[
        path(f"{_CHANGES}{act}/", change_person, {"act": act}, name=f"person_{act.replace('-', '_')}")
        for act in (*ACTS, "reset-password")
    ],
    *account_pages.urlpatterns,
    *post_pages.urlpatterns,
    *security_pages.urlpatterns,
    *token_pages.urlpatterns,
    path("workbench/audit/", audit, name="audit"),
]
