"""Every route names the permission it demands, or stands on a short list with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from qifu.foundation import access
from qifu.foundation.pages import demanded_permission
from qifu.portal.sides import routes

WITHOUT_PERMISSION = {
    "healthz": "monitors ask it, and it tells no secrets",
    "metrics": "asked by a monitor without an account; admits by address or token, nobody by default",
    "api:openapi-json": "describes the API, no data",
    "api:api-root": "leads to the description",
    "api:list_plans": "lists only what the asker may see",
    "api:list_items": "lists only what the asker may see",
    "api:list_units": "of a plan that the asker may see, else 404",
    "api:list_assignments": "lists only what the asker may follow",
    "api:list_events": "of an assignment that the asker may follow, else 404",
    # The API of problems asks for a token or a session on every call, and the pages' actions decide.
    "api:report_problem": "by whoever is known, for himself, his firm or the places where he takes requests in",
    "api:list_problems": "lists only what the asker may see from a desk of his",
    "api:list_own_problems": "lists only what the asker, or a firm he acts for, reported",
    "api:show_problem": "of a problem that the asker may see, with the face that he may see, else 404",
    "api:list_problem_events": "of a problem that the asker may see, with the face that he may see, else 404",
    "api:list_problem_transitions": "only what the asker may do",
    "api:move_problem": "the case type decides who may do it",
    "api:list_problem_parts": "of a problem whose inside the asker may see, else 404",
    "api:ask_problem_part": "the case type decides who may do it",
    "api:answer_problem_part": "by the unit that was asked",
    "api:list_problem_asks": "of a problem whose inside the asker may see, else 404",
    "api:ask_about_clock": "the case type decides who may do it",
    "api:decide_problem_ask": "the case type decides who may do it",
    "api:rate_problem": "of an own problem, else 404",
    "api:list_policies": "lists what is published",
    "api:show_policy": "of a published policy, else 404",
    "api:list_facts": "lists what the public calculator asks",
    "api:judge_all": "judges what was given and keeps nothing",
    "api:judge_one": "judges what was given and keeps nothing",
    "api:judge_enterprise": "of an enterprise whose facts the asker may see, else 404",
    "api:judge_enterprise_one": "of an enterprise whose facts the asker may see, else 404",
    "api:check_draft": "by whoever may draft, keeps nothing",
    "api:list_policy_requests": "lists only what the asker, a firm he acts for, or his unit has",
    "api:show_policy_request": "of an own request or one of the asker's unit, else 404",
    "api:ask_about_policy": "by whoever is known, for himself or his firm",
}


ALL = list(routes())


def test_there_are_routes_with_names() -> None:
    assert len(ALL) > 15
    assert [address for name, address, _ in ALL if name.endswith("None")] == []


@pytest.mark.parametrize(
    ("name", "view"), [(name, view) for name, _, view in ALL], ids=[name for name, _, _ in ALL]
)
def test_every_route_demands_a_permission(name: str, view: Any) -> None:
    permission = demanded_permission(view)
    if permission is None:
        assert name in WITHOUT_PERMISSION, f"put @page(…) on the view of {name}"
    else:
        assert permission in access.permissions(), f"{permission} is declared in no module.py"
        assert name not in WITHOUT_PERMISSION


def test_what_stands_on_the_list_exists() -> None:
    assert WITHOUT_PERMISSION.keys() <= {name for name, _, _ in ALL}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "view"),
    [(name, view) for name, address, view in ALL if "<" not in address],
    ids=[name for name, address, _ in ALL if "<" not in address],
)
def test_a_visitor_is_let_in_or_led_to_sign_in(name: str, view: Any) -> None:
    permission = demanded_permission(view)
    open_to_all = permission is None or access.ANYONE in access.permissions()[permission].grants
    answer = Client().get(reverse(name))
    if name in ("api:api-root", "metrics"):
        assert answer.status_code == 404  # the root of the API is no page; metrics admit nobody by default
    elif name in (
        "api:report_problem",
        "api:list_problems",
        "api:list_own_problems",
        "api:list_policy_requests",
    ):
        assert answer.status_code == 401  # another system is told to bring its token, not led to a page
    elif open_to_all:
        assert answer.status_code in (200, 302, 405, 410)
    else:
        assert answer.status_code in (302, 405)
        assert answer.status_code == 405 or answer["Location"].startswith("/sign-in/")
