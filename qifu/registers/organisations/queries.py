"""Questions about organisations: which body a written name means, lists and details, what a generic unit was made to mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet

from qifu.foundation.access import Actor, find, grants_of, visible
from qifu.registers.divisions import queries as divisions
from qifu.registers.divisions.models import Division
from qifu.registers.organisations.models import ExpansionRule, GenericUnit, Organisation, OrganisationName
from qifu.registers.organisations.name_book import Kind, NameBook, ResolvedUnit, Status
from qifu.registers.organisations.name_file import NameFile, read_names
from qifu.registers.organisations.name_keys import fold
from qifu.registers.organisations.name_rows import body_of
from qifu.registers.stamped import Stamp, stamp

KINDS: dict[str, str] = dict(Organisation.Kind.choices)
LEVELS: dict[str, str] = dict(Organisation.Level.choices)
LONGEST_NAME = 200


@dataclass(frozen=True)
class _Kept:
    stamp: Stamp
    names: NameFile
    book: NameBook
    units: dict[str, GenericUnit]


@dataclass(frozen=True)
class Resolution:
    """What a written unit is, and its row where one is registered; `borne` tells whether it bore that name on the day."""

    kind: Kind
    canonical: str
    status: Status
    note: str
    organisation: Organisation | None
    division_code: str | None
    borne: bool


_kept: _Kept | None = None


def _names() -> _Kept:
    global _kept
    path = Path(settings.PROVINCE_DIR) / "organisations.yaml"
    present = (path.stat().st_mtime_ns, *stamp(Organisation, OrganisationName, GenericUnit, Division))
    kept = _kept
    if kept is None or kept.stamp != present:
        names = _name_file(path, present[0])
        kept = _kept = _Kept(present, names, _book_of_rows(names), _units_by_spelling())
    return kept


@lru_cache(maxsize=4)
def _name_file(path: Path, modified: int) -> NameFile:
    """The file as of its time of change: patterns, scopes and slips are data that only it holds."""
    return read_names(path, divisions.book())


def _book_of_rows(names: NameFile) -> NameBook:
    province = {body.division for body in names.organisations}
    rows = Organisation.objects.filter(effective_to=None).filter(Q(place_code__in=province) | ~Q(source=""))
    rows = rows.prefetch_related("names")
    bodies = tuple(body_of(row, row.names.all()) for row in rows.order_by("pk"))
    known = {body.code for body in bodies}
    slips = tuple(slip for slip in names.slips if slip.means in known)
    return NameBook(replace(names, organisations=bodies, slips=slips), divisions.book())


def _units_by_spelling() -> dict[str, GenericUnit]:
    rows = GenericUnit.objects.filter(effective_to=None)
    return {spelling: row for row in rows for spelling in (*row.spellings, row.name)}


def name_book_from_rows() -> NameBook:
    """Return the name book as the tables stand now; kept in this process until a table or the file changes.

    Bodies and their names come from the tables, the wording of standard local bodies, levels and slips from
    organisations.yaml.
    """
    return _names().book


def resolve_name(raw: str, day: date) -> Resolution | None:
    """Return what `raw` means, exactly or not at all; None when no name, generic unit or division is written so."""
    if len(raw) > LONGEST_NAME:
        return None
    unit = name_book_from_rows().resolve(raw)
    return None if unit is None else _resolution(unit, raw, day, _rows_by_code([unit.organisation_code]))


def resolve_names(written: Iterable[str], day: date) -> dict[str, Resolution | None]:
    """Return what each distinct text means, for a handful of queries altogether."""
    book = name_book_from_rows()
    units = {raw: book.resolve(raw) if len(raw) <= LONGEST_NAME else None for raw in dict.fromkeys(written)}
    rows = _rows_by_code(unit.organisation_code for unit in units.values() if unit)
    return {raw: _resolution(unit, raw, day, rows) if unit else None for raw, unit in units.items()}


def _rows_by_code(codes: Iterable[str | None]) -> dict[str, Organisation]:
    wanted = {code for code in codes if code}
    rows = Organisation.objects.filter(code__in=wanted).prefetch_related("names") if wanted else []
    return {row.code: row for row in rows}


def _resolution(unit: ResolvedUnit, raw: str, day: date, rows: dict[str, Organisation]) -> Resolution:
    row = rows.get(unit.organisation_code or "")
    borne = unit.status not in ("slip", "former_name")
    if row is not None and unit.status == "former_name":
        key = fold(raw)
        spans = [n for n in row.names.all() if fold(n.name) == key or fold(n.name) in key]
        borne = any(
            (n.effective_from is None or n.effective_from <= day)
            and (n.effective_to is None or day < n.effective_to)
            for n in spans
        )
    return Resolution(unit.kind, unit.canonical, unit.status, unit.note, row, unit.division_code, borne)


def base_unit(written: str) -> GenericUnit | None:
    """Return the generic unit that a wording of the name book belongs to; None for any other text."""
    meant = wording(written)
    return meant.unit if meant is not None and meant.written == written else None


def _generic_parts(unit: ResolvedUnit, kept: _Kept) -> tuple[GenericUnit, tuple[str, ...]] | None:
    """The generic unit of a wording, and the levels that its opening words name (empty: none are named)."""
    written = unit.canonical
    if unit.kind != "generic":
        return None
    if written in kept.units:
        return kept.units[written], ()
    for scope in kept.names.scopes:
        for words in scope.names:
            rest = written.removeprefix(words)
            if rest != written and rest in kept.units and kept.units[rest].scoped:
                return kept.units[rest], scope.levels
    return None


def searchable(text: str) -> str:
    """Return what may safely be looked for: folded like names, without control characters, at most 60 characters."""
    return fold("".join(c for c in text[:LONGEST_NAME] if c.isprintable()))[:60]


def organisations(
    *, text: str = "", kind: str = "", level: str = "", place: str = ""
) -> QuerySet[Organisation]:
    """Return the organisations whose names contain `text`, of a kind, a level, a place; standing ones first."""
    rows = Organisation.objects.prefetch_related("names")
    wanted = searchable(text)
    if wanted:
        named = OrganisationName.objects.filter(name__icontains=wanted).values("organisation_id")
        rows = rows.filter(Q(name__icontains=wanted) | Q(full_name__icontains=wanted) | Q(pk__in=named))
    elif text:
        return rows.none()
    for column, value in (("kind", kind), ("level", level), ("place_code", place)):
        if value:
            rows = rows.filter(**{column: value.replace("\0", "")})
    found: QuerySet[Organisation] = rows.order_by(
        F("effective_to").desc(nulls_first=True), "place_code", "pk"
    )
    return found


@dataclass(frozen=True)
class OrganisationDetail:
    """One organisation with its names by kind and the name of its division."""

    row: Organisation
    place: str
    names: dict[str, list[OrganisationName]]


def organisation(code: str) -> OrganisationDetail | None:
    """Return the organisation of that code with all its names, or None."""
    known = code.isprintable() and len(code) <= LONGEST_NAME
    row = Organisation.objects.filter(code=code).prefetch_related("names").first() if known else None
    if row is None:
        return None
    by_kind: dict[str, list[OrganisationName]] = defaultdict(list)
    for name in row.names.all():
        by_kind[OrganisationName.Kind(name.kind).label].append(name)
    return OrganisationDetail(row, divisions.names([row.place_code]).get(row.place_code, ""), dict(by_kind))


def expansion(written: str, place_code: str, day: date) -> tuple[Organisation, ...] | None:
    """Return the organisations that an approved rule gives `written` in a place on a day; None: it stays generic."""
    rules = ExpansionRule.objects.filter(written=written, place_code=place_code, revoked_at=None)
    rule = next((rule for rule in rules if rule.holds_on(day)), None)
    if rule is None:
        return None
    return tuple(Organisation.objects.filter(code__in=rule.members))


def generic_units() -> QuerySet[GenericUnit]:
    """Return the generic units that the province's data lists, with their rules in order of approval."""
    rules = ExpansionRule.objects.order_by("-approved_at")
    rows: QuerySet[GenericUnit] = GenericUnit.objects.filter(effective_to=None)
    return rows.prefetch_related(Prefetch("rules", queryset=rules))


def expansion_rules(actor: Actor, at: datetime) -> QuerySet[ExpansionRule]:
    """Return the rules of the places where the actor may approve and revoke, the newest first."""
    rows = visible(ExpansionRule.objects.all(), actor, "organisations.approve_expansion", at)
    return rows.select_related("generic_unit").order_by("-approved_at", "-pk")


def expansion_rule(rule_id: int, actor: Actor, at: datetime) -> ExpansionRule:
    """Return one rule that the actor may revoke; raises NotFound."""
    rows = ExpansionRule.objects.select_related("generic_unit")
    return find(rows, actor, "organisations.approve_expansion", at, pk=rule_id)


def member_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of organisations by code."""
    return dict(Organisation.objects.filter(code__in=set(codes)).values_list("code", "name"))


def approvable_places(actor: Actor, at: datetime) -> dict[str, str]:
    """Return the places (code to name) for whose documents the actor may approve expansions, his own first."""
    own = [grant for grant in grants_of(actor, at) if grant.role == "reform_officer"]
    standing = divisions.book()
    below = sorted(code for grant in own for code in grant.places if code in standing)
    return divisions.names([*(grant.place for grant in own), *below])


@dataclass(frozen=True)
class RuleView:
    """A rule as it is shown; `state` is counting, ahead, ended or revoked."""

    row: ExpansionRule
    place: str
    members: tuple[str, ...]
    state: str


def rule_views(actor: Actor, at: datetime, day: date) -> list[RuleView]:
    """Return the rules of the actor's places with names instead of codes, for a few queries altogether."""
    rows = list(expansion_rules(actor, at))
    places = divisions.names(row.place_code for row in rows)
    names = member_names(code for row in rows for code in row.members)
    return [
        RuleView(
            row, places.get(row.place_code, row.place_code), tuple(names.get(c, c) for c in row.members),
            _rule_state(row, day),
        )
        for row in rows
    ]  # fmt: skip


def _rule_state(row: ExpansionRule, day: date) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.holds_on(day):
        return "counting"
    return "ahead" if day < row.effective_from else "ended"


@dataclass(frozen=True)
class Wording:
    """A generic unit as a document words it, and the levels that its opening words name."""

    written: str
    unit: GenericUnit
    levels: tuple[str, ...]


def wording(text: str) -> Wording | None:
    """Return what generic unit a text is, in the name book's own wording; None when it is none."""
    kept = _names()
    resolved = kept.book.resolve(text) if len(text) <= LONGEST_NAME else None
    found = _generic_parts(resolved, kept) if resolved else None
    return Wording(resolved.canonical, *found) if resolved and found else None


@dataclass(frozen=True)
class Candidate:
    """An organisation that a generic unit might mean; `proposed` when the wording itself points at it."""

    row: Organisation
    proposed: bool
    ticked: bool


def candidates(
    meant: Wording, place_code: str, chosen: Iterable[str] | None = None
) -> dict[str, list[Candidate]]:
    """Return the standing organisations in and under a place, by title of level, those the wording points at first.

    `chosen` (codes) are the ticked ones; without it, those that are proposed.
    """
    picked = None if chosen is None else set(chosen)
    rows = Organisation.objects.filter(effective_to=None, place_code__in=divisions.subtree(place_code))
    by_level: dict[str, list[Candidate]] = {}
    for row in rows.order_by("place_code", "pk"):
        local_code = row.code.partition(".")[2]
        fits = local_code in meant.unit.organisation_codes and row.level != "province"
        proposed = fits and (not meant.levels or row.level in meant.levels)
        ticked = proposed if picked is None else row.code in picked
        by_level.setdefault(LEVELS[row.level], []).append(Candidate(row, proposed, ticked))
    for level in by_level.values():
        level.sort(key=lambda candidate: not candidate.proposed)
    return by_level
