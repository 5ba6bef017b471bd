"""收件登记: what staff take down by phone, at the counter, on a visit, or from superiors; each on one screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.actions.intake import KeyUsed, intake_places, record_request
from qifu.services.enterprise_problems.actions.intake import Request as Reported
from qifu.services.enterprise_problems.intake_forms import (
    OccasionForm,
    PhoneForm,
    StaffForm,
    SuperiorForm,
    TalkForm,
    VisitForm,
)
from qifu.services.enterprise_problems.pages.report import keep_receipt, kept_receipt
from qifu.services.enterprise_problems.queries import intake as queries

INTAKE = "enterprise_problems.intake"
OCCASION = "problem_occasion"


@dataclass(frozen=True)
class Way:
    """One way in which staff take in."""

    channel: str
    title: str
    form: Callable[..., StaffForm]
    template: str
    with_files: bool = False


WAYS = {
    one.channel: one
    for one in (
        Way("phone", "电话速录", PhoneForm, "intake_phone"),
        Way("visit", "来访登记", VisitForm, "visit", with_files=True),
        Way("talk", "恳谈走访", TalkForm, "talk"),
        Way("superior", "上级交办", SuperiorForm, "intake_superior", with_files=True),
    )
}


def _own_place(request: Request) -> str:
    places = intake_places(request.actor, request.at)
    if not places:
        raise NotFound(INTAKE)
    return places[0]


def _tabs(channel: str) -> list[dict[str, Any]]:
    return [
        {"title": way.title, "url": reverse(f"problem_intake_{name}"), "current": name == channel}
        for name, way in WAYS.items()
    ]


@require_safe
@page(INTAKE)
def intake(request: Request) -> HttpResponse:
    """Lead to the phone screen: most requests come by phone."""
    return redirect("problem_intake_phone")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(INTAKE)
def intake_by(request: Request, channel: str) -> HttpResponse:
    """Take one request in by a channel; what is sent well leads to its receipt."""
    way, own_place = WAYS[channel], _own_place(request)
    occasion = request.session.get(OCCASION) if channel == "talk" else None
    if channel == "talk" and occasion is None:
        return redirect("problem_occasion")
    initial = {"place": own_place, "received_by": request.actor.name}
    places = [("本地", [(own_place, queries.place_name(own_place))]), *_others(request, own_place)]
    form = way.form(request.POST or None, request.FILES or None, places=places, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            reported = _reported(request, way, form, occasion)
            receipt = record_request(by=request.actor, at=request.at, own_place=own_place, request=reported)
        except KeyUsed:
            form.sent_before()
        except Refused as refused:
            form.show(refused)
        else:
            keep_receipt(
                request,
                receipt,
                f"staff:{request.actor.id}",
                form.cleaned_data["key"],
                form.cleaned_data["place"],
            )
            return redirect("problem_intake_received")
    context = {
        "form": form, "way": way, "tabs": _tabs(channel), "own_place": own_place, "occasion": occasion,
        "entered": queries.of_occasion(request.actor, request.at, occasion["name"]) if occasion else [],
        "chose_files": bool(request.FILES), "firm": _chosen_firm(request),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, f"enterprise_problems/{way.template}.html", context, status=status)


def _others(request: Request, own_place: str) -> queries.Choices:
    """Every other place, to hand a request over to; the province first."""
    found = queries.place_choices(request.today)
    return [(city, [one for one in rows if one[0] != own_place]) for city, rows in found]


def _chosen_firm(request: Request) -> queries.Enterprise | None:
    """The enterprise chosen before the form came back with errors."""
    chosen = request.POST.get("enterprise", "")
    if not chosen.isdigit():
        return None
    try:
        return queries.visible_firm(request.actor, request.at, int(chosen))
    except NotFound:
        return None


def _reported(request: Request, way: Way, form: StaffForm, occasion: dict[str, str] | None) -> Reported:
    given, firm = form.cleaned_data, _chosen_firm(request)
    notes = [getattr(form, "note", ""), form.complained_note]
    if occasion and occasion.get("participants"):
        notes.append(f"参加人员：{occasion['participants']}")
    day = given.get("outside_on")
    return Reported(
        words=given["words"], place_code=given["place"], channel=way.channel, contact_name=given["contact_name"],
        contact_mobile=given["contact_mobile"], enterprise_id=firm.pk if firm else None,
        enterprise_name=firm.name if firm else given["enterprise_name"].strip(),
        uscc="" if firm else given["enterprise_name"].strip()[:30], complained_id=given["complained_id"],
        source=given.get("source", ""), outside_number=given.get("outside_number", ""),
        outside_at=datetime.combine(day, time(), SHANGHAI) if day else None, occasion=occasion["name"] if occasion else "",
        note="；".join(filter(None, notes)), key=given["key"], files=given.get("files", ()),
    )  # fmt: skip


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(INTAKE)
def occasion(request: Request) -> HttpResponse:
    """Say under which talk the following problems are entered; it stays until another one begins."""
    form = OccasionForm(request.POST or None, initial={"day": request.today})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        request.session[OCCASION] = {
            "name": f"{given['day'].isoformat()} {' '.join(given['title'].split())}", "participants": given["participants"],
        }  # fmt: skip
        return redirect("problem_intake_talk")
    context = {
        "form": form,
        "tabs": _tabs("talk"),
        "way": WAYS["talk"],
        "current": request.session.get(OCCASION),
    }
    return render(
        request, "enterprise_problems/talk_occasion.html", context, status=422 if form.errors else 200
    )


@never_cache
@require_safe
@page(INTAKE)
def intake_received(request: Request) -> HttpResponse:
    """Show what was just taken in: the number to read back, the code, earlier cases of the caller; ready for the next."""
    kept = kept_receipt(request, f"staff:{request.actor.id}")
    if kept is None:
        return redirect("problem_intake")
    view = queries.receipt(
        kept["number"], key_scope=kept["scope"], key=kept["key"], asked_place=kept["place"]
    )
    channel = next((name for name, way in WAYS.items() if way.title == view.channel), "phone")
    handed_over = view.place_code != _own_place(request) and not view.moved_up
    context = {
        "receipt": view, "again": kept["again"], "way": WAYS[channel], "handed_over": handed_over,
        "asked": queries.place_name(kept["place"]), "next_url": reverse(f"problem_intake_{channel}"),
    }  # fmt: skip
    return render(request, "enterprise_problems/intake_received.html", context)


@never_cache
@require_safe
@page("enterprise_problems.view")
def receipt_again(request: Request, number: str) -> HttpResponse:
    """Print the receipt of a case again; without the code, which was given once."""
    view = queries.receipt_for_staff(request.actor, request.at, number)
    return render(request, "enterprise_problems/intake_receipt.html", {"receipt": view})


@require_GET
@page(INTAKE)
def intake_firms(request: Request) -> HttpResponse:
    """The part of the screen that lists enterprises by a fragment of a name or a code."""
    text = request.GET.get("enterprise_name", "")
    lines, more = queries.firms(request.actor, request.at, request.today, text)
    context = {"firms": lines, "more": more, "asked": len(text.strip()) >= queries.SHORTEST_SEARCH}
    return render(request, "enterprise_problems/intake_firms.html", context)


@sensitive_post_parameters()
@require_POST
@page(INTAKE)
def intake_caller(request: Request) -> HttpResponse:
    """The part of the screen that lists earlier cases of a telephone number; asked by POST, so that no address holds it."""
    written = request.POST.get("contact_mobile", "")
    context = {
        "cases": queries.earlier_of_phone(request.actor, request.at, written), "phone": queries.read_phone(written),
    }  # fmt: skip
    return render(request, "enterprise_problems/intake_caller.html", context)


urlpatterns = [
    path("workbench/problems/intake/", intake, name="problem_intake"),
    path("workbench/problems/intake/received/", intake_received, name="problem_intake_received"),
    path("workbench/problems/intake/firms/", intake_firms, name="problem_intake_firms"),
    path("workbench/problems/intake/caller/", intake_caller, name="problem_intake_caller"),
    path("workbench/problems/intake/occasion/", occasion, name="problem_occasion"),
    *(
        path(
            f"workbench/problems/intake/{name}/", intake_by, {"channel": name}, name=f"problem_intake_{name}"
        )
        for name in WAYS
    ),
    path("workbench/problems/<str:number>/receipt/", receipt_again, name="problem_receipt"),
]
