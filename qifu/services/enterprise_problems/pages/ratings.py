"""Staff pages of ratings: the call-back desk, the samples, groups and figures, assessments by others, unit telephones."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound, holds
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.foundation.periods import Period, PeriodError, containing, parse_period
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.actions import call_backs as acts
from qifu.services.enterprise_problems.actions import sampling, telephones
from qifu.services.enterprise_problems.actions.rating import assess_problem
from qifu.services.enterprise_problems.pages.own_forms import RatingForm, show
from qifu.services.enterprise_problems.queries import assessments, ratings
from qifu.services.enterprise_problems.queries import call_backs as queries

CALL = "enterprise_problems.call_back"
PAGE_SIZE = 50
_STARS = [("", "没有说"), *((str(n), f"{n}星") for n in range(1, 6))]


class OutcomeForm(forms.Form):
    """How a call went."""

    outcome = forms.ChoiceField(
        label="联系结果", widget=forms.RadioSelect, error_messages={"required": "请选择联系结果"},
        choices=[("reached", "联系上了"), ("not_reached", "没联系上"), ("declined", "企业不愿受访")],
    )  # fmt: skip
    solved = forms.TypedChoiceField(
        label="企业说问题解决了吗", required=False, widget=forms.RadioSelect, empty_value=None,
        choices=[("yes", "解决了"), ("no", "没解决")], coerce=lambda value: value == "yes",
    )  # fmt: skip
    stars = forms.TypedChoiceField(
        label="企业给几星", required=False, choices=_STARS, coerce=int, empty_value=None
    )
    text = forms.CharField(
        label="回访记录", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        help_text="只有回访岗能看到",
    )  # fmt: skip


class DecisionForm(forms.Form):
    """What follows: an order that the unit reads, or an exemption that somebody signs."""

    text = forms.CharField(
        label="要求或理由", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        help_text="重办的要求办理单位会看到，只写要办什么，不写评价内容；免于重办的理由企业会看到",
        error_messages={"required": "请填写"},
    )  # fmt: skip
    signer = forms.CharField(label="签批人", required=False, max_length=60, help_text="免于重办时必填")


class TelephoneForm(forms.Form):
    """The telephone of a unit."""

    number = forms.CharField(label="对外电话", max_length=40, help_text="办公电话，如 0571-82345678；不填个人手机", error_messages={"required": "请填写对外电话"})  # fmt: skip


# ---- the desk ----------------------------------------------------------------------------------------------------


@never_cache
@require_safe
@page(CALL)
def call_backs(request: Request) -> HttpResponse:
    """List what the desk has before it: bad ratings by their clock, sampled cases, what is done."""
    tab = request.GET.get("tab", "bad")
    tab = tab if tab in queries.TABS else "bad"
    numbers = queries.counts(request.actor, request.at)
    tabs = [
        {"title": title, "url": f"?tab={name}", "current": name == tab, "count": numbers[name]}
        for name, (title, _) in queries.TABS.items()
    ]
    found = queries.listed(request.actor, request.at, tab, request.GET.get("page"), request.moment)
    return render(request, "enterprise_problems/call_backs.html", {"page": found, "tabs": tabs, "tab": tab})


def _call(request: Request, pk: int) -> queries.Call:
    return queries.call(request.actor, request.at, pk, request.moment)


@never_cache
@require_safe
@page(CALL)
def call_back(request: Request, pk: int) -> HttpResponse:
    """Show one call-back: what was said and answered, the contact masked, what is to be recorded and decided."""
    return _show(request, _call(request, pk))


def _show(request: Request, call: queries.Call, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "call": call,
        "outcome": OutcomeForm(prefix="outcome"),
        "decision": DecisionForm(prefix="decision"),
    } | more
    return render(request, "enterprise_problems/call_back.html", context, status=status)


@never_cache
@require_POST
@page(CALL)
def call_back_act(request: Request, pk: int, act: str) -> HttpResponse:
    """Reveal the contact, record a call, order rework, exempt from it, or open a sampled case again."""
    call = _call(request, pk)
    given: dict[str, Any] = {"by": request.actor, "at": request.at, "call_back": call.row}
    if act == "reveal":
        try:
            return _show(request, call, revealed=acts.reveal_call_back_contact(**given))
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("call_back", pk)
    name = "outcome" if act == "record" else "decision"
    form: forms.Form = (
        OutcomeForm(request.POST, prefix=name)
        if name == "outcome"
        else DecisionForm(request.POST, prefix=name)
    )
    if form.is_valid():
        try:
            done = _do(act, given, form.cleaned_data)
        except Refused as refused:
            show(form, refused)
        else:
            messages.success(request, done)
            return redirect("call_back", pk)
    return _show(request, call, 422, **{name: form, "bad_form": form})


def _do(act: str, given: dict[str, Any], said: dict[str, Any]) -> str:
    if act == "record":
        acts.record_call_back(**given, **said)
        return "已登记回访"
    if act in ("rework", "exempt"):
        acts.decide_rework(**given, rework=act == "rework", **said)
        return "已交重办，15 个工作日内办结" if act == "rework" else "已免于重办"
    if act == "reopen":
        acts.reopen_after_call(**given, text=said["text"])
        return "已重新打开办理"
    raise NotFound(act)


@never_cache
@require_safe
@page(CALL)
def call_back_record(request: Request, pk: int) -> HttpResponse:
    """Show the record of a call-back for printing and signing."""
    return render(request, "enterprise_problems/call_back_record.html", {"call": _call(request, pk)})


# ---- samples -----------------------------------------------------------------------------------------------------


@never_cache
@require_safe
@page(CALL)
def samples(request: Request) -> HttpResponse:
    """Show the months' draws, the promise for this month, and what blind calls say beside own ratings."""
    now = containing(request.today, "month")
    year = containing(request.today, "year")
    context = {
        "draws": queries.draws(request.actor, request.at, request.moment), "desks": queries.desk_places(request.actor, request.at),
        "month": now.previous(), "per_cent": sampling.PER_CENT, "least": sampling.LEAST, "year": year,
        "comparison": queries.comparison(request.actor, request.at, year.start, year.end),
    }  # fmt: skip
    return render(request, "enterprise_problems/call_back_samples.html", context)


@require_POST
@page(CALL)
def sample_draw(request: Request) -> HttpResponse:
    """Draw last month's sample at one's own desk."""
    month = f"{containing(request.today, 'month').previous().start:%Y-%m}"
    desk = request.POST.get("desk", "")
    if desk not in queries.desk_places(request.actor, request.at):
        raise NotFound("desk")
    try:
        sampling.draw_sample(by=request.actor, at=request.at, desk=desk, month=month)
        messages.success(request, "已抽取，名单在“随机回访”里")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("call_back_samples")


# ---- groups and figures --------------------------------------------------------------------------------------------


@never_cache
@require_safe
@page("enterprise_problems.see_rating_groups")
def rating_groups(request: Request) -> HttpResponse:
    """Show ratings as units may see them: published groups of five or more, each source apart."""
    source = request.GET.get("source", "enterprise")
    source = source if source in SOURCES else "enterprise"
    found = ratings.groups(request.actor, request.at, source=source)
    tabs = [
        {"title": title, "url": f"?source={name}", "current": name == source}
        for name, title in SOURCES.items()
    ]
    context = {"groups": found, "totals": ratings.totals(found), "tabs": tabs, "draws": queries.open_draws(request.actor, request.at, request.moment)}  # fmt: skip
    return render(request, "enterprise_problems/rating_groups.html", context)


SOURCES = {"enterprise": "企业评价", "grassroots": "基层评价", "third_party": "第三方评价"}


def _span(request: Request) -> Period:
    try:
        return parse_period(request.GET.get("period", ""))
    except PeriodError:
        return containing(request.today, "year")


def _moments(span: Period) -> tuple[datetime, datetime]:
    return datetime.combine(span.start, time(), SHANGHAI), datetime.combine(span.end, time(), SHANGHAI)


def _periods(today: date, chosen: Period) -> list[tuple[str, bool]]:
    year = containing(today, "year")
    spans = [year, *(one for one in reversed(year.parts("quarter")) if one.start <= today), year.previous()]
    return [(one.label, one == chosen) for one in spans]


@never_cache
@require_safe
@page("enterprise_problems.see_rating_groups")
def rating_figures(request: Request) -> HttpResponse:
    """Show how closed problems fared: single figures with their rows for the desk, for others what whole groups add up to."""
    span = _span(request)
    start, end = _moments(span)
    desk = holds(request.actor, ratings.SEE, request.at)
    groups = ratings.groups(request.actor, request.at)
    within = [one for one in groups if span.start <= one.row.starts_on and one.row.ends_on <= span.end]
    context = {
        "span": span, "periods": _periods(request.today, span),
        "process": ratings.process_figures(request.actor, request.at, start, end),
        "places": ratings.desk_figures(request.actor, request.at, start, end) if desk else [], "desk": desk,
        "groups": within, "totals": ratings.totals(within),
    }  # fmt: skip
    return render(request, "enterprise_problems/rating_figures.html", context)


@never_cache
@require_safe
@page("enterprise_problems.see_ratings")
def rating_rows(request: Request, place: str, figure: str) -> HttpResponse:
    """Show the cases that a figure of the desk counts."""
    if figure not in ratings.CONDITIONS:
        raise NotFound(figure)
    span = _span(request)
    rows = ratings.desk_rows(request.actor, request.at, *_moments(span)).filter(
        ratings.CONDITIONS[figure], place_code=place
    )
    found = Paginator(rows.select_related("lead").order_by("-opened_at", "-pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {"page": found, "span": span, "title": _FIGURES[figure], "place": place}
    return render(request, "enterprise_problems/rating_rows.html", context)


_FIGURES = {"closed": "办结", "rated": "已评价", "silent": "未评价", "solved": "评价为解决", "bad": "不满意"}


# ---- assessments by others -----------------------------------------------------------------------------------------


@never_cache
@require_safe
@page("enterprise_problems.assess")
def assess_list(request: Request) -> HttpResponse:
    """List the closed problems that one may assess for the grassroots or as a third party."""
    found = assessments.to_assess(request.actor, request.at, request.moment, request.GET.get("page"))
    return render(request, "enterprise_problems/assess_list.html", {"page": found})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("enterprise_problems.assess")
def assess(request: Request, number: str) -> HttpResponse:
    """Assess one: its words and answer, neither firm nor contact."""
    one = assessments.one_to_assess(request.actor, request.at, number)
    form = RatingForm(request.POST or None, levels=one.levels, prefix="rate")
    if request.method == "POST" and form.is_valid():
        try:
            assess_problem(by=request.actor, at=request.at, case=one.case, **form.cleaned_data)
        except Refused as refused:
            show(form, refused)
        else:
            messages.success(request, "已评价")
            return redirect("assess_list")
    context = {"one": one, "form": form, "source": assessments.TITLES[one.source]}
    return render(request, "enterprise_problems/assess_one.html", context, status=422 if form.errors else 200)


# ---- telephones ----------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("enterprise_problems.set_telephone")
def unit_telephones(request: Request) -> HttpResponse:
    """Show and set the telephones by which firms reach one's own units."""
    units = telephones.own_units(request.actor, request.at)
    chosen = request.POST.get("unit", "")
    rows = []
    status = 200
    for unit, number in telephones.numbers_of(units):
        mine = request.method == "POST" and chosen == str(unit.pk)
        form = TelephoneForm(request.POST if mine else None, prefix=f"u{unit.pk}", initial={"number": number})
        if mine:
            status = 422
            if form.is_valid():
                try:
                    telephones.set_telephone(
                        by=request.actor, at=request.at, organisation_id=unit.pk, **form.cleaned_data
                    )
                except Refused as refused:
                    show(form, refused)
                else:
                    messages.success(request, "已登记，企业在自己的页面上看到这个电话")
                    return redirect("unit_telephones")
        rows.append((unit, form))
    return render(request, "enterprise_problems/rating_telephones.html", {"rows": rows}, status=status)


_DESK = "workbench/call-backs/"
_RATINGS = "workbench/ratings/"
urlpatterns = [
    path(_DESK, call_backs, name="call_backs"),
    path(f"{_DESK}samples/", samples, name="call_back_samples"),
    path(f"{_DESK}samples/draw/", sample_draw, name="call_back_draw"),
    path(f"{_DESK}<int:pk>/", call_back, name="call_back"),
    path(f"{_DESK}<int:pk>/record/print/", call_back_record, name="call_back_record"),
    path(f"{_DESK}<int:pk>/<slug:act>/", call_back_act, name="call_back_act"),
    path(_RATINGS, rating_groups, name="rating_groups"),
    path(f"{_RATINGS}figures/", rating_figures, name="rating_figures"),
    path(f"{_RATINGS}figures/<str:place>/<slug:figure>/", rating_rows, name="rating_rows"),
    path("workbench/assessments/", assess_list, name="assess_list"),
    path("workbench/assessments/<str:number>/", assess, name="assess"),
    path("workbench/unit-telephones/", unit_telephones, name="unit_telephones"),
]
