"""A small world in which problems are reported, closed, rated and called back: Xiaoshan below Hangzhou."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from qifu.engines.casework.models import Case
from qifu.foundation.access import ANONYMOUS, Actor
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.models import Mandate
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions import rating as rating_acts
from qifu.services.enterprise_problems.actions.intake import Request, report_problem
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.tests.intake_world import (
    HANGZHOU,
    XIAOSHAN,
    firm,
    load_province,
    person,
)

UNIT = "330109.economy_information"
OTHER = "330109.market_regulation"
DAY = timedelta(days=1)
START = datetime.fromisoformat("2024-03-04T10:00:00+08:00")
"""A Monday."""
CLASSES = {"board": "space", "topic": "energy", "scope": "individual", "difficulty": "general"}
REPLY = "已查明厂区停电系配电房检修所致，供电所已恢复供电并调整检修时间。联系人：王工。"
WORDS = "厂区上周连续停电三次，生产线受损，请尽快恢复供电"


@dataclass
class World:
    """People of the story, each as the one who acts."""

    clerk: Actor
    drafter: Actor
    signer: Actor
    other: Actor
    desk: Actor
    city_hub: Actor
    province_hub: Actor
    reporter: Actor
    legal: Actor
    stranger: Actor
    auditor: Actor
    office: Actor
    third: Actor
    firm: Enterprise
    unit: Organisation

    def staff(self) -> dict[str, Actor]:
        """Return everyone of the county and above who may not see single ratings."""
        return {
            "clerk": self.clerk, "drafter": self.drafter, "signer": self.signer, "other": self.other, "office": self.office,
            "city_hub": self.city_hub, "province_hub": self.province_hub,
        }  # fmt: skip


def world() -> World:
    """Load the province and make the people."""
    load_province()
    legal = person("legal")
    company = firm(1)
    _represents(legal, company)
    return World(
        clerk=person("clerk", "centre_clerk", XIAOSHAN, f"{XIAOSHAN}.enterprise_service_centre").as_actor(),
        drafter=person("drafter", "department_officer", XIAOSHAN, UNIT).as_actor(),
        signer=person("signer", "department_officer", XIAOSHAN, UNIT).as_actor(),
        other=person("other", "department_officer", XIAOSHAN, OTHER).as_actor(),
        desk=person("desk", "callback_officer", HANGZHOU, f"{HANGZHOU}.reform_office").as_actor(),
        city_hub=person("cityhub", "centre_clerk", HANGZHOU, f"{HANGZHOU}.reform_office").as_actor(),
        province_hub=person("provhub", "centre_clerk", "330000", "330000.reform_office").as_actor(),
        reporter=person("reporter").as_actor(), legal=legal.as_actor(), stranger=person("stranger").as_actor(),
        auditor=person("auditor", "auditor", "330000").as_actor(),
        office=person("office", "reform_officer", XIAOSHAN, f"{XIAOSHAN}.reform_office").as_actor(),
        third=person("third", "third_party_assessor", HANGZHOU).as_actor(), firm=company,
        unit=Organisation.objects.get(code=UNIT),
    )  # fmt: skip


def _represents(who: Any, company: Enterprise) -> None:
    from django.db.models import QuerySet

    row = Mandate(
        person=who, enterprise=company, kind="legal_representative", origin=Mandate.Origin.DEMO, scope=["all"],
        starts_on=START.date() - 60 * DAY, given_at=START - 60 * DAY,
    )  # fmt: skip
    QuerySet(Mandate).bulk_create([row])


@dataclass
class Reported:
    """A case and the code of its receipt."""

    case: Case
    code: str

    def fresh(self) -> Case:
        """Return the case as it stands."""
        return Case.objects.get(pk=self.case.pk)


def report(at: datetime = START, by: Actor = ANONYMOUS, **more: Any) -> Reported:
    """Report a problem on the portal."""
    given: dict[str, Any] = {
        "words": WORDS,
        "place_code": XIAOSHAN,
        "contact_name": "赵经理",
        "contact_mobile": "13800001234",
    } | more
    made = report_problem(by=by, at=at, request=Request(**given))
    return Reported(made.case, made.query_code)


def step(world: World, case: Case, at: datetime, who: Actor, name: str, **form: Any) -> None:
    """Do one transition; what the check of replies remarks is confirmed."""
    more = {"confirmed": "已核实"} if name == "draft" else {}
    move_problem(by=who, at=at, case=Case.objects.get(pk=case.pk), transition=name, form=form, **more)


def close(world: World, case: Case, at: datetime, unit: int | None = None, result: str = "solved") -> None:
    """Carry a new case through to its closing, within minutes."""
    step(world, case, at, world.clerk, "accept", **CLASSES)
    step(world, case, at, world.clerk, "assign", lead=unit or world.unit.pk)
    step(world, case, at, world.drafter, "take")
    answer(world, case, at, result)


def answer(world: World, case: Case, at: datetime, result: str = "solved") -> None:
    """Draft, check, sign and close."""
    step(world, case, at, world.drafter, "draft", result=result, reply=REPLY)
    step(world, case, at, world.signer, "pass")
    step(world, case, at, world.signer, "sign", signer="蒋局长")
    step(world, case, at, world.clerk, "close", result=result)


def closed(world: World, at: datetime = START, by: Actor = ANONYMOUS, **more: Any) -> Reported:
    """Report and close a problem on one day."""
    made = report(at, by, **more)
    close(world, made.case, at)
    return made


def proof(made: Reported) -> str:
    """Return the proof of a case's query code."""
    from qifu.engines.casework.query_codes import query_hash

    return query_hash(made.case.number, made.code)


def rate(made: Reported, at: datetime, stars: int, solved: bool = True, text: str = "") -> Any:
    """Rate by query code."""
    return rating_acts.rate_problem(
        by=ANONYMOUS, at=at, case=made.fresh(), solved=solved, stars=stars, text=text, proof=proof(made)
    )
