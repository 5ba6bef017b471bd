"""The door: nothing is written beside it, and what it does is all done or not at all."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import transaction

from qifu.foundation import access
from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import WriteOutsideAct, action, actions, current_act
from qifu.foundation.notices import Notice, mark_read, notify, unread_count
from qifu.foundation.revisions import Revision, Series, draft, open_series
from qifu.foundation.tests.acts import AT, PERSON, AuditRow, OneRole, act, run, touch_notice

pytestmark = pytest.mark.django_db


def series(key: str = "a") -> Series:
    return Series(kind="test", key=key, title="甲")


def kept() -> Series:
    found = act(lambda: open_series(kind="test", key="a", title="甲"))
    assert isinstance(found, Series)
    return found


WRITES: dict[str, Callable[[], object]] = {
    "save": lambda: series().save(),
    "create": lambda: Series.objects.create(kind="test", key="b", title="乙"),
    "get_or_create": lambda: Series.objects.get_or_create(kind="test", key="b"),
    "update_or_create": lambda: Series.objects.update_or_create(
        kind="test", key="a", defaults={"title": "改"}
    ),
    "bulk_create": lambda: Series.objects.bulk_create([series("b")]),
    "bulk_update": lambda: Series.objects.bulk_update(list(Series.objects.all()), ["title"]),
    "update": lambda: Series.objects.update(title="改"),
    "filtered update": lambda: Series.objects.filter(key="a").update(title="改"),
    "delete": lambda: Series.objects.get(key="a").delete(),
    "queryset delete": lambda: Series.objects.all().delete(),
    "related create": lambda: Series.objects.get(key="a").revisions.create(number=2),
    "related update": lambda: Series.objects.get(key="a").revisions.update(note="改"),
    "related delete": lambda: Series.objects.get(key="a").revisions.all().delete(),
    "notify": lambda: notify([1], title="甲"),
    "mark read": lambda: mark_read(PERSON, at=AT),
    "draft": lambda: draft(Series.objects.get(key="a"), {}),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_every_way_to_write_needs_an_act(write: Callable[[], object]) -> None:
    row = kept()
    act(lambda: draft(row, {"x": 1}))
    before = list(Series.objects.values()), list(Revision.objects.values())
    with pytest.raises(WriteOutsideAct):
        write()
    assert (list(Series.objects.values()), list(Revision.objects.values())) == before


def test_an_act_leaves_one_audit_row_that_says_who_did_what() -> None:
    def body() -> None:
        row = open_series(kind="test", key="a", title="甲", place_code="330100")
        current_act().about(row)
        current_act().note(count=1)

    act(body)
    row = AuditRow.objects.get()
    assert (row.act, row.title, row.at, row.actor_kind, row.actor_id) == (
        "test.run",
        "测试操作",
        AT,
        "system",
        None,
    )
    assert (row.subject_kind, row.subject_id) == ("foundation.series", str(Series.objects.get().pk))
    assert (row.place_code, row.facts, row.within) == ("330100", {"count": 1}, "")


def test_an_act_that_fails_leaves_neither_rows_nor_audit() -> None:
    def body() -> None:
        open_series(kind="test", key="a", title="甲")
        raise RuntimeError("later")

    with pytest.raises(RuntimeError):
        act(body)
    assert not Series.objects.exists() and not AuditRow.objects.exists()
    with pytest.raises(WriteOutsideAct):
        current_act()


def test_an_act_within_an_act_is_audited_beside_it_and_undone_with_it() -> None:
    act(lambda: act(lambda: open_series(kind="test", key="a", title="甲")))
    assert list(AuditRow.objects.order_by("pk").values_list("within", flat=True)) == ["test.run", ""]

    def body() -> None:
        act(lambda: open_series(kind="test", key="b", title="乙"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act(body)
    assert Series.objects.count() == 1 and AuditRow.objects.count() == 2


def test_an_inner_failure_that_is_caught_undoes_only_the_inner_act() -> None:
    def fail() -> None:
        open_series(kind="test", key="b", title="乙")
        raise RuntimeError

    def body() -> None:
        with pytest.raises(RuntimeError):
            act(fail)
        assert current_act().parent is None
        open_series(kind="test", key="a", title="甲")

    act(body)
    assert list(Series.objects.values_list("key", flat=True)) == ["a"] and AuditRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_what_runs_after_the_commit_is_outside_the_act() -> None:
    seen: list[str] = []

    def after() -> None:
        try:
            series("late").save()
        except WriteOutsideAct:
            seen.append("refused")

    act(lambda: transaction.on_commit(after))
    assert seen == ["refused"] and not Series.objects.exists() and AuditRow.objects.count() == 1


def test_permission_is_asked_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_authorities", [OneRole(7)])
    done: list[int] = []
    run(body=lambda: done.append(1), by=PERSON, at=AT)
    for stranger in (Actor("person", 8, "乙"), access.ANONYMOUS):
        with pytest.raises(NotFound):
            run(body=lambda: done.append(2), by=stranger, at=AT)
    assert done == [1] and AuditRow.objects.count() == 1


def test_permission_on_a_row_asks_whether_the_row_may_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_authorities", [OneRole(7)])
    act(lambda: notify([7, 8, 7], title="甲"))
    mine, other = Notice.objects.get(recipient_id=7), Notice.objects.get(recipient_id=8)
    touch_notice(notice=mine, by=PERSON, at=AT)
    assert unread_count(PERSON) == 0
    with pytest.raises(NotFound):
        touch_notice(notice=other, by=PERSON, at=AT)
    with pytest.raises(NotFound):
        touch_notice(notice=Notice(recipient_id=7), by=PERSON, at=AT)
    other.refresh_from_db()
    assert other.read_at is None


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        run(body=lambda: None, by=SYSTEM, at=datetime(2024, 3, 1))  # noqa: DTZ001
    assert not AuditRow.objects.exists()


def test_an_action_is_declared_well_or_not_at_all() -> None:
    with pytest.raises(TypeError, match="keyword-only"):
        action("test.positional", title="甲", permission="test.write")(lambda by, at: None)
    with pytest.raises(TypeError, match="'at'"):
        action("test.no_clock", title="甲", permission="test.write")(lambda *, by: None)
    with pytest.raises(TypeError, match="'row'"):
        action("test.no_row", title="甲", permission="test.write", on="row")(lambda *, by, at: None)
    with pytest.raises(ValueError, match="twice"):
        action("test.run", title="甲", permission="test.write")(lambda *, by, at: None)
    assert {"test.positional", "test.no_clock", "test.no_row"}.isdisjoint(actions())
