"""Site search: one box over everything that rooms have indexed; each finds only what he or she may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from qifu.foundation import access
from qifu.foundation.modules import SearchKind, search_kinds
from qifu.foundation.pages import Request, page
from qifu.foundation.search import Audience, find

LONGEST_QUERY = 60
SHOWN = 50


@require_safe
@page("portal.view")
def search(request: Request) -> HttpResponse:
    """Show the first hits of a query, how many there are, and what to do when there is none."""
    words = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    kinds = search_kinds()
    within = what_may_be_found(request, kinds.values())
    results = find(words, kinds=kinds, public_only=False, within=within, limit=SHOWN)
    hits = [
        {
            "kind": kinds[hit.kind].title,
            "url": _address(kinds[hit.kind], hit.object_id),
            "title": marked(hit.title, results.words),
            "excerpt": marked(hit.excerpt, results.words),
        }
        for hit in results.hits
    ]
    return render(request, "portal/search.html", {"words": words, "results": results, "hits": hits})


def what_may_be_found(request: Request, kinds: Iterable[SearchKind]) -> Q:
    """Return the condition on search entries that the person may find; nothing where no permission is held."""
    grants = access.grants_of(request.actor, request.at)
    allowed = Q(pk__in=())
    for kind in kinds:
        relations = access.permissions()[kind.permission].grants
        held = [grant for grant in grants if grant.role in relations]
        if held:
            allowed |= Q(kind=kind.kind, audience=Audience.PUBLIC)
        places = {place for grant in held if "in_place" in relations[grant.role] for place in grant.places}
        if places:
            allowed |= Q(kind=kind.kind, place_code__in=places)
    return allowed


def marked(text: str, words: Iterable[str]) -> SafeString:
    """Return the text with every occurrence of a word marked; everything else is escaped."""
    lowered, spans = text.lower(), []
    if len(lowered) == len(text):
        for word in words:
            start = lowered.find(word)
            while start >= 0:
                spans.append((start, start + len(word)))
                start = lowered.find(word, start + len(word))
    shown, end = SafeString(""), 0
    for first, last in sorted(spans):
        if first >= end:
            shown += format_html("{}<mark>{}</mark>", text[end:first], text[first:last])
            end = last
    return shown + format_html("{}", text[end:])


def _address(kind: SearchKind, object_id: str) -> Any:
    try:
        return reverse(kind.route, args=[object_id])
    except NoReverseMatch:
        return ""
