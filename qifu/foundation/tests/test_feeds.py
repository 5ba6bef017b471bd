"""Calendar feeds: read by programs, opened by a token, and silent about what is not public."""

from datetime import UTC, date, datetime
from typing import Any

import icalendar
import pytest

from qifu.foundation import access, feeds
from qifu.foundation.access import NotFound
from qifu.foundation.channels.tests.provider import OTHER, PERSON, STAFF, Everyone, tell
from qifu.foundation.feeds import (
    FeedEvent,
    FeedToken,
    calendar,
    create_feed,
    declare_feed,
    own_feed,
    person_of,
    revoke_feed,
)
from qifu.foundation.notices import finish_to_dos
from qifu.foundation.tests.acts import AT, AuditRow, act

pytestmark = pytest.mark.django_db
TOKEN = "t" * 43


@pytest.fixture(autouse=True)
def everyone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_authorities", [Everyone()])
    monkeypatch.setattr(feeds, "_providers", dict(feeds._providers))


def events() -> list[Any]:
    found = icalendar.Calendar.from_ical(calendar(PERSON, AT, site_url="https://qifu.example.org"))
    return list(found.walk("VEVENT"))


def test_open_to_dos_stand_in_the_calendar_without_what_is_internal() -> None:
    (hidden,) = tell(
        STAFF, kind="to_do", due_on=date(2024, 3, 8), title="内部：某企业的事", subject=FeedToken(pk=4)
    )
    tell(
        STAFF,
        kind="to_do",
        due_on=date(2024, 3, 6),
        title="内部说法",
        external="报送《营商环境简报》；第1期, 公开",
    )
    tell(STAFF, kind="to_do", title="没有到期日")
    tell(OTHER, kind="to_do", due_on=date(2024, 3, 6), title="别人的")
    public, internal = events()
    assert (str(public["summary"]), public.decoded("dtstart")) == (
        "报送《营商环境简报》；第1期, 公开",
        date(2024, 3, 6),
    )
    assert str(internal["summary"]) == f"企服待办 {hidden.pk}" and internal.decoded("dtend") == date(
        2024, 3, 9
    )
    assert str(internal["url"]) == f"https://qifu.example.org/inbox/{hidden.pk}/"
    raw = calendar(PERSON, AT, site_url="").decode()
    assert "某企业" not in raw and "内部" not in raw and "别人的" not in raw
    act(lambda: finish_to_dos(FeedToken(pk=4), at=AT))
    assert len(events()) == 1


def test_rooms_add_events_of_days_and_moments() -> None:
    noon = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
    declare_feed(
        "test",
        lambda actor, at: [
            FeedEvent("b", noon, "会议\r\nEND:VCALENDAR", "/x/", public=True),
            FeedEvent("a", date(2024, 3, 5), "任务", "/y/", number="甲-3"),
        ],
    )
    first, second = events()
    assert (str(first["uid"]), str(first["summary"])) == ("a@qifu", "企服待办 甲-3")
    assert second.decoded("dtstart") == noon and "END:VCALENDAR" in str(second["summary"])
    with pytest.raises(ValueError, match="twice"):
        declare_feed("test", lambda actor, at: [])


def test_an_address_opens_one_feed_until_it_is_replaced_or_revoked() -> None:
    create_feed(token=TOKEN, by=PERSON, at=AT)
    assert person_of(TOKEN) == STAFF and own_feed(PERSON) is not None
    create_feed(token="u" * 43, by=PERSON, at=AT)
    assert person_of("u" * 43) == STAFF and FeedToken.objects.count() == 1
    for wrong in (TOKEN, "", "u" * 42, feeds._hash("u" * 43)):
        with pytest.raises(NotFound):
            person_of(wrong)
    assert revoke_feed(by=PERSON, at=AT) and not revoke_feed(by=PERSON, at=AT)
    with pytest.raises(NotFound):
        person_of("u" * 43)
    assert own_feed(PERSON) is None and own_feed(access.ANONYMOUS) is None


def test_a_token_is_kept_nowhere_and_is_long() -> None:
    create_feed(token=TOKEN, by=PERSON, at=AT)
    for model in (FeedToken, AuditRow):
        assert TOKEN not in repr(list(model.objects.values()))
    with pytest.raises(NotFound):
        create_feed(token="short", by=PERSON, at=AT)
    with pytest.raises(NotFound):
        create_feed(token=TOKEN, by=access.ANONYMOUS, at=AT)
