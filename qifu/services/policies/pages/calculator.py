"""政策计算器: a few questions without signing in, the most telling first; the answers stay in the page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from qifu.foundation.pages import Request, page
from qifu.registers.enterprises.fact_book import fact_book
from qifu.services.policies.calculator import Answer, packed, unpacked, with_answer
from qifu.services.policies.pages.calculator_form import QuestionForm
from qifu.services.policies.queries import calculator as queries


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("policies.calculate")
def policy_calculator(request: Request) -> HttpResponse:
    """Ask the next question beside the picture so far, or show the result."""
    if request.method != "POST":
        return _shown(request, [])
    try:
        answers = unpacked(request.POST.get("state", ""))
    except ValueError:
        return _shown(request, [], fault="页面内容不完整，请重新开始")
    do, name = request.POST.get("do", ""), request.POST.get("fact", "")
    fact = fact_book().facts.get(name)
    if do == "result":
        return _shown(request, answers, result=True)
    if do == "restart":
        return _shown(request, [])
    if do == "back":
        if any(one.fact == name for one in answers):  # it was being changed
            return _shown(request, answers)
        return _shown(request, answers[:-1], asked=answers[-1].fact if answers else "")
    if do.startswith("change:"):
        return _shown(request, answers, asked=do.removeprefix("change:"))
    if fact is None:
        return _shown(request, answers)
    if do in ("unknown", "skipped"):
        return _shown(request, with_answer(answers, Answer(name, None, "unknown" if do == "unknown" else "skipped")))  # fmt: skip
    form = QuestionForm(request.POST, fact=fact, day=request.today)
    if not form.is_valid():
        return _shown(request, answers, asked=name, form=form)
    return _shown(request, with_answer(answers, Answer(name, form.value)))


def _shown(
    request: Request, answers: list[Answer], *, asked: str = "", result: bool = False, form: QuestionForm | None = None, fault: str = "",
) -> HttpResponse:  # fmt: skip
    shown = queries.picture(answers, request.today, asked)
    if form is None and shown.question is not None:
        form = QuestionForm(fact=shown.question, day=request.today)
    context = {
        "shown": shown, "form": form, "state": packed(answers), "result": result or form is None, "fault": fault,
        "number": len([one for one in answers if one.fact != asked]) + 1, "most": queries.SHOWN, "most_near": queries.NEAR,
    }  # fmt: skip
    bad = fault or (form is not None and form.errors and not form.more)
    return render(request, "policies/calculator.html", context, status=422 if bad else 200)


urlpatterns = [path("policy-calculator/", policy_calculator, name="policy_calculator")]
