"""People from a file: posts given by the same acts as by hand, nothing doubled, no password anywhere in clear."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import check_password
from django.test import Client

from qifu.foundation.access import SYSTEM, Actor, grants_of
from qifu.foundation.imports import actions as imports
from qifu.foundation.imports import queries
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.run import run_import
from qifu.registers.people.import_kind import KIND
from qifu.registers.people.models import Person, Post

pytestmark = pytest.mark.django_db
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
HEADING = "账号,姓名,工作单位,角色,管辖区划,任职日期,离任日"
GOOD = [
    "linzy,林致远,省改革办,改革办工作人员,330000,2024-03-01,",
    "linzy,林致远,省改革办,部门工作人员,杭州市,2024/3/1,2024年6月1日",
    "Wu.RX,吴若溪,330109.reform_office,改革办工作人员,,20240301,",
]
MakePerson = Callable[..., Person]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    options = {"location": tmp_path / "files"}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def load(*rows: str, by: Actor = SYSTEM) -> Import:
    file = io.BytesIO("\n".join((HEADING, *rows)).encode("gb18030"))
    mapping = queries.proposal_for(file, KIND).mapping
    row = imports.upload_import(
        kind="people", filename="人员.csv", content=file, mapping=mapping, unclassified=True, by=by, at=AT
    )
    row = imports.confirm_import(row=row, by=by, at=AT, by_worker=False)
    return run_import(row.pk, clock=lambda: AT, report=lambda done, total, text: None)


def told(row: Import) -> list[tuple[int, str, str]]:
    return [(r.row_number, r.column, r.reason) for r in queries.remarks(row)]


def test_people_and_posts_arrive_and_the_same_file_again_changes_nothing(province: Path) -> None:
    row = load(*GOOD)
    assert (row.state, row.created, told(row)) == ("done", 3, [])
    lin = Person.objects.get(username="linzy")
    posts = lin.posts.order_by("pk").values_list(
        "role", "place_code", "organisation__code", "starts_on", "ends_on"
    )
    assert list(posts) == [
        ("reform_officer", "330000", "330000.reform_office", date(2024, 3, 1), None),
        ("department_officer", "330100", "330000.reform_office", date(2024, 3, 1), date(2024, 6, 1)),
    ]
    wu = Person.objects.get(username="wu.rx")
    assert wu.posts.get().place_code == "330109"
    assert not wu.has_usable_password() and wu.must_change_password
    assert (
        len(grants_of(wu.as_actor(), AT)) == 2
    )  # anyone, signed in: no post counts before a password is set
    again = load(*GOOD)
    assert (again.unchanged, again.created, Person.objects.count(), Post.objects.count()) == (3, 0, 2, 3)


def test_a_last_day_ends_the_post(province: Path) -> None:
    load(GOOD[0])
    row = load(GOOD[0] + "2024-03-05")
    assert row.updated == 1 and Post.objects.get().ends_on == date(2024, 3, 5)
    assert told(load(GOOD[0])) == [(2, "离任日", "这个岗位已登记于 2024-03-05 离任")]


def test_what_cannot_be_read_comes_back_with_its_column_and_the_rest_arrives(province: Path) -> None:
    row = load(
        *GOOD,
        "1x,甲,省改革办,改革办工作人员,,2024-03-01,",
        "jiajia,,省改革办,改革办工作人员,,2024-03-01,",
        "jiajia,甲,省某某办,改革办工作人员,,2024-03-01,",
        "jiajia,甲,市、县（市、区）党委改革办,改革办工作人员,,2024-03-01,",
        "jiajia,甲,省改革办,办事员,,2024-03-01,",
        "jiajia,甲,省改革办,改革办工作人员,某某县,2024-03-01,",
        "jiajia,甲,省改革办,改革办工作人员,,3月1日,",
        "jiajia,甲,省改革办,改革办工作人员,,2024-03-01,2024-03-01",
        "linzy,别人,省改革办,改革办工作人员,,2024-03-01,",
        "linzy,林致远,省改革办,改革办工作人员,330000,2024-02-01,",
    )
    assert (row.created, row.refused) == (3, 10)
    assert [(number, column) for number, column, _ in told(row)] == [
        (5, "登录名"), (6, "姓名"), (7, "单位"), (8, "单位"), (9, "角色"), (10, "管辖区划"), (11, "任职日"),
        (12, "离任日"), (13, "姓名"), (14, "任职日"),
    ]  # fmt: skip
    assert not Person.objects.filter(username="jiajia").exists()


def test_duties_that_must_lie_apart_are_refused_as_by_hand(province: Path) -> None:
    row = load("admin1,甲,,系统管理员,330000,2024-03-01,", "admin1,甲,,审计员,330000,2024-03-01,")
    assert row.created == 1 and "不能由同一人同时担任" in told(row)[0][2]


def test_first_passwords_are_given_once_and_stand_nowhere(
    province: Path, make_person: MakePerson, client: Client
) -> None:
    load(*GOOD)
    manager = make_person("keeper", role="system_administrator")
    client.force_login(manager)
    page = client.get("/workbench/people/first-passwords/")
    assert page.status_code == 200 and "林致远" in page.content.decode()
    answer = client.post("/workbench/people/first-passwords/file/")
    assert answer["Cache-Control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["登录名", "linzy", "wu.rx"]
    password = rows[1][2]
    lin = Person.objects.get(username="linzy")
    assert check_password(password, lin.password) and lin.one_time_until > AT + timedelta(days=2)
    dump = _dump()
    assert password not in dump
    again = client.post("/workbench/people/first-passwords/file/")
    assert again.status_code == 302 and Person.objects.get(username="linzy").password == lin.password


def _dump() -> str:
    """Everything that every table holds."""
    return "\n".join(str(list(model._base_manager.values())) for model in apps.get_models())


def test_only_who_manages_people_may_import_them(
    province: Path, make_person: MakePerson, client: Client
) -> None:
    client.force_login(make_person("officer"))
    for address in ("/workbench/people/first-passwords/", "/workbench/imports/template/people.xlsx"):
        assert client.get(address).status_code == 404
    assert client.post("/workbench/people/first-passwords/file/").status_code == 404
