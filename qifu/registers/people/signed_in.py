"""Who asks: the person of the session as an actor, and what a one-time password leads to."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from qifu.foundation import clock
from qifu.foundation.access import ANONYMOUS, Actor
from qifu.registers.people.authority import lacks_second_factor
from qifu.registers.people.models import Person

FREE_ROUTES = ("change_own_password", "sign_out", "sign_in", "display")
FACTOR_ROUTES = ("second_factor", "second_factor_begin", "second_factor_confirm", "own_account")


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as the one who acts; ANONYMOUS for a visitor or a person disabled meanwhile."""
    person = getattr(request, "user", None)
    return person.as_actor() if isinstance(person, Person) and person.is_active else ANONYMOUS


def own_password_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, after authentication: lead a person with a one-time password to replace it before anything else, and
    one whose role demands an authenticator to set it up.

    It is a kindness only: the Authority grants such a person nothing in any case.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        person = getattr(request, "user", None)
        if isinstance(person, Person) and not request.path.startswith("/static/"):
            if person.must_change_password and not _goes_to(request, FREE_ROUTES):
                return HttpResponseRedirect(reverse("change_own_password"))
            if not _goes_to(request, FREE_ROUTES + FACTOR_ROUTES) and must_set_up_factor(person):
                return HttpResponseRedirect(reverse("second_factor"))
        return get_response(request)

    return middleware


def _goes_to(request: HttpRequest, routes: tuple[str, ...]) -> bool:
    return request.path in {reverse(name) for name in routes}


def must_set_up_factor(person: Person) -> bool:
    """Tell whether a post of the person demands an authenticator (QIFU_REQUIRE_TOTP) that is not set up."""
    if not settings.REQUIRE_TOTP:
        return False
    open_posts = person.posts.filter(ends_on=None) | person.posts.filter(
        ends_on__gt=timezone.localdate(clock.now())
    )
    return lacks_second_factor(person.pk, open_posts.values_list("role", flat=True))
