"""A gram index over one text column of a register's table: every row that holds some characters, on both databases.

`foundation.search` finds the few thousand things a site tells of, with excerpts and ranks. A register of a million
short names is searched in its own table: no copy of each row, filters of its own columns in the same query. The grams
are the same (each character, each pair of neighbours): a contentless FTS5 table on SQLite, a GIN index over
foundation's function on PostgreSQL.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connections
from django.db.models import BooleanField, Model, QuerySet
from django.db.models.expressions import RawSQL

from qifu.foundation.action import current_act
from qifu.foundation.search import GRAMS, grams

M = TypeVar("M", bound=Model)
GRAMS_ASKED = 12
"""How many grams of one word narrow the search; the substring check does the rest."""


@dataclass(frozen=True)
class GramIndex:
    """The index `name` over `column` (normalised text) of `table`, whose key is `id`.

    `alone`: PostgreSQL reads the table without parallel workers. Knowing nothing of how rare grams are, it would start
    them for a few hundred rows, which costs more than the rows do.
    """

    table: str
    column: str
    name: str
    alone: bool = False

    def replace(self, changes: Iterable[tuple[int, str | None, str | None]], using: str = "default") -> None:
        """Index the texts of many rows: (number, text before or None, text after or None); inside an act.

        On PostgreSQL the index follows by itself. A contentless FTS5 table forgets a row only when told exactly the
        tokens it was given; they follow from the text.
        """
        current_act()
        connection = connections[using]
        if connection.vendor != "sqlite":
            return
        gone: list[tuple[int, str]] = []
        come: list[tuple[int, str]] = []
        for pk, before, after in changes:
            if before != after:
                gone += [(pk, _tokens(before))] if before is not None else []
                come += [(pk, _tokens(after))] if after is not None else []
        with connection.cursor() as cursor:
            if gone:
                forget = f"INSERT INTO {self.name} ({self.name}, rowid, grams) VALUES ('delete', %s, %s)"
                cursor.executemany(forget, gone)
            if come:
                cursor.executemany(f"INSERT INTO {self.name} (rowid, grams) VALUES (%s, %s)", come)

    def holding(self, rows: QuerySet[M], words: Sequence[str]) -> QuerySet[M]:
        """Keep the rows that hold every word (normalised, without blanks), exactly."""
        for word in words:
            if len(word) > 2:  # grams are the whole truth only up to two characters
                rows = rows.filter(**{f"{self.column}__contains": word})
        asked = _asked(words)
        if connections[rows.db].vendor == "postgresql":
            sql = f"{GRAMS}({self.table}.{self.column}) @> %s::bigint[]"
            return rows.filter(RawSQL(sql, [asked], output_field=BooleanField()))
        match = " ".join(f'"{gram:x}"' for gram in asked)
        return rows.filter(
            pk__in=RawSQL(f"SELECT rowid FROM {self.name} WHERE {self.name} MATCH %s", [match])
        )

    def install(self, using: str = "default") -> None:
        """Make the index on the database `using`, if the table is there; after every migration and flush."""
        connection = connections[using]
        if self.table not in connection.introspection.table_names():
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                made = f"CREATE INDEX IF NOT EXISTS {self.name} ON {self.table} USING gin ({GRAMS}({self.column}))"
                cursor.execute(made)
                # Without statistics the planner takes grams for rare and asks the index; whoever searches decides
                # beforehand whether the words are common.
                cursor.execute(f"ALTER INDEX {self.name} ALTER COLUMN 1 SET STATISTICS 0")
                if self.alone:
                    cursor.execute(f"ALTER TABLE {self.table} SET (parallel_workers = 0)")
                return
            cursor.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.name}"
                " USING fts5(grams, content='', detail='none', columnsize=0, tokenize='ascii')"
            )
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {self.table})")
            if not cursor.fetchone()[0]:  # a flush empties the table and may use its numbers again
                cursor.execute(f"INSERT INTO {self.name} ({self.name}) VALUES ('delete-all')")

    def install_after_migrate(self, *, using: str = "default", **_: Any) -> None:
        """Receive Django's post_migrate."""
        self.install(using)


def _asked(words: Sequence[str]) -> list[int]:
    found: set[int] = set()
    for word in words:
        if len(word) == 1:
            found.add(ord(word) << 21)
        pairs = itertools.islice(itertools.pairwise(word), GRAMS_ASKED)
        found.update((ord(a) << 21) + ord(b) for a, b in pairs)
    return sorted(found)


def _tokens(text: str) -> str:
    return " ".join([f"{gram:x}" for gram in sorted(grams(text))])
