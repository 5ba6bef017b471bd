"""Organisations from a file: added beside the province's data, found by name at once, never changing what a name means."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from qifu.foundation.access import SYSTEM
from qifu.foundation.imports import actions as imports
from qifu.foundation.imports import queries as import_queries
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.run import run_import
from qifu.registers.conftest import AT
from qifu.registers.organisations.actions import load_organisations
from qifu.registers.organisations.import_kind import KIND
from qifu.registers.organisations.models import Organisation
from qifu.registers.organisations.queries import resolve_name

pytestmark = pytest.mark.django_db
HEADING = "单位名称,单位全称,类型,所在区划,简称,职责"
CENTRE = "萧山区临空经济服务中心,杭州市萧山区临空经济服务中心,事业单位,萧山区,萧山临空中心、萧山空港服务中心,服务企业"


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    options = {"location": tmp_path / "files"}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def load(*rows: str, heading: str = HEADING) -> Import:
    file = io.BytesIO("\n".join((heading, *rows)).encode())
    mapping = import_queries.proposal_for(file, KIND).mapping
    row = imports.upload_import(
        kind="organisations",
        filename="单位.csv",
        content=file,
        mapping=mapping,
        unclassified=True,
        by=SYSTEM,
        at=AT,
    )
    row = imports.confirm_import(row=row, by=SYSTEM, at=AT, by_worker=False)
    return run_import(row.pk, clock=lambda: AT, report=lambda done, total, text: None)


def told(row: Import) -> list[tuple[int, str]]:
    return [(r.row_number, r.column) for r in import_queries.remarks(row)]


def test_an_imported_body_is_found_by_its_names_and_stays_when_the_province_is_loaded_again(
    province: Path,
) -> None:
    first = load(CENTRE)
    assert (first.created, told(first)) == (1, [])
    row = Organisation.objects.get(source=f"import:{first.pk}")
    assert (row.place_code, row.level, row.kind) == ("330109", "county", "institution")
    for name in ("萧山区临空经济服务中心", "杭州市萧山区临空经济服务中心", "萧山临空中心"):
        meant = resolve_name(name, AT.date())
        assert meant is not None and meant.organisation == row, name
    assert load(CENTRE).unchanged == 1
    report = load_organisations(by=SYSTEM, at=AT, province_dir=province)
    assert (report.created, report.changed, report.closed) == (0, 0, 0)
    assert Organisation.objects.get(pk=row.pk).effective_to is None


def test_a_later_file_updates_what_it_names_and_leaves_what_it_lacks(province: Path) -> None:
    load(CENTRE)
    row = load("萧山区临空经济服务中心,事业单位,330109,萧山空港中心", heading="名称,类型,区划,简称")
    assert row.updated == 1
    body = Organisation.objects.get(name="萧山区临空经济服务中心")
    assert (body.full_name, body.duties) == ("杭州市萧山区临空经济服务中心", "服务企业")
    assert set(body.names.filter(effective_to=None).values_list("name", flat=True)) == {"萧山空港中心"}
    assert body.names.exclude(effective_to=None).count() == 2


def test_names_that_would_mean_something_else_are_refused(province: Path) -> None:
    row = load(
        "省发展改革委,,政府部门,330000,,",  # is there, as a body of the province's data
        "企业综合服务局,,事业单位,330109,,",  # whose?
        "萧山区某某局,,不知道,330109,,",
        "萧山区某某局,,事业单位,某某县,,",
        ",,事业单位,330109,,",
        "萧山区甲局,,事业单位,330109,省发改委,",
        "萧山区乙局,,事业单位,330109,萧山丙,",
        "萧山区丁局,,事业单位,330109,萧山丙,",
    )
    assert row.created == 1
    assert told(row) == [
        (2, "名称"), (3, "名称"), (4, "类型"), (5, "区划"), (6, "名称"), (7, "简称"), (9, "简称"),
    ]  # fmt: skip


def test_bodies_of_the_province_may_be_listed_but_not_changed(province: Path) -> None:
    heading = "机构代码,名称,类型,区划"
    body = Organisation.objects.get(code="330000.reform_office")
    same = load(f"{body.code},{body.name},{body.get_kind_display()},330000", heading=heading)
    assert same.unchanged == 1
    other = load(f"{body.code},{body.name}改,{body.get_kind_display()},330000", heading=heading)
    unknown = load("330000.nothing,省某某办,事业单位,330000", heading=heading)
    assert (told(other), told(unknown)) == ([(2, "名称")], [(2, "机构代码")])
