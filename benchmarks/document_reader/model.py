"""A plan before it is a file: blocks of paragraphs and tables, and the truth a reader should find in them.

The truth is contract JSON (`qifu plan read --json`) whose leaves may also be *marks*:
`{"any": [...]}` several answers are right, `{"free": true}` not judged, `{"lost": true}` the document no longer says
(a reader is right to give null, and must say so with an error or warning), `{"sha256": "..."}` of the text without whitespace.
A mutation edits the blocks and the truth together, so the two never part.
"""

from __future__ import annotations

import copy
import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Literal

Record = dict[str, Any]
FREE: Record = {"free": True}
LOST: Record = {"lost": True}


def any_of(*values: Any) -> Any:
    """Mark of several right answers, in order of preference; one alone stays a plain value."""
    distinct = [value for index, value in enumerate(values) if value not in values[:index]]
    return distinct[0] if len(distinct) == 1 else {"any": distinct}


def plain(text: object) -> str:
    """Text for comparison: NFKC (full width to half width), no whitespace, one kind of brackets and quotes."""
    folded = unicodedata.normalize("NFKC", str(text))
    folded = folded.translate(_FOLD)
    return "".join(folded.split())


_FOLD = str.maketrans(
    {
        "〔": "(",
        "〕": ")",
        "［": "(",
        "］": ")",
        "【": "(",
        "】": ")",
        "[": "(",
        "]": ")",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "；": ";",
        "，": ",",
        "：": ":",
        "—": "-",
        "–": "-",
        "．": ".",
    }
)


def digest(text: str) -> str:
    """sha256 of a text without whitespace, in the folded form of `plain`."""
    return hashlib.sha256(plain(text).encode()).hexdigest()


@dataclass
class Row:
    """One physical table row; `records` are the truth records written in it (none for headings, blanks and noise)."""

    cells: list[str]
    records: list[Record] = field(default_factory=list)
    kind: Literal["heading", "data", "band", "noise", "blank"] = "data"
    joined: bool = False  # the cell borders are lost: cells run together, with blanks between
    loose: bool = False  # no longer in line with the columns, so it takes no part in merged cells


@dataclass
class Table:
    """Rows in the order of the page; `columns` are the roles of the columns, headings are the first row's text."""

    part: str
    columns: list[str]
    rows: list[Row]
    merged: set[str] = field(default_factory=set)  # roles whose empty cells are merged with the one above

    def data(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "data"]

    def column(self, role: str) -> int:
        return self.columns.index(role) if role in self.columns else -1


@dataclass
class Paragraph:
    text: str
    style: str = "body"  # mark, title, heading, item, body, sign
    records: list[Record] = field(default_factory=list)


@dataclass
class PageBreak:
    """A new page before the next block, where the format has pages."""


Block = Paragraph | Table | PageBreak


@dataclass
class Damage:
    """What a mutation did: the truth records it touched, the fields of them, and whether something is gone for good."""

    kind: str
    part: str
    records: list[Record]
    fields: set[str]  # empty: the whole row
    lost: bool = False
    note: str = ""


@dataclass
class Plan:
    family: str
    year: int
    blocks: list[Block]
    truth: Record
    damages: list[Damage] = field(default_factory=list)
    # Oddities the document has from birth (body against annex ...): a warning there is no false one. (part, number, field)
    oddities: list[tuple[str, int | None, str | None]] = field(default_factory=list)
    seed: str = ""

    def tables(self, part: str | None = None) -> list[Table]:
        return [b for b in self.blocks if isinstance(b, Table) and part in (None, b.part)]

    def paragraphs(self) -> list[Paragraph]:
        return [b for b in self.blocks if isinstance(b, Paragraph)]

    def clone(self) -> Plan:
        return copy.deepcopy(self)

    def text(self) -> str:
        """Everything written in the document, for asking whether a `raw` is really there."""
        parts: list[str] = []
        for block in self.blocks:
            if isinstance(block, Paragraph):
                parts.append(block.text)
            elif isinstance(block, Table):
                parts += [cell for row in block.rows for cell in row.cells]
        return "\n".join(parts)


def empty_truth() -> Record:
    """Contract JSON of a plan that says nothing."""
    return {
        "title": None,
        "document_number": None,
        "issuer": None,
        "seal": None,
        "issued_on": None,
        "addressees": [],
        "copied_to": [],
        "urgency": None,
        "signed_by": None,
        "publicity": None,
        "indicators": [],
        "tasks": [],
        "actions": [],
        "missing": [],
        "duties": [],
    }
