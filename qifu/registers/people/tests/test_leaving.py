"""Leaving: open work is handed over, then, when the time is up, personal data goes and the trail stays."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st
from openpyxl import load_workbook

from qifu.foundation import handover, jobs
from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.handover import OpenWork
from qifu.foundation.notices import Notice
from qifu.foundation.yaml_data import DataError, load_text
from qifu.registers.people import actions, contacts, retention
from qifu.registers.people.models import Contact, Person, Post

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
AuditRow: Any = apps.get_model("foundation", "AuditRow")
MakePerson = Callable[..., Person]


class Desk:
    """A room with open work: so many pieces on each person's desk."""

    def __init__(self) -> None:
        self.pieces: dict[int, int] = {}

    def ask(self, person_id: int, organisation_id: int | None, at: datetime) -> Sequence[OpenWork]:
        """Tell what lies on the desk."""
        return [OpenWork("待办任务", "/inbox/", self.pieces.get(person_id, 0))]

    def transfer(self, *, person_id: int, successor_id: int, **_: Any) -> int:
        """Move everything."""
        moved = self.pieces.pop(person_id, 0)
        self.pieces[successor_id] = self.pieces.get(successor_id, 0) + moved
        return moved


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The one room that has open work in these tests."""
    monkeypatch.setattr(handover, "_rooms", {})
    made = Desk()
    handover.declare_open_work("desk", open_work=made.ask, transfer=made.transfer)
    yield made


def end(person: Person, **changes: Any) -> Post:
    asked = {"by": SYSTEM, "at": AT, "person": person, "post_id": person.posts.get().pk, "ends_on": DAY}
    return actions.end_post(**(asked | changes))


def test_open_work_goes_to_a_successor_or_it_is_said_why_not(make_person: MakePerson, desk: Desk) -> None:
    leaving, next_one = make_person("leaving", "reform_officer"), make_person("next", "reform_officer")
    desk.pieces = {leaving.pk: 3}
    for nobody in ({}, {"no_successor": "随便"}, {"no_successor": ""}):
        with pytest.raises(Refused, match="选择接手人"):
            end(leaving, **nobody)
    with pytest.raises(Refused, match="另一位启用"):
        end(leaving, successor=leaving)
    end(leaving, successor=next_one)
    assert desk.pieces == {next_one.pk: 3}
    assert Notice.objects.get(recipient_id=next_one.pk).title == "工作移交给您：待办任务（3项）"
    facts = AuditRow.objects.get(act="people.end_post").facts
    assert (facts["successor"], facts["moved"]) == (next_one.pk, 3)
    end(next_one, no_successor="arranged")
    assert "无人接手" in AuditRow.objects.filter(act="people.end_post").latest("pk").facts["no_successor"]


def test_the_page_shows_the_work_and_asks(make_person: MakePerson, desk: Desk, client: Client) -> None:
    leaving = make_person("leaving", "reform_officer", "330100", "330100.reform_office")
    next_one = make_person("next", "reform_officer", "330100", "330100.reform_office")
    client.force_login(make_person("admin", "system_administrator"))
    desk.pieces = {leaving.pk: 2}
    post, address = leaving.posts.get(), f"/workbench/people/{leaving.pk}/end-post/"
    page = client.get(address, {"post": post.pk}).content.decode()
    assert "待办任务" in page and "next（模拟）" in page
    asked = {
        "post": post.pk,
        "ends_on": timezone.localdate().isoformat(),
        "successor": "",
        "no_successor": "",
    }
    assert client.post(address, asked).status_code == 422
    assert client.post(address, asked | {"successor": str(leaving.pk)}).status_code == 422
    assert client.post(address, asked | {"successor": str(next_one.pk)}).status_code == 302
    assert desk.pieces == {next_one.pk: 2}
    for number in ("", "x", "9" * 30, str(post.pk)):
        assert client.get(address, {"post": number}).status_code == 302


DAYS = retention.retention_rule().days


@given(
    ended=st.integers(0, DAYS + 3),
    second=st.none() | st.integers(0, DAYS + 3),
    bound=st.none() | st.integers(0, DAYS + 3),
)
@trials(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_due_is_the_last_of_all_ends_plus_the_days(ended: int, second: int | None, bound: int | None) -> None:
    from qifu.foundation.tests.acts import act

    today = timezone.localdate(AT)

    def setting() -> Person:
        row = Person(
            username=f"p{Person.objects.count()}",
            name="甲",
            password="!",
            created_at=AT - timedelta(days=9999),
        )
        row.save()
        for ago in (ended, second):
            if ago is not None:
                last = today - timedelta(days=ago)
                Post(
                    person=row, role="auditor", place_code="330000", starts_on=date(2000, 1, 1), ends_on=last
                ).save()
        return row

    person: Person = act(setting)
    before = list(retention._bonds)
    try:
        free = {} if bound is None else {person.pk: today - timedelta(days=bound)}
        retention._bonds[:] = [lambda ids, at: free]
        found = {due.person.pk: due for due in retention.left_people(AT)}
    finally:
        retention._bonds[:] = before
    latest = min(ago for ago in (ended, second, bound) if ago is not None)
    assert (person.pk in found) == (latest >= DAYS)
    if person.pk in found:
        assert found[person.pk].due_on == today - timedelta(days=latest) + timedelta(days=DAYS)
        assert found[person.pk].is_due(today)


def left_long_ago(make_person: MakePerson, name: str = "left") -> tuple[Person, datetime]:
    person = make_person(name, "reform_officer")
    contacts.set_contact(by=person.as_actor(), at=AT, person=person, kind="mobile", value="13800001234")
    end(person)
    return Person.objects.get(pk=person.pk), AT + timedelta(days=DAYS)


def test_the_daily_job_erases_and_keeps_the_trail(make_person: MakePerson, desk: Desk) -> None:
    person, due_at = left_long_ago(make_person)
    staying = make_person("staying", "reform_officer")
    trail = AuditRow.objects.filter(subject_kind="people.person", subject_id=str(person.pk)).count()
    retention.run_retention(by=SYSTEM, at=due_at - timedelta(days=1))
    assert Contact.objects.exists()
    desk.pieces = {person.pk: 1}
    assert retention.run_retention(by=SYSTEM, at=due_at) == 0
    desk.pieces = {}
    job = jobs.Job.objects.filter(kind=retention.JOB).latest("run_at")
    jobs.Job.objects.exclude(pk=job.pk).delete()
    assert jobs.run_one(worker="test", clock=lambda: max(due_at, job.run_at))
    assert jobs.Job.objects.filter(kind=retention.JOB, state="waiting", run_at__gt=due_at).count() == 1
    person.refresh_from_db()
    staying.refresh_from_db()
    assert (
        person.name == f"已删除人员 {person.pk}"
        and person.username == f"~{person.pk}"
        and not person.is_active
    )
    assert staying.name == "staying（模拟）" and not Contact.objects.exists()
    assert (
        AuditRow.objects.filter(subject_kind="people.person", subject_id=str(person.pk)).count() == trail + 1
    )
    assert Post.objects.filter(person=person).count() == 1
    for act in (actions.enable_person, retention.erase_person):
        with pytest.raises(Refused, match=r"已删除|已经删除"):
            act(by=SYSTEM, at=due_at, person=person)


def test_nobody_is_erased_too_early_or_while_anything_is_open(
    make_person: MakePerson, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, due_at = left_long_ago(make_person)
    security = make_person("security", "security_administrator")
    erase = {"by": security.as_actor(), "person": person}
    with pytest.raises(Refused, match="保存期限未到"):
        retention.erase_person(**erase, at=due_at - timedelta(days=1))
    desk.pieces = {person.pk: 1}
    with pytest.raises(Refused, match="未移交"):
        retention.erase_person(**erase, at=due_at)
    desk.pieces = {}
    with monkeypatch.context() as patched:
        patched.setattr(retention, "_bonds", [lambda ids, at: {person.pk: None}])
        with pytest.raises(Refused, match="企业授权"):
            retention.erase_person(**erase, at=due_at)
    actions.add_post(by=SYSTEM, at=due_at, person=person, role="centre_clerk", place_code="330109",
                     starts_on=due_at.date() + timedelta(days=9))  # fmt: skip
    with pytest.raises(Refused, match="未结束的岗位"):
        retention.erase_person(**erase, at=due_at)
    with pytest.raises(NotFound):
        retention.erase_person(by=person.as_actor(), at=due_at, person=person)
    assert Contact.objects.get().value == "13800001234"


def test_the_register_page_and_the_act(make_person: MakePerson, desk: Desk, client: Client) -> None:
    person, _ = left_long_ago(make_person)
    long_ago = timezone.localdate() - timedelta(days=DAYS - 10)
    from qifu.foundation.tests.acts import act

    act(lambda: Post.objects.filter(person=person).update(starts_on=date(2000, 1, 1), ends_on=long_ago))
    act(lambda: Person.objects.filter(pk=person.pk).update(created_at=AT - timedelta(days=9999)))
    client.force_login(make_person("security", "security_administrator"))
    page = client.get("/workbench/security/retention/").content.decode()
    assert "left（模拟）" in page and "未到期" in page
    address = f"/workbench/people/{person.pk}/"
    assert "删除个人信息？" not in client.get(address).content.decode()
    act(lambda: Post.objects.filter(person=person).update(ends_on=long_ago - timedelta(days=20)))
    assert "已到期" in client.get("/workbench/security/retention/").content.decode()
    assert "删除个人信息？" in client.get(address).content.decode()
    assert client.post(f"{address}erase/").status_code == 302
    assert "个人信息已删除" in client.get(address).content.decode()


def test_the_retention_file_names_its_basis_and_refuses_nonsense() -> None:
    rule = retention.retention_rule()
    assert "第十九条" in rule.basis and "第四十七条" in rule.basis
    text = (Path(site.PROVINCE_DIR) / "retention.yaml").read_bytes()
    for wrong in (
        text.replace(b"1095", b"3"),
        text.replace(b"1095", b"\xe4\xb8\x89"),
        text.replace(b"basis", b"base"),
    ):
        with pytest.raises(DataError):
            load_text(wrong, "retention", where="retention.yaml")


def test_everyone_takes_a_copy_of_his_own_data_and_of_no_other(
    make_person: MakePerson, client: Client
) -> None:
    person = make_person("officer", "reform_officer", "330100", "330100.reform_office")
    contacts.set_contact(by=person.as_actor(), at=AT, person=person, kind="mobile", value="13800001234")
    make_person("other", "reform_officer")
    client.force_login(person)
    answer = client.post("/account/data/", {"form": "json"})
    found = json.loads(answer.content)
    assert found["账号"][0]["登录名"] == "officer" and found["联系方式"][0]["内容"] == "13800001234"
    assert found["岗位"][0]["单位"] == "杭州市委改革办" and "other" not in answer.content.decode()
    assert not {"password", "口令", "secret"} & set(found["账号"][0])
    book = load_workbook(io.BytesIO(client.post("/account/data/", {"form": "xlsx"}).content))
    assert book.sheetnames == list(found) and book["联系方式"]["B2"].value == "13800001234"
    assert AuditRow.objects.filter(act="people.export_own_data", actor_id=person.pk).count() == 2
    assert Client().post("/account/data/").status_code == 302
