"""Which posts a person holds on a day, or exercises for an absent colleague: the answer to foundation's Authority."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Grant
from qifu.foundation.kept_grants import KeptGrants
from qifu.registers.divisions.queries import subtrees
from qifu.registers.people.models import Delegation, Post, SecondFactor


def _grants(actor_id: int, at: datetime) -> Iterable[Grant]:
    """Return one grant for each post held or exercised on the local day of `at`, for two light queries.

    Nothing is granted to a person without a current post, one who is disabled, or one who still has to replace a
    one-time password; nor for a post that awaits confirmation, or whose role demands a second factor not yet set up.
    A delegate is granted the posts named in a delegation of the day and no other: not those that their holder in turn
    exercises for somebody else, so delegations form no chains.
    """
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


POSTS = KeptGrants("qifu_post_grants", _grants)


def forget_grants() -> None:
    """Read posts again at the next question; called by acts that change them."""
    POSTS.forget()
