"""The firm's own pages: who opens which problem, what it reads there, what it may do; the look-up by code and its locks."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from qifu.engines.casework import query_codes
from qifu.engines.casework.models import Case, CaseEvent, Rating
from qifu.foundation import clock
from qifu.foundation.access import ANONYMOUS, Actor
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions import asks, merging
from qifu.services.enterprise_problems.actions import own as acts
from qifu.services.enterprise_problems.actions.telephones import set_telephone
from qifu.services.enterprise_problems.queries import own
from qifu.services.enterprise_problems.tests.rated import (
    CLASSES,
    DAY,
    REPLY,
    START,
    WORDS,
    Reported,
    World,
    answer,
    closed,
    proof,
    report,
    step,
    world,
)

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60


@pytest.fixture
def people() -> World:
    return world()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let pages be asked at a chosen time."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(START + DAY)
    return set_to


def browser(who: Actor = ANONYMOUS) -> Client:
    client = Client()
    if who.id is not None:
        client.force_login(Person.objects.get(pk=who.id))
    return client


def opened(made: Reported, client: Client | None = None) -> Client:
    """Open a problem by number and code."""
    client = client or browser()
    given = client.post(reverse("look_up"), {"number": made.case.number, "code": made.code})
    assert given.status_code == 302, given.content.decode()
    return client


def page(client: Client, made: Reported) -> str:
    given = client.get(reverse("own_problem", args=[made.case.number]))
    assert given.status_code == 200
    return str(given.content.decode())


def act(client: Client, made: Reported, name: str, **data: Any) -> Any:
    return client.post(reverse("own_act", args=[made.case.number, name]), data)


def test_by_code_one_reads_who_has_it_by_when_and_rates_in_one_form(people: World, at: Any) -> None:
    made = report()
    step(people, made.case, START, people.clerk, "accept", **CLASSES)
    step(people, made.case, START, people.clerk, "assign", lead=people.unit.pk)
    step(people, made.case, START, people.drafter, "take")
    step(people, made.case, START, people.drafter, "divide", handler=people.signer.id)
    set_telephone(by=people.drafter, at=START, organisation_id=people.unit.pk, number="0571-82345678")
    client = opened(made)
    text = page(client, made)
    for words in (
        made.case.number,
        WORDS,
        people.unit.name,
        "signer（模拟）",
        "0571-82345678",
        "还剩4个工作日",
        "3月11日",
        "一般的5个工作日",
    ):
        assert words in text, words
    answer(people, made.case, START)
    text = page(client, made)
    assert REPLY in text and "请您评价" in text and "办理单位看不到您的逐件评价" in text
    assert " checked" not in text
    assert act(client, made, "rate", **{"rate-solved": "no", "rate-stars": "1"}).status_code == 302
    rating = Rating.objects.get()
    assert (rating.solved, rating.stars, rating.text, rating.channel, rating.by_id) == (
        False,
        1,
        "",
        "code",
        None,
    )
    assert "您的评价已收到，将由上一级与您联系" in page(client, made)


def test_nothing_internal_is_shown(people: World, at: Any) -> None:
    made = report()
    step(people, made.case, START, people.clerk, "accept", **CLASSES)
    step(
        people,
        made.case,
        START,
        people.clerk,
        "assign",
        lead=people.unit.pk,
        instruction="内部要求：先稳住企业",
    )
    step(people, made.case, START, people.drafter, "take")
    step(people, made.case, START, people.drafter, "draft", result="solved", reply=REPLY)
    client = opened(made)
    text = page(client, made)
    assert "内部要求" not in text and REPLY not in text and "13800001234" not in text


def test_strangers_other_firms_and_staff_get_404_visitors_are_led_to_the_look_up(
    people: World, at: Any
) -> None:
    made = closed(people)
    mine = closed(people, by=people.reporter)
    firms = closed(people, by=people.legal, enterprise_id=people.firm.pk)
    for case in (made, mine, firms):
        for who in (people.stranger, people.drafter, people.clerk, people.desk, people.province_hub):
            assert browser(who).get(reverse("own_problem", args=[case.case.number])).status_code == 404
            assert (
                act(browser(who), case, "rate", **{"rate-solved": "yes", "rate-stars": "5"}).status_code
                == 404
            )
        assert (
            reverse("look_up")
            in browser().get(reverse("own_problem", args=[case.case.number])).headers["Location"]
        )
        assert act(browser(), case, "withdraw").status_code == 404
    assert browser(people.legal).get(reverse("own_problem", args=[mine.case.number])).status_code == 404
    assert page(browser(people.legal), firms) and page(browser(people.reporter), mine)
    listed = browser(people.legal).get(reverse("own_problems")).content.decode()
    assert firms.case.number in listed and mine.case.number not in listed and "请您评价" in listed
    assert not Rating.objects.exists()


def test_a_key_opens_one_problem_for_an_hour_and_can_be_handed_back(people: World, at: Any) -> None:
    first, second = closed(people), closed(people)
    client = opened(first)
    assert client.get(reverse("own_problem", args=[second.case.number])).status_code == 302
    at(START + DAY + timedelta(minutes=61))
    assert client.get(reverse("own_problem", args=[first.case.number])).status_code == 302
    assert act(client, first, "rate", **{"rate-solved": "yes", "rate-stars": "5"}).status_code == 404
    opened(first, client)
    client.post(reverse("look_up_end"))
    assert client.get(reverse("own_problem", args=[first.case.number])).status_code == 302


def test_an_unknown_number_and_a_wrong_code_are_answered_alike(people: World, at: Any) -> None:
    made = closed(people)
    imported = Reported(closed(people).case, "")
    answers = set()
    for number, code in (
        (made.case.number, "00000000"),
        ("33010920240399999", "00000000"),
        (imported.case.number, ""),
        ("x" * 25, "1"),
    ):
        given = browser().post(reverse("look_up"), {"number": number, "code": code or "0"})
        answers.add((given.status_code, acts.WRONG in given.content.decode()))
    assert answers == {(422, True)}


def test_wrong_codes_are_counted_and_locked_even_when_the_right_one_follows(people: World, at: Any) -> None:
    made = closed(people)
    look = {"by": ANONYMOUS, "number": made.case.number}
    for _ in range(query_codes.WRONG_PAIR):
        with pytest.raises(Refused, match="不正确"):
            acts.look_up(at=START + DAY, code="00000000", source="192.0.2.1", **look)
    with pytest.raises(Refused, match="一小时后"):
        acts.look_up(at=START + DAY, code=made.code, source="192.0.2.1", **look)
    assert acts.look_up(at=START + DAY, code=made.code, source="192.0.2.2", **look).number == made.case.number
    later = START + DAY + query_codes.LOCKED
    assert acts.look_up(
        at=later, code=f"{made.code[:4]} {made.code[4:]}", source="192.0.2.1", **look
    ).proof == proof(made)


def test_a_number_tried_from_everywhere_is_locked_and_so_is_a_source_that_tries_numbers(
    people: World, at: Any
) -> None:
    made = closed(people)
    for n in range(query_codes.WRONG_NUMBER):
        with pytest.raises(Refused, match="不正确"):
            acts.look_up(
                by=ANONYMOUS, at=START + DAY, number=made.case.number, code="1", source=f"192.0.2.{n}"
            )
    with pytest.raises(Refused, match="一小时后"):
        acts.look_up(
            by=ANONYMOUS, at=START + DAY, number=made.case.number, code=made.code, source="198.51.100.1"
        )
    for n in range(query_codes.WRONG_SOURCE):
        with pytest.raises(Refused, match="不正确"):
            acts.look_up(
                by=ANONYMOUS, at=START + DAY, number=f"3301092024039{n:04}", code="1", source="203.0.113.1"
            )
    with pytest.raises(Refused, match="一小时后"):
        acts.look_up(by=ANONYMOUS, at=START + DAY, number="33010920240391111", code="1", source="203.0.113.1")


def test_right_codes_never_lock_anyone_out(people: World, at: Any) -> None:
    made = closed(people)
    for _ in range(query_codes.WRONG_SOURCE + 5):
        acts.look_up(
            by=ANONYMOUS, at=START + DAY, number=made.case.number, code=made.code, source="192.0.2.1"
        )


def test_material_reaches_both_sides_and_comes_back_to_be_opened(people: World, at: Any) -> None:
    made = report()
    step(people, made.case, START, people.clerk, "accept", **CLASSES)
    step(people, made.case, START, people.clerk, "assign", lead=people.unit.pk)
    client = opened(made)
    given = act(
        client,
        made,
        "material",
        **{"material-text": "补一张停电通知", "material-files": SimpleUploadedFile("通知.png", PNG)},
    )
    assert given.status_code == 302
    event = CaseEvent.objects.get(kind="material")
    assert (event.shown, event.role) == ("您补充了材料：补一张停电通知", "reporter")
    assert Notice.objects.filter(recipient_id=people.drafter.id, title__contains="补充了材料").exists()
    file = event.files.get()
    address = reverse("own_problem_file", args=[made.case.number, file.pk])
    assert b"".join(client.get(address).streaming_content) == PNG  # type: ignore[attr-defined]
    assert browser(people.stranger).get(address).status_code == 404
    other = opened(report())
    assert other.get(address).status_code == 404
    assert act(client, made, "material", **{"material-text": " "}).status_code == 422
    bad = act(client, made, "material", **{"material-files": SimpleUploadedFile("a.exe", b"MZ" + b"\0" * 90)})
    assert bad.status_code == 422 and "程序" in bad.content.decode()


def test_an_exclusion_is_appealed_once_and_a_request_can_be_withdrawn(people: World, at: Any) -> None:
    made = report()
    step(
        people,
        made.case,
        START,
        people.clerk,
        "exclude",
        reason_code="no_facts",
        explanation="无法联系",
        result="excluded",
    )
    client = opened(made)
    assert "不同意？可以申诉" in page(client, made)
    assert act(client, made, "appeal", **{"appeal-explanation": ""}).status_code == 422
    assert act(client, made, "appeal", **{"appeal-explanation": "有停电记录"}).status_code == 302
    assert made.fresh().state == "appealed"
    other = report()
    client = opened(other)
    assert act(client, other, "withdraw").status_code == 302
    assert (other.fresh().state, other.fresh().result) == ("withdrawn", "withdrawn")
    assert act(client, other, "withdraw").status_code == 302  # told, nothing done
    assert act(client, other, "no-such-act").status_code == 404


def _paused(people: World, made: Reported) -> int:
    step(people, made.case, START, people.clerk, "accept", **CLASSES)
    step(people, made.case, START, people.clerk, "assign", lead=people.unit.pk)
    step(people, made.case, START, people.drafter, "take")
    ask = asks.ask_pause(
        by=people.drafter,
        at=START,
        case=made.fresh(),
        clock="handle",
        reason="awaiting_enterprise",
        text="等企业提供用电合同",
    )
    return int(ask.pk)


def test_a_pause_is_explained_and_waits_for_the_firms_word(people: World, at: Any) -> None:
    made, other = report(), report()
    first, second = _paused(people, made), _paused(people, other)
    client = opened(made)
    text = page(client, made)
    assert "等企业提供用电合同" in text and "不计入办理时限" in text
    assert act(client, made, "agree", ask=second).status_code == 404
    assert act(client, made, "agree", ask="1; drop").status_code == 404
    assert act(client, made, "agree", ask=first).status_code == 302
    assert CaseEvent.objects.filter(case=made.case, kind="pause_consent").exists()
    assert "是否同意暂停计时" not in page(client, made)
    client = opened(other)
    assert act(client, other, "disagree", ask=second).status_code == 302
    assert CaseEvent.objects.filter(case=other.case, kind="pause_dissent").exists()


def test_a_merged_case_shows_the_main_cases_progress_but_not_its_reporters_words(
    people: World, at: Any
) -> None:
    main, child = report(words="园区停电三次"), report(words="我们厂也停电")
    for one in (main, child):
        step(people, one.case, START, people.clerk, "accept", **CLASSES)
    step(people, main.case, START, people.clerk, "assign", lead=people.unit.pk)
    step(people, main.case, START, people.drafter, "take")
    step(people, main.case, START, people.drafter, "report", progress="合并以前的进展")
    merging.merge_problems(
        by=people.clerk, at=START, main=main.fresh(), children=[child.fresh()], text="同一园区停电"
    )
    step(people, main.case, START, people.drafter, "report", progress="已联系供电所")
    acts.add_material(by=ANONYMOUS, at=START, case=main.fresh(), text="主件企业的商业秘密", proof=proof(main))
    text = page(opened(child), child)
    assert "已联系供电所" in text and people.unit.name in text and main.case.number in text
    assert "合并以前的进展" not in text and "商业秘密" not in text
    merging.split_problem(by=people.clerk, at=START, case=child.fresh(), text="不是一件事")
    step(people, main.case, START, people.drafter, "report", progress="拆分以后的进展")
    text = page(opened(child), child)
    assert "已联系供电所" in text and "拆分以后的进展" not in text


def test_children_get_the_answer_and_rate_it_themselves(people: World, at: Any) -> None:
    main, child = report(words="园区停电三次"), report(words="我们厂也停电")
    for one in (main, child):
        step(people, one.case, START, people.clerk, "accept", **CLASSES)
    step(people, main.case, START, people.clerk, "assign", lead=people.unit.pk)
    step(people, main.case, START, people.drafter, "take")
    merging.merge_problems(
        by=people.clerk, at=START, main=main.fresh(), children=[child.fresh()], text="同一园区停电"
    )
    answer(people, main.case, START)
    client = opened(child)
    text = page(client, child)
    assert text.count(REPLY) == 2  # the answer, and once in the timeline
    given = act(client, child, "rate", **{"rate-solved": "no", "rate-stars": "2", "rate-text": "没人来过"})
    assert given.status_code == 302, given.content.decode()[3000:6000]
    assert (child.fresh().state, main.fresh().state) == ("dissatisfied", "closed")
    assert child.fresh().merged_into is None
    from qifu.services.enterprise_problems.queries import ratings

    assert list(ratings.children_seen(main.fresh(), people.drafter, START + DAY)) == [child.case]
    told = ratings.events_seen(main.fresh(), people.drafter, START + DAY)
    assert not told.filter(kind="released").exists()
    assert ratings.seen(child.fresh(), people.clerk, START + DAY).state == "closed"
    assert "没人来过" not in page(opened(main), main)


def test_hostile_addresses_and_forms_are_404_or_422(people: World, at: Any) -> None:
    made = closed(people)
    client = opened(made)
    for address in (
        "/my-problems/../",
        "/my-problems/%00/",
        "/my-problems/1/files/99999999999/",
        f"/my-problems/{made.case.number}/files/1/",
    ):
        assert client.get(address).status_code in (302, 404)
    for data in (
        {"rate-solved": "maybe", "rate-stars": "5"},
        {"rate-solved": "yes", "rate-stars": "6"},
        {"rate-solved": "yes", "rate-stars": "0"},
        {"rate-solved": "yes"},
        {"rate-stars": "1"},
        {"rate-solved": "no", "rate-stars": "1", "rate-text": "字" * 2001},
    ):
        assert act(client, made, "rate", **data).status_code == 422, data
    assert not Rating.objects.exists()
    assert client.get(reverse("own_act", args=[made.case.number, "rate"])).status_code == 405
    text = client.post(
        reverse("look_up"), {"number": "<script>alert(1)</script>", "code": "1"}
    ).content.decode()
    assert "<script>alert" not in text


def test_words_are_escaped_and_the_page_costs_few_queries(
    people: World, at: Any, django_assert_max_num_queries: Any
) -> None:
    made = report(words="<img src=x onerror=alert(1)> 停电")
    client = opened(made)
    with django_assert_max_num_queries(40):
        text = page(client, made)
    assert "<img src=x" not in text and "&lt;img src=x" in text


def test_the_look_up_says_nothing_of_a_case_of_another_kind(people: World, at: Any) -> None:
    made = closed(people)
    assert own.proof_fits(None, proof(made)) is False
    assert own.proof_fits(own.problem_of(made.case), query_codes.NOBODYS) is False
    assert Case.objects.filter(number=made.case.number).exists() and io.BytesIO(PNG).read(4) == b"\x89PNG"
