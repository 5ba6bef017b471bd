"""Who asks: the person of the session as an actor, and what a one-time password leads to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from qifu.foundation.access import ANONYMOUS, Actor
from qifu.registers.people.models import Person

FREE_ROUTES = ("change_own_password", "sign_out", "sign_in", "display")


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as the one who acts; ANONYMOUS for a visitor or a person disabled meanwhile."""
    person = getattr(request, "user", None)
    return person.as_actor() if isinstance(person, Person) and person.is_active else ANONYMOUS


def own_password_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, after authentication: lead a person with a one-time password to replace it before anything else.

    It is a kindness only: the Authority grants such a person nothing in any case.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        person = getattr(request, "user", None)
        if isinstance(person, Person) and person.must_change_password:
            free = request.path.startswith("/static/") or request.path in {
                reverse(name) for name in FREE_ROUTES
            }
            if not free:
                return HttpResponseRedirect(reverse("change_own_password"))
        return get_response(request)

    return middleware
