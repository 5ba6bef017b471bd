"""`qifu import`: exit codes, files of refused rows, dry run, kept mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from openpyxl import Workbook

from qifu.commands import imports
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM
from qifu.foundation.imports.models import Import
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.organisations.actions import load_organisations
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.tests import intake_world

pytestmark = pytest.mark.django_db
GOOD = "单位名称,类型,区划\n萧山区甲中心,事业单位,330109\n"


@pytest.fixture(autouse=True)
def province(db: None, settings: Any, tmp_path: Path) -> None:
    """Divisions and organisations; files in a folder of the test."""
    options = {"location": tmp_path / "files"}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    load_divisions(by=SYSTEM, at=clock.now(), path=Path(site.PROVINCE_DIR) / "divisions.yaml")
    load_organisations(by=SYSTEM, at=clock.now(), province_dir=Path(site.PROVINCE_DIR))


def test_the_command_imports_reports_and_repeats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "单位.csv"
    path.write_text(GOOD, "utf-8")
    assert imports.main(["organisations", str(path), "--dry-run"]) == 0
    assert not Import.objects.exists() and "没有写入任何数据" in capsys.readouterr().out
    kept = tmp_path / "m.yaml"
    assert imports.main(["organisations", str(path), "--save-mapping", str(kept)]) == 0
    assert "新增 1，更新 0，未变 0，未导入 0" in capsys.readouterr().out
    path.write_text(GOOD + "乙中心,事业单位,330109\n", "utf-8")
    assert imports.main(["organisations", str(path), "--mapping", str(kept)]) == 1
    out = capsys.readouterr().out
    assert "新增 0，更新 0，未变 1，未导入 1" in out
    for name in ("单位-未导入.csv", "单位-未导入.xlsx"):
        assert (tmp_path / name).exists() and name in out
    assert Organisation.objects.exclude(source="").count() == 1


def test_the_command_names_what_it_leaves_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "单位.xlsx"
    book = Workbook()
    pages = {
        "市级": [
            ["单位名称", "类型", "区划", "电话"],
            ["萧山区甲中心", "事业单位", "330109", "1"],
            ["合计：1家"],
        ],
        "县级": [["名称", "类型", "区划"], ["乙中心", "事业单位", "330109"]],
        "说明": [["来源"]],
    }
    for title, lines in pages.items():
        page = book.create_sheet(title)
        for line in lines:
            page.append(line)
    book.remove(book.active)
    book.save(path)
    assert imports.main(["organisations", str(path), "--save-warnings"]) == 1
    out = capsys.readouterr().out
    assert "未取用的列：电话" in out and "“说明”1 行" in out and "1 处  整行：“…”是合计行" in out
    assert "3 行，" in out and "新增 1，更新 0，未变 0，未导入 1，空行、合计和表尾 1" in out
    assert {one.name for one in tmp_path.glob("单位-*")} == {
        "单位-未导入-县级.csv", "单位-未导入.xlsx", "单位-请核对.csv",
    }  # fmt: skip
    assert "市级,3,,“合计：1家”是合计行" in (tmp_path / "单位-请核对.csv").read_text("utf-8-sig")
    assert imports.main(["organisations", str(path), "--sheet", "市级", "--dry-run"]) == 0
    assert "“县级”2 行" in capsys.readouterr().out
    assert imports.main(["organisations", str(path), "--sheet", "没有"]) == 2
    assert "没有名为“没有”的工作表，有：市级、县级、说明" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nothing", "x.csv"], "没有名为“nothing”的导入"),
        (["organisations", "x.csv"], "文件不存在"),
        (["organisations", "junk.csv"], "不是文本表格"),
        (["organisations", "other.csv"], "没有找到必填的栏目：名称、类型、区划"),
        (["organisations", "good.csv", "--mapping", "bad.yaml"], "不认识“x”"),
        (["organisations", "good.csv", "--mapping", "people.yaml"], "不是“organisations”的"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_kept(
    arguments: list[str],
    part: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.csv").write_text(GOOD, "utf-8")
    Path("junk.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    Path("other.csv").write_text("甲,乙\n1,2\n", "utf-8")
    Path("bad.yaml").write_text(
        "kind: organisations\nsheets: [{heading_line: 1, columns: {name: 单位名称}}]\nx: 1\n", "utf-8"
    )
    Path("people.yaml").write_text(
        "kind: people\nsheets: [{heading_line: 1, columns: {name: 单位名称}}]\n", "utf-8"
    )
    assert imports.main(arguments) == 2
    assert part in capsys.readouterr().err
    assert not Import.objects.exists()


def test_somebody_imports_within_their_own_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    intake_world.load_province()
    clerk, path = intake_world.clerk(), tmp_path / "热线.csv"
    path.write_text("留言编号,留言主题,留言详情\nA1,停电,园区夜间停电三次，生产线停机\n", "utf-8")
    assert imports.main(["problems", str(path), "--by", "nobody"]) == 2
    assert "没有登录名为“nobody”" in capsys.readouterr().err and not Import.objects.exists()
    assert imports.main(["problems", str(path), "--by", clerk.username]) == 0
    problem = Problem.objects.get()
    assert problem.case.place_code == intake_world.XIAOSHAN
    assert imports.main(["problems", str(path)]) == 1
    assert "新增 0，更新 0，未变 0，未导入 1" in capsys.readouterr().out
