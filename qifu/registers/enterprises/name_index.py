"""Which enterprises bear, or bore, a name that holds some words: exact, from one character on, on both databases.

Foundation's grams (each character, each pair of neighbours) over `Enterprise.name_text`: a contentless FTS5 table on
SQLite, a GIN index over foundation's own function on PostgreSQL. Why not foundation's common index: a register of a
million short names would drown the few thousand documents there, and needs only the first thousand matches by number.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections

from qifu.foundation.action import current_act
from qifu.foundation.search import GRAMS as GRAMS_FUNCTION
from qifu.foundation.search import grams, normalise
from qifu.registers.enterprises.models import Enterprise

TABLE = "enterprises_enterprise"
INDEX = "enterprises_name_grams"
FOUND = "enterprises_named"
GRAMS_ASKED = 12
"""How many grams of one word narrow the search; the substring check does the rest."""


def text_of(name: str, former: Iterable[str] = ()) -> str:
    """Return the text that is searched of one enterprise: its name, then each former one in a line of its own."""
    return "\n".join(normalise(one).replace(" ", "") for one in (name, *former))


def grams_of_words(words: Sequence[str]) -> list[int]:
    """Return the grams that every match must have, as numbers."""
    asked: set[int] = set()
    for word in words:
        if len(word) == 1:
            asked.add(ord(word) << 21)
        asked.update((ord(a) << 21) + ord(b) for a, b in list(itertools.pairwise(word))[:GRAMS_ASKED])
    return sorted(asked)


def replace(changes: Iterable[tuple[int, str | None, str | None]]) -> None:
    """Index the texts of many: (number, text before or None, text after or None); on PostgreSQL the index follows by itself."""
    current_act()
    connection = connections[Enterprise.objects.db]
    if connection.vendor != "sqlite":
        return
    gone, come = [], []
    for pk, before, after in changes:
        if before == after:
            continue
        if before is not None:
            gone.append((pk, _tokens(before)))
        if after is not None:
            come.append((pk, _tokens(after)))
    with connection.cursor() as cursor:
        if gone:
            cursor.executemany(f"INSERT INTO {INDEX} ({INDEX}, rowid, grams) VALUES ('delete', %s, %s)", gone)
        if come:
            cursor.executemany(f"INSERT INTO {INDEX} (rowid, grams) VALUES (%s, %s)", come)


def _tokens(text: str) -> str:
    return " ".join([f"{gram:x}" for gram in sorted(grams(text))])


def install(using: str = "default") -> None:
    """Make the index on the database `using`, if the table is there; after every migration and flush."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _POSTGRES if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
        if connection.vendor == "sqlite":
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {TABLE})")
            if not cursor.fetchone()[0]:  # a flush empties the table and may use its numbers again
                cursor.execute(f"INSERT INTO {INDEX} ({INDEX}) VALUES ('delete-all')")


_SQLITE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {INDEX}"
    " USING fts5(grams, content='', detail='none', columnsize=0, tokenize='ascii')",
)
# As in foundation/search.py: the planner, left alone, reads every row for a common word and takes the grams of each.
_POSTGRES = (
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TABLE} USING gin ({GRAMS_FUNCTION}(name_text))",
    f"ALTER INDEX {INDEX} ALTER COLUMN 1 SET STATISTICS 0",
    f"""CREATE OR REPLACE FUNCTION {FOUND}(asked bigint[]) RETURNS SETOF bigint
    LANGUAGE sql STABLE STRICT SET enable_seqscan = off SET enable_indexscan = off SET work_mem = '64MB' AS $$
      SELECT id FROM {TABLE} WHERE {GRAMS_FUNCTION}(name_text) @> asked
    $$""",
)


def install_after_migrate(*, using: str = "default", **_: Any) -> None:
    """Receive Django's post_migrate."""
    install(using)
