"""Enterprises of a demo site: about 300 made-up ones, labelled 模拟数据; the last of them come in a file, as a list would."""

from __future__ import annotations

import io
from datetime import date, datetime

from django.conf import settings

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.imports import actions
from qifu.foundation.imports.kinds import Outcome, SourceRow, import_kinds
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.queries import proposal_for
from qifu.foundation.imports.run import run_import
from qifu.foundation.imports.sheets import workbooks
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises.actions import import_batch
from qifu.registers.enterprises.generate import HEADINGS, SOURCE, County, Made, code_of, make
from qifu.registers.enterprises.models import EnterpriseSource

COUNT, SEED = 298, "qifu-demo"
BY_FILE = 60
"""How many of them come by the importer."""
FILE, WAITING = "2024年5月经营主体登记信息（模拟）.xlsx", "2024年6月经营主体登记信息（模拟）.xlsx"
COLUMN_OF = {
    "企业名称": "name", "统一社会信用代码": "uscc", "成立日期": "established_on", "核准日期": "approved_on", "企业类型": "kind",
    "登记状态": "status", "注册资本": "capital", "所属省份": "province", "所属城市": "city", "所属区县": "county", "注册地址": "address",
    "登记机关": "authority", "法定代表人": "legal_representative", "国标行业小类": "industry", "参保人数": "insured", "经营范围": "scope",
}  # fmt: skip
"""Which column each heading of the generator is."""
DEMO_USCC = code_of(31**6 - 1, "330109")
DEMO_USCC_2 = code_of(31**6 - 2, "330109")
_FIXED = (
    ("杭州云舟智造科技有限公司（模拟）", DEMO_USCC, "沈云舟", "330109", "1000万元人民币", "C3484"),
    ("杭州云舟供应链管理有限公司（模拟）", DEMO_USCC_2, "沈云舟", "330109", "200(万元人民币)", "L7249"),
)


def counties(day: date) -> list[County]:
    """Return the counties in force on `day` as the generator takes them."""
    known = divisions.book(day)
    found = []
    for row in known.of_kind("county"):
        city = known.get(row.parent or "")
        found.append(
            County(row.code, row.name, city.name if city is not None and city.kind == "city" else "")
        )
    return found


def source_row(number: int, made: Made) -> SourceRow:
    """Return a made row as the importer would give it."""
    values = {COLUMN_OF[heading]: text.strip() for heading, text in made.cells.items() if text.strip()}
    return SourceRow(number, values)


def load_demo_enterprises(at: datetime) -> Outcome:
    """Make the demo enterprises on a demo site; safe to repeat; raise Refused on any other site."""
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟企业")
    return add_demo_enterprises(by=SYSTEM, at=at)


@action("enterprises.load_demo", title="载入模拟企业", permission="enterprises.load_demo")
def add_demo_enterprises(*, by: Actor, at: datetime) -> Outcome:
    """Add the made-up enterprises through the same batch action as every import."""
    EnterpriseSource.objects.get_or_create(name=SOURCE, defaults={"added_at": at, "simulated": True})
    rows = [source_row(number, made) for number, made in enumerate(_made(at)[:-BY_FILE], start=1)]
    for name, uscc, person, _, capital, industry in _FIXED:
        rows.append(
            SourceRow(
                len(rows) + 1,
                {
                    "name": name, "uscc": uscc, "legal_representative": f"{person}（模拟）", "capital": capital, "industry": industry,
                    "address": "浙江省杭州市萧山区示例路1号", "established_on": "2018-05-08", "status": "存续",
                    "kind": "有限责任公司(自然人投资或控股)", "scope": "技术开发、技术服务；供应链管理服务。",
                },
            )
        )  # fmt: skip
    outcome: Outcome = import_batch(rows=rows, source=SOURCE, by=by, at=at)
    current_act().note(
        created=outcome.created, updated=outcome.updated, unchanged=outcome.unchanged, refused=outcome.refused
    )
    return outcome


def _made(at: datetime) -> list[Made]:
    return list(make(COUNT, SEED, counties(at.date())))


def load_demo_import(at: datetime) -> None:
    """Import the last of the demo enterprises from a workbook with some bad rows, and leave a second file unstarted.

    Safe to repeat; raise Refused on any site but a demo.
    """
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟企业")
    if not Import.objects.filter(filename=FILE).exists():
        bad = [made for made in make(60, f"{SEED}-bad", counties(at.date()), dirt=1.0) if made.right]
        row = _upload(FILE, _workbook([*_made(at)[-BY_FILE:], *bad[:6]]), at)
        mark_simulated(source=row.source(0), by=SYSTEM, at=at)
        mark_simulated(source=row.source(1), by=SYSTEM, at=at)
        actions.confirm_import(row=row, by=SYSTEM, at=at, by_worker=False)
        run_import(row.pk, clock=lambda: at, report=lambda *_: None)
    if not Import.objects.filter(filename=WAITING).exists():
        waiting = list(make(40, f"{SEED}-next", counties(at.date()), dirt=0.2))
        _upload(WAITING, _workbook(waiting), at)


@action("enterprises.mark_simulated", title="标明模拟数据", permission="enterprises.load_demo")
def mark_simulated(*, source: str, by: Actor, at: datetime) -> None:
    """Say of a source, before it tells anything, that all of it is made up."""
    EnterpriseSource.objects.get_or_create(name=source, defaults={"added_at": at, "simulated": True})


def _upload(name: str, content: bytes, at: datetime) -> Import:
    file, kind = io.BytesIO(content), import_kinds()["enterprises"]
    mapping = proposal_for(file, kind).mapping
    return actions.upload_import(
        kind=kind.name, filename=name, content=file, mapping=mapping, unclassified=True, by=SYSTEM, at=at
    )


def _workbook(rows: list[Made]) -> bytes:
    """Return the rows as an office would send them: households on a sheet of their own, and a sheet of notes."""
    shops = [made for made in rows if made.cells["统一社会信用代码"].startswith("92")]
    firms = [[made.cells[heading] for heading in HEADINGS] for made in rows if made not in shops]
    short = ("统一社会信用代码", "企业名称", "法定代表人", "成立日期", "注册地址", "登记机关")
    own = [[made.cells[heading] for heading in short] for made in shops]
    total = ["合计", *[""] * (len(HEADINGS) - 1)]
    return workbooks(
        [
            ("企业", HEADINGS, [*firms, total]),
            ("个体工商户", ("社会信用代码", "名称", "经营者", "注册日期", "经营场所", "登记机关"), own),
            ("说明", ("本表为模拟数据",), [["企业、个体工商户分两张表"]]),
        ]
    )
