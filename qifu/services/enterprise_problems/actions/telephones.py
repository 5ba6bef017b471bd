"""The telephone of a unit for firms: a number of the office, set by the unit itself."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation.access import Actor, NotFound, grants_of, permissions
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.phone import read_phone
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.models import UnitTelephone

SET = "enterprise_problems.set_telephone"


def own_units(by: Actor, at: datetime) -> list[Organisation]:
    """Return the units whose telephone somebody keeps: those of his or her posts."""
    roles = permissions()[SET].grants
    ids = {
        one.organisation_id
        for one in grants_of(by, at)
        if one.role in roles and one.organisation_id is not None
    }
    return list(Organisation.objects.filter(pk__in=ids).order_by("pk"))


@action(SET, title="登记单位对外电话", permission=SET)
def set_telephone(*, by: Actor, at: datetime, organisation_id: int, number: str) -> UnitTelephone:
    """Keep the telephone by which firms reach one's own unit; a private mobile is refused."""
    unit = next((one for one in own_units(by, at) if one.pk == organisation_id), None)
    if unit is None:
        raise NotFound(f"telephone of {organisation_id}")
    plain = read_phone(number)
    if not plain:
        raise Refused("电话写法不对，应如 0571-82345678", number="应如 0571-82345678")
    if plain.startswith("1") and len(plain) == 11:
        raise Refused("请填办公电话；个人手机号码不向企业公开", number="请填办公电话")
    row, _ = UnitTelephone.objects.update_or_create(
        organisation=unit, defaults={"number": plain[:30], "set_at": current_act().moment, "set_by": by.id}
    )
    current_act().about(unit)
    return row


def numbers_of(units: list[Organisation]) -> list[tuple[Organisation, str]]:
    """Return units with their telephones, empty where there is none."""
    known = dict(UnitTelephone.objects.filter(pk__in=[unit.pk for unit in units]).values_list("pk", "number"))
    return [(unit, known.get(unit.pk, "")) for unit in units]
