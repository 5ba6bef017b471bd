"""Exact search by characters, on SQLite and PostgreSQL alike: an entry is found if, and only if, it holds every word.

Chinese has no blanks between words, so what is indexed is each character and each pair of neighbours (a gram). Words
of one or two characters are answered by the index alone; longer ones are narrowed by their grams and then checked as
substrings. Grams are numbers (two code points), so no tokenizer and no collation has a say: SQLite keeps them in a
contentless FTS5 table, PostgreSQL in a GIN index over a function of the text. Both are made by `install`.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connections, models
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length, Replace, StrIndex
from django.db.models.lookups import GreaterThan

from qifu.foundation.action import Record, current_act

MOST_WORDS = 10
LONGEST_WORD = 100
GRAMS_ASKED = 40
"""How many grams of one word narrow the search; the substring check does the rest."""
RANKED = 2000
"""Up to this many matches are ranked by how often the words occur; beyond it, title matches and then the newest first."""

Rows = QuerySet["SearchEntry"]

TABLE = "foundation_searchentry"
GRAMS = "foundation_search_grams"
FOUND = "foundation_search_found"

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_LOOSE_BLANK = re.compile(r"(?<![a-z0-9])\s+|\s+(?![a-z0-9])", re.ASCII)


class Audience(models.TextChoices):
    """Who may find an entry."""

    PUBLIC = "public", "公开"
    INTERNAL = "internal", "内部"


class SearchEntry(Record):
    """What can be found of one object: its title as shown, and its whole text, normalised, the title first."""

    kind = models.CharField("种类", max_length=40)
    object_id = models.CharField("对象编号", max_length=64)
    place_code = models.CharField("区划", max_length=16, blank=True)
    audience = models.CharField(
        "可见范围", max_length=10, choices=Audience.choices, default=Audience.INTERNAL
    )
    title = models.CharField("标题", max_length=300)
    title_text = models.CharField("检索标题", max_length=600)
    text = models.TextField("检索文本")

    class Meta:
        app_label = "foundation"
        verbose_name = "检索条目"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="search_entry_once")
        ]


@dataclass(frozen=True)
class Hit:
    """One object found; `excerpt` is normalised text around the first word, empty when only the title has it."""

    kind: str
    object_id: str
    title: str
    place_code: str
    excerpt: str


@dataclass(frozen=True)
class SearchResults:
    """The first hits in order of rank, how many there are in all, and the words as they were understood."""

    hits: tuple[Hit, ...]
    count: int
    words: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Tell whether there are more hits than these."""
        return self.count > len(self.hits)


def normalise(text: str) -> str:
    """Return the form in which texts and words are compared.

    Full-width forms become plain, letters lower case, invisible characters go; white space goes too, except one blank
    between two Latin letters or digits, so that a line break or `2024 年 3 月` hides nothing.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    visible = re.sub(r"\s+", " ", _INVISIBLE.sub("", folded))
    return _LOOSE_BLANK.sub("", visible)


def words_of(query: str) -> tuple[str, ...]:
    """Return the different words of a query: at most 10 of at most 100 characters, whatever was typed."""
    typed = unicodedata.normalize("NFKC", query[: 4 * MOST_WORDS * LONGEST_WORD]).split()
    words = [normalise(word).replace(" ", "")[:LONGEST_WORD] for word in typed]
    return tuple(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


def grams(text: str) -> set[int]:
    """Return each character and each pair of neighbours as a number: code point x 2^21 + the next code point, or 0."""
    points = [ord(character) for character in text]
    singles = {point << 21 for point in points}
    singles.update((a << 21) + b for a, b in itertools.pairwise(points))
    return singles


def index(
    kind: str,
    object_id: str | int,
    *,
    title: str,
    text: str,
    place_code: str = "",
    audience: str = Audience.INTERNAL,
) -> SearchEntry:
    """Make an object findable, or replace what was indexed of it; inside an act."""
    current_act()
    rows = SearchEntry.objects.select_for_update().filter(kind=kind, object_id=str(object_id))
    entry: SearchEntry = rows.first() or SearchEntry(kind=kind, object_id=str(object_id))
    before = entry.text if entry.pk else None
    title_text = normalise(title)
    entry.title, entry.title_text = _INVISIBLE.sub("", title)[:300], title_text[:600]
    entry.text = f"{title_text}\n{normalise(text)}"
    entry.place_code, entry.audience = place_code, Audience(audience)
    entry.save()
    if entry.text != before:
        _replace_grams(entry.pk, before, entry.text)
    return entry


def remove(kind: str, object_id: str | int) -> bool:
    """Make an object unfindable; inside an act; tell whether it was findable before."""
    current_act()
    entry = SearchEntry.objects.select_for_update().filter(kind=kind, object_id=str(object_id)).first()
    if entry is None:
        return False
    _replace_grams(entry.pk, entry.text, None)
    entry.delete()
    return True


def find(
    words: str,
    *,
    kinds: Collection[str] | None = None,
    public_only: bool,
    within: Q | None = None,
    limit: int = 50,
) -> SearchResults:
    """Return the entries that hold every word of the query, title matches first, then by how often words occur.

    `within` narrows by the fields of SearchEntry (`place_code`, …). No query is an error; one without a word finds
    nothing. Beyond 2,000 matches the order after title matches is the newest first.
    """
    wanted = words_of(words)
    if not wanted or limit < 1:
        return SearchResults((), 0, wanted)
    rows: Rows = SearchEntry.objects.all()
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    if public_only:
        rows = rows.filter(audience=Audience.PUBLIC)
    if within is not None:
        rows = rows.filter(within)
    rows = _holding(rows, wanted)
    count = rows.count()
    ranked = _ranked(rows, wanted, by_hits=count <= RANKED)
    return SearchResults(tuple(_hit(entry, wanted) for entry in ranked[:limit]), count, wanted)


def _holding(rows: Rows, wanted: Iterable[str]) -> Rows:
    """Keep the entries that hold every word: narrowed by grams, and checked where grams are not the whole truth."""
    asked: set[int] = set()
    for word in wanted:
        pairs = [word] if len(word) == 1 else [word[i : i + 2] for i in range(len(word) - 1)]
        asked.update(_number(pair) for pair in pairs[:GRAMS_ASKED])
        if len(word) > 2:
            rows = rows.filter(GreaterThan(StrIndex("text", Value(word)), 0))
    if connections[rows.db].vendor == "postgresql":
        found = RawSQL(f"SELECT {FOUND}(%s::bigint[])", [sorted(asked)])
    else:
        match = " ".join(f'"{gram:x}"' for gram in sorted(asked))
        found = RawSQL(f"SELECT rowid FROM {GRAMS} WHERE {GRAMS} MATCH %s", [match])
    return rows.filter(pk__in=found)


def _number(gram: str) -> int:
    return (ord(gram[0]) << 21) + (ord(gram[1]) if len(gram) == 2 else 0)


def _ranked(rows: Rows, wanted: Iterable[str], *, by_hits: bool) -> Rows:
    in_title: Any = Value(0)
    hits: Any = Value(0)
    for word in wanted:
        found = Case(When(title_text__contains=word, then=1), default=0, output_field=IntegerField())
        in_title = in_title + found
        rest = Length(Replace(F("text"), Value(word), Value("")))
        hits = hits + (Length("text") - rest) / Value(len(word))
    if by_hits:
        return rows.annotate(in_title=in_title, hits=hits).order_by("-in_title", "-hits", "-pk")
    return rows.annotate(in_title=in_title).order_by("-in_title", "-pk")


def _hit(entry: SearchEntry, wanted: Iterable[str]) -> Hit:
    body = entry.text.partition("\n")[2]
    places = [place for place in (body.find(word) for word in wanted) if place >= 0]
    start = max(min(places) - 20, 0) if places else 0
    excerpt = body[start : start + 80] if places else ""
    return Hit(entry.kind, entry.object_id, entry.title, entry.place_code, excerpt)


def _replace_grams(pk: int, before: str | None, after: str | None) -> None:
    """Keep SQLite's gram table in step (PostgreSQL's index follows by itself).

    A contentless FTS5 table forgets a row only when told exactly the tokens it was given; they follow from the text.
    """
    connection = connections[SearchEntry.objects.db]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        if before is not None:
            cursor.execute(
                f"INSERT INTO {GRAMS} ({GRAMS}, rowid, grams) VALUES ('delete', %s, %s)",
                [pk, _tokens(before)],
            )
        if after is not None:
            cursor.execute(f"INSERT INTO {GRAMS} (rowid, grams) VALUES (%s, %s)", [pk, _tokens(after)])


def _tokens(text: str) -> str:
    return " ".join(f"{gram:x}" for gram in sorted(grams(text)))


def install(using: str = "default") -> None:
    """Make the gram index on the database `using`, if the table of entries exists; after every migration and flush."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _POSTGRES if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
        if connection.vendor == "sqlite":
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {TABLE})")
            if not cursor.fetchone()[0]:  # a flush empties the entries and may use their numbers again
                cursor.execute(f"INSERT INTO {GRAMS} ({GRAMS}) VALUES ('delete-all')")


_SQLITE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {GRAMS}"
    " USING fts5(grams, content='', detail='none', columnsize=0, tokenize='ascii')",
)
# FOUND asks the index in a function of its own, because the planner, left alone, reads every row for a common word
# (and takes the grams of each); for the same reason ANALYZE is told to keep no statistics of grams.
_POSTGRES = (
    f"""CREATE OR REPLACE FUNCTION {GRAMS}(t text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
      SELECT coalesce(array_agg(DISTINCT gram), '{{}}')
      FROM (
        SELECT unnest(ARRAY[point << 21, (point << 21) + lead(point) OVER (ORDER BY place)]) AS gram
        FROM (
          SELECT ascii(character)::bigint AS point, place
          FROM unnest(string_to_array(t, NULL)) WITH ORDINALITY AS characters(character, place)
        ) AS points
      ) AS every
      WHERE gram IS NOT NULL
    $$""",
    f"CREATE INDEX IF NOT EXISTS foundation_search_by_gram ON {TABLE} USING gin ({GRAMS}(text))",
    "ALTER INDEX foundation_search_by_gram ALTER COLUMN 1 SET STATISTICS 0",
    f"""CREATE OR REPLACE FUNCTION {FOUND}(asked bigint[]) RETURNS SETOF bigint
    LANGUAGE sql STABLE STRICT SET enable_seqscan = off SET work_mem = '64MB' AS $$
      SELECT id FROM {TABLE} WHERE {GRAMS}(text) @> asked
    $$""",
)


def install_after_migrate(*, using: str = "default", **_: Any) -> None:
    """Receive Django's post_migrate."""
    install(using)
