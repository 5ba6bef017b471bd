"""Display choices kept in cookies: larger text (适老化) and single keys. They hold no personal data and need no script."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from qifu.foundation.pages import Request, page

LARGE_TEXT = "qifu_text"
SINGLE_KEYS = "qifu_keys"
CHOICES = {"text": (LARGE_TEXT, {"large", "normal"}), "keys": (SINGLE_KEYS, {"on", "off"})}
A_YEAR = 365 * 24 * 3600


@require_POST
@page("portal.view")
def display(request: Request) -> HttpResponse:
    """Keep the choice and go back to where it was made."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    for name, (cookie, allowed) in CHOICES.items():
        value = request.POST.get(name)
        if value in allowed:
            response.set_cookie(
                cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
            )
    return response
