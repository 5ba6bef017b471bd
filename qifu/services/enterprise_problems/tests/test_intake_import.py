"""A foreign file of messages comes in: everything once, nothing changed, whatever is wrong told with row and column."""

from __future__ import annotations

import csv
import io
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.casework.models import Case, CaseClock, CaseEvent
from qifu.engines.casework.verify import verify
from qifu.foundation.access import Actor
from qifu.foundation.imports import actions as imports
from qifu.foundation.imports import queries as import_queries
from qifu.foundation.imports.kinds import Outcome, SourceRow
from qifu.foundation.imports.models import Import, ImportRemark
from qifu.foundation.imports.run import run_import
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.import_kind import KIND, import_problems
from qifu.services.enterprise_problems.import_rows import read_moment
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.search import search
from qifu.services.enterprise_problems.tests import intake_world as world
from qifu.services.enterprise_problems.tests.intake_world import AT

HEADINGS = ("留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "一级分类")
SHARED = Path(os.environ.get("QIFU_SHARED", Path(__file__).parents[5] / "shared"))


@pytest.fixture
def clerk(db: None) -> Actor:
    world.load_province()
    return world.clerk().as_actor()


def csv_bytes(
    rows: list[tuple[str, ...]], headings: tuple[str, ...] = HEADINGS, encoding: str = "utf-8-sig"
) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def bring(by: Actor, content: bytes, name: str = "热线.csv") -> Import:
    """Import a file as a clerk does: upload, proposed columns, start, run to the end."""
    proposal = import_queries.proposal_for(io.BytesIO(content), KIND)
    row = imports.upload_import(
        kind="problems", filename=name, content=io.BytesIO(content), mapping=proposal.mapping, unclassified=True, by=by,
        at=AT,
    )  # fmt: skip
    row = imports.confirm_import(row=row, by=by, at=AT, by_worker=False)
    done = run_import(row.pk, clock=lambda: AT, report=lambda *_: None)
    assert done.state == Import.State.DONE, done.fault
    return done


def write(by: Actor, *rows: dict[str, str], source: str = "import:7") -> Outcome:
    return import_problems(
        rows=[SourceRow(number, row) for number, row in enumerate(rows, start=2)], source=source, by=by, at=AT
    )


def messages(count: int) -> list[tuple[str, ...]]:
    """The messages of the shared labelled sample, under new numbers until there are enough."""
    path = SHARED / "data/complaints/labelled_dev.csv"
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path.name} is missing: set QIFU_SHARED")
        pytest.skip("the shared sample of messages is not here (QIFU_SHARED)")
    with path.open(encoding="utf-8", newline="") as file:
        found = [tuple(row[name] for name in HEADINGS) for row in csv.DictReader(file)]
    return [
        (f"{number // len(found)}-{row[0]}-{number}", *row[1:])
        for number in range(count)
        for row in [found[number % len(found)]]
    ]


@pytest.mark.both_databases
def test_four_thousand_messages_come_in_once_and_a_second_time_change_nothing(clerk: Actor) -> None:
    rows = messages(4000)
    content = csv_bytes(rows)
    begun = time.monotonic()
    first = bring(clerk, content)
    seconds = time.monotonic() - begun
    assert (first.created, first.unchanged, first.refused) == (4000, 0, 0)
    assert seconds < 60
    assert (
        Case.objects.count()
        == Problem.objects.count()
        == CaseEvent.objects.count()
        == CaseClock.objects.count()
        == 4000
    )
    second = bring(clerk, content, "同一份.csv")
    assert (second.created, second.unchanged, second.refused) == (0, 4000, 0)
    assert list(verify(at=AT)) == []
    assert Case.objects.count() == 4000
    numbers = sorted(Case.objects.values_list("number", flat=True))
    assert numbers == [f"330109202406{number:05d}" for number in range(1, 4001)]
    kept = dict(Problem.objects.values_list("outside_number", "words"))
    assert kept == {row[0]: row[4].strip() for row in rows}


def test_a_case_of_a_file_is_like_one_taken_in_by_hand(clerk: Actor) -> None:
    bring(
        clerk,
        csv_bytes(
            [
                (
                    "100026",
                    "A0001",
                    "道路积水",
                    "2017/10/14 14:25:14",
                    "厂门口\n道路积水，\t货车进不来。",
                    "交通",
                )
            ]
        ),
    )
    case = Case.objects.get()
    problem = Problem.objects.get(pk=case.pk)
    assert (case.number, case.state, case.title, case.version) == (
        "33010920240600001",
        "received",
        "道路积水",
        1,
    )
    assert problem.words == "厂门口\n道路积水，\t货车进不来。"
    assert (problem.channel, problem.source, problem.outside_number) == (
        "hotline",
        "杭州市萧山区热线工单",
        "100026",
    )
    assert problem.outside_at == datetime(2017, 10, 14, 14, 25, 14, tzinfo=SHANGHAI)
    assert problem.contact_name == "A0001" and problem.query_code == ""
    clock = CaseClock.objects.get(case=case)
    assert (clock.name, clock.started_at) == ("filter", AT)
    assert case.due_at == clock.due_at == datetime(2024, 6, 21, 17, 0, tzinfo=SHANGHAI)
    event = CaseEvent.objects.get(case=case)
    assert (event.seq, event.kind, event.shown) == (1, "opened", "已收到您反映的问题")
    assert event.facts["outside_number"] == "100026"
    assert list(search(Case.objects.all(), "积水")) == [case]


def test_a_known_number_with_other_words_is_told_and_changes_nothing(clerk: Actor) -> None:
    write(clerk, {"outside_number": "7", "words": "原来的话"})
    outcome = write(clerk, {"outside_number": "7", "words": "后来改了的话"}, source="import:8")
    assert (outcome.created, outcome.unchanged, outcome.refused) == (0, 0, 1)
    [remark] = outcome.remarks
    assert (remark.number, remark.column) == (2, "words")
    assert "33010920240600001" in remark.reason and "不覆盖" in remark.reason
    assert Problem.objects.get().words == "原来的话"


def test_doubles_within_a_file_count_once_and_are_told_with_their_row(clerk: Actor) -> None:
    same = {"outside_number": "7", "words": "同一件"}
    outcome = write(clerk, same, same, {"outside_number": "7", "words": "另一件"})
    assert (outcome.created, outcome.unchanged, outcome.refused) == (1, 1, 1)
    assert [(one.number, one.refused) for one in outcome.remarks] == [(3, False), (4, True)]
    assert all("第 2 行" in one.reason for one in outcome.remarks)
    again = write(clerk, same)  # the same import, a later batch
    assert "第 2 行" in again.remarks[0].reason and again.unchanged == 1


def test_rows_without_a_number_are_known_by_what_they_say(clerk: Actor) -> None:
    row = {"words": "园区晚上经常停电", "outside_at": "2024-06-01"}
    assert write(clerk, row).created == 1
    assert write(clerk, row, source="import:9").unchanged == 1
    assert write(clerk, row | {"words": "园区晚上经常停电。"}).created == 1
    numbers = Problem.objects.values_list("outside_number", flat=True)
    assert len(set(numbers)) == 2 and all(number.startswith("无编号-") for number in numbers)


@pytest.mark.parametrize(
    ("row", "column", "said", "refused"),
    [
        ({"words": ""}, "words", "没有内容", True),
        ({"words": " \u3000\n\u200b"}, "words", "没有内容", True),
        ({"words": "字" * 1_000_000}, "words", "1,000,000", True),
        ({"words": "有\0字"}, "words", "无法保存", True),
        ({"words": "有\ud800字"}, "words", "无法保存", True),
        ({"words": "有\x07字"}, "words", "控制字符", False),
        ({"words": "=HYPERLINK(\"http://x\")"}, "words", "公式", False),
        ({"words": "@SUM(A1)"}, "words", "公式", False),
        ({"words": "话", "title": "=1+1"}, "title", "公式", False),
        ({"words": "", "title": "只有标题"}, "words", "标题", False),
        ({"words": "话", "outside_number": "9" * 81}, "outside_number", "过长", True),
        ({"words": "话", "outside_at": "昨天"}, "outside_at", "昨天", False),
        ({"words": "话", "outside_at": "2099-01-01"}, "outside_at", "晚于今天", False),
        ({"words": "话", "contact_mobile": "12345"}, "contact_mobile", "不像电话", False),
        ({"words": "话", "place": "K8县"}, "place", "K8县", True),
        ({"words": "话", "place": "330106"}, "place", "不在您的辖区", True),
    ],
)  # fmt: skip
@pytest.mark.both_databases
def test_hostile_rows_are_told_with_row_and_column(
    clerk: Actor, row: dict[str, str], column: str, said: str, refused: bool
) -> None:
    outcome = write(clerk, row, {"words": "好的一行"})
    told = [one for one in outcome.remarks if one.number == 2]
    assert [(one.column, one.refused) for one in told] == [(column, refused)]
    assert said in told[0].reason
    assert (outcome.created, outcome.refused) == (1 if refused else 2, int(refused))


def test_formulas_and_signs_are_kept_as_they_were_written(clerk: Actor) -> None:
    words = "=1+1，货款-500元\n“引号”, 逗号；全角ＡＢＣ　空格"
    bring(clerk, csv_bytes([("1", "", "", "", words, "")]))
    assert Problem.objects.get().words == words


def test_places_firms_and_systems_are_read(clerk: Actor) -> None:
    one, two = world.firm(1), world.firm(2, "杭州（模拟）精密科技有限公司")
    outcome = write(
        clerk,
        {"words": "甲", "outside_number": "1", "uscc": one.uscc.lower(), "source": "12345 热线"},
        {"words": "乙", "outside_number": "1", "enterprise_name": "杭州(模拟)精密科技有限公司", "place": "杭州市萧山区", "source": "浙里办"},
        {"words": "丙", "outside_number": "2", "enterprise_name": "没有登记的商行", "contact_mobile": "0571－8234 5678"},
    )  # fmt: skip
    assert (outcome.created, outcome.remarks) == (3, [])
    found = {row.words: row for row in Problem.objects.select_related("case")}
    assert found["甲"].case.enterprise_id == one.pk and found["甲"].enterprise_name == one.name
    assert found["乙"].case.enterprise_id == two.pk and found["乙"].source == "浙里办"
    assert found["丙"].case.enterprise_id is None and found["丙"].enterprise_name == "没有登记的商行"
    assert found["丙"].contact_mobile == "0571-82345678" and found["丙"].mobile_key


def test_a_city_brings_tickets_of_its_counties_and_blocks_of_numbers_follow_the_rows(db: None) -> None:
    world.load_province()
    city = world.clerk("hub_city", world.HANGZHOU).as_actor()
    rows = [
        {"words": f"第{n}件", "outside_number": str(n), "place": place}
        for n, place in enumerate(("萧山区", "330100", "萧山区", "西湖区"))
    ]
    assert write(city, *rows).created == 4
    numbers = dict(Problem.objects.values_list("words", "case__number"))
    assert [numbers["第0件"], numbers["第2件"]] == ["33010920240600001", "33010920240600002"]
    assert numbers["第1件"] == "33010020240600001" and numbers["第3件"].startswith("330106")


def test_queries_of_a_batch_do_not_grow_with_its_rows(clerk: Actor) -> None:
    counts = []
    for size in (10, 100):
        rows = [{"words": f"第{n}件之{size}", "outside_number": f"{size}-{n}"} for n in range(size)]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            write(clerk, *rows)
        counts.append(len(asked))
    assert counts[1] - counts[0] <= 12 and counts[1] < 60


def test_columns_are_recognised_by_content_where_headings_are_unknown(clerk: Actor) -> None:
    rows = [
        (f"X2024{n:06d}", f"2024-03-{n + 1:02d} 09:15:00", f"1380000{n:04d}", f"我公司在经济开发区第{n}号厂房，今年以来多次遇到门前道路积水，货车无法正常进出，订单不能按时交付，请有关部门帮助协调解决。")
        for n in range(12)
    ]  # fmt: skip
    row = bring(clerk, csv_bytes(rows, ("甲", "乙", "丙", "丁")))
    assert row.created == 12 and set(row.read_by.parts[0].places) == {
        "outside_number",
        "outside_at",
        "contact_mobile",
        "words",
    }


def test_the_second_import_says_that_nothing_is_new(clerk: Actor) -> None:
    content = csv_bytes([("1", "", "题", "", "话", ""), ("2", "", "题", "", "别的话", "")])
    bring(clerk, content)
    again = bring(clerk, content)
    assert (again.created, again.unchanged) == (0, 2)
    assert not ImportRemark.objects.filter(of=again).exists()


def test_the_preview_tells_what_the_import_will_and_writes_nothing(clerk: Actor) -> None:
    rows = [
        {"words": ""},
        {"words": "话", "place": "K8县"},
        {"words": "话", "outside_at": "昨天"},
        {"words": "好的一行"},
    ]
    told = KIND.check([SourceRow(number, row) for number, row in enumerate(rows, start=2)])
    assert [(one.number, one.column, one.refused) for one in told] == [
        (2, "words", True),
        (3, "place", True),
        (4, "outside_at", False),
    ]
    assert not Problem.objects.exists()


def test_who_may_not_import_brings_nothing_in(db: None) -> None:
    from qifu.foundation.access import NotFound

    world.load_province()
    officer = world.person("unit", "department_officer", "330109", "330109.reform_office").as_actor()
    with pytest.raises(NotFound):
        write(officer, {"words": "话"})
    assert not Problem.objects.exists()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017/10/14 14:25:14", (2017, 10, 14, 14, 25, 14)),
        ("2017-1-4 4:05", (2017, 1, 4, 4, 5, 0)),
        ("2017年10月14日14时25分", (2017, 10, 14, 14, 25, 0)),
        ("2017年10月14日 14:25", (2017, 10, 14, 14, 25, 0)),
        ("20171014142514", (2017, 10, 14, 14, 25, 14)),
        ("2017.10.14", (2017, 10, 14, 0, 0, 0)),
        ("２０１７／１０／１４　１４：２５：１４", (2017, 10, 14, 14, 25, 14)),
        ("2017-10-14T14:25:14.250", (2017, 10, 14, 14, 25, 14)),
        ("2017/10/14 下午2:25", (2017, 10, 14, 14, 25, 0)),
        ("2017/10/14 12:25 AM", (2017, 10, 14, 0, 25, 0)),
        ("2017-10-14T06:25:14Z", (2017, 10, 14, 14, 25, 14)),
        ("2017-10-14 14:25:14+08:00", (2017, 10, 14, 14, 25, 14)),
        ("2017-02-30", None), ("2017-10-14 25:00", None), ("14/10/2017", None), ("", None), ("十月", None), ("1.5", None),
    ],
)  # fmt: skip
def test_times_are_read_in_common_forms(text: str, moment: tuple[int, ...] | None) -> None:
    expected: Any = None if moment is None else datetime(*moment, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]
    assert read_moment(text) == expected


@given(st.datetimes(datetime(1950, 1, 1), datetime(2098, 12, 31)))  # noqa: DTZ001 - made aware below
def test_every_written_moment_is_read_back(naive: datetime) -> None:
    moment = naive.replace(microsecond=0, tzinfo=SHANGHAI)
    for form in ("%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y年%m月%d日 %H时%M分%S秒", "%Y%m%d%H%M%S"):
        assert abs(read_moment(moment.strftime(form)) - moment) < timedelta(seconds=1)  # type: ignore[operator]


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    found = read_moment(text)
    assert found is None or found.tzinfo is not None
