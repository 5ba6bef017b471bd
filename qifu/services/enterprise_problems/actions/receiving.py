"""What comes in and is moved by the JSON API: kept once however often it is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.record import lock
from qifu.engines.casework.request_keys import made_before, remember
from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.uscc import fold
from qifu.registers.mandates.queries import may
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.intake import Receipt, Request, take_in
from qifu.services.enterprise_problems.actions.moving import do_move
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.over_api import see_form, version_tag

INTAKE = "enterprise_problems.intake"


@action("enterprise_problems.receive", title="平台对接收件", permission="enterprise_problems.report")
def receive_problem(*, by: Actor, at: datetime, request: Request) -> Receipt:
    """Take in what another system sends: a platform for anyone in its places, a person for himself or the firm he acts for.

    A platform is whoever takes requests in at the place; it names itself and its own number. Refused in Chinese, by field.
    """
    if not by.is_person:
        raise access.NotFound("enterprise_problems.receive")
    scope = f"api:{by.id}" if request.key else ""
    if (
        request.complained_id is not None
        and not Organisation.objects.filter(pk=request.complained_id).exists()
    ):
        raise Refused("没有这个被反映单位", complained_id="没有这个单位")
    if access.holds(by, INTAKE, at, place=request.place_code):
        return take_in(replace(request, channel=Problem.Channel.API.value, reporter_id=None, key_scope=scope))
    if request.source or request.outside_number:
        said = "只有在该区划承担收件的对接账号可以填写来源系统和外部编号"
        raise Refused(said, source=said)
    own = replace(
        request, channel=Problem.Channel.PORTAL.value, reporter_id=by.id, enterprise_id=_own_firm(by, at, request), uscc="",
        outside_at=None, occasion="", key_scope=scope,
    )  # fmt: skip
    return take_in(own)


def _own_firm(by: Actor, at: datetime, request: Request) -> int | None:
    """Return the enterprise that somebody reports for, None where no code is given; Refused without its mandate."""
    if not request.uscc:
        return None
    found = Enterprise.objects.filter(uscc=fold(request.uscc)).values_list("pk", flat=True).first()
    if found is None or not may(by, found, "problems", at):
        raise Refused("您没有这家企业涉企问题的授权", uscc="没有授权，或代码不正确")
    return int(found)


@action(
    "enterprise_problems.move_once",
    title="办理涉企问题（接口）",
    permission="enterprise_problems.move",
    on="case",
)
def move_once(
    *,
    by: Actor,
    at: datetime,
    case: Case,
    transition: str,
    form: Mapping[str, Any],
    text: str = "",
    expected_version: str = "",
    confirmed: str = "",
    key: str = "",
) -> CaseEvent | None:
    """Do one transition, once for each key; return None where it was done before under the same key and content.

    The row is locked before the key is looked up, so that of two equal requests at a time the second finds the first.
    """
    see_form(case, transition, form)
    scope, digest = f"api:{by.id}", _digest(case, transition, form, text, confirmed) if key else ""
    if key:
        lock(case, merged=True)
        if made_before(scope, key, digest) is not None:
            return None
    seen = None
    if expected_version:
        seen = case.version if expected_version == version_tag(case) else -1
    event = do_move(case, transition, form, text, seen, confirmed=confirmed)
    if key:
        remember(scope, key, digest, case)
    return event


def _digest(case: Case, transition: str, form: Mapping[str, Any], text: str, confirmed: str) -> str:
    said = json.dumps(
        [case.pk, transition, dict(form), text, confirmed], ensure_ascii=False, sort_keys=True, default=str
    )
    return hashlib.sha256(said.encode()).hexdigest()
