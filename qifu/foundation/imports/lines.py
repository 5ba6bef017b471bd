"""One line of a table as both readers (text and workbook) give it, and the error of a file that is none. Pure."""

from __future__ import annotations

from dataclasses import dataclass

TOLD = ("行号", "栏目", "原因", "建议")
"""The headings that the file of refused rows adds behind the original ones."""


class UnreadableTable(ValueError):
    """The file is no table that can be read; the message is Chinese and says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file: its number, its cells as text, and what is wrong with its form, in Chinese.

    `number` counts rows as Excel and WPS show them: the first is 1, blank rows count, and a CSV row whose cell holds
    line breaks counts once (its number in a plain editor would be higher). `broken` forbids taking the row: its cells
    cannot be told apart; `doubt` is only told.
    """

    number: int
    cells: list[str]
    doubt: str = ""
    broken: str = ""

    @property
    def is_blank(self) -> bool:
        """True when no cell holds anything."""
        return not any(cell and not cell.isspace() for cell in self.cells)
