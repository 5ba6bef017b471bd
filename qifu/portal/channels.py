"""Pages around channels: how one wants to be told, one's calendar feed, how channels stand, a demo site's messages."""

from __future__ import annotations

import secrets
from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation import feeds
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused
from qifu.foundation.channels import queries
from qifu.foundation.channels.actions import choose_channels, retry_failed
from qifu.foundation.channels.delivery import site_channels
from qifu.foundation.pages import Request, page

TOKEN_BYTES = 32


class ChoiceForm(forms.Form):
    """Which channels, when not, and whether once a day."""

    quiet_from = forms.TimeField(
        label="免打扰开始", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        label="免打扰结束", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="这段时间里的消息等结束后再发；可以跨过零点。站内消息不受影响。",
    )  # fmt: skip
    daily_digest = forms.BooleanField(
        label="改收每日摘要：每个工作日 8:30 发一条，不再逐条发送", required=False
    )

    def __init__(self, *args: Any, choices: list[queries.Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = [(one.channel.name, one.channel.title) for one in choices if not one.fixed]
        if free:
            self.fields["channels"] = forms.MultipleChoiceField(
                label="除站内消息外，还用哪些方式通知我", choices=free, required=False,
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
            self.order_fields(["channels", "daily_digest", "quiet_from", "quiet_to"])


@require_http_methods(["GET", "HEAD", "POST"])
@page("channels.choose")
def own_channels(request: Request) -> HttpResponse:
    """Choose how one is told."""
    choices, preference = queries.own_choices(request.actor, request.at)
    initial = {
        "channels": [one.channel.name for one in choices if one.on],
        "quiet_from": preference.quiet_from if preference else None,
        "quiet_to": preference.quiet_to if preference else None,
        "daily_digest": preference.daily_digest if preference else False,
    }
    form = ChoiceForm(request.POST or None, initial=initial, choices=choices)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _choose(request, form):
            messages.success(request, "通知方式已保存。")
            return HttpResponseRedirect(reverse("own_channels"))
    fixed = [one.channel.title for one in choices if one.fixed]
    context = {"form": form, "fixed": fixed, "any": bool(choices), "feed": feeds.own_feed(request.actor)}
    return render(request, "portal/own_channels.html", context, status=status)


def _choose(request: Request, form: ChoiceForm) -> bool:
    given = form.cleaned_data
    quiet: tuple[time | None, time | None] = (given["quiet_from"], given["quiet_to"])
    try:
        choose_channels(
            channels=given.get("channels", []), quiet_from=quiet[0], quiet_to=quiet[1],
            daily_digest=given["daily_digest"], by=request.actor, at=request.at,
        )  # fmt: skip
    except Refused as refused:
        named = next((name for name in refused.fields if name in form.fields), None)
        form.add_error(named, refused.message)
        return False
    return True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("feeds.own")
def own_feed(request: Request) -> HttpResponse:
    """Make, replace or end one's calendar address; it is shown once, right after it was made."""
    if request.method != "POST":
        return render(request, "portal/own_feed.html", {"feed": feeds.own_feed(request.actor)})
    if request.POST.get("act") == "revoke":
        ended = feeds.revoke_feed(by=request.actor, at=request.at)
        messages.success(request, "订阅地址已停用。" if ended else "没有正在使用的订阅地址。")
        return HttpResponseRedirect(reverse("own_feed"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed = feeds.create_feed(token=token, by=request.actor, at=request.at)
    url = request.build_absolute_uri(reverse("feed", args=[token]))
    return render(request, "portal/own_feed.html", {"feed": feed, "url": url})


@require_safe
@page("portal.view")
def feed(request: Request, token: str) -> HttpResponse:
    """Answer a calendar program that knows a feed's address; 404 for any other, and once its owner is disabled."""
    people = get_user_model()
    owner = people.objects.filter(pk=feeds.person_of(token), is_active=True).first()
    if owner is None:
        raise Http404
    site_url = settings.CHANNELS.url or f"{request.scheme}://{request.get_host()}"
    body = feeds.calendar(Actor("person", owner.pk), request.at, site_url=site_url)
    return HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex",
            "Referrer-Policy": "no-referrer",
        },
    )


@require_safe
@page("channels.manage")
def channels(request: Request) -> HttpResponse:
    """Show the administrator how each channel stands."""
    return render(request, "portal/channels.html", {"rows": queries.health(at=request.at)})


@require_POST
@page("channels.manage")
def channels_retry(request: Request, name: str) -> HttpResponse:
    """Send again what a channel failed to send."""
    count = retry_failed(channel=name, by=request.actor, at=request.at)
    messages.success(request, f"{count} 条将重新发送。" if count else "没有需要重发的消息。")
    return HttpResponseRedirect(reverse("channels"))


@never_cache
@require_safe
@page("portal.view")
def demo_messages(request: Request) -> HttpResponse:
    """Show what a demo site would have sent; a real site has no such page."""
    if not settings.DEMO:
        raise Http404
    rows = queries.demo_messages()
    names = get_user_model().objects.filter(pk__in={row.recipient_id for row in rows if row.recipient_id})
    known = {person.pk: f"{person.name}（{person.get_username()}）" for person in names}
    titles = {one.name: one.title for one in site_channels().channels}
    shown = [
        {"row": row, "channel": titles.get(row.channel, row.channel), "to": known.get(row.recipient_id, row.address)}
        for row in rows
    ]  # fmt: skip
    return render(request, "portal/demo_messages.html", {"rows": shown})


urlpatterns: list[URLPattern] = [
    path("account/notices/", own_channels, name="own_channels"),
    path("account/calendar/", own_feed, name="own_feed"),
    path("feeds/<str:token>.ics", feed, name="feed"),
    path("workbench/channels/", channels, name="channels"),
    path("workbench/channels/<slug:name>/retry/", channels_retry, name="channels_retry"),
]
if settings.DEMO:
    urlpatterns.append(path("demo/messages/", demo_messages, name="demo_messages"))
