"""The life of organisations' names: loaded, resolved, closed; and of a generic unit: left open, expanded, revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused, action
from qifu.registers.organisations import queries
from qifu.registers.organisations.actions import approve_expansion, load_organisations, revoke_expansion
from qifu.registers.organisations.models import ExpansionRule, Organisation, OrganisationName
from qifu.registers.organisations.name_book import load_names
from qifu.registers.people.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
WRITTEN = "市、县（市、区）党委改革办"
BOOK = load_names(Path(settings.PROVINCE_DIR))
SPELLINGS = sorted(
    {
        name
        for body in BOOK.organisations
        for name in (body.name, body.full_name, *body.aliases, *body.second_names)
    }
    | {former.name for body in BOOK.organisations for former in body.former}
    | {slip.text for slip in BOOK.slips}
    | set(BOOK.names())
)
MakePerson = Callable[..., Person]


def test_names_are_loaded_once_and_again_without_change(province: Path) -> None:
    assert Organisation.objects.count() == len(BOOK.organisations)
    again = load_organisations(by=SYSTEM, at=AT, province_dir=province)
    assert (again.created, again.changed, again.closed) == (0, 0, 0)


def test_what_the_file_no_longer_has_is_closed_and_comes_back(province: Path, tmp_path: Path) -> None:
    text = (province / "organisations.yaml").read_text("utf-8")
    (tmp_path / "divisions.yaml").write_text((province / "divisions.yaml").read_text("utf-8"), "utf-8")
    start = text.index("- code: party_school")
    fewer = text[:start] + text[text.index("- code: ", start + 5) :]
    fewer = fewer.replace("省改革办, ", "")
    (tmp_path / "organisations.yaml").write_text(fewer, "utf-8")
    before = Organisation.objects.count()
    report = load_organisations(by=SYSTEM, at=AT, province_dir=tmp_path)
    assert Organisation.objects.count() == before and report.closed >= 2
    school = Organisation.objects.get(code="330000.party_school")
    assert school.effective_to == DAY
    assert OrganisationName.objects.get(name="省改革办").effective_to == DAY
    found = queries.resolve_name("省改革办", DAY + timedelta(days=1))
    assert found and found.status == "former_name" and not found.borne
    assert queries.resolve_name("省改革办", DAY - timedelta(days=1)).borne  # type: ignore[union-attr]
    assert queries.resolve_name("省委党校", DAY) is None
    load_organisations(by=SYSTEM, at=AT, province_dir=province)
    school.refresh_from_db()
    assert school.effective_to is None
    assert queries.resolve_name("省改革办", DAY).status == "alias"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("raw", "code", "status"),
    [
        ("省发改委", "330000.development_reform", "alias"),
        ("省发展改革委", "330000.development_reform", "name"),
        ("省人社厅 省保厅", "330000.human_resources", "slip"),
        ("省委发展改革委", "330000.development_reform", "slip"),
        ("省金融办", "330000.financial_commission_office", "former_name"),
        ("萧山区委改革办", "330109.reform_office", "name"),
    ],
)
def test_a_written_name_leads_to_its_row(province: Path, raw: str, code: str, status: str) -> None:
    found = queries.resolve_name(raw, DAY)
    assert found and found.organisation and (found.organisation.code, found.status) == (code, status)


def test_a_former_name_was_borne_in_its_time_only(province: Path) -> None:
    assert queries.resolve_name("省金融办", date(2018, 1, 1)).borne  # type: ignore[union-attr]
    assert not queries.resolve_name("省金融办", date(2018, 10, 23)).borne  # type: ignore[union-attr]


def blanks(text: str, places: list[int]) -> str:
    for place in places:
        cut = place % (len(text) + 1)
        text = text[:cut] + " " + text[cut:]
    return text


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)
@given(
    raw=st.one_of(
        st.builds(blanks, st.sampled_from(SPELLINGS), st.lists(st.integers(0, 50), max_size=2)),
        st.builds(
            str.__add__, st.sampled_from(["浙江省", "各", "市、县（市、区）"]), st.sampled_from(SPELLINGS)
        ),
        st.text(max_size=30),
    )
)
def test_rows_and_file_resolve_alike(province: Path, raw: str) -> None:
    expected = BOOK.resolve(raw)
    found = queries.resolve_name(raw, DAY)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert (found.canonical, found.status, found.kind, found.division_code) == (
        expected.canonical, expected.status, expected.kind, expected.division_code,
    )  # fmt: skip
    if found.organisation is not None:
        assert found.organisation.code == expected.organisation_code


def test_many_names_cost_few_queries(province: Path, django_assert_max_num_queries: Any) -> None:
    queries.name_book_from_rows()
    with django_assert_max_num_queries(3):
        found = queries.resolve_names([*SPELLINGS, "不存在的单位", "省" * 500], DAY)
    assert found["不存在的单位"] is None and found["省" * 500] is None
    assert sum(one is not None and one.organisation is not None for one in found.values()) > 300


def officer(make_person: MakePerson, name: str = "officer", place: str = "330000") -> Actor:
    return make_person(name, "reform_officer", place).as_actor()


def approve(by: Actor, **changes: Any) -> ExpansionRule:
    given = {
        "place_code": "330000", "written": WRITTEN, "members": ["330100.reform_office", "330109.reform_office"],
        "basis": "改革专题会议纪要〔2024〕3号", "effective_from": DAY,
    }  # fmt: skip
    return approve_expansion(by=by, at=AT, **(given | changes))


def test_a_generic_unit_stays_open_until_a_person_approves(make_person: MakePerson) -> None:
    by = officer(make_person)
    assert queries.expansion(WRITTEN, "330000", DAY) is None
    rule = approve(by, effective_to=date(2025, 1, 1))
    assert (rule.approved_by, rule.approved_by_name) == (by.id, by.name)
    codes = [row.code for row in queries.expansion(WRITTEN, "330000", DAY) or ()]
    assert codes == ["330100.reform_office", "330109.reform_office"]
    for place, day in (("330100", DAY), ("330000", date(2024, 2, 29)), ("330000", date(2025, 1, 1))):
        assert queries.expansion(WRITTEN, place, day) is None
    assert queries.expansion("各市、县（市、区）党委改革办", "330000", DAY) is None


def test_an_approved_rule_is_fixed_and_can_only_be_revoked(make_person: MakePerson) -> None:
    by = officer(make_person)
    rule = approve(by)
    with pytest.raises(Refused, match="先撤销"):
        approve(by, effective_from=date(2024, 6, 1))

    @action("tests.tamper", title="篡改", permission="organisations.load")
    def tamper(*, by: Actor, at: datetime, change: Callable[[], Any]) -> None:
        change()

    rows = ExpansionRule.objects.filter(pk=rule.pk)
    for change in (lambda: rows.update(members=["330200.reform_office"]), rows.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            tamper(by=SYSTEM, at=AT, change=change)
    with pytest.raises(Refused, match="原因"):
        revoke_expansion(by=by, at=AT, rule=rule, reason="  ")
    revoke_expansion(by=by, at=AT, rule=rule, reason="名单有误")
    with pytest.raises(Refused, match="已经撤销"):
        revoke_expansion(by=by, at=AT, rule=rule, reason="再撤")
    assert queries.expansion(WRITTEN, "330000", DAY) is None
    assert approve(by).pk != rule.pk


def test_only_the_reform_office_of_the_place_approves_and_revokes(make_person: MakePerson) -> None:
    county = officer(make_person, "county", "330109")
    department = make_person("department", "department_officer").as_actor()
    for by, place in ((county, "330000"), (county, "330110"), (department, "330000"), (SYSTEM, "330000")):
        with pytest.raises(NotFound):
            approve(by, place_code=place)
    rule = approve(officer(make_person))
    with pytest.raises(NotFound):
        revoke_expansion(by=county, at=AT, rule=rule, reason="不是我的")
    assert approve(county, place_code="330109", members=["330109.reform_office"]).place_code == "330109"


@pytest.mark.parametrize(
    "changes",
    [
        {"written": "省发展改革委"},
        {"written": "不存在的单位"},
        {"written": "省" * 5000},
        {"members": []},
        {"members": ["330000.no_such_body"]},
        {"members": ["\0"]},
        {"basis": " "},
        {"basis": "长" * 301},
        {"effective_to": DAY},
    ],
)
def test_a_rule_that_says_nothing_sound_is_refused(make_person: MakePerson, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        approve(officer(make_person), **changes)
    assert not ExpansionRule.objects.exists()


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; DROP TABLE", "省" * 3000, "\0", "%00", "<script>"])
def test_search_takes_every_text_for_what_it_is(province: Path, client: Client, text: str) -> None:
    assert client.get("/organisations/", {"text": text}).status_code == 200
    assert not queries.organisations(text=text).exists()


def test_public_pages(province: Path, client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(6):
        page = client.get("/organisations/").content.decode()
    assert "第1–50条" in page
    found = client.get("/organisations/", {"text": "地方金融监管局"}).content.decode()
    assert "省委金融办" in found and "省委改革办" not in found
    assert "指的是" in client.get("/organisations/", {"text": "省人社保厅"}).content.decode()
    assert "/organisations/330000.reform_office/" in client.get("/search/?q=省跑改办").content.decode()
    assert "省跑改办" in client.get("/organisations/330000.reform_office/").content.decode()
    for code in ("none", "330000.none", "%00", "x" * 300):
        assert client.get(f"/organisations/{code}/").status_code == 404
    assert client.get("/workbench/generic-units/").status_code == 302


def test_an_officer_approves_and_revokes_on_the_pages(make_person: MakePerson, client: Client) -> None:
    client.force_login(make_person("officer", "reform_officer"))
    assert WRITTEN not in client.get("/workbench/generic-units/").content.decode().split("已批准的展开")[1]
    where = {"written": WRITTEN, "place_code": "330000"}
    page = client.get("/workbench/generic-units/approve/", where).content.decode()
    assert page.count("checked") == Organisation.objects.filter(code__endswith=".reform_office").count() - 1
    form = where | {"members": ["330100.reform_office"], "basis": "会议纪要", "effective_from": "2024-03-01"}
    bad = client.post("/workbench/generic-units/approve/", form | {"basis": ""})
    assert bad.status_code == 422 and bad.content.decode().count("checked") == 1
    assert client.post("/workbench/generic-units/approve/", form).status_code == 302
    rule = ExpansionRule.objects.get()
    assert "杭州市委改革办" in client.get("/workbench/generic-units/").content.decode()
    client.post(f"/workbench/generic-units/rules/{rule.pk}/revoke/", {"reason": "名单有误"})
    rule.refresh_from_db()
    assert rule.revocation_reason == "名单有误"
    client.force_login(make_person("city", "reform_officer", "330100"))
    assert (
        client.post(f"/workbench/generic-units/rules/{rule.pk}/revoke/", {"reason": "x"}).status_code == 404
    )
