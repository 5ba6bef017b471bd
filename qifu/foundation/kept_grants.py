"""An Authority that asks its register once a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime

from qifu.foundation.access import Grant
from qifu.foundation.request_id import current_request_id


class KeptGrants:
    """Answers with what `read` returns, kept for the same person at the same moment of the same request.

    What ended meanwhile grants nothing on the next request; an act that changes what is held calls `forget`.
    """

    def __init__(self, name: str, read: Callable[[int, datetime], Iterable[Grant]]) -> None:
        self._read = read
        self._kept: ContextVar[tuple[tuple[str, int, datetime], tuple[Grant, ...]] | None] = ContextVar(
            name, default=None
        )

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return what the person holds at `at`."""
        key = (current_request_id(), actor_id, at)
        kept = self._kept.get()
        if kept is not None and key[0] and kept[0] == key:
            return kept[1]
        found = tuple(self._read(actor_id, at))
        self._kept.set((key, found))
        return found

    def forget(self) -> None:
        """Read again at the next question."""
        self._kept.set(None)
