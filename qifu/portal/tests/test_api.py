"""The API is mounted, answers visitors with what is public, and errs in Chinese."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_description_lists_every_operation() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    paths = described["paths"]
    assert {"/api/v1/plans", "/api/v1/assignments/{assignment}/events", "/api/v1/problems"} <= set(paths)
    for path, operations in paths.items():
        for method, operation in operations.items():
            statuses = {str(status) for status in operation["responses"]}
            assert {"401", "404", "422", "429"} <= statuses, path
            assert ({"400", "403", "409"} <= statuses) == (method != "get"), path
    assert {} in paths["/api/v1/plans"]["get"]["security"]
    assert {} not in paths["/api/v1/problems"]["post"]["security"]


def test_a_visitor_of_an_empty_site_gets_empty_lists() -> None:
    assert Client().get("/api/v1/plans").json() == {"items": [], "count": 0}
    assert Client().get("/api/v1/plan-items").json() == {"items": [], "count": 0}


def test_an_absent_plan_is_not_found_in_chinese() -> None:
    answer = Client().get("/api/v1/plans/999/units")
    assert answer.status_code == 404
    assert "没有找到" in answer.json()["message"]


@pytest.mark.parametrize("query", ["due_from=昨天", "plan=x", "text=%00"])
def test_wrong_arguments_are_named(query: str) -> None:
    answer = Client().get(f"/api/v1/plan-items?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json()["fields"]
