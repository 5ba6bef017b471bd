"""Where an enterprise is: address over code, former names carried on, certainty and conflict told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from qifu.registers.divisions.division_book import load_divisions
from qifu.registers.enterprises import places
from qifu.registers.enterprises.location import Gazetteer, Location

DAY = date(2024, 6, 20)
BOOK = load_divisions(Path(settings.PROVINCE_DIR) / "divisions.yaml").as_of(DAY)
KNOWN = Gazetteer(BOOK, DAY, places._elsewhere(), places._moved_towns(), places._former())


def locate(address: str, authority_code: str, region: str = "") -> Location:
    return KNOWN.locate(address=address, uscc=f"91{authority_code}0000000000", region=region)


@pytest.mark.parametrize(
    ("address", "authority", "code", "certainty"),
    [
        ("浙江省义乌市北苑街道1号", "330782", "330782", "certain"),
        ("浙江省金华市东阳市江北街道工业园区", "330783", "330783", "certain"),
        ("杭州市下城区文晖路1号", "330103", "330105", "certain"),
        ("杭州市江干区下沙街道1号", "330104", "330114", "certain"),
        ("杭州市江干区凯旋路1号", "330104", "330102", "guessed"),
        ("临安市锦北街道保锦路288", "330185", "330112", "certain"),
        ("杭州市余杭区塘栖镇1号", "330110", "330113", "certain"),
        ("杭州市余杭区仓前街道1号", "330110", "330110", "certain"),
        ("宁波市鄞州区石碶街道", "330212", "330203", "certain"),
        ("浙江省温州市苍南县龙港镇", "330327", "330383", "certain"),
        ("杭州经济技术开发区6号大街", "330101", "330114", "likely"),
        ("宁波高新区江南路586号", "330201", "330212", "likely"),
        ("柳市镇马仁桥村", "330382", "330382", "likely"),
        ("", "330782", "330782", "likely"),
        ("台州市海昌路2710号", "331000", "331000", "guessed"),
        ("江苏省南京市玄武区中山路1号", "320102", "320102", "certain"),
        ("鼓楼区湖南路1号", "320106", "320106", "certain"),
        ("上海市浦东新区张江路1号", "310115", "310115", "certain"),
        ("广东省东莞市长安镇1号", "441900", "441900", "certain"),
        ("北京市崇文区天坛路1号", "110103", "110101", "likely"),
        ("天津市塘沽区解放路1号", "120107", "120116", "likely"),
        ("江苏省南京市下关区热河路1号", "320107", "320106", "likely"),
        ("", "310108", "310106", "likely"),
        ("宁波路5号", "330102", "330102", "likely"),
        ("无", "999999", "", "unknown"),
    ],
)  # fmt: skip
def test_places(address: str, authority: str, code: str, certainty: str) -> None:
    found = locate(address, authority)
    assert (found.code, found.certainty) == (code, certainty), found
    assert found.certainty == "certain" or found.reason


def test_an_address_is_taken_over_the_code_and_the_conflict_told() -> None:
    found = locate("浙江省金华市东阳市白云街道1号", "330782")
    assert found.code == "330783" and found.certainty == "likely" and "义乌市" in found.conflict


def test_a_region_column_helps_and_its_contradiction_is_told() -> None:
    assert locate("示例路1号", "330100", "浙江省杭州市滨江区").code == "330108"
    assert "宁波市" in locate("杭州市滨江区示例路1号", "330108", "浙江宁波").conflict


def test_what_is_no_more_elsewhere_leads_to_what_stands() -> None:
    for code, name, now in places._former():
        assert now in KNOWN.places and KNOWN.places[now].heirs == (now,), name
        assert KNOWN.places[code].name == name


@given(st.text(max_size=60), st.text("0123456789", min_size=6, max_size=6))
def test_any_address_gives_a_known_code_or_none(address: str, digits: str) -> None:
    found = locate(address, digits)
    assert found.code == "" or found.code in KNOWN.places
    assert (found.certainty == "unknown") == (found.code == "")


def test_every_county_is_found_by_its_full_name() -> None:
    for row in BOOK.of_kind("county"):
        found = locate("浙江省" + BOOK.full_name(row) + "示例路1号", row.code)
        assert (found.code, found.certainty) == (row.code, "certain"), row.name
