"""The pages of intake as people use them, without scripts: nothing typed is lost, nothing is kept twice, nothing leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qifu.engines.casework.models import Case, CaseEvent, CaseFile
from qifu.registers.mandates.tests.conftest import represent
from qifu.registers.organisations.hubs import hub_of
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.intake_forms import PHOTOS_ONLY
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.tests import intake_world as world
from qifu.services.enterprise_problems.tests.intake_world import AT, XIAOSHAN

REPORT = "/problems/report/"
PHONE = "/workbench/problems/intake/phone/"
GOOD = {"words": " 厂门口积水，\r\n货车进不来 ", "place": XIAOSHAN, "contact_mobile": "138 0000 1234"}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture(autouse=True)
def province(db: None) -> None:
    world.load_province()


def key_of(html: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', html)
    assert found
    return found[1]


def send(client: Client, address: str = REPORT, **changes: Any) -> Any:
    """Open a form and send it as a browser does, with its hidden key."""
    key = key_of(client.get(address).content.decode())
    return client.post(address, {"key": key, **GOOD, **changes})


def signed_in(person: world.Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_visitor_sends_the_form_and_sees_number_code_and_day_only_here() -> None:
    client = Client()
    answer = send(
        client,
        files=[
            SimpleUploadedFile("现场.png", PNG),
            SimpleUploadedFile("图.jpg", b"\xff\xd8\xff" + b"0" * 99),
        ],
    )
    assert (answer.status_code, answer["Location"]) == (302, "/problems/report/received/")
    case = Case.objects.get()
    assert Problem.objects.get().words == " 厂门口积水，\n货车进不来 "
    assert CaseFile.objects.filter(event__case=case, public=True).count() == 2
    page = client.get(answer["Location"]).content.decode()
    code = re.search(r"receipt-code\">([0-9]{4}) ([0-9]{4})<", page)
    assert case.number in page and code and "最迟" in page and "1个工作日" in page
    assert "13800001234" not in page and "138****1234" in page
    kept = str(dict(client.session))
    assert code[1] + code[2] not in kept and "138" not in kept and "积水" not in kept
    assert Client().get("/problems/report/received/").status_code == 302
    assert client.get(REPORT).context["form"]["place"].value() == XIAOSHAN


def test_the_receipt_is_gone_after_half_an_hour() -> None:
    client = Client()
    send(client)
    session = client.session
    receipt = session["problem_receipt"]
    receipt["at"] = (timezone.now() - timedelta(minutes=31)).isoformat()
    session["problem_receipt"] = receipt
    session.save()
    assert client.get("/problems/report/received/").status_code == 302


def test_bad_input_comes_back_whole_and_keeps_nothing() -> None:
    client = Client()
    answer = send(client, contact_mobile="12 34", contact_name="张<三>", enterprise_name="示例厂", place="")
    page = answer.content.decode()
    assert answer.status_code == 422 and not Case.objects.exists()
    assert "厂门口积水，" in page and "张&lt;三&gt;" in page and "示例厂" in page and "12 34" in page
    assert "请选择问题发生在哪里" in page and "不像电话号码" in page
    refused = send(client, files=[SimpleUploadedFile("现场.png", PNG)] * 6)
    assert refused.status_code == 422 and "最多 5 个" in refused.content.decode()
    assert "请重新选择" in refused.content.decode() and not Case.objects.exists()


def test_photos_alone_are_enough_and_nothing_at_all_is_not() -> None:
    client = Client()
    assert send(client, words=" ").status_code == 422
    assert send(client, words="", files=[SimpleUploadedFile("现场.png", PNG)]).status_code == 302
    assert Problem.objects.get().words == PHOTOS_ONLY


def test_a_form_sent_twice_is_one_case_and_shows_the_same_code() -> None:
    client = Client()
    key = key_of(client.get(REPORT).content.decode())
    pages = []
    for _ in range(2):
        client.post(REPORT, {"key": key, **GOOD})
        pages.append(client.get("/problems/report/received/").content.decode())
    codes = [re.findall(r"receipt-code\">([0-9 ]{9})<", page) for page in pages]
    assert Case.objects.count() == 1 and codes[0] == codes[1] != []
    assert "已经收到过" in pages[1]
    other = client.post(REPORT, {"key": key, **GOOD, "words": "另一件事"})
    assert other.status_code == 422 and "另一件事" in other.content.decode() and Case.objects.count() == 1
    fresh = key_of(other.content.decode())
    assert fresh != key
    assert client.post(REPORT, {"key": fresh, **GOOD, "words": "另一件事"}).status_code == 302
    assert Case.objects.count() == 2


def test_a_firms_person_finds_everything_filled_in_but_what_happened() -> None:
    firm, owner = world.firm(), world.person("owner")
    represent(firm, owner, AT)
    client = signed_in(owner)
    page = client.get(REPORT)
    form = page.context["form"]
    assert form["enterprise"].value() == str(firm.pk) and form["place"].value() == XIAOSHAN
    assert form["contact_name"].value() == owner.name and "有误？" in page.content.decode()
    assert send(client, enterprise=str(firm.pk)).status_code == 302
    assert Case.objects.get().enterprise_id == firm.pk
    other = world.firm(2)
    assert send(client, enterprise=str(other.pk), words="替别家").status_code == 422
    assert send(client, enterprise="", words="个人的事").status_code == 302
    assert Case.objects.order_by("-pk")[0].enterprise_id is None


def test_the_unit_complained_of_is_chosen_by_search_and_explained() -> None:
    client = Client()
    hub = Organisation.objects.get(pk=hub_of(XIAOSHAN))
    part = client.get("/problems/report/units/", {"complained_name": hub.name}).content.decode()
    assert f'value="{hub.pk}"' in part
    asked = send(client, complained_name="萧山区")
    assert asked.status_code == 422 and 'name="complained"' in asked.content.decode()
    assert send(client, complained_name=hub.name, complained=str(hub.pk)).status_code == 302
    case = Case.objects.get()
    assert case.complained_id == hub.pk and case.place_code == "330100"
    assert "不办理这件事" in client.get("/problems/report/received/").content.decode()
    unknown = {"complained_name": "名录里没有的某局", "complained": "none", "words": "另一件"}
    assert send(client, **unknown).status_code == 302
    assert "名录里没有的某局" in CaseEvent.objects.order_by("-pk")[0].text
    for hostile in ("999999999", "-1", "x", "0" * 12):
        assert send(client, complained_name="没有", complained=hostile, words="再一件").status_code == 422


def test_a_clerk_notes_a_call_and_reads_the_number_back() -> None:
    world.firm(1, "杭州第一模拟精密科技有限公司")
    client = signed_in(world.clerk())
    assert client.get("/workbench/problems/intake/").status_code == 302
    found = client.get("/workbench/problems/intake/firms/", {"enterprise_name": "精密科技"}).content.decode()
    [pk] = re.findall(r'name="enterprise" value="([0-9]+)"', found)
    answer = send(client, PHONE, enterprise=pk, enterprise_name="精密科技")
    assert answer.status_code == 302
    case = Case.objects.get()
    page = client.get(answer["Location"]).content.decode()
    assert f"{case.number[:6]} {case.number[6:12]} {case.number[12:]}" in page and "查询码" in page
    assert case.enterprise_id == int(pk)
    earlier = client.post(
        "/workbench/problems/intake/caller/", {"contact_mobile": "13800001234"}
    ).content.decode()
    assert case.number in earlier
    assert client.get("/workbench/problems/intake/caller/").status_code == 405
    again = client.get(reverse("problem_receipt", args=[case.number])).content.decode()
    assert case.number in again and "receipt-code" not in again


def test_a_visit_and_an_order_from_above_keep_what_belongs_to_them() -> None:
    client = signed_in(world.clerk())
    visit = "/workbench/problems/intake/visit/"
    assert send(client, visit, received_by="李四").status_code == 422  # who came?
    assert send(client, visit, contact_name="张三", received_by="李四", companions="王五").status_code == 302
    event = CaseEvent.objects.get()
    assert event.text == "接待人：李四；同来人员：王五" and event.shown and "李四" not in event.shown
    above = "/workbench/problems/intake/superior/"
    order = {
        "source": "市政府办公室",
        "outside_number": "杭府办〔2024〕1号",
        "outside_on": "2024-06-01",
        "contact_mobile": "",
    }
    assert send(client, above, **order | {"outside_number": ""}).status_code == 422
    assert send(client, above, **order).status_code == 302
    assert send(client, above, **order).status_code == 302  # the same again is the same case
    changed = send(client, above, **order, words="别的话")
    assert changed.status_code == 422 and "收到过" in changed.content.decode()
    assert Problem.objects.filter(channel="superior").count() == 1


def test_problems_of_a_talk_are_entered_one_after_another() -> None:
    client = signed_in(world.clerk())
    talk = "/workbench/problems/intake/talk/"
    assert client.get(talk)["Location"] == "/workbench/problems/intake/occasion/"
    client.post(
        "/workbench/problems/intake/occasion/",
        {"title": "零部件企业恳谈会", "day": "2024-06-18", "participants": "十家企业"},
    )
    for words in ("招工难", "用电紧张"):
        assert send(client, talk, words=words, contact_mobile="").status_code == 302
    assert set(Problem.objects.values_list("occasion", "channel")) == {
        ("2024-06-18 零部件企业恳谈会", "talk")
    }
    assert "参加人员：十家企业" in CaseEvent.objects.order_by("pk")[0].text
    page = client.get(talk).content.decode()
    assert "这一场已录 2 件" in page and "招工难" in page


def test_a_call_for_another_county_is_handed_over_and_no_longer_seen() -> None:
    client = signed_in(world.clerk())
    assert send(client, PHONE, place="330106").status_code == 302
    case = Case.objects.get()
    assert case.place_code == "330106"
    assert "移交" in client.get("/workbench/problems/intake/received/").content.decode()
    assert client.get(reverse("problem_receipt", args=[case.number])).status_code == 404


@pytest.mark.parametrize(
    "path", ["", "phone/", "visit/", "talk/", "superior/", "occasion/", "received/", "firms/"]
)
def test_only_who_takes_in_opens_the_screens(path: str) -> None:
    address = f"/workbench/problems/intake/{path}"
    assert Client().get(address)["Location"].startswith("/sign-in/")
    unit = world.person("unit", "department_officer", XIAOSHAN, f"{XIAOSHAN}.reform_office")
    assert signed_in(unit).get(address).status_code == 404


@pytest.fixture
def limits(settings: Any) -> Iterator[None]:
    settings.RATE_LIMITS = True
    caches["rate_limits"].clear()
    yield
    caches["rate_limits"].clear()


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_robot_is_slowed_however_it_sends(limits: None, content_type: str) -> None:
    answers = []
    for number in range(100):
        client = Client()  # a new visitor each time, from one address
        body = {**GOOD, "words": f"第{number}件", "key": f"{number:032x}"}
        if content_type == "multipart/form-data":
            answers.append(client.post(REPORT, body).status_code)
        else:
            from urllib.parse import urlencode

            answers.append(client.post(REPORT, urlencode(body), content_type=content_type).status_code)
    assert answers.count(302) <= 60 and answers[-1] == 429 and Case.objects.count() == answers.count(302)
