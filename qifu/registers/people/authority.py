"""Which posts a person holds on a day, or exercises for an absent colleague: the answer to foundation's Authority."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Grant
from qifu.foundation.request_id import current_request_id
from qifu.registers.divisions.queries import subtrees
from qifu.registers.people.models import Delegation, Post, SecondFactor

_Key = tuple[str, int, datetime]
# What was answered last: kept only for the same person at the same moment of the same request, so that a post
# which ended meanwhile grants nothing on the next one.
_answered: ContextVar[tuple[_Key, tuple[Grant, ...]] | None] = ContextVar("qifu_grants", default=None)


class PostAuthority:
    """Reads posts, for two light queries a request.

    Nothing is granted to a person without a current post, one who is disabled, or one who still has to replace a
    one-time password; nor for a post that awaits confirmation, or whose role demands a second factor not yet set up.
    A delegate is granted the posts named in a delegation of the day and no other: not those that their holder in turn
    exercises for somebody else, so delegations form no chains.
    """

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return one grant for each post held or exercised on the local day of `at`."""
        key = (current_request_id(), actor_id, at)
        kept = _answered.get()
        if kept is not None and key[0] and kept[0] == key:
            return kept[1]
        found = tuple(_grants(actor_id, at))
        _answered.set((key, found))
        return found


def forget_grants() -> None:
    """Read posts again at the next question; called by acts that change them."""
    _answered.set(None)


def _grants(actor_id: int, at: datetime) -> Iterable[Grant]:
    day = timezone.localdate(at)
    standing_in = Delegation.objects.filter(
        delegate_id=actor_id, delegate__is_active=True, delegate__one_time_until=None,
        starts_on__lte=day, ends_on__gt=day,
    )  # fmt: skip
    own = Q(person_id=actor_id, person__one_time_until=None)
    posts = Post.objects.filter(own | Q(pk__in=standing_in.values("post_id")))
    posts = posts.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)
    held = list(posts.filter(awaits_confirmation=False, person__is_active=True).order_by("pk"))
    if lacks_second_factor(actor_id, (post.role for post in held)):
        held = [post for post in held if post.role not in settings.REQUIRE_TOTP]
    places = subtrees({post.place_code for post in held}) if held else {}
    for post in held:
        yield Grant(
            role=post.role,
            actor_id=actor_id,
            organisation_id=post.organisation_id,
            place=post.place_code,
            places=places[post.place_code],
            on_behalf_of=None if post.person_id == actor_id else post.person_id,
        )


def lacks_second_factor(person_id: int, roles: Iterable[str]) -> bool:
    """Tell whether one of the roles demands an authenticator (QIFU_REQUIRE_TOTP) that the person has not set up."""
    if not set(settings.REQUIRE_TOTP).intersection(roles):
        return False
    return not SecondFactor.objects.filter(person_id=person_id, confirmed_at__isnull=False).exists()
