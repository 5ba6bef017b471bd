"""The JSON API of policies: what visitors may ask, that nothing of it is kept, and who sees an enterprise's verdicts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.access import ANONYMOUS
from qifu.foundation.action import Refused
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.mandates.tests.conftest import firm, make_firm
from qifu.services.policies.queries.over_api import told
from qifu.services.policies.tests.own_world import PLAIN, RESEARCH, TRAINING, browser, firm_of
from qifu.services.policies.tests.policy_world import AT, DAY, JOBS, UNIT, drafted, published

__all__ = ["firm", "make_firm"]
KNOWN = {"注册地": "330109", "revenue": "2000万元", "研发费用": "61万元", "从业人数": "301"}


def ask(path: str, body: Any = None, client: Client | None = None, status: int = 200) -> Any:
    client = client or Client()
    url = f"/api/v1/{path}"
    answer = client.get(url) if body is None else client.post(url, json.dumps(body), "application/json")
    assert answer.status_code == status, answer.content.decode()[:800]
    return answer.json()


@pytest.fixture(name="unit")
def make_unit(make_person: MakePerson, settings: Any) -> Any:
    settings.AS_OF = DAY
    person = make_person("unit", "department_officer", "330109", UNIT)
    published(person.as_actor(), RESEARCH, PLAIN)
    published(person.as_actor(), TRAINING, PLAIN)
    drafted(person.as_actor(), JOBS)
    return person


@pytest.mark.usefixtures("unit")
def test_visitors_read_what_is_published_and_nothing_else() -> None:
    page = ask("policies")
    assert [one["code"] for one in page["items"]] == ["xs-research", "xs-training"] and page["count"] == 2
    first = page["items"][0]
    assert first["place_code"] == "330109" and first["window_to"] == "2024-07-01"
    assert first["delivery_title"] == "申报审核"
    assert ask("policies?text=培训")["count"] == 1 and ask("policies?place_code=nation")["count"] == 0
    one = ask("policies/xs-research")
    assert one["text"] == RESEARCH and any("3%" in line for line in one["aloud"])
    assert {fact["label"] for fact in one["facts"]} >= {"注册地", "营业收入", "研发费用"}
    assert ask("policies/xs-jobs", status=404)["message"] == "没有找到，或没有查看的权限"
    for example in one["examples"]:  # what an example says can be sent as it stands
        said = ask("policy-verdicts/xs-research", {"facts": example["facts"]})
        truths = {line["truth"] for line in said["conditions"]}
        expected = "unmet" if "unmet" in truths else "unknown" if "unknown" in truths else "met"
        assert expected == example["verdict"]
        assert said["group"] != "met" or said["amount_fen"] == example["amount_fen"]


@pytest.mark.usefixtures("unit")
def test_the_calculator_answers_with_amount_gap_and_missing_facts_and_keeps_nothing(capfd: Any) -> None:
    found = ask("policy-verdicts", {"facts": KNOWN})
    assert found["counts"] == {"met": 1, "short": 1, "ask": 0, "unmet": 0} and found["cash_fen"] == 12_200_000
    met, short = found["verdicts"]
    assert (met["code"], met["amount_fen"], met["clause"]) == (
        "xs-research",
        12_200_000,
        "萧经信（模拟）〔2024〕2号 第六条",
    )
    assert short["group_title"] == "差一项" and "差 1人" in short["lacks"][0].replace("差1人", "差 1人")
    less = ask("policy-verdicts/xs-research", {"facts": {"注册地": "330109", "营业收入": "2000万元"}})
    assert [fact["label"] for fact in less["missing"]] == ["研发费用"] and less["group"] == "ask"
    why = ask("policy-verdicts/xs-training", {"facts": KNOWN})
    assert any(line["gap"] and line["truth"] == "unmet" for line in why["conditions"]) and why["ways"] == []
    assert len(ask("policy-verdicts", {"facts": KNOWN, "groups": ["met"], "limit": 1})["verdicts"]) == 1
    assert not FactValue.objects.exists() and not Session.objects.exists()
    kept = capfd.readouterr()
    assert "2000" not in kept.out + kept.err


@pytest.mark.usefixtures("unit")
@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"从业人员数目": "3人"}, "最接近的是"),
        ({"message": "3", "self": "4"}, "没有“message”"),
        ({"": "3"}, "没有“”"),
        ({"从业人数": "300万元"}, "单位是"),
        ({"从业人数": "-3"}, "负数"),
        ({"从业人数": "9" * 20}, "过大"),
        ({"从业人数": "1e9"}, "科学记数"),
        ({"从业人数": " "}, "没有填写"),
        ({"营业收入": "1元", "revenue": "2元"}, "写了两次"),
        ({"研发费用占营业收入比": "3%"}, "由其他事实算出"),
        ({"注册地": "火星"}, "火星"),
        ({"\u202e人数": "3"}, "<U+202E>"),
        ({"从业人数": 3}, "格式或取值不正确"),
        ({"从业人数": "3\x00"}, "格式或取值不正确"),
        ({"从业人数": "3" * 101}, "最多 100 个"),
        ({f"事实{number}": "1" for number in range(301)}, "最多 300 个"),
    ],
    ids=["unknown", "keywords", "empty", "unit", "negative", "large", "scientific", "blank", "twice", "derived", "place", "turned",
         "number", "nul", "long", "many"],
)  # fmt: skip
def test_wrong_facts_are_answered_in_chinese(facts: dict[str, Any], says: str) -> None:
    told_ = ask("policy-verdicts", {"facts": facts}, status=422)
    assert says in " ".join([*told_["fields"].values(), *told_["fields"]]), told_
    assert len(json.dumps(told_)) < 40_000


@pytest.mark.usefixtures("unit")
def test_a_body_that_is_none_is_refused() -> None:
    for raw in (
        b"",
        b"[]",
        b'{"facts": {"\\ud800": "1"}}',
        b'{"facts": null}',
        b'{"facts": {}, "as_of": "2024-01-01"}',
        b"[" * 5000,
    ):
        answer = Client().post("/api/v1/policy-verdicts", raw, "application/json")
        assert answer.status_code in (400, 422) and answer.json()["message"]


@given(st.dictionaries(st.sampled_from(sorted(fact_book().facts)) | st.text(max_size=20), st.text(max_size=30), max_size=4))  # fmt: skip
@pytest.mark.django_db
def test_any_facts_are_judged_or_refused_by_name(facts: dict[str, str]) -> None:
    try:
        told(ANONYMOUS, AT, DAY, facts)
    except Refused as refused:
        assert refused.fields and all(refused.fields.values())


def test_an_enterprise_is_seen_by_its_own_people_and_by_officers_of_its_place(
    unit: Any, make_person: MakePerson, firm: Enterprise
) -> None:
    legal = firm_of(make_person, firm, revenue="2000万元", rd_expense="61万元")
    body = {"uscc": firm.uscc}
    for person in (legal, unit):
        found = ask("enterprise-policy-verdicts", body, browser(person))
        assert found["counts"]["met"] == 1 and found["verdicts"][0]["amount_fen"] == 12_200_000
        one = ask("enterprise-policy-verdicts/xs-research", body, browser(person))
        assert one["why"] and not one["declared"]
    other = make_person("other", "centre_clerk", "330203")
    stranger = make_person("stranger")
    for person in (other, stranger):
        for path in ("enterprise-policy-verdicts", "enterprise-policy-verdicts/xs-research"):
            ask(path, body, browser(person), 404)
    ask("enterprise-policy-verdicts", body, status=401)
    ask("enterprise-policy-verdicts", {"uscc": "0" * 18}, browser(unit), 404)


def test_a_draft_is_checked_line_by_line_for_those_who_draft(unit: Any, make_person: MakePerson) -> None:
    good = ask("policy-drafts/check", {"text": RESEARCH.replace("xs-research", "xs-other").replace("研发投入奖励", "另一项奖励")}, browser(unit))  # fmt: skip
    assert good["ok"] and good["aloud"] and [one["wrong"] for one in good["examples"]] == ["", "", ""]
    wrong = ask("policy-drafts/check", {"text": RESEARCH.replace("1000万元,", "1000人,", 1).replace("营业收入 >= 1000万元", "营业收入 >= 1000人")}, browser(unit))  # fmt: skip
    assert not wrong["ok"]
    problem = wrong["problems"][0]
    assert problem["line"] == 16 and problem["code"] == "unit" and "人" in problem["message"]
    for text in ("{", "a: &a [*a]", "code: x", "\u202e", "- " * 3000):
        assert not ask("policy-drafts/check", {"text": text}, browser(unit))["ok"]
    refused = ask("policy-drafts/check", {"text": RESEARCH, "place_code": "330203"}, browser(unit), 422)
    assert "330109" in refused["fields"]["place_code"]
    ask("policy-drafts/check", {"text": RESEARCH}, browser(make_person("reader")), 404)
    ask("policy-drafts/check", {"text": RESEARCH}, status=401)
