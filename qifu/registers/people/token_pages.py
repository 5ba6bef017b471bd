"""Pages of API tokens: one's own, with making one; for the security administrator every one that is live."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.people import api_tokens, queries
from qifu.registers.people.forms import TokenForm, show_refusal
from qifu.registers.people.security_pages import tabs


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@page("people.keep_own_account")
def own_tokens(request: Request) -> HttpResponse:
    """Show one's tokens; a posted form makes one, shown this once."""
    form, status = TokenForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            person = queries.myself(request.actor)
            try:
                made = api_tokens.issue(by=request.actor, at=request.at, person=person, **form.cleaned_data)
            except Refused as refused:
                show_refusal(form, refused)
            else:
                return render(request, "people/new_token.html", {"made": made})
    context = {"form": form, "tokens": api_tokens.own_tokens(request.actor, request.at)}
    return render(request, "people/tokens.html", context, status=status)


@require_POST
@page("people.revoke_api_token")
def revoke_token(request: Request, token_id: int) -> HttpResponse:
    """End a token and go back to the list it was shown in."""
    token = api_tokens.token_to_revoke(request.actor, request.at, token_id)
    try:
        api_tokens.revoke_token(by=request.actor, at=request.at, token=token)
        messages.success(request, "令牌已吊销，立即失效")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("live_tokens" if request.POST.get("from") == "security" else "own_tokens")


@require_GET
@page("people.secure")
def live_tokens(request: Request) -> HttpResponse:
    """Show every token that opens something."""
    context = {"tabs": tabs("live_tokens"), "tokens": api_tokens.live_tokens(request.actor, request.at)}
    return render(request, "people/live_tokens.html", context)


urlpatterns = [
    path("account/tokens/", own_tokens, name="own_tokens"),
    path("account/tokens/<int:token_id>/revoke/", revoke_token, name="revoke_token"),
    path("workbench/security/tokens/", live_tokens, name="live_tokens"),
]
