"""Problems of a demo site: some sixty made-up ones (模拟), brought to where they stand by the real acts at past times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.conf import settings

from qifu.engines.casework.models import Case, Escalation
from qifu.foundation.access import ANONYMOUS, SYSTEM, Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar
from qifu.registers.enterprises.demo import DEMO_USCC
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions.call_backs import decide_rework, record_call_back
from qifu.services.enterprise_problems.actions.escalating import answer_escalation, escalate
from qifu.services.enterprise_problems.actions.intake import Request, query_hash, take_in
from qifu.services.enterprise_problems.actions.merging import merge_problems
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.actions.own import appeal, withdraw
from qifu.services.enterprise_problems.actions.promises import NewPromise
from qifu.services.enterprise_problems.actions.rating import rate_problem
from qifu.services.enterprise_problems.actions.responsibility import rule_responsibility
from qifu.services.enterprise_problems.demo_texts import MR, OWNED, TOLD, Told
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import CallBack, Problem

COUNTY = "330109"
LAST = datetime(2024, 6, 20, 9, tzinfo=SHANGHAI)
SOURCES = {"hotline": "12345热线（模拟）", "superior": "市级转办（模拟）"}
ANSWERED = ("drafted", "passed", "signed", "closed", "rated", "bad", "reworking")
"""Lives that come to an answer, in the order in which they go on."""


def load_demo_problems(at: datetime) -> int:
    """Make the demo problems on a demo site and return how many were new; Refused on any other site; safe to repeat."""
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟涉企问题")
    if Problem.objects.filter(simulated=True).exists():
        return 0
    return _Stage(load_calendar(date(2024, 6, 20))).play()


@action("enterprise_problems.load_demo", title="载入模拟涉企问题", permission="enterprise_problems.load_demo")
def take_in_demo(*, by: Actor, at: datetime, request: Request) -> tuple[Case, str]:
    """Take a made-up request in; return its case and query code."""
    receipt = take_in(request)
    current_act().about(receipt.case)
    return receipt.case, receipt.query_code


@dataclass(frozen=True)
class _Running:
    """One problem on its way: what was told, its case, the proof of its code, and when it came."""

    told: Told
    case: Case
    proof: str
    opened: datetime


class _Stage:
    """The people, units and firms of the demo, and the steps that problems take with them."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.calendar = calendar
        names = ("clerk", "hub_city", "callback", "unit", "unit2", "market_county", "legal")
        people = {row.username: row.as_actor() for row in Person.objects.filter(username__in=names)}
        self.clerk, self.city, self.desk, self.officer, self.checker, self.market, self.legal = (people[one] for one in names)  # fmt: skip
        self.units = {row.code: row for row in Organisation.objects.filter(place_code=COUNTY)}
        self.own = Enterprise.objects.get(uscc=DEMO_USCC)
        self.firms = list(Enterprise.objects.exclude(division_code="").order_by("division_code", "pk"))
        self.kept: dict[str, _Running] = {}

    def play(self) -> int:
        """Do everything in the order of arrival; return how many problems there are."""
        self._rule()
        ordered = sorted(TOLD, key=lambda told: told.at)
        for number, told in enumerate(ordered):
            self._live(self._take_in(number, told))
        return len(ordered)

    def _rule(self) -> None:
        at = datetime(2024, 3, 1, 10, tzinfo=SHANGHAI)
        for topic, unit in OWNED:
            rule_responsibility(
                by=self.clerk, at=at, place_code=COUNTY, topic=topic, organisation_id=self._unit(unit).pk,
                effective_from=date(2024, 3, 1), basis="区企服中心责任清单（2024年第1批，模拟）",
            )  # fmt: skip

    def _unit(self, name: str) -> Organisation:
        return self.units[f"{COUNTY}.{name}"]

    def _take_in(self, number: int, told: Told) -> _Running:
        opened = datetime.strptime(f"2024-{told.at}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
        firm = self.own if told.legal else self._firm(number, told.place)
        complained = Organisation.objects.get(code=told.complained).pk if told.complained else None
        outside = f"SJ24{opened:%m%d}{number:04d}" if told.channel in SOURCES else ""
        request = Request(
            words=told.words, place_code=told.place, channel=told.channel, source=SOURCES.get(told.channel, ""), outside_number=outside,
            occasion=told.occasion, enterprise_id=firm.pk if firm else None, enterprise_name=firm.name if firm else _made_up_name(number),
            contact_name="王模拟", contact_mobile=f"1390000{number:04d}", complained_id=complained,
            reporter_id=self.legal.id if told.legal else None, simulated=True,
        )  # fmt: skip
        case, code = take_in_demo(by=SYSTEM, at=opened, request=request)
        return _Running(told, case, query_hash(case.number, code), opened)

    def _firm(self, number: int, place: str) -> Enterprise | None:
        """Return a registered firm of the place for every third problem; the others are known by name only."""
        there = [firm for firm in self.firms if firm.division_code == place and firm.uscc != DEMO_USCC]
        return there[number % len(there)] if there and number % 3 == 0 else None

    # ---- steps ---------------------------------------------------------------------------------------------------

    def _after(self, run: _Running, days: int, hour: int, minute: int = 0) -> datetime:
        """Return an hour of the n-th working day after arrival (the day itself for 0), never before the arrival."""
        day = self.calendar.add_working_days(run.opened.date(), days).day if days else run.opened.date()
        at = max(datetime.combine(day, time(hour, minute), SHANGHAI), run.opened)
        if at > LAST:
            raise ValueError(f"the life of {run.told.words[:20]} goes beyond the demo's day: {at}")
        return at

    def _move(
        self, run: _Running, by: Actor, days: int, hour: int, transition: str, *, minute: int = 0,
        promises: Sequence[NewPromise] = (), **form: Any,
    ) -> None:  # fmt: skip
        given = {name: value for name, value in form.items() if value not in (None, "")}
        case = Case.objects.get(pk=run.case.pk)
        move_problem(
            by=by, at=self._after(run, days, hour, minute), case=case, transition=transition, form=given, confirmed="已逐项核对（模拟）",
            promises=promises,
        )  # fmt: skip

    def _live(self, run: _Running) -> None:
        if run.told.key:
            self.kept[run.told.key] = run
        step: Callable[[_Running], None] | None = getattr(self, f"_to_{run.told.life}", None)
        if run.told.life in ANSWERED:
            self._answered(run)
        elif step is not None:
            step(run)
        if run.told.same_as == "power":  # the others are left as candidates for whoever tries the demo
            main = self.kept["power"].case
            at = self._after(run, 3, 15)
            merge_problems(
                by=self.clerk,
                at=at,
                main=Case.objects.get(pk=main.pk),
                children=[run.case],
                text="同一线路停电",
            )

    def _to_new(self, run: _Running) -> None:
        """Leave it as it came."""

    def _to_excluded(self, run: _Running) -> None:
        reason = lists().exclusion_reasons[run.told.detail]
        self._move(
            run, self.clerk, 1, 9, "exclude", reason_code=run.told.detail, explanation=str(reason["notice"])
        )

    def _to_appealed(self, run: _Running) -> None:
        self._to_excluded(run)
        said = "我们有书面协议和违约证据，希望先组织协调，并非要求强制履行"
        appeal(by=ANONYMOUS if not run.told.legal else self.legal, at=datetime(2024, 6, 18, 10, tzinfo=SHANGHAI), case=run.case, explanation=said, proof=run.proof)  # fmt: skip

    def _to_overruled(self, run: _Running) -> None:
        self._to_excluded(run)
        at = self._after(run, 3, 10)
        appeal(
            by=ANONYMOUS,
            at=at,
            case=run.case,
            explanation="补充：是产品检测费用过高、检测周期太长",
            proof=run.proof,
        )
        self._move(run, self.city, 6, 15, "overrule", explanation="已补充具体事实，应当纳入办理")

    def _to_referred(self, run: _Running) -> None:
        channel = lists().statutory_channels[run.told.detail]
        self._move(
            run, self.clerk, 1, 10, "refer", statutory_channel=run.told.detail, notice=str(channel["notice"])
        )

    def _to_withdrawn(self, run: _Running) -> None:
        withdraw(by=self.legal, at=self._after(run, 0, 17), case=run.case, explanation="已自行解决")

    def _to_pooled(self, run: _Running) -> None:
        board = str(lists().topics[run.told.topic]["board"])
        self._move(
            run, self.clerk, 1, 8, "accept", minute=40, topic=run.told.topic, board=board, scope="individual", difficulty=run.told.difficulty
        )  # fmt: skip

    def _to_assigned(self, run: _Running) -> None:
        self._to_pooled(run)
        said = "请两个工作日内联系企业，按期答复。"
        self._move(
            run, self.clerk, 1, 8, "assign", minute=50, lead=self._unit(run.told.unit).pk, instruction=said
        )

    def _to_taken(self, run: _Running) -> None:
        self._to_assigned(run)
        self._move(run, self.market if run.told.unit == MR else self.officer, 1, 14, "take")

    def _to_overdue(self, run: _Running) -> None:
        self._to_taken(run)

    def _to_contacted(self, run: _Running) -> None:
        self._to_taken(run)
        said = "已电话了解情况，企业补充了合同和往来凭证。"
        self._move(run, self.officer, 2, 10, "contact", contact_way="phone", explanation=said)

    def _to_worked(self, run: _Running) -> None:
        self._to_contacted(run)
        self._move(run, self.officer, 3, 10, "report", progress="已会同供电单位现场查看，正在制定检修方案。")

    def _to_returned(self, run: _Running) -> None:
        self._to_assigned(run)
        self._move(
            run,
            self.market,
            1,
            15,
            "return",
            explanation=run.told.detail,
            suggested_lead=self._unit("development_reform").pk,
        )

    def _to_ruled(self, run: _Running) -> None:
        self._to_returned(run)
        self._move(
            run,
            self.clerk,
            2,
            10,
            "rule",
            lead=self._unit(MR).pk,
            explanation="登记注册属该局法定职责，由其办理",
        )
        self._move(run, self.market, 2, 15, "take")

    def _to_the_meeting(self, run: _Running) -> None:
        self._to_contacted(run)
        for days, minutes in ((3, "经板块研究，需多部门协商。"), (4, "经协商仍有分歧，提交会议研究。")):
            self._move(run, self.clerk, days, 16, "raise_step", minutes=minutes)

    def _to_shelved(self, run: _Running) -> None:
        self._to_the_meeting(run)
        self._move(
            run, self.clerk, 5, 10, "shelve", leader="分管副区长（模拟）", plan=run.told.detail, review_on="2024-06-24",
            progress="已列入区级包案事项，每月研究一次并告知进展",
        )  # fmt: skip

    def _to_escalated(self, run: _Running) -> None:
        self._to_the_meeting(run)
        case = Case.objects.get(pk=run.case.pk)
        escalate(by=self.clerk, at=self._after(run, 5, 10), case=case, reason=run.told.detail)

    def _to_answered(self, run: _Running) -> None:
        self._to_escalated(run)
        raised = Escalation.objects.get(case=run.case)
        answer_escalation(
            by=self.city, at=self._after(run, 7, 15), case=Case.objects.get(pk=run.case.pk), escalation_id=raised.pk, decision="advised",
            text="请区级先保障过渡用地，市级已列入本季度用地统筹清单。",
        )  # fmt: skip

    def _answered(self, run: _Running) -> None:
        told, depth = run.told, ANSWERED.index(run.told.life)
        self._to_contacted(run)
        promises = [NewPromise(text, date.fromisoformat(due)) for text, due in told.promised]
        self._move(
            run, self.officer, 3, 10, "draft", promises=promises, result=told.result, reply=told.detail
        )
        if depth >= 1:
            self._move(run, self.checker, 3, 14, "pass")
        if depth >= 2:
            self._move(run, self.checker, 3, 16, "sign", signer="区经信局分管负责人（模拟）")
        if depth >= 3:
            self._move(run, self.clerk, 4, 10, "close", result=told.result)
        if depth >= 4 and told.stars:
            self._rated(run)

    def _rated(self, run: _Running) -> None:
        told = run.told
        by, at = (self.legal if told.legal else ANONYMOUS), self._after(run, 6, 11)
        rate_problem(
            by=by, at=at, case=Case.objects.get(pk=run.case.pk), solved=told.stars > 2, stars=told.stars,
            text="" if told.stars > 2 else "答复没有解决实际问题", proof="" if told.legal else run.proof,
        )  # fmt: skip
        if told.life != "reworking":
            return
        wanted = CallBack.objects.get(case=run.case, occasion=CallBack.Occasion.BAD_RATING)
        record_call_back(
            by=self.desk, at=self._after(run, 7, 10), call_back=wanted, outcome="reached", solved=False, stars=told.stars,
            text="企业说链接下架后换了店铺继续销售",
        )  # fmt: skip
        decide_rework(
            by=self.desk, at=self._after(run, 7, 11), call_back=CallBack.objects.get(pk=wanted.pk), rework=True,
            text="请核查换店铺继续销售的情况，并与企业当面沟通。",
        )  # fmt: skip


def _made_up_name(number: int) -> str:
    """Return a firm's name that nobody bears."""
    marks, trades = (
        ("萧然", "湘湖", "钱塘潮", "航坞", "义桥", "临浦", "瓜沥", "戴村"),
        ("精密机械", "纺织", "新材料", "电子", "食品", "物流", "装备"),
    )
    return f"杭州{marks[number % len(marks)]}{trades[number % len(trades)]}有限公司（模拟）"
