"""The public calculator: the telling question first, nothing kept or told elsewhere, back and skip, the result."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_book import fact_book
from qifu.services.policies.calculator import Answer, packed, unpacked, with_answer
from qifu.services.policies.pages.calculator_form import QuestionForm
from qifu.services.policies.tests.own_world import PLAIN, RESEARCH, TRAINING
from qifu.services.policies.tests.policy_world import DAY, UNIT, published


class Visitor:
    """A browser without an account that fills in one page after another."""

    def __init__(self) -> None:
        self.client = Client()
        self.html = self.client.get(reverse("policy_calculator")).content.decode()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", self.html)))

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        return found[1] if found else ""

    def press(self, do: str, status: int = 200, **fields: str) -> None:
        fact = self.hidden("fact")
        sent = {"state": self.hidden("state"), "fact": fact, "do": do}
        sent |= {f"{fact}-{name}": value for name, value in fields.items()}
        answer = self.client.post(reverse("policy_calculator"), sent)
        assert answer.status_code == status, answer.content.decode()[:500]
        self.html = answer.content.decode()


@pytest.fixture
def policies(make_person: MakePerson, settings: Any) -> None:
    settings.AS_OF = DAY
    unit = make_person("unit", "department_officer", "330109", UNIT).as_actor()
    published(unit, RESEARCH, PLAIN)
    published(unit, TRAINING, PLAIN)


@pytest.mark.usefixtures("policies")
def test_a_visitor_answers_goes_back_skips_and_reads_the_result(capfd: Any) -> None:
    visitor = Visitor()
    assert visitor.hidden("fact") == "place" and "还不能判断的2项" in visitor.text
    visitor.press("answer", city="330100")
    assert "请再选择县（市、区）" in visitor.html and visitor.hidden("fact") == "place"
    visitor.press("answer", city="330100", county="330109")
    assert visitor.hidden("fact") == "revenue"
    visitor.press("answer", status=422, number="三千", unit="万元")
    assert "三千" in visitor.text
    visitor.press("answer", number="2,000.5", unit="万元")
    visitor.press("back")
    assert visitor.hidden("fact") == "revenue"
    visitor.press("answer", number="2000", unit="万元")
    first = visitor.hidden("fact")
    visitor.press("skipped")
    second = visitor.hidden("fact")
    assert {first, second} == {"employees", "rd_expense"}
    if second == "employees":
        visitor.press("answer", number="301")
    else:
        visitor.press("unknown")
        visitor.press("change:employees")
        visitor.press("answer", number="301")
    assert "距达标还差：从业人数<=300人：现为301人，差1人" in visitor.text or "差1人" in visitor.text
    visitor.press("change:rd_expense")
    visitor.press("answer", number="61", unit="万元")
    assert "可享1项，资金约12.2万元" in visitor.text
    visitor.press("result")
    assert "萧经信（模拟）〔2024〕2号第六条" in visitor.text and "申报到2024-06-30，还剩11天" in visitor.text
    assert "长期" not in visitor.text and "营业收入2,000万元" in visitor.text
    assert not Session.objects.exists() and not visitor.client.session.keys()
    kept = capfd.readouterr()
    assert "2000" not in kept.out + kept.err and "12.2" not in kept.out + kept.err
    visitor.press("restart")
    assert visitor.hidden("fact") == "place"


@pytest.mark.usefixtures("policies")
def test_a_page_that_was_tampered_with_starts_again() -> None:
    client = Client()
    for state in ("", "eyJ4Ijox:abc:def", "x" * 30_000):
        answer = client.post(
            reverse("policy_calculator"), {"state": state, "do": "answer", "fact": "revenue"}
        )
        assert answer.status_code == 422 and "请重新开始" in answer.content.decode()
    odd = client.post(
        reverse("policy_calculator"), {"state": packed([]), "do": "change:nothing", "fact": "?"}
    )
    assert odd.status_code == 200


@given(st.lists(st.tuples(st.sampled_from(sorted(fact_book().facts)), st.one_of(st.none(), st.integers())), max_size=8))  # fmt: skip
def test_what_a_page_carries_comes_back(given_: list[tuple[str, int | None]]) -> None:
    answers: list[Answer] = []
    for fact, value in given_:
        answers = with_answer(answers, Answer(fact, value))
    assert unpacked(packed(answers)) == answers
    assert len({one.fact for one in answers}) == len(answers)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fact", "data", "value"),
    [
        ("revenue", {"number": "1.5", "unit": "亿元"}, 15_000_000_000),
        ("employees", {"number": "12"}, 12),
        ("resident_enterprise", {"word": "是"}, 1),
        ("tax_credit", {"word": "B级"}, 1),
        ("industry", {"search": "软件开发", "code": "I651"}, "I651"),
        ("established_on", {"word": "2022-06-20"}, (date(2022, 6, 20) - date(1970, 1, 1)).days),
    ],
    ids=["money", "count", "flag", "choice", "industry", "day"],
)
def test_each_kind_of_answer_is_read_as_its_fact_reads_it(fact: str, data: dict[str, str], value: Any) -> None:  # fmt: skip
    form = QuestionForm({f"{fact}-{name}": text for name, text in data.items()}, fact=fact_book().facts[fact], day=DAY)  # fmt: skip
    assert form.is_valid(), form.errors
    assert form.value == value


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fact", "data", "says"),
    [
        ("revenue", {"number": "-5", "unit": "万元"}, "不能是负数"),
        ("employees", {"number": "1.5"}, "整数"),
        ("industry", {"search": "不存在的行业"}, "没有查到"),
        ("industry", {"search": "软件", "code": "Z99"}, "请从查到的行业里选一个"),
        ("tax_credit", {}, "请选一个"),
    ],
    ids=["negative", "part", "no-industry", "other-industry", "nothing"],
)
def test_a_wrong_answer_says_what_to_do(fact: str, data: dict[str, str], says: str) -> None:
    form = QuestionForm({f"{fact}-{name}": text for name, text in data.items()}, fact=fact_book().facts[fact], day=DAY)  # fmt: skip
    assert not form.is_valid() and says in str(form.errors)
