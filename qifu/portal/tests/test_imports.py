"""The importer's pages: upload, columns, run, result, rows that were not taken; nothing for whoever may not."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qifu.foundation import clock, jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.imports.models import Import
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.organisations.actions import load_organisations
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.actions import add_post
from qifu.registers.people.models import Person
from qifu.registers.people.tests.test_posts import AT, DAY

pytestmark = pytest.mark.django_db
ROWS = "单位名称,类型,区划\n萧山区甲中心,事业单位,330109\n乙中心,事业单位,330109\n=cmd(),事业单位,330109\n"


@pytest.fixture
def manager(settings: Any, tmp_path: Path) -> Client:
    """A system administrator, signed in."""
    options = {"location": tmp_path / "files"}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    settings.RATE_LIMITS = False
    folder = Path(settings.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=AT, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=AT, province_dir=folder)
    return client_of("manager", "system_administrator")


def client_of(username: str, role: str) -> Client:
    from qifu.foundation.tests.acts import act

    person = Person(username=username, name=username, created_at=AT)
    act(person.save)
    add_post(by=SYSTEM, at=AT, person=person, role=role, place_code="330000", starts_on=DAY)
    client = Client()
    client.force_login(person)
    return client


def upload(client: Client, text: str | bytes = ROWS, name: str = "单位.csv", **changes: Any) -> Any:
    content = text.encode() if isinstance(text, str) else text
    data = {
        "kind": "organisations",
        "file": SimpleUploadedFile(name, content),
        "unclassified": "on",
    } | changes
    return client.post("/workbench/imports/upload/", {k: v for k, v in data.items() if v is not None})


def work() -> None:
    while jobs.run_one(worker="w", clock=clock.now):
        pass


def test_from_the_file_to_the_result(manager: Client) -> None:
    assert "还没有导入过文件" in manager.get("/workbench/imports/").content.decode()
    answer = upload(manager)
    row = Import.objects.get()
    page = f"/workbench/imports/{row.pk}/"
    assert answer.status_code == 302 and answer["Location"] == page
    text = manager.get(page).content.decode()
    assert "核对栏目" in text and "没有写明是哪里的" in text and "2 行不能导入" in text
    sent = {"heading_line-0": "1", "column-0-0": "name", "column-0-1": "kind", "column-0-2": "place"}
    assert manager.post(f"{page}columns/", sent | {"act": "start"}).status_code == 302
    text = manager.get(page).content.decode()
    assert "正在排队" in text and 'http-equiv="refresh"' in text
    work()
    assert manager.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    text = manager.get(page).content.decode()
    assert "已完成，有未导入" in text and "合计 3 行" in text
    assert Organisation.objects.filter(source=f"import:{row.pk}").count() == 1
    assert "没有写明是哪里的" in manager.get(f"{page}rows/").content.decode()
    assert manager.get(f"{page}rows/?show=taken").status_code == 200
    answer = manager.get(f"{page}rejected.csv")
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert lines[0] == ["单位名称", "类型", "区划", "行号", "栏目", "原因", "建议"]
    assert [line[0] for line in lines[1:]] == ["乙中心", "'=cmd()"] and answer[
        "Cache-Control"
    ] == "private, no-store"
    book = openpyxl.load_workbook(io.BytesIO(manager.get(f"{page}rejected.xlsx").content))
    assert book.active["A3"].value == "=cmd()" and book.active["A3"].data_type == "s"
    assert "kind: organisations" in manager.get(f"{page}columns.yaml").content.decode()
    assert "单位.csv" in manager.get("/workbench/imports/").content.decode()


def test_columns_can_be_chosen_by_hand_and_kept_for_the_next_file(manager: Client) -> None:
    upload(manager, "甲,乙,丙\n萧山区甲中心,事业单位,330109\n")
    row = Import.objects.get()
    page = f"/workbench/imports/{row.pk}/"
    assert "还没有对应的必填栏目：名称、类型、区划" in manager.get(page).content.decode()
    sent = {"heading_line-0": "1", "column-0-0": "name", "column-0-1": "name", "act": "preview"}
    answer = manager.post(f"{page}columns/", sent)
    assert answer.status_code == 422 and "两列都选了“名称”" in answer.content.decode()
    sent = {"heading_line-0": "1", "column-0-0": "name", "column-0-1": "kind", "column-0-2": "place"}
    assert manager.post(f"{page}columns/", sent | {"act": "preview"}).status_code == 302
    assert "没有发现问题" in manager.get(page).content.decode()
    kept = manager.get(f"{page}columns.yaml").content
    again = upload(
        manager, "丙,乙,甲\n330109,事业单位,萧山区乙中心\n", mapping=SimpleUploadedFile("m.yaml", kept)
    )
    assert again.status_code == 302
    assert Import.objects.latest("pk").read_by.parts[0].places == {"name": 2, "kind": 1, "place": 0}
    answer = manager.post(f"{page}columns/", {"heading_line-0": "0", "act": "preview"})
    row.refresh_from_db()
    assert row.read_by.parts[0].heading_line == 0 and answer.status_code == 302
    for bad in (
        {"heading_line-0": "x"},
        {"heading_line-0": "1", "column-0-0": "nope"},
        {"heading_line-0": "99999"},
    ):
        assert manager.post(f"{page}columns/", bad).status_code in (302, 422)


def test_cancel_and_resume(manager: Client) -> None:
    upload(manager)
    page = f"/workbench/imports/{Import.objects.get().pk}/"
    sent = {"heading_line-0": "1", "column-0-0": "name", "column-0-1": "kind", "column-0-2": "place"}
    manager.post(f"{page}columns/", sent | {"act": "start"})
    manager.post(f"{page}cancel/")
    work()
    assert "已取消，停在第 0 行数据" in manager.get(page).content.decode()
    manager.post(f"{page}resume/")
    work()
    assert "已完成" in manager.get(page).content.decode()


def book_of(pages: dict[str, list[list[str]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in pages.items():
        page = book.create_sheet(title)
        for line in lines:
            page.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_sheets_are_ticked_and_each_has_its_own_columns(manager: Client) -> None:
    heading = ["单位名称", "类型", "区划"]
    pages = {
        "市级": [heading, ["萧山区甲中心", "事业单位", "330109"], ["乙中心", "事业单位", "330109"]],
        "县级": [["类型", "名称", "区划", "电话"], ["事业单位", "萧山区丙中心", "330109", "1"]],
        "另表": [["甲", "乙", "丙"], ["萧山区丁中心", "事业单位", "330109"]],
    }
    upload(manager, book_of(pages), name="单位.xlsx")
    row = Import.objects.get()
    page = f"/workbench/imports/{row.pk}/"
    text = manager.get(page).content.decode()
    assert "2 行，不导入" in text and "未取用的列：电话" in text and "“县级”里的列" in text
    sent = {f"column-{part}-{place}": name for part, names in enumerate((["name", "kind", "place"], ["kind", "name", "place"])) for place, name in enumerate(names)}  # fmt: skip
    sent |= {"heading_line-0": "1", "heading_line-1": "1", "act": "start"}
    assert manager.post(f"{page}columns/", sent).status_code == 422  # none is ticked
    answer = manager.post(f"{page}columns/", sent | {"take": ["市级", "县级", "另表"]}, follow=True)
    assert "已重新识别栏目" in answer.content.decode() and "还没有对应的必填栏目" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "mapping" and [part.sheet for part in row.read_by.parts] == ["市级", "县级", "另表"]
    manager.post(f"{page}columns/", sent | {"heading_line-2": "1", "take": ["市级", "县级"]})
    row.refresh_from_db()
    assert row.state == "running" and row.read_by.left == (("另表", 2),)
    kept = manager.get(f"{page}columns.yaml").content
    work()
    row.refresh_from_db()
    assert (row.state, row.created, row.refused) == ("done", 2, 1)
    text = manager.get(page).content.decode()
    assert "没有导入的工作表：“另表”2 行" in text and "未取用的列（工作表“县级”）：电话" in text
    assert "市级 3" in manager.get(f"{page}rows/").content.decode()
    answer = manager.get(f"{page}rejected.csv?part=0")
    assert "乙中心" in b"".join(answer.streaming_content).decode()
    assert openpyxl.load_workbook(io.BytesIO(manager.get(f"{page}rejected.xlsx").content)).sheetnames == [
        "市级"
    ]
    upload(manager, book_of(pages), name="单位.xlsx", mapping=SimpleUploadedFile("m.yaml", kept))
    assert Import.objects.latest("pk").mapping == row.mapping


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"unclassified": None}, "涉密文件不得上传"),
        ({"file": None}, "请选择要导入的文件"),
        ({"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04" + b"\0" * 99)}, "损坏"),
        ({"file": SimpleUploadedFile("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)}, "不是文本表格"),
        ({"kind": "nope"}, "选择"),
        ({"mapping": SimpleUploadedFile("m.yaml", b"kind: [")}, "YAML"),
    ],
)
def test_bad_uploads_are_refused_in_words(manager: Client, changes: dict[str, Any], part: str) -> None:
    answer = upload(manager, **changes)
    assert answer.status_code == 422 and part in answer.content.decode()
    assert not Import.objects.exists()


def test_nobody_else_finds_any_of_it(manager: Client) -> None:
    upload(manager)
    pk = Import.objects.get().pk
    officer = client_of("callback", "callback_officer")
    for address in (
        "",
        "upload/",
        "template/people.xlsx",
        f"{pk}/",
        f"{pk}/rows/",
        f"{pk}/rejected.csv",
        f"{pk}/columns.yaml",
    ):
        assert officer.get(f"/workbench/imports/{address}").status_code == 404, address
    for act in ("columns", "cancel", "resume"):
        assert officer.post(f"/workbench/imports/{pk}/{act}/").status_code == 404, act
    assert Client().get("/workbench/imports/").status_code == 302


def test_the_template_has_every_column(manager: Client) -> None:
    book = openpyxl.load_workbook(io.BytesIO(manager.get("/workbench/imports/template/people.xlsx").content))
    assert [cell.value for cell in book.active[1]] == [
        "登录名",
        "姓名",
        "单位",
        "角色",
        "管辖区划",
        "任职日",
        "离任日",
    ]
    assert manager.get("/workbench/imports/template/nope.xlsx").status_code == 404
