"""Who asks: every request gets its actor, its moment and its business day."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from qifu.foundation import clock
from qifu.foundation.access import ANONYMOUS, Actor
from qifu.foundation.pages import Request
from qifu.registers.people.models import Person

FREE_ROUTES = ("change_own_password", "sign_out", "sign_in")


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as the one who acts; ANONYMOUS for a visitor or a person disabled meanwhile."""
    person = getattr(request, "user", None)
    return person.as_actor() if isinstance(person, Person) and person.is_active else ANONYMOUS


def name_who_asks(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[Request], HttpResponse]:
    """Middleware: set `actor`, `at` and `today` on the request, once; stands after Django's authentication.

    A person with a one-time password is led to replace it before anything else.
    """

    def middleware(request: Request) -> HttpResponse:
        request.at, request.today = clock.now(), clock.today()
        request.actor = actor_of(request)
        if request.actor.is_person and request.user.must_change_password:  # type: ignore[union-attr]
            free = {reverse(name) for name in FREE_ROUTES}
            if request.path not in free and not request.path.startswith("/static/"):
                return HttpResponseRedirect(reverse("change_own_password"))
        return get_response(request)

    return middleware  # type: ignore[return-value]
