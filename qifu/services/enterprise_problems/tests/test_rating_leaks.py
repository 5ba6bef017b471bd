"""Whoever handles a case cannot tell whether it was rated, nor how: every page of theirs is the same, letter for letter.

The pages of the unit, its colleagues, the hub, the office and the levels above are read before a case is rated, after it
was rated well, after it was rated badly, and after it was exempted from rework; all four must be equal.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse

from qifu.foundation import clock
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions import call_backs as acts
from qifu.services.enterprise_problems.models import CallBack
from qifu.services.enterprise_problems.tests.rated import DAY, START, Reported, World, closed, rate, world

pytestmark = pytest.mark.django_db
LATER = START + 5 * DAY
TEXT = "没人来过，纯属敷衍"
QUEUES = (
    "received", "pooled", "returned", "reviewing", "working", "to_take", "answering", "handed_in", "soon", "overdue", "today",
    "due_today", "shelved", "closed", "all",
)  # fmt: skip
ACTS = ("reopen", "note", "rework", "exempt", "report", "contact", "draft", "rate_badly", "refer", "classify")


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> World:
    def stand_at(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        monkeypatch.setattr(clock, "today", lambda: moment.date())

    made = world()
    stand_at(LATER)
    return made


def addresses(made: Reported) -> list[str]:
    """Return every page on which a case may show to staff."""
    number = made.case.number
    queue = reverse("problem_queue")
    return [
        reverse("workbench"), reverse("inbox"), f"/search/?q={number}", "/search/?q=停电", queue, f"{queue}?text=停电", reverse("problem_today"),
        *(f"{queue}?queue={name}" for name in QUEUES), *(f"{reverse('problem_queue_excel')}?queue={name}" for name in ("closed", "all")),
        reverse("problem", args=[number]), *(reverse("problem_act", args=[number, name]) for name in ACTS), reverse("promises"),
        reverse("problem_order", args=[number]), reverse("problem_duplicates", args=[number]),
        reverse("rating_groups"), reverse("rating_figures"), reverse("responsibility"),
        "/api/v1/problems", f"/api/v1/problems?queue=closed&text={number}", f"/api/v1/problems/{number}", f"/api/v1/problems/{number}/events",
        f"/api/v1/problems/{number}/transitions", f"/api/v1/problems/{number}/parts", f"/api/v1/problems/{number}/asks",
        "/workbench/audit/", f"/workbench/audit/?text={number}", reverse("assess_list"), reverse("call_backs"),
    ]  # fmt: skip


CHANGING = re.compile(
    r'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"|name="key" value="[^"]*"|request_id[^<]*|编号：[0-9a-f]{16}|[0-9a-f]{16}(?=</)'
)


def plain(given: Any) -> tuple[int, bytes | str]:
    """Return an answer without what differs from one reading to the next; a table as its cells."""
    if "spreadsheet" in given.headers.get("Content-Type", ""):
        import io

        from openpyxl import load_workbook

        content = b"".join(given.streaming_content) if given.streaming else given.content
        cells = [
            [cell.value for cell in row]
            for sheet in load_workbook(io.BytesIO(content))
            for row in sheet.iter_rows()
        ]
        return given.status_code, repr(cells)
    return given.status_code, CHANGING.sub("", given.content.decode())


def read(people: World, made: Reported) -> dict[tuple[str, str], tuple[int, bytes | str]]:
    """Return every page as each of the staff reads it."""
    found = {}
    for name in ("clerk", "drafter", "office", "city_hub"):
        client = Client()
        client.force_login(Person.objects.get(pk=people.staff()[name].id))
        for address in addresses(made):
            found[name, address] = plain(client.get(address))
    return found


def differences(before: dict[Any, Any], after: dict[Any, Any]) -> list[str]:
    wrong = []
    for key, told in before.items():
        if told != after[key]:
            a, b = str(told[1]).splitlines(), str(after[key][1]).splitlines()
            first = next(((x, y) for x, y in zip(a, b, strict=False) if x != y), ("", ""))
            wrong.append(
                f"{key}: {told[0]} {first[0].strip()[:200]} -> {after[key][0]} {first[1].strip()[:200]}"
            )
    return wrong


def test_every_page_of_the_staff_is_the_same_before_and_after_a_rating(people: World) -> None:
    made = closed(people)
    before = read(people, made)
    assert (
        sum(made.case.number in str(body) for _, body in before.values()) > 20
    )  # the pages do show the case
    assert {status for status, _ in before.values()} <= {200, 302, 404, 401, 403}

    with transaction.atomic():
        rate(made, START + DAY, 5, text="满意")
        assert not (wrong := differences(before, read(people, made))), "\n".join(wrong)
        transaction.set_rollback(True)

    rate(made, START + DAY, 1, solved=False, text=TEXT)
    after = read(people, made)
    assert not (wrong := differences(before, after)), "\n".join(wrong)
    assert not any(TEXT in str(body) or "没有解决" in str(body) for _, body in after.values())

    row = CallBack.objects.get()
    acts.record_call_back(
        by=people.desk, at=LATER, call_back=row, outcome="reached", solved=True, text="称误点"
    )
    acts.decide_rework(
        by=people.desk, at=LATER, call_back=row, rework=False, text="企业称误点", signer="许主任"
    )
    assert not (wrong := differences(before, read(people, made))), "\n".join(wrong)


def test_after_an_order_to_rework_the_unit_reads_the_order_and_nothing_of_the_rating(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 1, solved=False, text=TEXT)
    row = CallBack.objects.get()
    acts.record_call_back(
        by=people.desk, at=LATER, call_back=row, outcome="reached", solved=False, text="企业很生气"
    )
    acts.decide_rework(by=people.desk, at=LATER, call_back=row, rework=True, text="请会同供电所现场核实")
    told = read(people, made)
    assert any("请会同供电所现场核实" in str(body) for _, body in told.values())
    betrayed = (TEXT, "企业很生气", "非常不满意", "1星", "一星", "待回访")
    wrong = [(key, word) for key, (_, body) in told.items() for word in betrayed if word in str(body)]
    assert wrong == []


def test_acts_on_a_badly_rated_case_are_refused_in_the_words_of_a_closed_one(people: World) -> None:
    made, other = closed(people), closed(people)
    rate(made, START + DAY, 1)
    for name, who in people.staff().items():
        client = Client()
        client.force_login(Person.objects.get(pk=who.id))
        for act in ACTS:
            said = []
            for one in (made, other):
                with transaction.atomic():
                    given = client.post(
                        reverse("problem_act", args=[one.case.number, act]), {"explanation": "x", "text": "x"}
                    )
                    body = CHANGING.sub("", given.content.decode()).replace(one.case.number, "N")
                    said.append((given.status_code, "待回访" in body, re.findall(r"这一件[^<]*", body)))
                    transaction.set_rollback(True)
            assert said[0] == said[1], (name, act, said)


def test_only_the_auditor_reads_of_ratings_in_the_audit_and_even_there_no_stars(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 1, text=TEXT)
    rows = apps.get_model("foundation", "AuditRow").objects.filter(act="enterprise_problems.rate")
    assert rows.count() == 1
    assert TEXT not in str(rows.get().facts) and "star" not in str(rows.get().facts)
    for who in people.staff().values():
        client = Client()
        client.force_login(Person.objects.get(pk=who.id))
        assert client.get("/workbench/audit/").status_code == 404
