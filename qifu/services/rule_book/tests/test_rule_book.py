"""The pages of the rule book, with the rules that ship: read aloud, tried on an enterprise, and the data they wait for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from qifu.engines.rules import site_book
from qifu.foundation.access import SYSTEM, NotFound
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.actions import import_batch
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.tests.test_story import CODE, row
from qifu.services.rule_book import book, queries

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
DAY = date(2024, 6, 20)
RULE = """\
code: trial
title: 示例小企业
kind: policy
issuers: [示例机关]
document: 示例〔2024〕1号
kinds: [资金]
confidence: verified
versions:
- effective_from: 2024-01-01
  source: 第二条
  require:
    all:
    - 从业人数 <= 300人
    - 研发费用占营业收入比 >= 3%
    - 注册地 属于 浙江省
  amount: {rate: 20%, of: 研发费用, cap: 50万元}
examples:
- title: 都够
  as_of: 2024-06-30
  facts: {从业人数: 300人, 营业收入: 100万元, 研发费用: 3万元, 注册地: 330109}
  expect: 符合
- title: 人多
  as_of: 2024-06-30
  facts: {从业人数: 301人, 营业收入: 100万元, 研发费用: 3万元, 注册地: 330109}
  expect: 不符合
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One rule in a folder of its own."""
    monkeypatch.setattr(site_book, "folders", lambda province: [tmp_path])
    (tmp_path / "trial.yaml").write_text(RULE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def firm(province: Path, settings: Any) -> Enterprise:
    settings.AS_OF = DAY
    import_batch(rows=[row()], source="登记", by=SYSTEM, at=AT)
    return Enterprise.objects.get(uscc=CODE)


def tell(firm: Enterprise, **values: str) -> None:
    record_facts(
        enterprise=firm, values=values, as_of=date(2023, 12, 31), source="税务部门", by=SYSTEM, at=AT
    )


def test_a_rule_is_tried_until_its_facts_are_known_and_it_is_met(rules: Path, firm: Enterprise) -> None:
    first = queries.try_rule("trial", CODE, SYSTEM, AT, DAY)
    assert first.verdict[1] == "缺数据" and {one.fact.id for one in first.missing} == {"employees", "revenue", "rd_expense"}  # fmt: skip
    tell(firm, employees="310", revenue="1000万元", rd_expense="20万元")
    second = queries.try_rule("trial", CODE.lower(), SYSTEM, AT, DAY)
    assert second.verdict[1] == "不符合" and not second.missing
    every, people, share, place = (line for line in second.lines if isinstance(line, queries.SaidLine))
    assert every.said.is_group and every.state[1] == "不符合"
    assert (people.said.has, people.said.asks, people.said.lacks) == ("310人", "不超过 300人", "差 10人")
    assert (share.said.has, share.said.asks, share.state[1]) == ("2%", "不低于 3%", "不符合")
    assert place.state[1] == "符合" and "示例〔2024〕1号" in people.said.source
    assert (
        second.why
        == "各项都要符合，不符合的有 2 项：“从业人数 不超过 300人”；“研发费用占营业收入比 不低于 3%”。"
    )
    assert second.nearest and "从业人数" in second.nearest[0]
    tell(firm, employees="300", rd_expense="30万元")
    third = queries.try_rule("trial", CODE, SYSTEM, AT, DAY)
    assert third.verdict[1] == "符合" and third.granted == "金额 6 万元"


def test_a_met_rule_says_what_its_amount_waits_for(
    rules: Path, firm: Enterprise, client: Client, make_person: MakePerson
) -> None:
    unknown = RULE.replace("    - 研发费用占营业收入比 >= 3%\n", "")
    many = "".join(
        f"- {{title: 第{n}个, as_of: 2024-06-30, facts: {{从业人数: {n}人, 注册地: 330109}}, expect: 符合}}\n"
        for n in range(1, 9)
    )
    (rules / "trial.yaml").write_text(unknown + many, encoding="utf-8")
    tell(firm, employees="20")
    trial = queries.try_rule("trial", CODE, SYSTEM, AT, DAY)
    assert (trial.verdict[1], trial.granted) == ("符合", "金额待定：不知道“研发费用”")
    assert [one.fact.id for one in trial.pending] == ["rd_expense"] and not trial.missing
    client.force_login(make_person("officer", "reform_officer", "330109"))
    shown = client.get("/workbench/rules/trial/try/", {"uscc": CODE}).content.decode()
    for text in (
        "金额待定",
        "各项条件都符合",
        "算金额还要知道",
        f"/workbench/enterprises/{firm.pk}/facts/rd_expense/",
    ):
        assert text in shown, text
    assert "10 个示例：符合 9 个，不符合 1 个" in client.get("/workbench/rules/trial/").content.decode()


def test_availability_names_the_rules_that_wait(rules: Path, firm: Enterprise) -> None:
    def of(fact: str) -> queries.Availability:
        found = queries.availability(SYSTEM, AT, DAY)
        return next(line for line in found.lines if line.fact.id == fact)

    assert of("rd_expense").waits and [rule.code for rule in of("rd_expense").rules] == ["trial"]
    assert not of("place").waits and of("place").counted.known == 1
    waiting = queries.availability(SYSTEM, AT, DAY, waits=True)
    assert {line.fact.id for line in waiting.lines} == {"employees", "revenue", "rd_expense"}
    assert (waiting.waiting_facts, waiting.waiting_rules) == (3, 1)
    assert all(line.fact.held == "ask" for line in queries.availability(SYSTEM, AT, DAY, held="ask").lines)


def test_a_broken_file_is_told_and_the_others_stay(rules: Path) -> None:
    (rules / "broken.yaml").write_text("code: broken\ntitle: 坏\nversions: []\n", encoding="utf-8")
    lines, found = queries.rules(DAY)
    assert [line.rule.code for line in lines] == ["trial"] and "broken.yaml" in found.problems[0]
    (rules / "broken.yaml").unlink()
    assert queries.rules(DAY, text="小企业")[1].problems == ()
    assert queries.rules(DAY, text="没有")[0] == [] and queries.rules(date(2023, 1, 1))[0][0].state[1] == "未生效或已失效"  # fmt: skip
    with pytest.raises(NotFound):
        queries.rule("nothing", DAY)


def test_officers_read_and_try_within_their_place(
    rules: Path, firm: Enterprise, make_person: MakePerson, client: Client
) -> None:
    client.force_login(make_person("officer", "reform_officer", "330109"))
    assert "示例小企业" in client.get("/workbench/rules/").content.decode()
    aloud = client.get("/workbench/rules/trial/").content.decode()
    for text in ("从业人数 不超过 300人", "第二条", "都够", "试算", "研发费用"):
        assert text in aloud, text
    assert client.get("/workbench/rules/none/").status_code == 404
    assert "缺数据" in client.get("/workbench/rules/trial/try/", {"uscc": CODE}).content.decode()
    assert client.get("/workbench/rules/trial/try/", {"uscc": "x"}).status_code == 422
    assert "在等" in client.get("/workbench/facts/?waits=on").content.decode()
    client.force_login(make_person("elsewhere", "reform_officer", "330782"))
    refused = client.get("/workbench/rules/trial/try/", {"uscc": CODE})
    assert refused.status_code == 422 and firm.name not in refused.content.decode()
    client.logout()
    assert client.get("/workbench/rules/").status_code in (302, 404)


def test_the_rules_that_ship_are_read_without_a_fault() -> None:
    found = book.site_rules()
    assert found.problems == () and len(found.book.rules) > 20
    used = site_book.users_of_facts(found, DAY)
    assert "revenue" in used and all(name in found.book.facts.facts for name in used)
