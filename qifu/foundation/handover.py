"""Hand-over of open work when a post ends (工作移交): rooms tell what a person still has open, and may move it.

A room declares itself once, at start (AppConfig.ready). Registers that end posts ask here and know no service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from qifu.foundation.access import Actor


@dataclass(frozen=True)
class OpenWork:
    """Work that somebody must go on with: its title, the address of the list, how many pieces."""

    title: str
    link: str
    count: int


Ask = Callable[[int, "int | None", datetime], Sequence[OpenWork]]
"""(person, organisation or None for all of them, moment) -> what is open in that person's own hands."""


class Transfer(Protocol):
    """Moves a person's open work of one organisation to a successor; called inside the act that ends the post."""

    def __call__(
        self, *, by: Actor, at: datetime, person_id: int, organisation_id: int | None, successor_id: int
    ) -> int:
        """Return how many pieces moved; raise Refused, in Chinese, where the successor cannot have them."""
        ...


@dataclass(frozen=True)
class _Room:
    ask: Ask
    transfer: Transfer | None


_rooms: dict[str, _Room] = {}


def declare_open_work(name: str, *, open_work: Ask, transfer: Transfer | None = None) -> None:
    """Make a room's open work known; once each. Without `transfer` the successor only gets a notice of what is open."""
    if name in _rooms:
        raise ValueError(f"open work of {name} is declared twice")
    _rooms[name] = _Room(open_work, transfer)


def open_work(person_id: int, organisation_id: int | None, at: datetime) -> list[OpenWork]:
    """Return everything that is open in a person's hands, room by room; nothing with a count of zero."""
    found = [work for room in _rooms.values() for work in room.ask(person_id, organisation_id, at)]
    return [work for work in found if work.count]


def transfer(
    *, by: Actor, at: datetime, person_id: int, organisation_id: int | None, successor_id: int
) -> int:
    """Move to the successor what the rooms can move, inside the act under way; return how many pieces moved."""
    return sum(
        room.transfer(
            by=by, at=at, person_id=person_id, organisation_id=organisation_id, successor_id=successor_id
        )
        for room in _rooms.values()
        if room.transfer is not None
    )
