"""An Authority that asks its register once a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from qifu.foundation.access import Grant
from qifu.foundation.request_id import held


class KeptGrants:
    """Answers with what `read` returns, kept for the same person at the same moment of the same request.

    What ended meanwhile grants nothing on the next request; an act that changes what is held calls `forget`.
    """

    def __init__(self, name: str, read: Callable[[int, datetime], Iterable[Grant]]) -> None:
        self._name, self._read = name, read

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return what the person holds at `at`."""
        kept, asked = held(), (self._name, actor_id, at)
        if kept is None:
            return tuple(self._read(actor_id, at))
        if asked not in kept:
            kept[asked] = tuple(self._read(actor_id, at))
        found: tuple[Grant, ...] = kept[asked]
        return found

    def forget(self) -> None:
        """Read again at the next question."""
        kept = held() or {}
        for asked in [one for one in kept if one[0] == self._name]:
            del kept[asked]
