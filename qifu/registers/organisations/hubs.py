"""Which organisation is the hub (企服中心) of a place, and which place lies above it."""

from __future__ import annotations

from qifu.foundation.action import Refused
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation

# A place without a centre of its own is served by its reform office, else by the place above it.
HUB_CODES = ("enterprise_service_centre", "reform_office")


def upper_place(code: str) -> str | None:
    """Return the place right above, None for the province."""
    division = divisions.division(code)
    return division.parent if division else None


def hub_of(place_code: str) -> int:
    """Return the id of the organisation that is the hub of a place: its own centre or office, else that of the place above."""
    return hub_at(place_code)[1]


def hub_at(place_code: str) -> tuple[str, int]:
    """Return the nearest place, from this one upwards, that has a hub of its own, and the hub (an organisation's id)."""
    code: str | None = place_code
    while code:
        wanted = [f"{code}.{name}" for name in HUB_CODES]
        found = dict(
            Organisation.objects.filter(code__in=wanted, effective_to=None).values_list("code", "pk")
        )
        for name in wanted:
            if name in found:
                return code, int(found[name])
        code = upper_place(code)
    raise Refused(f"区划 {place_code} 及其上级都没有企服中心或改革办，请先登记")
