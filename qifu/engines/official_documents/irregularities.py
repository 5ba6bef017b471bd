"""Everything doubtful is collected here: code, severity, place, plain words and a proposal."""

from __future__ import annotations

from .plan import Irregularity, Part, Severity, Where

# code -> default severity. Codes are stable: reviews and tests refer to them.
SEVERITIES: dict[str, Severity] = {
    # file and layout
    "markup_left": "info",  # leftover HTML inside text
    "header_blank": "info",  # a column without heading, understood by its content
    "header_missing": "warning",  # a table without any heading row
    "column_guessed": "warning",  # an unknown heading, understood by what stands below it
    "column_doubtful": "warning",  # a column whose cells mostly do not suit its heading
    "column_unread": "warning",  # a column without role that may hold what the rows lack
    "table_unread": "error",  # a table that fits no known kind
    "metadata_missing": "info",
    "traditional_labels": "info",  # headings or labels in traditional characters
    # rows
    "row_shifted": "warning",
    "row_joined": "warning",  # one row was cut in two (page or line break)
    "row_separated": "warning",  # two rows stood on one line
    "cells_separated": "warning",  # two cells had run together
    "row_repeated": "warning",
    "row_unread": "error",
    "row_order": "warning",
    "number_repaired": "warning",
    "number_missing": "warning",
    "number_gap": "error",
    # cells
    "group_moved": "warning",
    "group_doubtful": "warning",
    "group_missing": "warning",
    "text_missing": "error",
    "text_repaired": "warning",
    "text_doubtful": "warning",
    "units_missing": "error",
    "units_doubtful": "warning",
    "unit_cut": "warning",
    "name_slip": "warning",
    "name_repaired": "warning",
    "name_doubtful": "warning",
    "name_former": "info",
    "deadline_missing": "error",
    "deadline_unreadable": "error",
    "deadline_repaired": "warning",
    "deadline_doubtful": "warning",  # two deadlines in one cell
    "year_assumed": "info",
    "target_missing": "error",
    "target_unclear": "warning",  # a range, a relative target, words
    "target_repaired": "warning",
    "unit_missing": "warning",
    "unit_repaired": "warning",
    "frequency_missing": "warning",
    "frequency_repaired": "warning",
    "list_numbering": "warning",
    # paragraphs
    "duty_unread": "warning",  # a paragraph speaks of a responsible unit, but no duty was read
    # body against annexes
    "value_differs": "warning",
    "stock_or_flow": "warning",
    "scale_differs": "info",
    "unit_differs": "warning",
    "name_differs": "info",
    "lead_differs": "warning",
    "deadline_order": "warning",
    "not_in_annex": "info",
    "no_definition": "info",
}


class Findings:
    """The list of irregularities under construction; the same finding at the same place is kept once."""

    def __init__(self) -> None:
        self.items: list[Irregularity] = []
        self._seen: set[tuple[str, Part, int | None, str | None, int | None]] = set()

    def add(
        self,
        code: str,
        part: Part,
        text: str,
        *,
        number: int | None = None,
        field: str | None = None,
        line: int | None = None,
        proposal: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        mark = (code, part, number, field, line)
        if mark in self._seen:
            return
        self._seen.add(mark)
        where = Where(part, number, field, line)
        self.items.append(Irregularity(code, severity or SEVERITIES[code], where, text, proposal))

    def sorted(self) -> list[Irregularity]:
        """In the order of the document."""
        return sorted(self.items, key=lambda item: (item.where.line is None, item.where.line or 0))
