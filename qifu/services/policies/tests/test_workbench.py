"""The workbench: written, checked, simulated in one's own place, compared, saved; nothing of a text is ever lost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from qifu.foundation.jobs import Job
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises import snapshot as snapshots
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_snapshots import folder
from qifu.registers.enterprises.kept_table import table_of
from qifu.services.policies.models import Policy
from qifu.services.policies.queries import library
from qifu.services.policies.tests.policy_world import AT, DAY, JOBS, PLACE, UNIT, drafted, published
from qifu.services.policies.trying import tried

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("province")]


def crowd() -> list[dict[str, Any]]:
    """Twelve enterprises of Xiaoshan with 5 to 60 insured, seven of Yuhang, three whose place nobody knows."""
    rows: list[dict[str, Any]] = [
        {"place": "330109", "industry": "C3911", "employees": 80, "insured_staff": 5 * n}
        for n in range(1, 13)
    ]
    rows += [{"place": "330110", "industry": "I6510", "employees": 40, "insured_staff": 50}] * 7
    return [*rows, *([{"employees": 40, "insured_staff": 50}] * 3)]


@pytest.fixture
def snapshot(settings: Any, tmp_path: Path) -> None:
    """A site with a snapshot of the crowd."""
    settings.DATA_DIR = tmp_path
    table = table_of(((f"{n:018d}", row) for n, row in enumerate(crowd())), fact_book())
    snapshots.build(folder(), [table], fact_book(), as_of=DAY, at=AT, source="test")


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def plain(html: str) -> str:
    """The page's text without tags and blanks."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", html))


@pytest.mark.usefixtures("snapshot")
def test_the_life_of_a_text_in_the_workbench(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT)
    client, new = browser(unit), reverse("policy_workbench_new")
    first = client.get(new)
    assert "保存草稿" in first.content.decode() and "读得通" in first.content.decode()

    wrong = JOBS.replace("从业人数 <= 300人", "从业人员人 <= 300人")
    told = client.post(new, {"act": "save", "text": wrong}).content.decode()
    assert "没有保存" in told and "从业人员人 &lt;= 300人" in told and "第 16 行" in told
    assert not Policy.objects.exists()

    failing = client.post(new, {"act": "check", "text": JOBS.replace("amount: 5000元", "amount: 6000元")})
    assert "不成立" in failing.content.decode() and "金额应为" in failing.content.decode()
    assert "家" in failing.content.decode()  # figures all the same

    saved = client.post(new, {"act": "save", "text": JOBS.replace("\n", "\r\n")}, follow=True)
    policy = Policy.objects.get(code="xs-jobs")
    draft = library.draft(policy)
    assert draft is not None and draft.content["text"] == JOBS and "草稿已保存" in saved.content.decode()

    here = reverse("policy_workbench", args=["xs-jobs"])
    late = client.post(here, {"act": "save", "text": JOBS + "note: 另一个人改的\n", "digest": "old"})
    assert "刚被他人修改" in late.content.decode() and "另一个人改的" in late.content.decode()
    assert client.post(here, {"act": "save", "text": JOBS + "note: 说明\n", "digest": draft.digest}).status_code == 302  # fmt: skip


@pytest.mark.usefixtures("snapshot")
def test_figures_are_of_ones_own_place_and_compare_with_the_version_in_force(make_person: MakePerson) -> None:
    person = make_person("unit", "department_officer", PLACE, UNIT)
    province = make_person("province", "reform_officer", "330000")
    published(person.as_actor())
    changed = JOBS.replace("参保人数 >= 10人", "参保人数 >= 35人")
    url = reverse("policy_workbench_figures", args=["xs-jobs"])
    own = plain(browser(person).post(url, {"text": changed}).content.decode())
    # 35, 40 … 60 insured at 500 yuan: 6 of them, 285 in all; before 10 … 60: 11 of them, 385; 5 fewer
    assert (
        "12家" in own and "符合6家" not in own and "14.25万元" not in own
    )  # in fives, in steps, or not at all
    assert "新增少于10家，减少" in own and "余杭" not in own
    everywhere = plain(
        browser(province)
        .post(url, {"text": changed.replace("    - 注册地 属于 萧山区\n", "")})
        .content.decode()
    )
    assert (
        "全省22家" in everywhere
        and ("符合约15家" in everywhere or "符合约20家" in everywhere)
        and "请在require的all下加" not in everywhere
    )
    # three enterprises of no known place: were Hangzhou shown beside them, the total would tell their number
    assert "余杭区—" in everywhere and "萧山区—" in everywhere and "地区不明—" in everywhere

    capped = plain(
        browser(person)
        .post(
            reverse("policy_workbench", args=["xs-jobs"]),
            {"text": changed, "cap": "2万元", "budget": "6万元"},
        )
        .content.decode()
    )
    assert "11.75万元" not in capped and ("每家最多2万元，共需" in capped or "能算出金额的企业太少" in capped)
    odd = browser(person).post(
        reverse("policy_workbench", args=["xs-jobs"]), {"text": changed, "cap": "很多"}
    )
    assert "上限：" in odd.content.decode()


def test_who_may_see_what(make_person: MakePerson, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    unit = make_person("unit", "department_officer", PLACE, UNIT)
    other = make_person("other", "department_officer", PLACE, "330109.market_regulation")
    clerk = make_person("clerk", "centre_clerk", PLACE)
    drafted(unit.as_actor())
    here = reverse("policy_workbench", args=["xs-jobs"])
    assert browser(unit).get(here).status_code == 200
    assert browser(other).get(here).status_code == 404  # a draft is its unit's until it is published
    assert browser(clerk).get(here).status_code == 404 and Client().get(here).status_code == 302
    assert "还没有测算用的企业事实快照" in browser(unit).get(here).content.decode()

    making = reverse("policy_workbench_snapshot")
    assert browser(clerk).post(making).status_code == 404 and not Job.objects.filter(kind="enterprises.snapshot").exists()  # fmt: skip
    for _ in range(2):
        page = browser(unit).post(making, follow=True).content.decode()
    assert "正在排队" in page and Job.objects.filter(kind="enterprises.snapshot").count() == 1


def test_a_clause_becomes_a_line_without_scripts(
    make_person: MakePerson, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    client = browser(make_person("unit", "department_officer", PLACE, UNIT))
    new = reverse("policy_workbench_new")
    asked = {"text": JOBS, "clause": "营业收入2000万元以上"}
    found = client.post(new, {**asked, "act": "propose"}).content.decode()
    assert 'value="营业收入 &gt;= 2000万元"' in found and "请核对" in found
    accepted = client.post(new, {**asked, "accept": "营业收入 >= 2000万元"}).content.decode()
    assert "    - 营业收入 &gt;= 2000万元\n  amount" in accepted
    assert "营业收入" in client.post(reverse("policy_workbench_propose"), asked).content.decode()


@pytest.mark.parametrize(
    "text", ["", "\x00", "[", "code: a\n" * 3, "{" * 5000, "x" * 200_001, "code: !!python/object:os.system x", "versions:\n- effective_from: 9999-99-99"]
)  # fmt: skip
def test_hostile_texts_are_told_of(text: str) -> None:
    found = tried(text, PLACE, DAY)
    assert found.problems and found.bound is None and not found.aloud


def test_what_the_library_demands_is_told_while_one_writes() -> None:
    found = tried(JOBS.replace("    - 注册地 属于 萧山区\n", ""), PLACE, DAY)
    assert "只适用于" in found.problems[0].message and "注册地 属于 杭州市萧山区" in found.problems[0].remedy
    assert found.bound is not None and [one.wrong for one in found.examples] == ["", "", ""]
    good = tried(JOBS, PLACE, DAY)
    assert not good.problems and [one.verdict for one in good.examples] == ["符合", "不符合", "缺数据"]
    assert any("参保人数" in part.text for part in good.aloud)
