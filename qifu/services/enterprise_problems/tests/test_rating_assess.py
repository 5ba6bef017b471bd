"""Ratings by the grassroots and by third parties: by whoever had no part in it, kept apart, without the contact; telephones of units."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from qifu.engines.casework.models import Rating
from qifu.foundation import clock
from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions.rating import assess_problem
from qifu.services.enterprise_problems.actions.telephones import set_telephone
from qifu.services.enterprise_problems.models import CallBack
from qifu.services.enterprise_problems.queries import assessments, own
from qifu.services.enterprise_problems.tests.rated import DAY, START, World, closed, rate, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> World:
    made = world()
    monkeypatch.setattr(clock, "now", lambda: START + DAY)
    monkeypatch.setattr(clock, "today", lambda: (START + DAY).date())
    return made


def test_each_source_is_kept_apart_and_once(people: World) -> None:
    made = closed(people)
    given = {"at": START + DAY, "solved": True, "stars": 4}
    assert assess_problem(by=people.third, case=made.fresh(), **given).source == "third_party"
    assert assess_problem(by=people.office, case=made.fresh(), **given).source == "grassroots"
    assert rate(made, START + DAY, 5).source == "enterprise"
    with pytest.raises(Refused, match="已经评价过"):
        assess_problem(by=people.third, case=made.fresh(), **given)
    assert Rating.objects.filter(case=made.case).count() == 3
    assert [row.source for row in own.own_ratings(made.fresh())] == ["enterprise"]


def test_who_had_a_part_or_holds_no_such_post_may_not(people: World) -> None:
    made = closed(people)
    for who in (people.drafter, people.clerk, people.desk, people.city_hub, people.reporter, people.auditor):
        with pytest.raises(NotFound):
            assess_problem(by=who, at=START + DAY, case=made.fresh(), solved=True, stars=5)
        assert not list(assessments.to_assess(who, START + DAY, START + DAY, None).object_list)


def test_an_assessor_sees_words_and_answer_neither_firm_nor_contact(people: World) -> None:
    made = closed(people, by=people.legal, enterprise_id=people.firm.pk)
    client = Client()
    client.force_login(Person.objects.get(pk=people.third.id))
    assert made.case.number in client.get(reverse("assess_list")).content.decode()
    text = client.get(reverse("assess", args=[made.case.number])).content.decode()
    assert "停电三次" in text and "已查明" in text
    for hidden in ("赵经理", "13800001234", "138****1234", people.firm.name, people.firm.uscc):
        assert hidden not in text
    assert client.post(reverse("assess", args=[made.case.number]), {"rate-stars": "3"}).status_code == 422
    said = {"rate-solved": "no", "rate-stars": "2", "rate-text": "答非所问"}
    assert client.post(reverse("assess", args=[made.case.number]), said).status_code == 302
    assert (made.fresh().state, CallBack.objects.get().occasion) == ("dissatisfied", "bad_rating")
    assert client.get(reverse("problem", args=[made.case.number])).status_code == 404
    own_page = Client()
    own_page.force_login(Person.objects.get(pk=people.legal.id))
    assert "答非所问" not in own_page.get(reverse("own_problem", args=[made.case.number])).content.decode()


def test_an_assessors_list_does_not_betray_a_bad_rating(people: World) -> None:
    made = closed(people)
    before = list(assessments.to_assess(people.office, START + DAY, START + DAY, None).object_list)
    rate(made, START + DAY, 1)
    assert (
        list(assessments.to_assess(people.office, START + DAY, START + DAY, None).object_list)
        == before
        == [made.case]
    )
    with pytest.raises(Refused, match="暂时不能评价"):
        assess_problem(by=people.office, at=START + DAY, case=made.fresh(), solved=True, stars=5)


def test_a_unit_keeps_its_own_office_telephone_and_no_mobile(people: World) -> None:
    made = closed(people)
    assert own.holder(made.fresh()).telephone == own.HOTLINE
    with pytest.raises(Refused, match="办公电话"):
        set_telephone(by=people.drafter, at=START, organisation_id=people.unit.pk, number="13800001234")
    with pytest.raises(Refused, match="写法"):
        set_telephone(by=people.drafter, at=START, organisation_id=people.unit.pk, number="电话")
    with pytest.raises(NotFound):
        set_telephone(by=people.other, at=START, organisation_id=people.unit.pk, number="0571-82345678")
    client = Client()
    client.force_login(Person.objects.get(pk=people.drafter.id))
    given = client.post(
        reverse("unit_telephones"), {"unit": people.unit.pk, f"u{people.unit.pk}-number": "0571 82345678"}
    )
    assert given.status_code == 302
    shown = own.holder(made.fresh())
    assert (shown.telephone, shown.whose) == ("0571-82345678", people.unit.name)
