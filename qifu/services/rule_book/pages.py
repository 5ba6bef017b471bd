"""Pages of the rule book: the list, one rule read aloud and tried, and which facts this place has."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from qifu.engines.rules.rule_book import NotInForce
from qifu.foundation.access import NotFound
from qifu.foundation.pages import Request, page
from qifu.services.rule_book import queries
from qifu.services.rule_book.forms import FactFilter, RuleFilter, TrialForm

PAGE_SIZE = 50


@require_safe
@page("rule_book.view")
def rules(request: Request) -> HttpResponse:
    """List the rules of the site."""
    form = RuleFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    lines, found = queries.rules(request.today, **wanted)
    context = {"form": form, "lines": lines, "problems": found.problems, "filtered": any(wanted.values())}
    return render(request, "rule_book/rules.html", context)


@require_safe
@page("rule_book.view")
def rule(request: Request, code: str) -> HttpResponse:
    """Read one rule aloud, with its versions and examples."""
    context = {
        "page": queries.rule(code, request.today),
        "form": TrialForm(),
        "may_try": queries.may_try(request.actor, request.at),
    }
    return render(request, "rule_book/rule.html", context)


@never_cache
@require_safe
@page("rule_book.try_rule")
def try_rule(request: Request, code: str) -> HttpResponse:
    """Try a rule on one enterprise and explain the verdict."""
    form, trial, status = TrialForm(request.GET), None, 422
    shown = queries.rule(code, request.today)
    if form.is_valid():
        try:
            trial = queries.try_rule(
                code, form.cleaned_data["uscc"], request.actor, request.at, request.today
            )
            status = 200
        except NotFound:
            form.add_error("uscc", "辖区内没有这家企业，请核对代码")
        except NotInForce as error:
            form.add_error(None, str(error))
    context = {"page": shown, "form": form, "trial": trial}
    return render(request, "rule_book/trial.html", context, status=status)


@require_safe
@page("rule_book.view_availability")
def fact_availability(request: Request) -> HttpResponse:
    """Tell of each fact whether this place has it, how fresh, and which rules wait for it."""
    form = FactFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = queries.availability(request.actor, request.at, request.today, **wanted)
    shown = Paginator(found.lines, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "rule_book/availability.html", {"form": form, "found": found, "page": shown})


urlpatterns = [
    path("workbench/rules/", rules, name="rules"),
    path("workbench/rules/<slug:code>/", rule, name="rule"),
    path("workbench/rules/<slug:code>/try/", try_rule, name="try_rule"),
    path("workbench/facts/", fact_availability, name="fact_availability"),
]
