"""Signing in from outside, page by page: off to the provider, back with its answer, and linking to one's account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.mandates import identities, queries, registration
from qifu.registers.people import openid

WAITING = "openid"
MOST_WAITING = 5
LIFE = timedelta(minutes=10)


def _provider(code: str) -> openid.Provider:
    found = openid.provider(code)
    if found is None:
        raise Http404
    return found


def _address_back(request: Request, provider: openid.Provider) -> str:
    return request.build_absolute_uri(reverse("openid_return", args=[provider.code]))


def _begin(request: Request, provider: openid.Provider, **kept: Any) -> str:
    """Return where to send the browser; what belongs to the answer waits in the session, for a few minutes."""
    started = openid.start(provider, redirect_uri=_address_back(request, provider))
    waiting = dict(list(request.session.get(WAITING, {}).items())[1 - MOST_WAITING :])
    waiting[started.state] = {
        "provider": provider.code, "nonce": started.nonce, "verifier": started.verifier,
        "until": (request.at + LIFE).timestamp(), **kept,
    }  # fmt: skip
    request.session[WAITING] = waiting
    return started.url


def _failed(request: Request, provider: openid.Provider, refused: Refused) -> HttpResponse:
    context = {"message": refused.message, "provider": provider}
    return render(request, "mandates/openid_failed.html", context, status=422)


@never_cache
@require_GET
@page("people.sign_in")
def openid_begin(request: Request, code: str) -> HttpResponse:
    """Lead a visitor to the provider."""
    provider, wanted = _provider(code), request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    onward = wanted if safe else ""
    if request.actor.is_person:
        return HttpResponseRedirect(onward or reverse("home"))
    try:
        return HttpResponseRedirect(_begin(request, provider, next=onward))
    except Refused as refused:
        return _failed(request, provider, refused)


@never_cache
@require_GET
@page("people.sign_in")
def openid_return(request: Request, code: str) -> HttpResponse:
    """Take the provider's answer, which serves once: sign in, or link the identity to the account it was asked for."""
    provider = _provider(code)
    waiting = request.session.get(WAITING, {})
    kept = waiting.pop(request.GET.get("state", ""), None) or {}
    request.session[WAITING] = waiting
    started = {"state": request.GET.get("state", ""), **kept}
    linked_to = kept.get("link_for")
    try:
        ours = kept.get("provider") == provider.code and request.at.timestamp() < kept["until"]
        if not ours or (linked_to is not None and linked_to != request.actor.id):
            raise Refused("这次登录已过期或已经用过，请从登录页重新开始")
        identity = openid.finish(
            provider, started=started, answer=request.GET.dict(), redirect_uri=_address_back(request, provider),
            at=request.at,
        )  # fmt: skip
        if linked_to is not None:
            identities.link_identity(by=request.actor, at=request.at, identity=identity)
            actor = request.actor
            messages.success(request, f"已关联“{provider.title}”，以后可以用它登录")
        else:
            person = identities.sign_in_from_outside(
                by=request.actor, at=request.at, identity=identity, request=request
            )
            actor = person.as_actor()
    except Refused as refused:
        return _failed(request, provider, refused)
    _take_licence(request, provider, actor, identity)
    return HttpResponseRedirect(kept.get("next") or _start(request, actor, linked_to is not None))


def _take_licence(
    request: Request, provider: openid.Provider, actor: Actor, identity: openid.Identity
) -> None:
    if provider.kind != "enterprise":
        return
    try:
        mandate = registration.take_licence(by=actor, at=request.at, identity=identity)
    except Refused as refused:
        messages.warning(request, refused.message)
        return
    if mandate.suspended_at is not None:
        messages.info(request, "您的经办申请已转给法定代表人，确认后就可以办理")


def _start(request: Request, actor: Actor, linked: bool) -> str:
    if linked:
        return reverse("own_identities")
    return reverse("my_enterprise" if queries.acts_for_any(actor, request.at) else "home")


@never_cache
@require_safe
@page("mandates.link_identity")
def own_identities(request: Request) -> HttpResponse:
    """Show the ways to sign in from outside, and which of them lead to one's account."""
    ways = queries.own_identities(request.actor, request.at)
    return render(request, "mandates/own_identities.html", {"ways": ways})


@never_cache
@require_POST
@page("mandates.link_identity")
def link_identity(request: Request, code: str) -> HttpResponse:
    """Begin to link an identity to one's account: a page leads on, since a form may not lead off this site."""
    provider = _provider(code)
    try:
        url = _begin(request, provider, link_for=request.actor.id)
    except Refused as refused:
        return _failed(request, provider, refused)
    return render(request, "mandates/link_on.html", {"provider": provider, "url": url})


@require_POST
@page("mandates.link_identity")
def unlink_identity(request: Request, number: int) -> HttpResponse:
    """Take an identity away from one's account."""
    try:
        identities.unlink_identity(by=request.actor, at=request.at, identity_id=number)
        messages.success(request, "已取消关联")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("own_identities")


urlpatterns = [
    path("sign-in/openid/<slug:code>/", openid_begin, name="openid_begin"),
    path("sign-in/openid/<slug:code>/return/", openid_return, name="openid_return"),
    path("account/identities/", own_identities, name="own_identities"),
    path("account/identities/<int:number>/unlink/", unlink_identity, name="unlink_identity"),
    path("account/identities/<slug:code>/", link_identity, name="link_identity"),
]
