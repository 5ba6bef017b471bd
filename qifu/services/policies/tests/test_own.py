"""An enterprise and its policies: sorted, explained, a missing fact declared and shown as 自报, the check-up."""

from __future__ import annotations

import io
import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from docx import Document

from qifu.foundation.access import SYSTEM
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_actions import declare_facts, record_facts
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.tests.conftest import firm, make_firm
from qifu.services.policies.library import policy_library
from qifu.services.policies.queries import own
from qifu.services.policies.queries.check_up import own_check_up
from qifu.services.policies.received import RECEIVED, Received
from qifu.services.policies.standing import standing_of
from qifu.services.policies.tests.own_world import PLAIN, RESEARCH, TRAINING, browser, firm_of
from qifu.services.policies.tests.payout_world import keep
from qifu.services.policies.tests.policy_world import AT, DAY, UNIT, published

__all__ = ["firm", "make_firm"]


@pytest.fixture
def at(settings: Any) -> None:
    settings.AS_OF = DAY


@pytest.fixture
def policies(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", "330109", UNIT).as_actor()
    published(unit, RESEARCH, PLAIN)
    published(unit, TRAINING, PLAIN)


def text_of(html: str) -> str:
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", html)))


@pytest.mark.usefixtures("at", "policies")
def test_a_firm_finds_what_it_lacks_declares_it_and_is_shown_as_declared(make_person: MakePerson, firm: Enterprise) -> None:  # fmt: skip
    legal = firm_of(make_person, firm, revenue="2000万元", employees="310人")
    client, stranger = browser(legal), browser(make_person("stranger"))
    home = client.get(reverse("own_policies"))
    listed = reverse("own_policy_list", args=[firm.pk])
    one = reverse("own_policy", args=[firm.pk, "xs-research"])
    assert home.url == listed  # type: ignore[attr-defined]
    assert stranger.get(listed).status_code == stranger.get(one).status_code == 404
    assert "sign-in" in browser().get(one).url  # type: ignore[attr-defined]

    short = text_of(client.get(f"{listed}?group=short").content.decode())
    assert "职工培训补助" in short and "距达标还差：从业人数不超过300人：现为310人，差10人" in short
    near = text_of(client.get(reverse("own_policy", args=[firm.pk, "xs-training"])).content.decode())
    assert "把从业人数从310人降低到300人" in near and "不建议为此调整" in near

    ask = text_of(client.get(f"{listed}?group=ask").content.decode())
    assert "研发投入奖励" in ask and "缺：研发费用" in ask and "申报到2024-06-30，还剩11天" in ask
    fact = reverse("own_policy_fact", args=[firm.pk, "xs-research", "rd_expense"])
    bad = client.post(fact, {"rd_expense-value": "很多", "rd_expense-as_of": "2023-12-31"})
    assert bad.status_code == 422 and not FactValue.objects.filter(fact="rd_expense").exists()
    assert stranger.post(fact, {"rd_expense-value": "80万元", "rd_expense-as_of": "2023-12-31"}).status_code == 404  # fmt: skip
    held = reverse("own_policy_fact", args=[firm.pk, "xs-research", "place"])
    assert client.post(held, {"place-value": "330106"}).status_code == 404
    done = client.post(fact, {"rd_expense-value": "80万元", "rd_expense-as_of": "2023-12-31"}, follow=True)
    said = text_of(done.content.decode())
    assert "可享（按自报）" in said and "结论靠您自己申报的：研发费用" in said and "核实后才兑付" in said
    assert "16万元" in said

    record_facts(
        by=SYSTEM, at=AT, enterprise=firm, values={"rd_expense": "70万元"}, as_of=date(2023, 12, 31), source="税务部门"
    )  # fmt: skip
    confirmed = text_of(client.get(one).content.decode())
    assert "按自报" not in confirmed and "14万元" in confirmed and "为什么是我" in confirmed


@pytest.mark.usefixtures("at", "policies")
def test_a_handler_for_policies_alone_tells_what_a_policy_asks(
    make_person: MakePerson, firm: Enterprise
) -> None:
    firm_of(make_person, firm, revenue="2000万元")
    handler, other = make_person("handler"), make_person("other_handler")
    for person, scope in ((handler, "policies"), (other, "problems")):
        row = Mandate(
            person=person, enterprise=firm, kind="handler", origin="demo", scope=[scope], starts_on=date(2024, 1, 1),
            ends_on=date(2100, 1, 1), given_at=AT,
        )  # fmt: skip
        keep(rows=[row], by=SYSTEM, at=AT)
    fact = reverse("own_policy_fact", args=[firm.pk, "xs-research", "rd_expense"])
    told = {"rd_expense-value": "80万元", "rd_expense-as_of": "2023-12-31"}
    assert browser(other).post(fact, told).status_code == 404 and not FactValue.objects.filter(
        fact="rd_expense"
    )
    assert browser(handler).post(fact, told).status_code == 302 and FactValue.objects.filter(
        fact="rd_expense"
    )


@pytest.mark.usefixtures("policies")
def test_money_never_follows_from_what_is_only_declared_unless_the_policy_accepts_it(make_person: MakePerson, firm: Enterprise) -> None:  # fmt: skip
    legal = firm_of(make_person, firm, revenue="2000万元")
    declare_facts(by=legal.as_actor(), at=AT, enterprise=firm, values={"rd_expense": "80万元"}, as_of=date(2023, 12, 31))  # fmt: skip
    found = own.own(firm, DAY)
    live = policy_library(DAY).live["xs-research"]
    stands = standing_of(live.bound, found.values, found.declared, live.content.terms)
    assert (stands.amount_fen, stands.rests_on) == (16_0000_00, ("rd_expense",))
    assert not stands.payable and stands.payable_fen is None and found.sorted.declared == {"xs-research"}
    promised = type(live.content.terms)(accepts_declared=True)
    assert standing_of(live.bound, found.values, found.declared, promised).payable_fen == 16_0000_00
    assert standing_of(live.bound, found.values, (), live.content.terms).payable_fen == 16_0000_00


@pytest.mark.usefixtures("at", "policies")
def test_the_check_up_tells_got_can_near_risk_and_the_best_combination(
    make_person: MakePerson, firm: Enterprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    legal = firm_of(make_person, firm, revenue="2000万元", employees="295人", rd_expense="61万元")
    other = [Received("older", "往年奖励（模拟）", 3_0000_00, date(2024, 3, 1), "330109001")]
    monkeypatch.setattr("qifu.services.policies.received.RECEIVED", [*RECEIVED, lambda pk, day: other])
    found = own_check_up(firm, DAY)
    assert [one.code for one in found.can] == ["xs-research", "xs-training"] and found.got_total == 3_0000_00
    assert (found.cash, found.saving) == (12_2000_00, 0)
    (left,) = found.stacked
    assert left.title == "萧山区职工培训补助（模拟）" and "就高（萧经信（模拟）〔2024〕3号" in left.why
    assert {(one.title, one.condition) for one in found.risks} == {
        ("萧山区研发投入奖励（模拟）", "研发费用占营业收入比 不低于 3%"),
        ("萧山区职工培训补助（模拟）", "从业人数 不超过 300人"),
    }
    assert [one.code for one in found.expiring] == ["xs-research", "xs-training"]
    later = own_check_up(firm, date(2024, 7, 2))
    assert [one.code for one in later.missed] == ["xs-research", "xs-training"] and not later.can

    client = browser(legal)
    page = text_of(client.get(reverse("own_check_up", args=[firm.pk])).content.decode())
    assert "已到账1笔，3万元。" in page and "资金12.2万元，减免税费0元" in page
    word = client.get(reverse("own_check_up_word", args=[firm.pk]))
    document = Document(io.BytesIO(word.content))
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert {"往年奖励（模拟）", "萧山区研发投入奖励（模拟）", "萧经信（模拟）〔2024〕2号 第六条"} <= cells
