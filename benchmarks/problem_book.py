"""A book of made problems for measuring: a million cases of seven years, as handling would have left them.

Counties, their units, their clerks and firms are made through the door; cases, events, clocks and problems are written
by COPY (PostgreSQL) or executemany (SQLite), since a million acts would take hours. Each case walks a path of the
published case type up to the present moment, so that states, events, clocks and numbers agree as `casework verify` asks.
All is made up (模拟).
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

YEARS = 7
UNITS = (
    "经济和信息化局",
    "市场监督管理局",
    "自然资源和规划局",
    "生态环境局",
    "税务局",
    "人力资源和社会保障局",
    "住房和城乡建设局",
    "行政审批局",
)
PATHS = {
    "solved": (68, ("accept", "assign", "take", "contact", "draft", "pass", "sign", "close")),
    "transferred": (12, ("accept", "transfer", "take", "contact", "draft", "pass", "sign_and_close")),
    "reported": (8, ("accept", "assign", "take", "contact", "report", "draft", "pass", "sign", "close")),
    "excluded": (7, ("exclude",)),
    "referred": (3, ("accept", "refer")),
    "withdrawn": (1, ("accept", "withdraw")),
    "stuck": (1, ("accept", "assign", "take", "contact", "report")),
}
"""How often a case goes which way; `stuck` is still being handled today."""
HOURS = {
    "accept": 8, "exclude": 8, "assign": 8, "transfer": 8, "take": 8, "contact": 24, "report": 60, "draft": 110, "pass": 10, "sign": 10,
    "sign_and_close": 10, "close": 20, "refer": 20, "withdraw": 40,
}  # fmt: skip
"""About how many hours after the step before a step comes."""
MATTERS = {
    "policy_payment": "惠企补贴{o}申报后{d}仍未兑现", "loan": "银行对我公司{o}贷款到期不予续贷，{d}资金周转困难",
    "recruitment": "{o}岗位招工难，{d}缺少技术工人影响交货", "land": "厂区{o}用地指标未落实，{d}无法开工建设",
    "tax": "出口退税{o}进度慢，{d}尚未到账", "arrears": "某单位拖欠我公司{o}工程款，{d}多次催要无果",
    "enforcement": "{o}同一事项多部门重复检查，{d}影响正常生产经营", "data_and_network": "申报系统{o}填报时报错，{d}无法提交",
    "contract_dispute": "{o}合同违约纠纷，{d}协商不成", "innovation": "{o}专利审查周期长，{d}没有进展",
}  # fmt: skip
OBJECTS = (
    "智能制造",
    "光伏组件",
    "冷链仓储",
    "新材料",
    "纺织印染",
    "生物医药",
    "跨境电商",
    "数控机床",
    "环保设备",
    "食品加工",
    "汽车零部件",
    "模具",
)
DELAYS = (
    "已经三个月",
    "去年至今",
    "半年多",
    "自上月起",
    "两年来",
    "近一个季度",
    "春节以后",
    "入梅以来",
    "自换证以后",
    "截至昨日",
)
ASKED = (
    "请求协调有关部门尽快研究解决",
    "希望明确办理时限和责任人",
    "恳请给予政策支持",
    "请予以核实并回复",
    "希望上门了解实际困难",
    "请帮助对接",
)
RARE = "麟祺骁珩琛翊璟煊钰淼鑫磊焱垚犇骉羴猋掱晶众品森炎尧圭芃苡蘅芷荇菀茗茜苒葳"


@dataclass
class Book:
    """What was made: counties with their clerks and units, and the texts to search for."""

    now: datetime
    places: list[str] = field(default_factory=list)
    clerks: dict[str, Any] = field(default_factory=dict)
    officers: dict[str, Any] = field(default_factory=dict)
    units: dict[str, list[int]] = field(default_factory=dict)
    hubs: dict[str, int] = field(default_factory=dict)
    rare: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


def lay(size: int, seed: str, now: datetime) -> Book:
    """Fill an empty migrated database with `size` cases received up to `now`; return what was made."""
    chooser = random.Random(seed)
    book = Book(now)
    _ground(book, now)
    started = time.perf_counter()
    writer = _Writer()
    writer.begin()
    Cases(book, chooser, writer).write(size)
    writer.end()
    book.rows = dict(writer.counts)
    print(f"{size} cases written in {time.perf_counter() - started:.0f} s: {book.rows}", file=sys.stderr)
    return book


def _ground(book: Book, now: datetime) -> None:
    """Load registers and case types; make counties' hubs, units, clerks and officers through the door."""
    from django.conf import settings

    from qifu.engines.casework.publish import publish_folder
    from qifu.foundation.access import SYSTEM, Permission, declare_permissions
    from qifu.foundation.action import action, actions
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.organisations.actions import load_organisations

    folder = settings.PROVINCE_DIR
    load_divisions(by=SYSTEM, at=now, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=now, province_dir=folder)
    publish_folder(folder / "enterprise_problems", by=SYSTEM, at=now)
    declare_permissions(Permission("benchmark.people", "压测建单位与人员", {}))
    if "benchmark.people" not in actions():

        @action("benchmark.people", title="压测建单位与人员", permission="benchmark.people")
        def _make(*, book: Book, by: Any, at: datetime) -> None:
            _people(book, at)

    actions()["benchmark.people"](book=book, by=SYSTEM, at=now)


def _people(book: Book, at: datetime) -> None:
    from qifu.registers.divisions import queries as divisions
    from qifu.registers.organisations.models import Organisation
    from qifu.registers.people.models import Person, Post

    counties = divisions.book(at.date()).of_kind("county")
    book.places = [one.code for one in counties]
    made: list[Organisation] = []
    for one in counties:
        names = [
            ("enterprise_service_centre", f"{one.name}企服中心"),
            *((f"unit{n}", f"{one.name}{unit}") for n, unit in enumerate(UNITS)),
        ]
        for key, name in names:
            made.append(
                Organisation(
                    code=f"{one.code}.{key}",
                    name=name,
                    full_name=f"{name}（模拟）",
                    kind="government_department",
                    level="county",
                    place_code=one.code,
                    source="benchmark",
                )
            )
    known = set(Organisation.objects.values_list("code", flat=True))
    for organisation in made:
        if organisation.code not in known:
            organisation.save()  # it carries a checksum of its own
    by_code = dict(Organisation.objects.values_list("code", "pk"))
    people: list[Person] = []
    posts: list[Post] = []
    for place in book.places:
        book.hubs[place] = by_code[f"{place}.enterprise_service_centre"]
        book.units[place] = [by_code[f"{place}.unit{n}"] for n in range(len(UNITS))]
        for kind, role, organisation in (
            ("clerk", "centre_clerk", book.hubs[place]), ("officer", "department_officer", book.units[place][0]),
        ):  # fmt: skip
            person = Person(
                username=f"{kind}{place}", name=f"{kind}{place}（模拟）", created_at=at, password="!"
            )
            people.append(person)
            posts.append(
                Post(
                    person=person,
                    role=role,
                    organisation_id=organisation,
                    place_code=place,
                    starts_on=date(2024, 1, 1),
                )
            )
            (book.clerks if kind == "clerk" else book.officers)[place] = person
    Person.objects.bulk_create(people)
    for post in posts:
        post.person_id = post.person.pk
    Post.objects.bulk_create(posts)


@dataclass
class _Running:
    """A case on its way."""

    pk: int
    place: str
    state: str
    lead: int
    difficulty: str
    at: datetime
    version: int = 0
    mode: str = "hub"
    handler: int | None = None
    result: str = ""
    closed: datetime | None = None
    clocks: dict[str, list[Any]] = field(default_factory=dict)
    done: list[list[Any]] = field(default_factory=list)


class Cases:
    """Makes rows case by case; one case's life follows the published case type."""

    def __init__(self, book: Book, chooser: random.Random, writer: _Writer) -> None:
        from qifu.engines.casework.definitions import hours_of, in_force, of_revision
        from qifu.foundation.working_calendar import load_calendar
        from qifu.services.enterprise_problems.lists import lists

        self.book, self.chooser, self.writer = book, chooser, writer
        self.revision = in_force("enterprise_problem", book.now.date())
        self.definition = of_revision(self.revision)
        self.calendar, self.hours = load_calendar(book.now.date()), hours_of(self.definition)
        self.due_kept: dict[tuple[str, int, date], tuple[datetime, bool]] = {}
        self.numbers: Counter[tuple[str, str]] = Counter()
        self.topics, self.boards = (
            list(MATTERS),
            {code: str(one["board"]) for code, one in lists().topics.items()},
        )
        self.paths = [steps for _, steps in PATHS.values()]
        self.weights = [weight for weight, _ in PATHS.values()]
        self.clerk_names = {place: one.name for place, one in book.clerks.items()}

    def write(self, size: int) -> None:
        """Write `size` cases in the order in which they came in."""
        span = int(timedelta(days=365 * YEARS).total_seconds()) // 60
        minutes = sorted(self.chooser.randrange(span) for _ in range(size))
        first = self.book.now.replace(second=0, microsecond=0) - timedelta(minutes=span)
        for start in range(0, size, 20_000):
            for number, minute in enumerate(minutes[start : start + 20_000], start=start + 1):
                self._one(number, first + timedelta(minutes=minute))
            self.writer.flush()
        self.writer.rows(
            "casework.CaseNumber",
            ({"place_code": p, "month": m, "last": n} for (p, m), n in self.numbers.items()),
        )
        self.writer.flush()

    def _one(self, pk: int, opened: datetime) -> None:
        chooser = self.chooser
        place = chooser.choice(self.book.places)
        month = (opened + timedelta(hours=8)).strftime("%Y%m")
        self.numbers[place, month] += 1
        number = f"{place}{month}{self.numbers[place, month]:05d}"
        row = _Running(
            pk,
            place,
            "received",
            self.book.hubs[place],
            chooser.choices(("general", "complex", "hard"), (6, 3, 1))[0],
            opened,
        )
        topic = chooser.choice(self.topics)
        board, pattern = self.boards[topic], MATTERS[topic]
        self._event(row, "opened", "收到", "reporter", "已收到您反映的问题", {})
        self._start(row, ("filter",))
        path = chooser.choices(self.paths, self.weights)[0]
        unit = self.book.units[place][0 if chooser.random() < 0.3 else chooser.randrange(len(UNITS))]
        classed = False
        for name in path:
            later = row.at + timedelta(minutes=int(HOURS[name] * 60 * (0.3 + 1.4 * chooser.random())))
            if later > self.book.now:
                break
            row.at = later
            classed = classed or name == "accept"
            self._step(row, name, unit, board, topic)
        self._finish(row, pk, number, opened, (board, topic) if classed else ("", ""), pattern)

    def _step(self, row: _Running, name: str, unit: int, board: str, topic: str) -> None:
        step = self.definition.transitions[name]
        facts: dict[str, Any] = {}
        if name == "accept":
            facts = {"board": board, "topic": topic, "scope": "individual", "difficulty": row.difficulty}
        elif name in ("assign", "transfer"):
            row.lead, row.mode = unit, "assigned" if name == "assign" else "transferred"
            facts = {"lead": unit}
        row.state = step.to or row.state
        for clock in step.stops:
            self._stop(row, clock)
        if step.effect == "close":
            row.result = {"exclude": "excluded", "refer": "to_statutory", "withdraw": "withdrawn"}.get(
                name, "solved"
            )
            row.closed = row.at
            facts["result"] = row.result
            for clock in list(row.clocks):
                self._stop(row, clock)
        self._start(row, step.starts)
        role = step.roles[0]
        self._event(row, name, step.title, role, step.shown and step.title, facts)

    def _event(
        self, row: _Running, kind: str, title: str, role: str, shown: str, facts: dict[str, Any]
    ) -> None:
        row.version += 1
        self.writer.add("casework.CaseEvent", {
            "case_id": row.pk, "seq": row.version, "kind": kind, "title": title, "at": row.at, "by_id": self.book.clerks[row.place].pk,
            "by_name": self.clerk_names[row.place], "role": role, "organisation_id": None if role == "reporter" else row.lead,
            "state": row.state, "text": "" if kind == "opened" else "已按规定办理（模拟）", "shown": shown, "facts": json.dumps(facts),
        })  # fmt: skip

    def _start(self, row: _Running, names: Iterable[str]) -> None:
        facts = {"difficulty": row.difficulty}
        for name in names:
            limit = self.definition.clocks[name].limit_for(facts)
            row.clocks[name] = [name, limit, row.at, *self._due(limit, row.at)]

    def _stop(self, row: _Running, name: str) -> None:
        clock = row.clocks.pop(name, None)
        if clock is not None:
            row.done.append([*clock, row.at])

    def _due(self, limit: Any, at: datetime) -> tuple[datetime, bool]:
        """Return the end of a term; those counted in days end alike for a whole day."""
        from qifu.engines.casework.clocks import due

        key = (limit.unit.value, limit.amount, (at + timedelta(hours=8)).date())
        found = self.due_kept.get(key)
        if found is None:
            answer = due(self.calendar, self.hours, at, limit)
            assert answer.at is not None and limit.unit.value.endswith("days")
            found = self.due_kept[key] = (answer.at, answer.provisional)
        return found

    def _finish(
        self, row: _Running, pk: int, number: str, opened: datetime, classes: tuple[str, str], pattern: str
    ) -> None:
        from qifu.foundation.search import normalise

        running = list(row.clocks.values())
        for name, limit, started, due, provisional, stopped in [
            *row.done,
            *([*one, None] for one in running),
        ]:
            self.writer.add("casework.CaseClock", {
                "case_id": pk, "name": name, "unit": limit.unit.value, "amount": limit.amount, "started_at": started, "due_at": due,
                "provisional": provisional, "stopped_at": stopped, "overdue_at": due if stopped is None and due < self.book.now else None,
            })  # fmt: skip
        words, firm = self._words(pattern)
        title = words[:60]
        self.writer.add("casework.Case", {
            "id": pk, "kind": "enterprise_problem", "revision_id": self.revision.pk, "number": number, "title": title, "place_code": row.place,
            "lead_id": row.lead, "mode": row.mode, "state": row.state, "result": row.result, "version": row.version, "opened_at": opened,
            "due_at": min((one[3] for one in running), default=None), "closed_at": row.closed, "last_event_at": row.at,
        })  # fmt: skip
        outside = f"GD{pk:09d}"
        self.writer.add("enterprise_problems.Problem", {
            "case_id": pk, "channel": "hotline", "source": "12345 热线（模拟）", "outside_number": outside, "words": words,
            "search_text": normalise(f"{number} {title} {firm} {words} {outside}"), "enterprise_name": firm, "board": classes[0],
            "topic": classes[1], "scope": "individual" if classes[0] else "", "difficulty": row.difficulty if classes[0] else "",
            "reply": "已协调解决（模拟）" if row.result == "solved" else "", "drafted_result": row.result if row.result == "solved" else "",
            "simulated": True,
        })  # fmt: skip

    def _words(self, pattern: str) -> tuple[str, str]:
        chooser = self.chooser
        brand = "".join(chooser.choices(RARE, k=2))
        if len(self.book.rare) < 2000:
            self.book.rare.append(brand)
        firm = f"{brand}{chooser.choice(OBJECTS)}有限公司（模拟）"
        said = pattern.format(o=chooser.choice(OBJECTS), d=chooser.choice(DELAYS))
        return (
            f"我公司{firm}反映：{said}，涉及金额约{chooser.randrange(10, 900)}万元，{chooser.choice(ASKED)}。",
            firm,
        )


class _Writer:
    """Writes rows by tables in bulk; on PostgreSQL without triggers and with the search index made afterwards."""

    TABLES = (
        "casework.Case",
        "enterprise_problems.Problem",
        "casework.CaseEvent",
        "casework.CaseClock",
        "casework.CaseNumber",
    )

    def __init__(self) -> None:
        from django.apps import apps
        from django.db import connection

        self.connection = connection
        self.counts: Counter[str] = Counter()
        self.waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in self.TABLES}
        self.models = {name: apps.get_model(name) for name in self.TABLES}
        self.defaults = {name: self._columns(name) for name in self.TABLES}

    def _columns(self, name: str) -> dict[str, Any]:
        """Return every column a row needs with what it holds by default."""
        fields = self.models[name]._meta.local_concrete_fields
        return {
            one.column: one.get_default() for one in fields if not (one.primary_key and one.get_internal_type() == "BigAutoField") or name == "casework.Case"
        }  # fmt: skip

    def begin(self) -> None:
        """Make the tables ready to be filled fast."""
        from qifu.services.enterprise_problems.queries.search import WORDS

        if self.connection.vendor == "postgresql":
            with self.connection.cursor() as cursor:
                cursor.execute(f"DROP INDEX IF EXISTS {WORDS.name}")
                cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")

    def add(self, name: str, values: dict[str, Any]) -> None:
        """Keep a row for the next flush."""
        self.waiting[name].append(tuple({**self.defaults[name], **values}.values()))

    def rows(self, name: str, many: Iterable[dict[str, Any]]) -> None:
        """Keep many rows."""
        for values in many:
            self.add(name, values)

    def flush(self) -> None:
        """Write what waits."""
        from django.db import transaction

        with transaction.atomic():
            for name, rows in self.waiting.items():
                if rows:
                    self._write(name, rows)
                    self.counts[name] += len(rows)
                    rows.clear()

    def _write(self, name: str, rows: list[tuple[Any, ...]]) -> None:
        table, columns = self.models[name]._meta.db_table, list(self.defaults[name])
        named = ", ".join(columns)
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                return
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({named}) VALUES ({marks})", list(_plain(rows)))
        if name == "enterprise_problems.Problem":
            self._index(rows)

    def _index(self, rows: list[tuple[Any, ...]]) -> None:
        """Put new problems into SQLite's gram table."""
        from qifu.foundation.access import SYSTEM, Permission, declare_permissions
        from qifu.foundation.action import action, actions
        from qifu.services.enterprise_problems.queries.search import index_words

        declare_permissions(Permission("benchmark.index", "压测建索引", {}))
        if "benchmark.index" not in actions():

            @action("benchmark.index", title="压测建索引", permission="benchmark.index")
            def _run(*, texts: list[tuple[int, str]], by: Any, at: datetime) -> None:
                index_words(texts)

        columns = list(self.defaults["enterprise_problems.Problem"])
        pk, text = columns.index("case_id"), columns.index("search_text")
        actions()["benchmark.index"](
            texts=[(row[pk], row[text]) for row in rows], by=SYSTEM, at=datetime.now(UTC)
        )

    def end(self) -> None:
        """Let triggers work again, number what comes next after these rows, make the search index, learn statistics."""
        from django.core.management.color import no_style

        from qifu.services.enterprise_problems.queries.search import WORDS

        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = DEFAULT")
            for sql in self.connection.ops.sequence_reset_sql(no_style(), list(self.models.values())):
                cursor.execute(sql)
        started = time.perf_counter()
        if self.connection.vendor == "postgresql":
            WORDS.install()
            print(f"search index in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        with self.connection.cursor() as cursor:
            for model in self.models.values():
                if self.connection.vendor == "postgresql":
                    cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
            if self.connection.vendor == "sqlite":
                cursor.execute("ANALYZE")


def _plain(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Give moments as SQLite keeps them."""
    for row in rows:
        yield tuple(
            value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value
            for value in row
        )
