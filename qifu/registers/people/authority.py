"""Which posts a person holds on a day: the answer to foundation's Authority protocol."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Grant
from qifu.foundation.request_id import current_request_id
from qifu.registers.divisions.queries import subtrees
from qifu.registers.people.models import Post

_Key = tuple[str, int, datetime]
# What was answered last: kept only for the same person at the same moment of the same request, so that a post
# which ended meanwhile grants nothing on the next one.
_answered: ContextVar[tuple[_Key, tuple[Grant, ...]] | None] = ContextVar("qifu_grants", default=None)


class PostAuthority:
    """Reads posts, for two light queries a request.

    Nothing is granted to a person without a current post, one who is disabled, or one who still has to replace a
    one-time password.
    """

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return one grant for each post held on the local day of `at`."""
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
    posts = Post.objects.filter(person_id=actor_id, person__is_active=True, person__one_time_until=None)
    posts = posts.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day).order_by("pk")
    held = list(posts)
    places = subtrees({post.place_code for post in held}) if held else {}
    for post in held:
        yield Grant(
            role=post.role,
            actor_id=actor_id,
            organisation_id=post.organisation_id,
            place=post.place_code,
            places=places[post.place_code],
        )
