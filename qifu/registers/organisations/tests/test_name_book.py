"""The name book: every unit of the 2024 plan resolves, slips are reported, and nothing is guessed."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.yaml_data import DataError
from qifu.registers.organisations.name_book import load_names, resolve_all
from qifu.registers.organisations.name_keys import distance, name_key
from qifu.registers.organisations.tests.shared_plan import PROVINCE, ROOT, leading_cells, unit_cells, units_of

BOOK = load_names(PROVINCE)
NAMES = BOOK.names()


def test_every_unit_of_the_annexes_and_the_body_resolves() -> None:
    annexes = [unit for cell in unit_cells() for unit in units_of(cell)]
    body = [unit for cell in leading_cells() for unit in units_of(cell)]
    assert len(unit_cells()) > 60 and len(body) > 15
    unknown = [unit for unit, found in resolve_all(BOOK, annexes + body).items() if found is None]
    assert unknown == []


def test_the_slips_of_the_plan_are_reported_and_are_no_names() -> None:
    written = [unit for cell in [*unit_cells(), *leading_cells()] for unit in units_of(cell)]
    slips = {
        unit: found.canonical
        for unit, found in resolve_all(BOOK, written).items()
        if found is not None and found.status == "slip"
    }
    assert slips == {
        "省人社厅 省保厅": "省人社厅",
        "省人社保厅": "省人社厅",
        "省委发展改革委": "省发展改革委",
        "省政法委员会": "省委政法委",
        "省律师协": "省律师协会",
    }
    for unit in slips:
        found = BOOK.resolve(unit)
        assert found is not None and "见于" in found.note and "浙营商专发〔2024〕1号" in found.note
    registered = {
        name_key(name)
        for body in BOOK.organisations
        for name in (body.name, body.full_name, *body.aliases, *body.second_names)
    }
    assert registered.isdisjoint({name_key(slip.text) for slip in BOOK.slips})


@pytest.mark.parametrize(
    ("raw", "canonical", "status", "code"),
    [
        ("省发展改革委", "省发展改革委", "name", "330000.development_reform"),
        ("省发改委", "省发展改革委", "alias", "330000.development_reform"),
        ("浙江省发展和改革委员会", "省发展改革委", "name", "330000.development_reform"),
        ("省 发展改革委", "省发展改革委", "name", "330000.development_reform"),
        ("省人力社保厅", "省人社厅", "alias", "330000.human_resources"),
        ("省数据局（省政务服务办）", "省数据局", "second_name", "330000.data"),
        ("省数据局(省政务服务办)", "省数据局", "second_name", "330000.data"),
        ("省数据局〔省政务服务办〕", "省数据局", "second_name", "330000.data"),
        ("省政务服务办", "省数据局", "second_name", "330000.data"),
        ("省委组织部（省委人才办）", "省委组织部", "second_name", "330000.party_organisation"),
        ("中共浙江省委组织部", "省委组织部", "name", "330000.party_organisation"),
        ("省大数据局", "省数据局", "former_name", "330000.data"),
        (
            "浙江银保监局",
            "国家金融监督管理总局浙江监管局",
            "former_name",
            "330000.financial_regulation_zhejiang",
        ),
        ("人行浙江省分行", "人民银行浙江省分行", "alias", "330000.pboc_zhejiang"),
        (
            '省营商环境优化提升"一号改革工程"专班',
            "省营商环境优化提升“一号改革工程”专班",
            "name",
            "330000.business_environment_task_force",
        ),
        ("杭州市委改革办", "杭州市委改革办", "name", "330100.reform_office"),
        ("浙江省杭州市委改革办", "杭州市委改革办", "name", "330100.reform_office"),
        ("中共杭州市委全面深化改革委员会办公室", "杭州市委改革办", "name", "330100.reform_office"),
        ("湖州市南浔区发改局", "南浔区发改局", "name", "330503.development_reform"),
        ("萧山区企业综合服务中心", "萧山区企服中心", "name", "330109.enterprise_service_centre"),
        ("温州湾新区管委会", "温州湾新区管委会", "name", "F330300-01.functional_area_committee"),
        ("江干区发改局", "江干区发改局", "former_name", "330104.development_reform"),
    ],
)
def test_specific_bodies(raw: str, canonical: str, status: str, code: str) -> None:
    found = BOOK.resolve(raw)
    assert found is not None
    assert (found.canonical, found.status, found.kind, found.organisation_code) == (
        canonical,
        status,
        "specific",
        code,
    )


@pytest.mark.parametrize(
    "raw",
    [
        "市、县（市、区）党委改革办",
        "市、县（市、区）企服中心",
        "市、县（市、区）发改局",
        "市、县（市、区）党委、政府",
        "企服中心",
        "各业务主管部门",
        "市、县（市、区）各业务主管部门",
        "省、市、县（市、区）各业务部门",
        "省级有关部门",
        "省级相关部门",
        "各设区市",
        "其他省级行政执法部门",
        "省级各有关单位",
        "各市、县（市、区）党委改革办",
        "各市、县（市、区）人民政府",
    ],
)
def test_generic_units_stay_as_written_and_are_nobody(raw: str) -> None:
    found = BOOK.resolve(raw)
    assert found is not None
    assert (found.canonical, found.kind, found.organisation_code) == (raw, "generic", None)


def test_expansion_is_only_proposed() -> None:
    assert all(unit.expansion for unit in BOOK.generic_units)
    assert not any(body.name == "党委改革办" or body.name.startswith("市、县") for body in BOOK.organisations)


@pytest.mark.parametrize(
    ("raw", "canonical", "code", "status"),
    [
        ("萧山区", "杭州市萧山区", "330109", "name"),
        ("杭州市钱塘区", "杭州市钱塘区", "330114", "name"),
        ("温州湾新区", "温州湾新区", "F330300-01", "name"),
        ("南浔", "湖州市南浔区", "330503", "alias"),
        ("衢州市", "衢州市", "330800", "name"),
        ("江干区", "杭州市江干区", "330104", "former_name"),
    ],
)
def test_divisions_own_work_too(raw: str, canonical: str, code: str, status: str) -> None:
    found = BOOK.resolve(raw)
    assert found is not None
    assert (found.canonical, found.division_code, found.status, found.kind) == (
        canonical,
        code,
        status,
        "division",
    )


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "省",
        "省发展改苹委",
        "省公安厅 省检察院",
        "省委改革办、省数据局",
        "上海市发改委",
        "市场",
        "（）",
        "省" * 5000,
        "x\x00y",
    ],
)
def test_what_is_not_known_exactly_is_not_known(raw: str) -> None:
    assert BOOK.resolve(raw) is None


def test_suggestions_know_look_alike_glyphs_and_keep_their_order() -> None:
    assert BOOK.suggest("省检查院")[0].canonical == "省检察院"
    assert BOOK.suggest("省发展故革委")[0].steps == 1
    assert BOOK.suggest("省发展故革委") == BOOK.suggest("省发展故革委")
    assert len(BOOK.suggest("省农业厅", n=2)) == 2
    assert BOOK.suggest("完全不相干的一句话而已") == [] and BOOK.suggest("") == []


def test_every_canonical_name_means_itself() -> None:
    for name in NAMES:
        found = BOOK.resolve(name)
        assert found is not None and found.canonical == name


def test_every_body_has_one_code_and_the_demo_places_are_there() -> None:
    codes = [body.full_code for body in BOOK.organisations]
    assert len(codes) == len(set(codes))
    for pattern in ("reform_office", "enterprise_service_centre"):
        assert {f"33{n:02}00.{pattern}" for n in range(1, 12)} <= set(codes)
        assert {f"{place}.{pattern}" for place in ("330109", "330110", "330114", "330503")} <= set(codes)


def test_former_names_carry_their_span() -> None:
    data = next(body for body in BOOK.organisations if body.code == "data")
    assert {(one.name, one.effective_from) for one in data.former} >= {("省大数据局", date(2018, 10, 23))}


@given(st.sampled_from(NAMES), st.randoms(use_true_random=False))
def test_blanks_and_brackets_never_matter(name: str, random: object) -> None:
    noisy = "".join(glyph + " " * (index % 3 == 1) for index, glyph in enumerate(name))
    noisy = noisy.replace("（", "〔").replace("）", ")").replace("、", ",")
    found = BOOK.resolve(noisy)
    assert found is not None and found.canonical == name


@given(st.text(max_size=30))
def test_any_text_resolves_stably_or_not_at_all(text: str) -> None:
    found = BOOK.resolve(text)
    assert found == BOOK.resolve(text)
    if found is not None:
        again = BOOK.resolve(found.canonical)
        assert again is not None and again.canonical == found.canonical


@given(st.text("省市县区委局厅办发展改革", max_size=8), st.text("省市县区委局厅办发展改革", max_size=8))
def test_distance_is_symmetric_and_zero_only_for_the_same(left: str, right: str) -> None:
    assert distance(left, right, 40) == distance(right, left, 40)
    assert (distance(left, right, 40) == 0) == (left == right)


def test_loading_and_looking_up_are_fast() -> None:
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        load_names(PROVINCE)
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.5  # goal 0.15 s; the slack is for a busy machine
    start = time.perf_counter()
    for _ in range(20_000):
        BOOK.resolve("省发展改革委")
    assert time.perf_counter() - start < 1


HEAD = """division: '330000'
organisations:
- code: data
  kind: government_department
  name: 省数据局
  full_name: 浙江省数据局
  second_names: [省政务服务办]
"""


@pytest.mark.parametrize(
    ("added", "line", "cause"),
    [
        ("- {code: data, kind: institution, name: 省甲, full_name: 浙江省甲}", 8, "与第 3 行重复"),
        (
            "- {code: other, kind: institution, name: 省政务服务办, full_name: 浙江省乙}",
            8,
            "已属于第 7 行的另一机构“data”",
        ),
        ("- {code: other, kind: bureau, name: 省乙, full_name: 浙江省乙}", 8, "“bureau”不在允许之列"),
        ("- {code: other, kind: institution, full_name: 浙江省乙}", 8, "缺少“name”"),
        ("- {code: other, kind: institution, name: 省乙, full_name: 浙江省乙, aliases: 省丙}", 8, "应为列表"),
        (
            "- {code: other, kind: institution, name: 省乙, full_name: 浙江省乙, boss: 某人}",
            8,
            "不认识“boss”",
        ),
        (
            "- code: other\n  kind: institution\n  name: 省乙\n  full_name: 浙江省乙\n  former:\n"
            "  - {name: 省丙, effective: {from: 2024-01-01, to: 2018-01-01}}",
            13,
            "起日不早于止日",
        ),
        (
            "slips:\n- {text: 省数据据, means: nobody, cause: 重字, seen: [{document: 甲, place: 乙}]}",
            9,
            "“nobody”不存在",
        ),
        ("slips:\n- {text: 省数据据, means: data, cause: 重字}", 9, "缺少“seen”"),
        (
            "slips:\n- {text: 省政务服务办, means: data, cause: 错, seen: [{document: 甲, place: 乙}]}",
            9,
            "已属于第 7 行",
        ),
        (
            "patterns:\n- {code: a, kind: institution, levels: [city], name: 发改局, full_name: '{d}局', generic: [发改局]}",
            9,
            "不是以区划开头",
        ),
        (
            "patterns:\n- {code: a, kind: institution, levels: [village], name: '{d}发改局', full_name: '{d}局',"
            " generic: [发改局]}",
            9,
            "“village”不在允许之列",
        ),
        ("explicit:\n- {pattern: reform_office, divisions: ['330100']}", 9, "没有标准机构“reform_office”"),
        ("explicit:\n- {pattern: reform_office, divisions: ['999999']}", 9, "区划“999999”不在现行区划中"),
        ("generic_units:\n- {names: [各部门]}", 9, "缺少“expansion”"),
        ("scopes:\n- {names: [], levels: [city]}", 9, "至少要有 1 项"),
        ("extras: 1", 8, "不认识“extras”"),
    ],
)
def test_a_wrong_file_is_refused_with_file_line_cause_and_remedy(
    tmp_path: Path, added: str, line: int, cause: str
) -> None:
    (tmp_path / "divisions.yaml").write_bytes((PROVINCE / "divisions.yaml").read_bytes())
    (tmp_path / "organisations.yaml").write_text(HEAD + added + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_names(tmp_path)
    assert cause in str(caught.value)
    assert str(caught.value).startswith(f"organisations.yaml 第 {line} 行：") and caught.value.remedy


def test_the_book_needs_no_web_framework() -> None:
    program = (
        "import sys; from qifu.registers.organisations.name_book import load_names; "
        f"load_names({str(PROVINCE)!r}); sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
