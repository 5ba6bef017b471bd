"""Pages of an enterprise's own people: their enterprise, its handlers, invitations; and the counter's pages for staff."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.channels.codes import send_code
from qifu.foundation.pages import Request, page
from qifu.registers.mandates import actions, openid_pages, queries, registration
from qifu.registers.mandates.forms import (
    AppointmentForm,
    InvitationForm,
    JoinForm,
    LookUpForm,
    RegistrationForm,
)
from qifu.registers.people.pages import show_refusal
from qifu.registers.people.sign_in import admit

INVITATION = "invitation"


@require_safe
@page("mandates.view_own_enterprise")
def my_enterprise(request: Request) -> HttpResponse:
    """Go to the enterprise one acts for at present: the one chosen last, else the first."""
    held = [one.id for one in queries.firms(request.actor, request.at)]
    chosen = request.session.get(queries.CURRENT_ENTERPRISE)
    return redirect("own_enterprise", chosen if chosen in held else held[0])


def _own(request: Request, enterprise_id: int) -> queries.Enterprise:
    """Return one's own enterprise, now the one that the header shows; NotFound for any other."""
    found = queries.own_enterprise(request.actor, request.at, enterprise_id)
    if request.session.get(queries.CURRENT_ENTERPRISE) != found.pk:
        request.session[queries.CURRENT_ENTERPRISE] = found.pk
    return found


@never_cache
@require_safe
@page("mandates.view_own_enterprise")
def own_enterprise(request: Request, enterprise_id: int) -> HttpResponse:
    """Show what the register says of one's enterprise, and who may act for it now."""
    found = _own(request, enterprise_id)
    people = queries.mandates_of(found, request.actor, request.at)
    context = {
        "enterprise": found,
        "facts": queries.facts(found),
        "people": [one for one in people if one.state in ("current", "suspended")],
        "appoints": queries.appoints(request.actor, request.at, found),
        "needs_second_step": queries.lacks_second_step(request.actor),
    }
    return render(request, "mandates/own_enterprise.html", context)


@never_cache
@require_safe
@page("mandates.view_own_enterprise")
def handlers(request: Request, enterprise_id: int) -> HttpResponse:
    """List everyone who may or might act for one's enterprise; its legal representative also sees invitations."""
    found = _own(request, enterprise_id)
    context = {
        "enterprise": found,
        "people": queries.mandates_of(found, request.actor, request.at),
        "invitations": queries.invitations_of(found, request.actor, request.at),
        "appoints": queries.appoints(request.actor, request.at, found),
    }
    return render(request, "mandates/handlers.html", context)


@never_cache
@require_safe
@page("mandates.appoint")
def deeds(request: Request, enterprise_id: int) -> HttpResponse:
    """Show the legal representative who did what for the enterprise."""
    found = _own(request, enterprise_id)
    actions.access_to_appoint(request.actor, request.at, found)
    context = {"enterprise": found, "page": queries.deeds(found, request.GET.get("page"))}
    return render(request, "mandates/deeds.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("mandates.appoint")
def invite(request: Request, enterprise_id: int) -> HttpResponse:
    """Invite a handler; the link is shown once, to be copied."""
    found, form, status = _own(request, enterprise_id), InvitationForm(request.POST or None), 200
    actions.access_to_appoint(request.actor, request.at, found)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            send = given.pop("send", False)
            try:
                made = actions.invite_handler(by=request.actor, at=request.at, enterprise=found, **given)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                link = request.build_absolute_uri(f"{reverse('invitation')}?token={made.token}")
                if send:
                    _send_link(request, made.invitation, link)
                context = {"enterprise": found, "invitation": made.invitation, "link": link}
                return render(request, "mandates/invited.html", context)
    return render(request, "mandates/invite.html", {"enterprise": found, "form": form}, status=status)


def _send_link(request: Request, invitation: queries.Invitation, link: str) -> None:
    text = f"{invitation.enterprise.name}邀请您经办企业事项，7 天内有效，请本人打开：{link}"
    try:
        send_code(mobile=invitation.mobile, text=text, by=request.actor, at=request.at)
        messages.success(request, "链接已用短信发出")
    except Refused as refused:
        messages.warning(request, f"{refused.message}。请自己把链接发给本人。")


@require_POST
@page("mandates.appoint")
def change_handler(request: Request, enterprise_id: int, act: str, number: int) -> HttpResponse:
    """Revoke a handler's mandate, or take an invitation back."""
    found = _own(request, enterprise_id)
    try:
        if act == "revoke":
            actions.revoke_handler(by=request.actor, at=request.at, enterprise=found, mandate_id=number)
            messages.success(request, "授权已撤销，立即生效")
        else:
            actions.revoke_invitation(by=request.actor, at=request.at, enterprise=found, invitation_id=number)
            messages.success(request, "邀请已撤回")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("handlers", found.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("mandates.appoint")
def confirm_handler(request: Request, enterprise_id: int, number: int) -> HttpResponse:
    """Confirm a suspended handler, with scope and end given anew."""
    found, form, status = _own(request, enterprise_id), AppointmentForm(request.POST or None), 200
    actions.access_to_appoint(request.actor, request.at, found)
    waiting = queries.waiting_handler(found, number, request.actor, request.at)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.confirm_handler(
                    by=request.actor, at=request.at, enterprise=found, mandate_id=number, **form.cleaned_data
                )
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, "已确认，对方现在可以办理")
                return redirect("handlers", found.pk)
    context = {"enterprise": found, "form": form, "person": waiting}
    return render(request, "mandates/confirm_handler.html", context, status=status)


@require_POST
@page("mandates.resign")
def resign(request: Request, enterprise_id: int) -> HttpResponse:
    """Give one's own handler's mandate back."""
    mandate = queries.own_mandate(request.actor, request.at, enterprise_id)
    try:
        actions.resign(by=request.actor, at=request.at, mandate=mandate)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("handlers", enterprise_id)
    messages.success(request, "您已退出，不再经办这家企业的事项")
    return redirect("home")


@never_cache
@require_GET
@page("mandates.join")
def invitation(request: Request) -> HttpResponse:
    """Show an invitation. Its token comes once in the query, is kept in the session and leaves the address bar."""
    if "token" in request.GET:
        request.session[INVITATION] = request.GET["token"][:200]
        return redirect("invitation")
    return _show_invitation(request, JoinForm(), 200)


def _show_invitation(request: Request, form: JoinForm, status: int) -> HttpResponse:
    offer = queries.offer(request.session.get(INVITATION, ""), request.actor, request.at)
    if offer is None:
        context = {"message": actions.GONE}
        return render(
            request, "mandates/no_invitation.html", context, status=status if status != 200 else 410
        )
    context = {"offer": offer, "form": form, "providers": queries.person_providers()}
    return render(request, "mandates/invitation.html", context, status=status)


@never_cache
@sensitive_post_parameters("new", "again")
@require_POST
@page("mandates.join")
def join(request: Request) -> HttpResponse:
    """Make an account for whoever was invited, and sign in to it."""
    form = JoinForm(request.POST)
    if request.actor.is_person:
        return redirect("invitation")
    if form.is_valid():
        given = form.cleaned_data
        try:
            person = actions.join(
                by=request.actor, at=request.at, token=request.session.get(INVITATION, ""),
                username=given["username"], password=given["new"],
            )  # fmt: skip
        except Refused as refused:
            show_refusal(form, refused)
        else:
            admit(by=person.as_actor(), at=request.at, person=person, request=request)
            messages.success(request, "账号已建好，请核对后接受邀请")
            return redirect("invitation")
    return _show_invitation(request, form, 422)


@require_POST
@page("mandates.answer_invitation")
def accept(request: Request) -> HttpResponse:
    """Accept the invitation kept in the session."""
    try:
        made = actions.accept_invitation(
            by=request.actor, at=request.at, token=request.session.get(INVITATION, "")
        )
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("invitation")
    request.session.pop(INVITATION, None)
    messages.success(request, "您已成为经办人，可以办理授权范围内的事项")
    return redirect("own_enterprise", made.enterprise_id)


@require_POST
@page("mandates.join")
def decline(request: Request) -> HttpResponse:
    """Decline the invitation kept in the session."""
    try:
        actions.decline_invitation(by=request.actor, at=request.at, token=request.session.get(INVITATION, ""))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("invitation")
    request.session.pop(INVITATION, None)
    messages.success(request, "已谢绝")
    return redirect("home")


@require_safe
@page("mandates.view")
def enterprise_people(request: Request) -> HttpResponse:
    """Find an enterprise, to see who may act for it."""
    form = LookUpForm(request.GET)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    found = queries.enterprises_in_place(request.actor, request.at, text)
    return render(request, "mandates/enterprise_people.html", {"form": form, "text": text, "found": found})


@never_cache
@require_safe
@page("mandates.view")
def people_of_enterprise(request: Request, enterprise_id: int) -> HttpResponse:
    """Show staff who may act for an enterprise; contacts are masked."""
    found = queries.enterprise_in_place(request.actor, request.at, enterprise_id)
    context = {
        "enterprise": found,
        "facts": queries.facts(found),
        "people": queries.mandates_of(found, request.actor, request.at),
        "registers": queries.may_register(request.actor, request.at, found),
    }
    return render(request, "mandates/people_of_enterprise.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("mandates.register")
def register(request: Request, enterprise_id: int) -> HttpResponse:
    """Register the legal representative at the counter; a one-time password is shown once."""
    found = queries.enterprise_in_place(request.actor, request.at, enterprise_id)
    form, status = RegistrationForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data | {"known": form.cleaned_data["known"] == "known"}
            try:
                done = registration.register_representative(
                    by=request.actor, at=request.at, enterprise=found, **given
                )
            except Refused as refused:
                show_refusal(form, refused)
            else:
                if done.given is not None:
                    context = {"enterprise": found, "given": done.given}
                    return render(request, "mandates/registered.html", context)
                messages.success(request, "已登记法定代表人")
                return redirect("people_of_enterprise", found.pk)
    return render(request, "mandates/register.html", {"enterprise": found, "form": form}, status=status)


@require_POST
@page("mandates.register")
def end_representative(request: Request, enterprise_id: int) -> HttpResponse:
    """Take back a registration made in error."""
    found = queries.enterprise_in_place(request.actor, request.at, enterprise_id)
    try:
        registration.end_representative(by=request.actor, at=request.at, enterprise=found)
        messages.success(request, "登记已撤销，经办人已暂停")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("people_of_enterprise", found.pk)


_OWN = "my-enterprise/<int:enterprise_id>/"
_COUNTER = "workbench/enterprise-people/"
urlpatterns = [
    path("my-enterprise/", my_enterprise, name="my_enterprise"),
    path(_OWN, own_enterprise, name="own_enterprise"),
    path(f"{_OWN}handlers/", handlers, name="handlers"),
    path(f"{_OWN}handlers/invite/", invite, name="invite_handler"),
    path(f"{_OWN}handlers/resign/", resign, name="resign_as_handler"),
    path(f"{_OWN}handlers/<int:number>/confirm/", confirm_handler, name="confirm_handler"),
    path(f"{_OWN}handlers/<int:number>/revoke/", change_handler, {"act": "revoke"}, name="revoke_handler"),
    path(
        f"{_OWN}invitations/<int:number>/revoke/", change_handler, {"act": "revoke-invitation"},
        name="revoke_invitation",
    ),
    path(f"{_OWN}deeds/", deeds, name="enterprise_deeds"),
    path("invitation/", invitation, name="invitation"),
    path("invitation/join/", join, name="join_by_invitation"),
    path("invitation/accept/", accept, name="accept_invitation"),
    path("invitation/decline/", decline, name="decline_invitation"),
    path(_COUNTER, enterprise_people, name="enterprise_people"),
    path(f"{_COUNTER}<int:enterprise_id>/", people_of_enterprise, name="people_of_enterprise"),
    path(f"{_COUNTER}<int:enterprise_id>/register/", register, name="register_representative"),
    path(f"{_COUNTER}<int:enterprise_id>/end/", end_representative, name="end_representative"),
    *openid_pages.urlpatterns,
]  # fmt: skip
