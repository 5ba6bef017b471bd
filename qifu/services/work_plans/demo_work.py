"""Made-up activity (模拟) over the 2024 plan as of 2024-06-20: a play in the order of its days, by the real actions."""

from __future__ import annotations

import heapq
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.notices import mark_read
from qifu.foundation.request_id import request_id
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person
from qifu.services.work_plans import actions
from qifu.services.work_plans.actions import Figure, MilestoneDraft, PlaceException
from qifu.services.work_plans.models import Assignment, Plan, PlanTarget

AS_OF = date(2024, 6, 20)
OFFICE = "330000.reform_office"
# Who answers for an indicator is not written in the annex; these are plausible, the others stay open.
INDICATOR_LEADS = {
    1: OFFICE, 2: OFFICE, 3: OFFICE, 4: "330000.data", 6: "330000.market_regulation", 7: "330000.justice",
    9: "330000.high_court", 13: "330000.market_regulation", 14: "330000.science_technology", 15: "330000.finance",
    18: "330000.economy_information", 19: "330000.commerce",
}  # fmt: skip
UNCONFIRMED = {("task", 32), ("action", 7), ("action", 12), ("action", 13)}
NO_LEAD = {21, 35}
CLOSED = {1, 2, 3, 13, 17, 19, 25, 26, 28, 31, 33}
RETURNED_ONCE = {3, 25}
WAITING = {8: (6, 18), 29: (6, 6), 15: (6, 19)}
SILENT = {16, 24, 34}
CITY_TASKS = {1: date(2024, 3, 31), 23: date(2024, 6, 30), 29: date(2024, 6, 30)}
COUNTY_TASK = 26
QUESTIONS = {
    20: ("在线处置场景是否统一接入省级平台？", "统一接入，接口规范另发。"),
    23: ("功能区的服务事项是否单列清单？", "不单列，并入所在县（市、区）。"),
    9: ("电子营业执照的企业授权由谁核验？", ""),
    28: ("地方特色事项能否列入省级目录？", ""),
}
WORDS = (
    "已印发实施方案，明确分工和进度。", "完成前期调研，形成征求意见稿。", "召开专题会议，协调解决跨部门问题。",
    "主体工作已完成，正在查漏补缺。", "在部分地区先行试点，总结推广做法。", "按月调度，进度符合预期。",
)  # fmt: skip


_Step = Callable[[datetime], Any]


@dataclass
class _Play:
    """The steps of the play with their moments, and who is on stage."""

    plan: Plan
    people: dict[str, Actor]
    dice: random.Random = field(default_factory=lambda: random.Random(2024))
    steps: list[tuple[datetime, int, _Step]] = field(default_factory=list)
    count: int = 0

    def on(self, day: date, run: _Step, *, hour: int = 9) -> None:
        """Add a step, also while others run; nothing is played after the day of the demo."""
        if day <= AS_OF:
            self.count += 1
            moment = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
            heapq.heappush(self.steps, (moment + timedelta(seconds=self.count), self.count, run))

    def perform(self) -> None:
        """Run all steps in the order of their moments."""
        while self.steps:
            moment, _, run = heapq.heappop(self.steps)
            run(moment)

    def someone(self, row: Assignment) -> Actor:
        """Whoever speaks for a row: the demo officer of its lead, else a made-up one without an account."""
        code = row.lead.code if row.lead else ""
        if code in self.people:
            return self.people[code]
        name = row.lead.name if row.lead else f"{_place(row)}改革办"
        return Actor(kind="system", name=f"{name}（模拟）"[:60])


def _place(row: Assignment) -> str:
    return divisions.names([row.place_code]).get(row.place_code, row.place_code)


@action("work_plans.lay_demo_work", title="铺设演示进展", permission="work_plans.load")
def lay_demo_work(*, plan: Plan, by: Actor, at: datetime) -> int:
    """Play the first half of 2024 over a plan that is only opened; return how many steps; nothing the second time."""
    current_act().about(plan)
    if Assignment.objects.filter(plan=plan, last_seq__gt=2).exists():
        return 0
    play = _Play(plan, _people())
    if not {OFFICE, "second", "330100.reform_office"} <= set(play.people):
        return 0
    rows = {(row.kind, row.number): row for row in plan.assignments.select_related("lead")}
    _leads(play, rows)
    _decompositions(play, rows)
    for row in rows.values():
        _course(play, row)
    _questions(play, rows)
    _milestones(play, rows)
    _schedule(play, rows)
    _reminders(play)
    with request_id("demo"):  # who holds what is then asked once for each act
        play.perform()
    return play.count


def _people() -> dict[str, Actor]:
    """The demo officers by the organisation of their post; `second` is the office's second person."""
    found: dict[str, Actor] = {}
    for person in Person.objects.order_by("pk").prefetch_related("posts__organisation"):
        for post in person.posts.all():
            if post.organisation and post.role in ("reform_officer", "department_officer"):
                if post.organisation.code not in found:
                    found[post.organisation.code] = person.as_actor()
                elif post.organisation.code == OFFICE:
                    found["second"] = person.as_actor()
    return found


def _leads(play: _Play, rows: dict[tuple[str, int], Assignment]) -> None:
    units = {unit.code: unit.pk for unit in Organisation.objects.filter(place_code="330000")}
    office = play.people[OFFICE]

    def change(row: Assignment, code: str, reason: str) -> _Step:
        return lambda at: actions.change_lead(
            assignment=row, organisation=units[code], reason=reason, by=office, at=at
        )

    def confirm(row: Assignment, by: Actor) -> _Step:
        return lambda at: actions.confirm_lead(assignment=row, by=by, at=at)

    for (kind, number), row in rows.items():
        day = date(2024, 2, 20) + timedelta(days=play.dice.randrange(0, 8))
        if kind == "indicator" and number in INDICATOR_LEADS:
            play.on(day, change(row, INDICATOR_LEADS[number], "按职责确定（模拟）"))
        elif row.lead is None and kind == "task" and number not in NO_LEAD:
            play.on(day, change(row, OFFICE, "责任单位为市县泛指，由省委改革办统筹（模拟）"))
        elif row.lead is not None and (kind, number) not in UNCONFIRMED:
            play.on(day, confirm(row, play.people.get(row.lead.code, office)))


def _decompositions(play: _Play, rows: dict[tuple[str, int], Assignment]) -> None:
    office, city = play.people[OFFICE], play.people["330100.reform_office"]

    def to_cities(number: int, due: date) -> _Step:
        row = rows[("task", number)]
        own = {"331100": PlaceException(due_on=due + timedelta(days=31))}
        words = f"{{地区}}制定本地落实方案，{row.title}。"
        return lambda at: _parts(
            play, actions.decompose(
                assignment=row, places="cities", requirement=words, due_on=due, exceptions=own, by=office, at=at
            ), at,
        )  # fmt: skip

    def to_counties(at: datetime) -> None:
        made = actions.decompose(
            assignment=rows[("task", COUNTY_TASK)], places="counties", by=office, at=at,
            requirement="{地区}公布基础清单，清单事项全部进企服中心。", due_on=date(2024, 5, 31),
        )  # fmt: skip
        _parts(play, made, at)

    def below_hangzhou(at: datetime) -> None:
        row = Assignment.objects.get(plan=play.plan, kind="task", number=29, place_code="330100")
        actions.decompose(
            assignment=row, places="counties", requirement="{地区}落地“一类事”，报送一件特色事项。",
            due_on=date(2024, 6, 15), by=city, at=at,
        )  # fmt: skip

    for number, due in CITY_TASKS.items():
        play.on(date(2024, 3, 1), to_cities(number, due))
    play.on(date(2024, 3, 4), to_counties)
    play.on(date(2024, 3, 11), below_hangzhou)


def _parts(play: _Play, made: list[Assignment], at: datetime) -> None:
    """What places make of their parts: most report, some are done, a few have not begun."""
    dice = random.Random(made[0].number)
    for row in made:
        fate = dice.random()
        start = at.date() + timedelta(days=dice.randrange(10, 40))
        asked = start + timedelta(days=dice.randrange(5, 45))
        if fate < 0.9:
            play.on(start, _tell(play, row, dice.choice(WORDS)), hour=11)
        if fate < 0.64:
            play.on(asked, _submit(play, row), hour=11)
        if fate < 0.56:
            play.on(asked + timedelta(days=3), _close(play, row), hour=11)


def _tell(play: _Play, row: Assignment, words: str) -> _Step:
    return lambda at: actions.report_progress(
        assignment=row, text=f"{words}（模拟）", today=at.date(), by=play.someone(row), at=at
    )


def _course(play: _Play, row: Assignment) -> None:
    """The life of one item of the province: reports, and for some the end."""
    number, is_task = row.number, row.kind == "task"
    if (row.kind, number) in UNCONFIRMED or (is_task and number in NO_LEAD | SILENT):
        return
    if row.kind == "indicator" and number not in INDICATOR_LEADS:
        return
    closed = is_task and number in CLOSED
    months = (3,) if closed else (3, 5) if play.dice.random() < 0.8 else (4,)
    for month in months:
        play.on(date(2024, month, play.dice.randrange(5, 20)), _report(play, row, month), hour=14)
    if closed:
        end = date(2024, 4, 28) if number == COUNTY_TASK else date(2024, 3, 25)
        end += timedelta(days=play.dice.randrange(0, 9))
        play.on(end, _submit(play, row), hour=15)
        if number in RETURNED_ONCE:
            play.on(end + timedelta(days=2), _send_back(play, row))
            play.on(end + timedelta(days=4), _submit(play, row))
        play.on(end + timedelta(days=6), _close(play, row))
    if is_task and number in WAITING:
        play.on(date(2024, *WAITING[number]), _submit(play, row), hour=10)


def _report(play: _Play, row: Assignment, month: int) -> _Step:
    words = play.dice.choice(WORDS)
    share = Decimal(play.dice.randrange(60, 85) + month * 4) / 100
    proven = play.dice.random() < 0.4

    def run(at: datetime) -> None:
        now = Assignment.objects.select_related("lead").get(pk=row.pk)
        as_of = date(2024, month, 1) - timedelta(days=1)
        targets = PlanTarget.objects.filter(item_id=now.item_id, value__isnull=False).order_by("order")[:3]
        figures = [
            Figure((target.value * share).quantize(Decimal("0.1")), as_of, target.order)
            for target in targets
            if target.value is not None
        ]
        actions.report_progress(
            assignment=now, text=f"{words}（模拟）", figures=figures, today=at.date(), by=play.someone(now), at=at,
            **(_proof(now) if proven else {}),
        )  # fmt: skip

    return run


def _submit(play: _Play, row: Assignment) -> _Step:
    def run(at: datetime) -> None:
        now = Assignment.objects.select_related("lead").get(pk=row.pk)
        who = play.someone(now)
        actions.submit_work(
            assignment=now, text="任务已完成，申请销号（模拟）。", by=who, at=at, **_proof(now)
        )

    return run


def _send_back(play: _Play, row: Assignment) -> _Step:
    return lambda at: actions.return_work(
        assignment=row, reason="请补充印发文件（模拟）", by=play.people["second"], at=at
    )


def _close(play: _Play, row: Assignment) -> _Step:
    return lambda at: actions.close_work(
        assignment=row, text="材料齐全，同意销号（模拟）。", by=play.people["second"], at=at
    )


def _questions(play: _Play, rows: dict[tuple[str, int], Assignment]) -> None:
    office = play.people[OFFICE]

    def reply(row: Assignment, question: int, answer: str) -> _Step:
        return lambda at: actions.answer_question(
            assignment=row, question=question, text=f"{answer}（模拟）", by=office, at=at
        )

    def talk(row: Assignment, question: str, answer: str) -> _Step:
        def run(at: datetime) -> None:
            now = Assignment.objects.select_related("lead").get(pk=row.pk)
            who = play.someone(now)
            if who == office:  # asks nobody but itself: a made-up colleague of a city asks
                who = Actor(kind="system", name="宁波市改革办（模拟）")
            asked = actions.ask_question(assignment=now, text=f"{question}（模拟）", by=who, at=at)
            if answer:
                play.on(at.date() + timedelta(days=2), reply(now, asked.pk, answer), hour=17)

        return run

    for number, (question, answer) in QUESTIONS.items():
        day = date(2024, 3, 18) if number == 28 else date(2024, 5, 20) + timedelta(days=number)
        play.on(day, talk(rows[("task", number)], question, answer), hour=16)


def _milestones(play: _Play, rows: dict[tuple[str, int], Assignment]) -> None:
    """Milestones of the first special actions, some of them reached."""

    def milestones(row: Assignment, titles: list[str]) -> _Step:
        drafts = [
            MilestoneDraft(title, date(2024, 4, 30) + timedelta(days=60 * step))
            for step, title in enumerate(titles)
        ]
        return lambda at: actions.set_milestones(
            assignment=row, milestones=drafts, by=play.someone(row), at=at
        )

    def reach(row: Assignment) -> _Step:
        def run(at: datetime) -> None:
            step = row.milestones.order_by("order")[0]
            actions.reach_milestone(
                assignment=row, milestone=step.pk, reached_on=at.date(), today=at.date(), by=play.someone(row), at=at
            )  # fmt: skip

        return run

    for number in range(1, 7):
        row = rows[("action", number)]
        titles = list(row.item.steps[:4]) if row.item else []
        if titles:
            play.on(date(2024, 3, 7), milestones(row, titles))
            if number % 2:
                play.on(date(2024, 4, 26), reach(row))


def _schedule(play: _Play, rows: dict[tuple[str, int], Assignment]) -> None:
    """Deadlines moved, the order of the first tasks, a comment."""
    office = play.people[OFFICE]

    def due(row: Assignment, day: date, reason: str) -> _Step:
        return lambda at: actions.set_due(assignment=row, due_on=day, reason=reason, by=office, at=at)

    for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11):
        reason = "专项行动年底前完成（模拟）"
        play.on(date(2024, 3, 6), due(rows[("action", number)], date(2024, 12, 31), reason))
    play.on(date(2024, 6, 5), due(rows[("task", 22)], date(2024, 8, 31), "评价体系须先征求企业意见（模拟）"))
    for before, then in ((17, 18), (18, 20), (23, 30)):
        play.on(
            date(2024, 2, 29),
            lambda at, first=rows[("task", before)], later=rows[("task", then)]: actions.set_precedence(  # type: ignore[misc]
                assignment=later, before=first, by=office, at=at
            ),
        )
    play.on(
        date(2024, 6, 12),
        lambda at: actions.add_comment(
            assignment=rows[("task", 20)], text="请对照时间表倒排工期（模拟）。", by=office, at=at
        ),
    )


def _reminders(play: _Play) -> None:
    """Reminders as they would have gone out, and inboxes read until a week ago."""

    def remind(at: datetime) -> None:
        actions.remind_units(today=at.astimezone(SHANGHAI).date(), by=SYSTEM, at=at)

    day = date(2024, 3, 4)
    while day < AS_OF:
        play.on(day, remind, hour=8)
        day += timedelta(days=14)
    play.on(AS_OF, remind, hour=8)

    def read(at: datetime) -> None:
        for person in play.people.values():
            mark_read(person, at=at)

    play.on(date(2024, 6, 13), read, hour=18)


def _proof(row: Assignment) -> dict[str, Any]:
    text = f"模拟佐证材料：{_place(row)} {row.title}\n".encode()
    return {"files": [("佐证材料（模拟）.txt", io.BytesIO(text))], "unclassified": True}
