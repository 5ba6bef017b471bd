"""Which posts a person holds on a day: the answer to foundation's Authority protocol."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Grant
from qifu.registers.divisions.queries import subtree
from qifu.registers.people.models import Post


class PostAuthority:
    """Reads posts; a person without a current post, or who is disabled, is granted nothing."""

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return one grant for each post held on the local day of `at`."""
        day = timezone.localdate(at)
        posts = Post.objects.filter(person_id=actor_id, person__is_active=True, starts_on__lte=day)
        for post in posts.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day)).order_by("pk"):
            yield Grant(
                role=post.role,
                actor_id=actor_id,
                organisation_id=post.organisation_id,
                place=post.place_code,
                places=subtree(post.place_code),
            )
