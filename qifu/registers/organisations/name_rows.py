"""Between the province's file of names and the rows of the tables, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qifu.registers.organisations.models import Organisation as OrganisationRow
from qifu.registers.organisations.models import OrganisationName
from qifu.registers.organisations.name_file import FormerName, NameFile, Organisation

_ALIAS = OrganisationName.Kind.ALIAS.value
_SECOND = OrganisationName.Kind.SECOND_NAME.value
_FORMER = OrganisationName.Kind.FORMER_NAME.value


def body_fields(body: Organisation) -> dict[str, Any]:
    """Return the columns of an organisation's row."""
    return {
        "code": body.full_code,
        "name": body.name,
        "full_name": body.full_name,
        "kind": body.kind,
        "level": body.level,
        "place_code": body.division,
        "duties": body.duties,
        "confidence": body.confidence,
        "effective_to": None,
        "source": "",
    }


def name_fields(body: Organisation) -> Iterator[dict[str, Any]]:
    """Yield the columns of each further name of an organisation; a name listed twice in one kind counts once."""
    plain: dict[str, Any] = {"effective_from": None, "effective_to": None, "note": "", "confidence": ""}
    for kind, names in ((_ALIAS, body.aliases), (_SECOND, body.second_names)):
        for position, name in enumerate(dict.fromkeys(names)):
            yield plain | {"name": name, "kind": kind, "position": position}
    for position, former in enumerate({one.name: one for one in body.former}.values()):
        yield {
            "name": former.name,
            "kind": _FORMER,
            "position": position,
            "effective_from": former.effective_from,
            "effective_to": former.effective_to,
            "note": former.note,
            "confidence": former.confidence,
        }


def generic_fields(names: NameFile) -> list[dict[str, Any]]:
    """Return the columns of each generic unit: those listed, and each standard local body named without its place."""
    found: dict[str, dict[str, Any]] = {}
    for unit in names.generic_units:
        row = _generic(found, unit.names[0], unit.names)
        row["scoped"], row["proposal"] = unit.scoped, unit.expansion
    for pattern in names.patterns:
        row = _generic(found, pattern.generic[0], pattern.generic)
        row["scoped"] = True
        row["organisation_codes"] = sorted({*row["organisation_codes"], pattern.code})
        row["proposal"] = (
            row["proposal"] or f"展开为所列层级每个区划的“{pattern.name.replace('{d}', '某地')}”"
        )
    return list(found.values())


def _generic(found: dict[str, dict[str, Any]], name: str, spellings: Iterable[str]) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "name": name, "spellings": [], "scoped": False, "organisation_codes": [], "proposal": "", "effective_to": None,
    }  # fmt: skip
    row = found.setdefault(name, empty)
    row["spellings"] = list(dict.fromkeys([*row["spellings"], *spellings]))
    return row


def body_of(row: OrganisationRow, names: Iterable[OrganisationName]) -> Organisation:
    """Return an organisation as the name book wants it; a name that was closed counts as a former one."""
    aliases, seconds, former = [], [], []
    for name in names:
        if name.kind == _ALIAS and name.effective_to is None:
            aliases.append(name.name)
        elif name.kind == _SECOND and name.effective_to is None:
            seconds.append(name.name)
        else:
            former.append(
                FormerName(name.name, name.effective_from, name.effective_to, name.note, name.confidence)
            )
    division, _, code = row.code.partition(".")
    return Organisation(
        code=code, division=division, level=row.level, kind=row.kind, name=row.name, full_name=row.full_name,
        aliases=tuple(aliases), second_names=tuple(seconds), former=tuple(former), duties=row.duties,
        confidence=row.confidence,
    )  # fmt: skip
