"""Which registered enterprise a request means: by its code, or by a name that one enterprise alone bears."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from qifu.foundation.search import words_of
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.name_index import NAMES
from qifu.registers.enterprises.uscc import LENGTH, fold

if TYPE_CHECKING:
    from qifu.services.enterprise_problems.actions.intake import Request

_FULL = str.maketrans("()", "（）")
_HALF = str.maketrans("（）", "()")


def recognise(request: Request) -> Enterprise | None:
    """Return the enterprise that a request names; None on the portal, where nobody has shown to be of the firm."""
    if request.channel == "portal":
        return None
    code = fold(request.uscc)
    if len(code) == LENGTH:
        found = Enterprise.objects.filter(uscc=code).first()
        if found is not None:
            return found
    name = request.enterprise_name.strip()
    words = words_of(name)
    if not words:
        return None
    rows = list(NAMES.holding(_named(spellings(name)), words)[:2])
    return rows[0] if len(rows) == 1 else None


def recognise_many(
    codes: Collection[str], names: Collection[str]
) -> tuple[dict[str, Enterprise], dict[str, Enterprise]]:
    """Return the enterprises of these codes, and those of names that one alone bears, for two queries."""
    folded = {fold(code) for code in codes}
    by_code = {
        row.uscc: row for row in _light().filter(uscc__in={one for one in folded if len(one) == LENGTH})
    }
    wanted = {name: spellings(name) for name in names if name}
    bearers: dict[str, list[Enterprise]] = defaultdict(list)
    if wanted:
        for row in _named({one for each in wanted.values() for one in each}):
            bearers[row.name].append(row)
    by_name = {}
    for name, written in wanted.items():
        found = [row for one in written for row in bearers.get(one, ())]
        if len(found) == 1:
            by_name[name] = found[0]
    return by_code, by_name


def spellings(name: str) -> set[str]:
    """Return the ways to write a name: its brackets may be of either width."""
    plain = name.strip()
    return {plain, plain.translate(_FULL), plain.translate(_HALF)}


def _light() -> QuerySet[Enterprise]:
    return Enterprise.objects.only("pk", "uscc", "name")


def _named(names: Collection[str]) -> QuerySet[Enterprise]:
    return _light().filter(name__in=names)
