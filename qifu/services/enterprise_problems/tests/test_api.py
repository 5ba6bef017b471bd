"""The JSON API as other systems use it: sent twice kept once, exact answers, two faces, nobody sees what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from qifu.engines.casework.models import Case
from qifu.foundation import clock
from qifu.registers.organisations.models import Organisation
from qifu.registers.people import api_tokens
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.tests.intake_world import XIAOSHAN, clerk, load_province, person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PROBLEMS = "/api/v1/problems"
WORDS = {"words": "厂区门口道路破损，货车进出不便，请协调修复。", "place_code": XIAOSHAN}
CLASSES = {"board": "public_service", "topic": "transport", "scope": "individual", "difficulty": "general"}


@pytest.fixture(autouse=True)
def _province(settings: Any) -> Iterator[None]:
    settings.AS_OF = date(2024, 6, 20)
    load_province()
    return iter(())  # type: ignore[return-value]


class System:
    """Another system that calls with a token."""

    def __init__(self, who: Person) -> None:
        at = clock.now()
        made = api_tokens.make_token(by=who.as_actor(), at=at, person=who, title="测试", days=30)
        self.client, self.head = Client(), {"Authorization": f"Bearer {made.text}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.head)

    def post(self, path: str, body: Any, key: str = "") -> Any:
        head = self.head | ({"Idempotency-Key": key} if key else {})
        return self.client.post(path, body, content_type="application/json", headers=head)


def unit(username: str = "unit", code: str = "330109.economy_information") -> Person:
    return person(username, "department_officer", XIAOSHAN, code)


def lead_id(code: str = "330109.economy_information") -> int:
    return Organisation.objects.get(code=code).pk


def posted(hub: System, **more: Any) -> str:
    answer = hub.post(PROBLEMS, WORDS | more)
    assert answer.status_code == 201, answer.content.decode()
    return str(answer.json()["number"])


def test_a_problem_lives_from_intake_to_its_unit(django_assert_max_num_queries: Any) -> None:
    hub, lead = System(clerk()), System(unit())
    number = posted(hub, source="12345 热线", outside_number="GD-1", enterprise_name="甲公司")
    address = f"{PROBLEMS}/{number}"
    assert lead.get(address).status_code == 404
    shown = hub.get(address).json()
    assert (shown["state"], shown["words"], shown["source"]) == ("received", WORDS["words"], "12345 热线")
    offered = {one["name"]: one for one in hub.get(f"{address}/transitions").json()}
    assert {"accept", "exclude", "refer"} <= offered.keys() and "take" not in offered
    boards = next(one for one in offered["accept"]["form"] if one["name"] == "board")
    assert boards["needed"] and boards["choices"]["public_service"] == "公共服务"
    accepted = hub.post(
        f"{address}/transitions/accept", {"form": CLASSES, "expected_version": shown["version"]}
    )
    assert accepted.status_code == 200 and accepted.json()["state"] == "pooled"
    stale = hub.post(
        f"{address}/transitions/assign", {"form": {"lead": lead_id()}, "expected_version": shown["version"]}
    )
    assert stale.status_code == 409 and "刷新" in stale.json()["message"]
    assert (
        hub.post(f"{address}/transitions/assign", {"form": {"lead": lead_id()}}).json()["state"] == "assigned"
    )
    assert lead.post(f"{address}/transitions/assign", {"form": {"lead": lead_id()}}).status_code in (404, 409)
    assert [one["name"] for one in lead.get(f"{address}/transitions").json()][:1] == ["take"]
    assert lead.post(f"{address}/transitions/take", {}).json()["state"] == "handling"
    titles = [one["title"] for one in hub.get(f"{address}/events").json()]
    assert titles == ["收到", "纳入问题池", "交办", "签收"]
    with django_assert_max_num_queries(12):
        listed = hub.get(PROBLEMS, queue="all").json()
    assert [one["number"] for one in listed["items"]] == [number] and listed["next"] == ""


def test_sent_twice_it_is_kept_once() -> None:
    hub = System(clerk())
    body = WORDS | {"source": "热线", "outside_number": "A1"}
    first, second = hub.post(PROBLEMS, body), hub.post(PROBLEMS, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["number"] == second.json()["number"] and second.json()["again"]
    other = hub.post(PROBLEMS, body | {"words": "另一件事"})
    assert other.status_code in (409, 422) and "已经收到" in other.json()["message"]
    keyed, again = (hub.post(PROBLEMS, WORDS, key="k-1") for _ in range(2))
    assert (keyed.status_code, again.status_code) == (201, 200)
    assert keyed.json() == again.json() | {"again": False}
    clash = hub.post(PROBLEMS, WORDS | {"words": "另一件事"}, key="k-1")
    assert clash.status_code == 409 and "标识" in clash.json()["message"]
    assert System(clerk("clerk2")).post(PROBLEMS, WORDS, key="k-1").status_code == 201
    assert Case.objects.count() == 3


def test_a_step_sent_twice_is_done_once() -> None:
    hub = System(clerk())
    number = posted(hub)
    seen = hub.get(f"{PROBLEMS}/{number}").json()["version"]
    address = f"{PROBLEMS}/{number}/transitions/accept"
    first, second = (
        hub.post(address, {"form": CLASSES, "expected_version": seen}, key="step-1") for _ in range(2)
    )
    assert first.status_code == second.status_code == 200 and first.json() == second.json()
    assert second.json()["version"] == hub.get(f"{PROBLEMS}/{number}").json()["version"] != seen
    clash = hub.post(address, {"form": CLASSES | {"difficulty": "hard"}}, key="step-1")
    assert clash.status_code == 409
    assert hub.post(address, {"form": CLASSES}, key="step-2").status_code == 409


WRONG_FIELDS: list[tuple[Any, str]] = [
        ({"place_code": XIAOSHAN}, "words"), ({"words": "", "place_code": XIAOSHAN}, "words"), ({"words": " \n", "place_code": XIAOSHAN}, "words"),
        (WORDS | {"place_code": "999999"}, "place_code"), (WORDS | {"words": "坏\x00字"}, "words"), (WORDS | {"words": "\ud800"}, "words"),
        (WORDS | {"wrods": "x"}, "wrods"), (WORDS | {"outside_number": "1"}, "source"), (WORDS | {"complained_id": 10**15}, "complained_id"),
        (WORDS | {"outside_at": "2024-06-01T10:00:00"}, "outside_at"), (WORDS | {"source": "长" * 61}, "source"), ([], "given"),
]  # fmt: skip


def test_a_wrong_field_is_named() -> None:
    hub = System(clerk())
    for body, field in WRONG_FIELDS:
        answer = hub.post(PROBLEMS, body)
        assert answer.status_code == 422 and field in answer.json()["fields"], answer.content.decode()
    assert Case.objects.count() == 0


WRONG_FORMS: list[tuple[Any, str]] = [
        ({}, "board"), (CLASSES | {"board": "nowhere"}, "board"), (CLASSES | {"board": ["public_service"]}, "board"),
        (CLASSES | {"lead": 1}, "form.lead"), (CLASSES | {"message": "x", "self": 1}, "form.message"), (CLASSES | {"topic": {"a": 1}}, "topic"),
]  # fmt: skip


def test_a_wrong_form_is_named() -> None:
    hub = System(clerk())
    address = f"{PROBLEMS}/{posted(hub)}/transitions/accept"
    for form, field in WRONG_FORMS:
        answer = hub.post(address, {"form": form})
        assert answer.status_code == 422 and field in answer.json()["fields"], answer.content.decode()


def test_a_lead_that_is_none_is_refused() -> None:
    hub = System(clerk())
    address = f"{PROBLEMS}/{posted(hub)}/transitions"
    hub.post(f"{address}/accept", {"form": CLASSES})
    for lead in [0, -1, 10**12, 2**62, "x", True, None, [], {}, 1.5]:
        answer = hub.post(f"{address}/assign", {"form": {"lead": lead}})
        assert answer.status_code == 422 and "lead" in answer.json()["fields"], answer.content.decode()


def test_whoever_is_nobody_is_told_so() -> None:
    hub = System(clerk())
    number = posted(hub)
    for path in (PROBLEMS, f"{PROBLEMS}/{number}", "/api/v1/own-problems"):
        assert Client().get(path).status_code == 401
        wrong = Client().get(path, headers={"Authorization": "Bearer qifu_nothing"})
        assert (
            wrong.status_code == 401
            and wrong.headers["WWW-Authenticate"] == "Bearer"
            and "令牌" in wrong.json()["message"]
        )
    assert Client().post(PROBLEMS, WORDS, content_type="application/json").status_code == 401
    assert Client().get("/api/v1/plans").status_code == 200
    assert Client().get("/api/v1/plans", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_session_reads_but_writes_only_with_its_csrf_token() -> None:
    who = clerk()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(who)
    assert browser.get(PROBLEMS).status_code == 200
    refused = browser.post(PROBLEMS, WORDS, content_type="application/json")
    assert refused.status_code == 403 and "CSRF" in refused.json()["message"]
    browser.get("/account/tokens/")
    token = browser.cookies["csrftoken"].value
    taken = browser.post(PROBLEMS, WORDS, content_type="application/json", headers={"X-CSRFToken": token})
    assert taken.status_code == 201


def test_the_firm_sees_its_face_and_nothing_of_the_inside() -> None:
    hub, firm, stranger = System(clerk()), System(person("someone")), System(person("stranger"))
    number = posted(firm)
    address = f"{PROBLEMS}/{number}"
    assert hub.post(f"{address}/transitions/accept", {"form": CLASSES, "text": "内部的话"}).status_code == 200
    own = firm.get(address).json()
    assert own["state_title"] == "已受理，正在确定由谁办理" and own["words"] == WORDS["words"]
    assert "version" not in own and "board" not in own and "lead_id" not in own
    told = firm.get(f"{address}/events")
    assert "内部的话" not in told.content.decode() and "clerk" not in told.content.decode()
    assert [one["shown"] for one in told.json()] == ["已收到您反映的问题", "已受理，正在确定由谁办理"]
    assert [one["name"] for one in firm.get(f"{address}/transitions").json()] == ["withdraw"]
    assert [one["number"] for one in firm.get("/api/v1/own-problems").json()["items"]] == [number]
    assert firm.get(f"{address}/parts").status_code == firm.get(f"{address}/asks").status_code == 404
    assert firm.post(f"{address}/transitions/assign", {"form": {"lead": lead_id()}}).status_code == 404
    for path in (address, f"{address}/events", f"{address}/transitions", f"{address}/parts"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("/api/v1/own-problems").json() == {"items": [], "next": ""}
    assert stranger.get(PROBLEMS).status_code == 404
    assert firm.post(PROBLEMS, WORDS | {"source": "热线", "outside_number": "1"}).status_code == 422
    assert firm.post(PROBLEMS, WORDS | {"uscc": "91330109MA2000001X"}).status_code == 422
    gone = [firm.post(f"{address}/transitions/withdraw", {}, key="w").json() for _ in range(2)]
    assert (
        gone[0] == gone[1] and gone[0]["closed_at"] and gone[0]["state"] == "" and gone[0]["due_at"] is None
    )
    rated = firm.post(f"{address}/ratings", {"solved": True, "stars": 5})
    assert rated.status_code == 409 and "不评价" in rated.json()["message"]
    assert hub.post(f"{address}/ratings", {"solved": True, "stars": 5}).status_code == 404
    assert firm.post(f"{address}/ratings", {"solved": True, "stars": 6}).status_code == 422


def test_the_portals_half_shows_no_inside(settings: Any) -> None:
    hub = System(clerk())
    number = posted(hub)
    settings.SITE = "portal"
    assert hub.get(PROBLEMS).status_code == hub.get(f"{PROBLEMS}/{number}").status_code == 404
    assert hub.get(f"{PROBLEMS}/{number}/parts").status_code == 404
    settings.SITE = "workbench"
    assert hub.get(f"{PROBLEMS}/{number}").status_code == 200


def test_pages_follow_one_another_without_loss() -> None:
    hub = System(clerk())
    numbers = {posted(hub, title=f"第{n}件") for n in range(7)}
    for sort in ("new", "old", "due"):
        seen: list[str] = []
        cursor = ""
        for _ in range(4):
            page = hub.get(PROBLEMS, queue="all", sort=sort, limit=2, cursor=cursor).json()
            seen += [one["number"] for one in page["items"]]
            cursor = page["next"]
        assert cursor == "" and len(seen) == 7 and set(seen) == numbers
    for wrong in ("x", "WyJuZXciLCAxLCAiIl0=", "W10=", "////", "bnVsbA=="):
        assert hub.get(PROBLEMS, cursor=wrong).status_code == 422
    assert hub.get(PROBLEMS, queue="nothing").json()["fields"].keys() == {"queue"}
    assert hub.get(PROBLEMS, desk="hub-330100").status_code == 404


def test_units_beside_the_lead_and_more_time() -> None:
    hub, lead, market = System(clerk()), System(unit()), System(unit("market", "330109.market_regulation"))
    address = f"{PROBLEMS}/{posted(hub)}"
    hub.post(f"{address}/transitions/accept", {"form": CLASSES})
    hub.post(f"{address}/transitions/assign", {"form": {"lead": lead_id()}})
    lead.post(f"{address}/transitions/take", {})
    asked = {
        "organisation_id": lead_id("330109.market_regulation"),
        "kind": "consulted",
        "request": "请提意见",
    }
    made = lead.post(f"{address}/parts", asked)
    assert made.status_code == 201 and made.json()["answer"] == ""
    assert lead.post(f"{address}/parts", asked).status_code == 422
    part = f"{address}/parts/{made.json()['id']}/answer"
    assert lead.post(part, {"answer": "代答"}).status_code in (404, 409)
    assert market.post(part, {"answer": "同意"}).json()["answer"] == "同意"
    assert market.post(part, {"answer": "同意"}).status_code == 409
    ask = lead.post(
        f"{address}/asks", {"kind": "extension", "clock": "handle", "amount": 3, "text": "需检测"}
    )
    assert ask.status_code == 201
    decision = f"{address}/asks/{ask.json()['id']}/decision"
    assert lead.post(decision, {"approve": True}).status_code == 404
    assert hub.post(decision, {"approve": True}).json()["decision"] == "approved"
    assert [one["decision"] for one in hub.get(f"{address}/asks").json()] == ["approved"]
    assert hub.post(f"{address}/asks/999999/decision", {"approve": True}).status_code == 404


def test_whoever_asks_too_often_is_told_in_json(settings: Any) -> None:
    settings.RATE_LIMITS = True
    settings.RATE_RULES = settings.RATE_RULES | {"api": (2, 2, 60)}
    caches["rate_limits"].clear()
    hub = System(clerk())
    statuses = [hub.get(PROBLEMS) for _ in range(3)]
    caches["rate_limits"].clear()
    assert [one.status_code for one in statuses] == [200, 200, 429]
    assert "秒后再试" in statuses[-1].json()["message"] and int(statuses[-1].headers["Retry-After"]) > 0


def test_what_is_no_number_is_not_found() -> None:
    hub = System(clerk())
    for number in ["x", "330109202406", "0" * 25, "%00", "１２３", "33010920240600001'"]:
        assert hub.get(f"{PROBLEMS}/{number}").status_code == 404
    assert hub.get("/api/v1/nothing").json() == {"message": "没有找到，或没有查看的权限"}
