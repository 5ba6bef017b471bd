"""One logical row of an annex table."""

from __future__ import annotations

from dataclasses import dataclass, field

from .grid import Cell
from .headers import Role


@dataclass(slots=True)
class DataRow:
    """One logical row: text and source cell by role, and what was done to it."""

    line: int
    page: int | None
    texts: dict[Role, str] = field(default_factory=dict)
    cells: dict[Role, Cell] = field(default_factory=dict)
    merged: set[Role] = field(default_factory=set)
    number: int | None = None
    number_repaired: bool = False
    section: str | None = None
    page_start: bool = False
    repairs: list[tuple[str, Role | None, str]] = field(default_factory=list)  # (code, field, text)
    broken: bool = False  # a repair that touches the whole row has been reported
    ruled: bool = False

    def text(self, role: Role) -> str:
        return self.texts.get(role, "")

    def mark(self, code: str, role: Role | None, text: str) -> None:
        """Note a repair, of one field or, without `role`, of the whole row."""
        self.repairs.append((code, role, text))
        self.broken = self.broken or role is None
