"""Which registered body a written unit is, asked of the register of organisations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from qifu.registers.organisations.queries import name_book_from_rows, resolve_names
from qifu.services.work_plans.fields import Resolver
from qifu.services.work_plans.models import PlanUnit
from qifu.services.work_plans.projection import KnownUnit, level_by_name

_LEVELS: dict[str, str] = {
    "province": PlanUnit.Level.PROVINCE,
    "city": PlanUnit.Level.LOCAL,
    "county": PlanUnit.Level.LOCAL,
}


def known_units(written: Iterable[str], day: date) -> dict[str, KnownUnit]:
    """Return what each written unit is on a day; unknown names are left out, never guessed."""
    known = {}
    for raw, found in resolve_names(written, day).items():
        if found is None:
            continue
        row = found.organisation
        level = (
            PlanUnit.Level.LOCAL.value
            if found.kind == "division"
            else _LEVELS.get(row.level, "")
            if row
            else ""
        )
        known[raw] = KnownUnit(
            found.canonical, found.kind, level or level_by_name(found.canonical), row.pk if row else None
        )
    return known


def resolver() -> Resolver:
    """Return a function that gives a written unit's usual name and kind; unknown units stay as written."""
    book = name_book_from_rows()

    def resolve(raw: str) -> tuple[str, str]:
        unit = book.resolve(raw)
        return (unit.canonical, unit.kind) if unit is not None else (raw, "specific")

    return resolve
