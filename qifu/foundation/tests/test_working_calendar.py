"""The calendar is published like any other revision, checked before, and read by day."""

from datetime import date

import pytest

from qifu.foundation import access
from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.revisions import Revision, withdraw
from qifu.foundation.tests.acts import AT, PERSON, AuditRow, OneRole, act
from qifu.foundation.working_calendar import SHIPPED, load_calendar, publish_calendar, read_calendar
from qifu.foundation.yaml_data import DataError

pytestmark = pytest.mark.django_db
FROM = date(2026, 11, 10)
NEXT_YEAR = """\
  2027:
    status: official
    notice: {title: 国务院办公厅关于2027年部分节假日安排的通知, number: null}
    holidays:
    - {name: 元旦, from: 2027-01-01, to: 2027-01-04}
    working_weekends: [2027-01-09]
"""
SHIPPED_TEXT = SHIPPED.read_text(encoding="utf-8").rstrip() + "\n"


def publish(text: str, start: date = FROM) -> Revision:
    found = publish_calendar(document=text.encode(), effective_from=start, by=SYSTEM, at=AT)
    assert isinstance(found, Revision)
    return found


def test_without_a_published_calendar_the_shipped_one_counts() -> None:
    calendar = load_calendar(FROM)
    assert calendar is load_calendar(FROM) and sorted(calendar.years) == list(range(2004, 2027))


@pytest.mark.both_databases
def test_a_published_year_is_no_longer_provisional_from_its_day_on() -> None:
    revision = publish(SHIPPED_TEXT + NEXT_YEAR)
    new = load_calendar(FROM)
    assert not new.is_provisional(2027) and load_calendar(date(2026, 11, 9)).is_provisional(2027)
    assert not new.is_working_day(date(2027, 1, 1)) and new.is_working_day(date(2027, 1, 9))
    assert load_calendar(FROM) is new
    row = AuditRow.objects.get(act="foundation.publish_calendar")
    assert row.facts["digest"] == revision.digest and row.subject_id == str(revision.pk)
    act(lambda: withdraw(revision, reason="通知撤销"))
    assert load_calendar(FROM).is_provisional(2027)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("years: {}", "缺少“title”"),
        ("title: 甲\nyears: {}", "没有任何年份"),
        (SHIPPED_TEXT, ""),
        ("title: 甲\nyears:\n" + NEXT_YEAR, "缺少 2004、2005"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("2027", "2028"), "2026 年之后缺少 2027 年"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("to: 2027-01-04", "to: 2027-01-01"), "起止日"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("from: 2027", "from: 2026"), "起止日"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("[2027-01-09]", "[2027-01-08]"), "不是 2027 年的周六或周日"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("[2027-01-09]", "[2027-01-03]"), "既放假又上班"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("    working", "    - {name: 甲, from: 2027-01-03, to: 2027-01-05}\n    working"), "重叠"),
        (SHIPPED_TEXT + NEXT_YEAR.replace("official", "draft"), "不在允许之列"),
        ("\tx", "制表符"),
    ],
)  # fmt: skip
def test_a_wrong_calendar_is_refused_with_its_line(text: str, part: str) -> None:
    if not part:
        publish(text)
        part = "相同"
    before = Revision.objects.count()
    with pytest.raises(Refused, match=part):
        publish(text)
    assert Revision.objects.count() == before


def test_the_line_of_a_fault_is_named() -> None:
    text = SHIPPED_TEXT + NEXT_YEAR.replace("[2027-01-09]", "[2027-01-08]")
    with pytest.raises(DataError) as caught:
        read_calendar(text.encode(), where="历.yaml")
    assert text.splitlines()[caught.value.line - 1].strip() == "working_weekends: [2027-01-08]"
    assert str(caught.value).startswith("历.yaml 第 ")


def test_only_those_who_may_can_publish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_authorities", [OneRole(7)])
    with pytest.raises(NotFound):
        publish_calendar(document=SHIPPED_TEXT.encode(), effective_from=FROM, by=PERSON, at=AT)
