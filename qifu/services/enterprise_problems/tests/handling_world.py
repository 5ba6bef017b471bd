"""What handling is tested in: a county's hub, two people of a unit, other units, city and province, a firm with its people."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.test import Client

from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.access import Actor
from qifu.foundation.notices import Notice
from qifu.registers.mandates.models import Mandate
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions.files import NewFiles
from qifu.services.enterprise_problems.actions.intake import Request, report_problem
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.tests import intake_world as world
from qifu.services.enterprise_problems.tests.intake_world import AT, HANGZHOU, XIAOSHAN, ZHEJIANG

WORDS = "我公司2024年3月在萧山经济技术开发区建设四路购买3台注塑机，设备补贴120万元至今没有拨付，多次打电话没有结果，请尽快解决。"
REPLY = "经核查，贵公司2024年3月购置3台注塑机的设备补贴120万元，因购置合同缺页未通过复核。现已补齐材料，补贴款已于6月18日拨付到贵公司账户。联系人：蒋科长，电话0571-82000000。"
MARK = "内部标记不得外泄"
"""Written into every internal text of a story, so that a test can look for it on the firm's side."""


def at(days: int = 0, hours: int = 0) -> datetime:
    """Return a moment after the first (Thursday 20 June 2024, 10:30)."""
    return AT + timedelta(days=days, hours=hours)


def unit(code: str) -> Organisation:
    """Return a registered organisation."""
    return Organisation.objects.get(code=code)


class World:
    """The province with its people, by sign-in name; `firm` is a registered enterprise whose representative is `boss`."""

    def __init__(self) -> None:
        """Make everything."""
        world.load_province()
        self.people: dict[str, Person] = {}
        for name, role, place, code in (
            ("clerk", "centre_clerk", XIAOSHAN, f"{XIAOSHAN}.enterprise_service_centre"),
            ("clerk2", "centre_clerk", XIAOSHAN, f"{XIAOSHAN}.enterprise_service_centre"),
            ("unit", "department_officer", XIAOSHAN, f"{XIAOSHAN}.economy_information"),
            ("unit2", "department_officer", XIAOSHAN, f"{XIAOSHAN}.economy_information"),
            ("market", "department_officer", XIAOSHAN, f"{XIAOSHAN}.market_regulation"),
            ("labour", "department_officer", XIAOSHAN, f"{XIAOSHAN}.human_resources"),
            ("hub_city", "centre_clerk", HANGZHOU, f"{HANGZHOU}.reform_office"),
            ("callback", "callback_officer", HANGZHOU, f"{HANGZHOU}.reform_office"),
            ("hub_province", "centre_clerk", ZHEJIANG, f"{ZHEJIANG}.reform_office"),
        ):
            self.people[name] = world.person(name, role, place, code)
        self.economy = unit(f"{XIAOSHAN}.economy_information")
        self.market = unit(f"{XIAOSHAN}.market_regulation")
        self.labour = unit(f"{XIAOSHAN}.human_resources")
        self.firm = world.firm(1, "杭州甲一精密制造有限公司")
        self.people["boss"] = world.person("boss")
        mandate = Mandate(
            person=self.people["boss"], enterprise=self.firm, kind="legal_representative", origin="demo", scope=[],
            starts_on=date(2024, 1, 1), given_at=AT,
        )  # fmt: skip
        QuerySet(Mandate).bulk_create([mandate])

    def __getitem__(self, name: str) -> Actor:
        """Return a person as the one who acts."""
        return self.people[name].as_actor()

    def reported(self, words: str = WORDS, **more: Any) -> Case:
        """Return the case of what the firm's representative reported."""
        given = {
            "words": words, "place_code": XIAOSHAN, "title": "设备补贴没有拨付", "enterprise_id": self.firm.pk,
            "contact_name": "甲一", "contact_mobile": "13800001111",
        } | more  # fmt: skip
        boss = self["boss"]
        return report_problem(request=Request(reporter_id=boss.id, **given), by=boss, at=AT).case

    def pooled(self, **more: Any) -> Case:
        """Return a case that was taken up."""
        case = self.reported(**more)
        self.do("clerk", case, "accept", form={"board": "policy", "topic": "policy_payment", "scope": "individual", "difficulty": "general"})  # fmt: skip
        return case

    def handling(self, **more: Any) -> Case:
        """Return a case that the economy bureau works on."""
        case = self.pooled(**more)
        self.do("clerk", case, "assign", form={"lead": self.economy.pk, "instruction": MARK})
        self.do("unit", case, "take")
        return case

    def closed(self, **more: Any) -> Case:
        """Return a case that was answered and closed."""
        case = self.handling(**more)
        self.answer(case)
        return case

    def answer(self, case: Case, when: datetime = AT, **draft: Any) -> None:
        """Draft, check, sign and close."""
        self.do("unit", case, "draft", form={"result": "solved", "reply": REPLY}, when=when, **draft)
        self.do("unit2", case, "pass", when=when)
        self.do("unit2", case, "sign", form={"signer": "唐局长"}, when=when)
        self.do("clerk", case, "close", form={"result": fresh(case).problem_result}, when=when)

    def do(self, who: str, case: Case, name: str, when: datetime = AT, **more: Any) -> CaseEvent:
        """Do one transition as somebody."""
        return move_problem(by=self[who], at=when, case=fresh(case), transition=name, **more)

    def firm_sees(self, case: Case) -> str:
        """Return every page of the firm about a case as its representative opens it."""
        client = Client()
        client.force_login(self.people["boss"])
        pages = [client.get(url) for url in (f"/my-problems/{case.number}/", "/my-problems/", "/inbox/")]
        assert [one.status_code for one in pages] == [200, 200, 200]
        return "".join(one.content.decode() for one in pages)

    def inbox(self, name: str, *, kind: str = "", open_only: bool = False) -> list[str]:
        """Return the titles of somebody's notices, in order."""
        rows = Notice.objects.filter(recipient_id=self.people[name].pk).order_by("pk")
        rows = rows.filter(kind=kind) if kind else rows
        rows = rows.filter(done_at=None) if open_only else rows
        return list(rows.values_list("title", flat=True))


def fresh(case: Case) -> Any:
    """Return the case as it stands; `problem_result` is the result drafted for it."""
    from qifu.services.enterprise_problems.models import Problem

    row: Any = Case.objects.get(pk=case.pk)
    row.problem_result = Problem.objects.get(pk=case.pk).drafted_result
    return row


def paper(name: str = "证明.txt", text: str = "证明材料 2024\n", **more: Any) -> NewFiles:
    """Return an upload that says of itself that it is not classified."""
    return NewFiles([(name, io.BytesIO(text.encode()))], unclassified=True, **more)


def kinds(case: Case) -> list[str]:
    """Return the kinds of a case's events, in order."""
    return list(CaseEvent.objects.filter(case=case).order_by("seq").values_list("kind", flat=True))
