"""The library of policies for staff: the list, one policy, its versions, writing drafts, plain words, withdrawal."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.engines.rules.rule_problems import RuleProblems
from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import library as actions
from qifu.services.policies.content import Content, Terms, content_of
from qifu.services.policies.forms import PlainWordsForm, PolicyFilter, PolicyForm, ReasonForm
from qifu.services.policies.queries import library
from qifu.services.policies.queries import loop as loops
from qifu.services.policies.queries import review as reviews

PUBLISH = "policies.publish"


@require_safe
@page(library.VIEW)
def policy_list(request: Request) -> HttpResponse:
    """List the policies of the place, and the published ones of all others."""
    form = PolicyFilter(request.GET, choices=library.filter_choices(request.actor, request.at))
    given = form.cleaned_data if form.is_valid() else {}
    lines = library.policies(request.actor, request.at, request.today, **given)
    context = {
        "lines": lines, "form": form, "filtered": any(given.values()),
        "units": library.own_units(request.actor, request.at),
        "due": len(reviews.due(request.actor, request.at, request.today)),
    }  # fmt: skip
    return render(request, "policies/list.html", context)


@require_safe
@page(library.VIEW)
def policy(request: Request, code: str) -> HttpResponse:
    """Show one policy: what it says with plain words beside it, reviews of its draft, its loop, its versions."""
    row = library.policy(code, request.actor, request.at)
    inside = library.sees_drafts(row, request.actor, request.at)
    published, draft = library.published(row), library.draft(row) if inside else None
    held = {
        name: library.may(row, permission, request.actor, request.at)
        for name, permission in (
            ("draft", library.DRAFT), ("publish", PUBLISH), ("review", "policies.review"),
            ("legality", "policies.review_legality"), ("loop", "policies.run_loop"),
        )
    }  # fmt: skip
    wants_draft = draft is not None and (published is None or request.GET.get("show") == "draft")
    shown = draft if wants_draft else published
    demands = reviews.demands(row, draft) if draft else []
    context = {
        "policy": row, "line": library.line(row, request.today), "published": published, "draft": draft, "may": held,
        "said": library.said(row, shown, request.today) if shown else None, "shows_draft": shown is not None and shown is draft,
        "shown": shown, "demands": demands, "ready": draft is not None and all(one.passed for one in demands),
        "returned": next((one for one in demands if one.returned), None),
        "next_kind": next((one.kind.value for one in demands if not one.passed), ""),
        "only_words": draft is not None and reviews.changes_only_plain_words(row, draft),
        "loop": loops.loop(row), "steps": row.steps.select_related("owner").order_by("-seq"),
        "records": row.reviews.select_related("file").order_by("-pk") if inside else [], "inside": inside,
        "filing": reviews.filing_of(row), "versions": library.versions(row, drafts=inside), "exempt": reviews.is_exempt(row),
        "may_review_here": draft is not None and request.actor.id not in reviews.hands(row, draft),
    }  # fmt: skip
    return render(request, "policies/policy.html", context)


@require_safe
@page(library.VIEW)
def version(request: Request, code: str, number: int) -> HttpResponse:
    """Show what a revision changed against the published one before it."""
    row = library.policy(code, request.actor, request.at)
    found = library.difference(row, number)
    hidden = (
        found is not None
        and found.after.state == "draft"
        and not library.sees_drafts(row, request.actor, request.at)
    )
    if found is None or hidden:
        raise NotFound(code)
    return render(request, "policies/version.html", {"policy": row, "found": found})


@require_http_methods(["GET", "POST"])
@page(library.DRAFT)
def new(request: Request) -> HttpResponse:
    """Begin a policy of one's own unit from its text and terms."""
    units = {str(one.pk): one for one in library.own_units(request.actor, request.at)}
    form = PolicyForm(
        request.POST or None, owners=[(key, one.name) for key, one in units.items()],
        initial={**asdict(Terms()), "text": library.blank_text(next(iter(units.values()), None), request.today)},
    )  # fmt: skip
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(
                text=form.cleaned_data["text"], terms=form.terms(), by=request.actor, at=request.at,
                owner=units[form.cleaned_data["owner"]],
            )  # fmt: skip
            messages.success(request, f"已建立“{made.title}”的草稿，请办理公平竞争审查。")
            return redirect("policy", made.code)
        except (RuleProblems, Refused) as error:
            problems = _tell(form, error)
    return render(request, "policies/edit.html", {"form": form, "problems": problems, "policy": None})


@require_http_methods(["GET", "POST"])
@page(library.DRAFT)
def edit(request: Request, code: str) -> HttpResponse:
    """Change the text and terms of the draft, or begin the next version from what is published."""
    row = library.own_policy(code, request.actor, request.at)
    base = library.draft(row) or library.published(row)
    content = content_of(base.content) if base else Content("")
    digest = base.digest if base is not None and base.state == "draft" else ""
    initial = {**asdict(content.terms), "text": content.text, "digest": digest}
    form, problems = PolicyForm(request.POST or None, initial=initial), []
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_draft(
                policy=row, content=replace(content, text=form.cleaned_data["text"], terms=form.terms()),
                expected_digest=form.cleaned_data["digest"], by=request.actor, at=request.at,
            )  # fmt: skip
            messages.success(request, "草稿已保存。改动以后，各项审查须重新办理。")
            return redirect("policy", code)
        except (RuleProblems, Refused) as error:
            problems = _tell(form, error)
    return render(request, "policies/edit.html", {"form": form, "problems": problems, "policy": row})


def _tell(form: Any, error: RuleProblems | Refused) -> list[str]:
    """Put what is wrong beside its field; return what is wrong in the text line by line."""
    if isinstance(error, RuleProblems):
        form.add_error("text", "条款里有写错的地方，见上面逐行的说明")
        return [str(one) for one in error.problems[:20]]
    named = {name: words for name, words in error.fields.items() if name in form.fields}
    for name, words in named.items():
        form.add_error(name, words)
    form.add_error(None, error.message)
    return []


@require_http_methods(["GET", "POST"])
@page(library.DRAFT)
def plain_words(request: Request, code: str) -> HttpResponse:
    """Write plain words beside each clause, kept in the draft; a draft is begun where there is none."""
    row = library.own_policy(code, request.actor, request.at)
    base = library.draft(row) or library.published(row)
    said = library.said(row, base, request.today) if base else None
    if base is None or said is None:
        raise NotFound(code)
    digest = base.digest if base.state == "draft" else ""
    form = PlainWordsForm(request.POST or None, clauses=said.clauses, initial={"digest": digest})
    if request.method == "POST" and form.is_valid():
        kept = {
            key: words
            for key, words in said.content.interpretations.items()
            if key not in {one.id for one in said.clauses}
        }
        content = replace(said.content, interpretations=kept | form.words())
        try:
            actions.save_draft(
                policy=row, content=content, expected_digest=form.cleaned_data["digest"], by=request.actor, at=request.at
            )  # fmt: skip
            messages.success(request, "解读已保存在草稿里，发布后企业就能看到。")
            return redirect("policy", code)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    return render(
        request, "policies/plain_words.html", {"form": form, "policy": row, "starts_draft": not digest}
    )


@require_POST
@page(library.DRAFT)
def discard(request: Request, code: str) -> HttpResponse:
    """Delete the open draft."""
    row = library.own_policy(code, request.actor, request.at)
    return _acted(
        request, code, "草稿已删除。",
        lambda: actions.discard_draft(
            policy=row, expected_digest=request.POST.get("digest", ""), by=request.actor, at=request.at
        ),
    )  # fmt: skip


@require_POST
@page(PUBLISH)
def publish(request: Request, code: str) -> HttpResponse:
    """Publish the draft that was read."""
    row = library.own_policy(code, request.actor, request.at, PUBLISH)
    draft = library.draft(row)
    if draft is None or draft.digest != request.POST.get("digest"):
        messages.error(request, "草稿刚有变化，请看过再发布。")
        return redirect("policy", code)
    return _acted(
        request, code, "已发布。请在期限内备案，并继续办理量化、解读。",
        lambda: actions.publish(policy=row, revision=draft, by=request.actor, at=request.at),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@page(PUBLISH)
def withdraw(request: Request, code: str) -> HttpResponse:
    """Withdraw the published revision, with the reason."""
    row = library.own_policy(code, request.actor, request.at, PUBLISH)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _acted(
            request, code, "已撤回。",
            lambda: actions.withdraw(policy=row, reason=form.cleaned_data["reason"], by=request.actor, at=request.at),
        )  # fmt: skip
    return render(request, "policies/act.html", {
        "form": form, "policy": row, "title": "撤回政策", "button": "撤回", "danger": True,
        "lead": "撤回已发布的最新一版；之前还有已发布的版本的，恢复为那一版。已经兑付的不受影响。",
    })  # fmt: skip


def _acted(request: Request, code: str, done: str, act: Any) -> HttpResponse:
    try:
        act()
        messages.success(request, done)
    except (RuleProblems, Refused) as error:
        messages.error(request, error.message if isinstance(error, Refused) else str(error.problems[0]))
    return redirect("policy", code)


HERE = "workbench/policies/"
urlpatterns = [
    path(HERE, policy_list, name="policy_list"),
    path(f"{HERE}new/", new, name="policy_new"),
    path(f"{HERE}<slug:code>/", policy, name="policy"),
    path(f"{HERE}<slug:code>/edit/", edit, name="policy_edit"),
    path(f"{HERE}<slug:code>/plain-words/", plain_words, name="policy_plain_words"),
    path(f"{HERE}<slug:code>/discard/", discard, name="policy_discard"),
    path(f"{HERE}<slug:code>/publish/", publish, name="policy_publish"),
    path(f"{HERE}<slug:code>/withdraw/", withdraw, name="policy_withdraw"),
    path(f"{HERE}<slug:code>/versions/<int:number>/", version, name="policy_version"),
]
