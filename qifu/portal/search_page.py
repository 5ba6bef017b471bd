"""Site search."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page


@require_safe
@page("portal.view")
def search(request: Request) -> HttpResponse:
    """Find what the visitor may see."""
    return render(request, "portal/search.html", {"words": request.GET.get("q", "").strip()[:60]})
