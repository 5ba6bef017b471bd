"""The responsibility map of a place: topics in use without an owner first, who owns the others, since when, why."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.enterprise_problems.actions.responsibility import end_responsibility, rule_responsibility
from qifu.services.enterprise_problems.pages.hub_forms import RulingForm
from qifu.services.enterprise_problems.queries import responsibility as queries


def _place(request: Request) -> tuple[str, dict[str, str]]:
    places = queries.viewing_places(request.actor, request.at)
    own = queries.ruling_places(request.actor, request.at)
    asked = request.GET.get("place", "") or next(iter(own or places), "")
    if asked not in places:
        raise NotFound(asked)
    return asked, places


@require_safe
@page(queries.VIEW)
def responsibility(request: Request) -> HttpResponse:
    """Show the list of one place."""
    code, places = _place(request)
    found = queries.topic_lines(request.actor, request.at, code, request.today)
    context = {
        "place": code, "place_name": places[code], "places": places.items(), "lines": found,
        "unowned": [line for line in found if line.needs_ruling], "owned": [line for line in found if not line.needs_ruling],
        "may_rule": code in queries.ruling_places(request.actor, request.at),
    }  # fmt: skip
    return render(request, "enterprise_problems/responsibility.html", context)


@require_http_methods(["GET", "POST"])
@page(queries.RULE)
def rule(request: Request, place: str, topic: str) -> HttpResponse:
    """Rule who owns a topic."""
    if place not in queries.ruling_places(request.actor, request.at):
        raise NotFound(place)
    found = queries.topic_lines(request.actor, request.at, place, request.today)
    line = next((one for one in found if one.code == topic), None)
    if line is None:
        raise NotFound(topic)
    choices = [(str(row.pk), row.name) for row in queries.units(place)]
    given = request.POST if request.method == "POST" else None
    form = RulingForm(given, units=choices, initial={"effective_from": request.today.isoformat()})
    if request.method == "POST" and form.is_valid():
        try:
            rule_responsibility(
                by=request.actor, at=request.at, place_code=place, topic=topic,
                organisation_id=int(form.cleaned_data["organisation"]), effective_from=form.cleaned_data["effective_from"],
                basis=form.cleaned_data["basis"],
            )  # fmt: skip
            messages.success(request, f"已确定“{line.title}”的责任单位。")
            return redirect(f"{reverse('responsibility')}?place={place}")
        except Refused as refusal:
            for name, why in refusal.fields.items():
                form.add_error(name if name in form.fields else None, why)
            messages.error(request, refusal.message)
    context = {"form": form, "line": line, "place": place, "place_name": queries.viewing_places(request.actor, request.at)[place]}  # fmt: skip
    return render(request, "enterprise_problems/responsibility_rule.html", context)


@require_POST
@page(queries.RULE)
def end(request: Request, place: str, topic: str) -> HttpResponse:
    """End who owns a topic as of today."""
    try:
        end_responsibility(
            by=request.actor, at=request.at, place_code=place, topic=topic, effective_to=request.today
        )
        messages.success(request, "已终止。这个事由今天起没有责任单位，请尽快确定。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(f"{reverse('responsibility')}?place={place}")


urlpatterns: list[URLPattern] = [
    path("workbench/problems/responsibility/", responsibility, name="responsibility"),
    path("workbench/problems/responsibility/<str:place>/<str:topic>/", rule, name="responsibility_rule"),
    path("workbench/problems/responsibility/<str:place>/<str:topic>/end/", end, name="responsibility_end"),
]
