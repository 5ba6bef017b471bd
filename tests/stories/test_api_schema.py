"""Schemathesis over the whole JSON API: right and wrong requests of every operation, by a token of each kind of caller.

Nothing may answer 5xx, an undeclared status, another content type or a body that its schema does not describe; an
operation that asks for a caller must refuse one without token. One fixed seed, and a random one that is printed.
"""

from __future__ import annotations

import random
import secrets
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.conf import settings as site
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from qifu.engines.casework import definitions
from qifu.engines.casework.publish import publish_folder
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM
from qifu.registers.organisations.models import Organisation
from qifu.registers.people import api_tokens
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions.intake import Request
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.actions.parts import ask_part
from qifu.services.enterprise_problems.actions.receiving import receive_problem
from qifu.services.enterprise_problems.tests.intake_world import XIAOSHAN, clerk, load_province, person
from qifu.services.policies.actions.requests import Question, ask
from qifu.services.policies.tests.own_world import PLAIN, RESEARCH
from qifu.services.policies.tests.policy_world import published

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = 6
"""Requests of one operation, right or wrong, with one seed."""
FIXED_SEED = 2024
CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_headers_conformance,
    checks.response_schema_conformance, checks.ignored_auth,
]  # fmt: skip
CLASSES = {"board": "public_service", "topic": "transport", "scope": "individual", "difficulty": "general"}
NAMES = [
    "accept",
    "exclude",
    "assign",
    "take",
    "contact",
    "draft",
    "note",
    "withdraw",
    "close",
    "rate_badly",
    "nothing",
]


def token_of(who: Person) -> dict[str, str]:
    made = api_tokens.make_token(by=who.as_actor(), at=clock.now(), person=who, title="测试", days=30)
    return {"Authorization": f"Bearer {made.text}"}


@pytest.fixture(name="callers")
def make_callers(settings: Any) -> Iterator[list[dict[str, str]]]:
    """A clerk, an officer with a published policy, and a reporter."""
    settings.AS_OF = date(2024, 6, 20)
    definitions.forget()
    load_province()
    officer = person("unit", "department_officer", XIAOSHAN, "330109.economy_information")
    published(officer.as_actor(), RESEARCH, PLAIN)
    publish_folder(Path(site.PROVINCE_DIR) / "policies" / "case_types", by=SYSTEM, at=clock.now())
    yield [token_of(clerk()), token_of(officer), token_of(person("reporter"))]
    definitions.forget()


@pytest.fixture(name="numbers")
def make_numbers(callers: list[dict[str, str]]) -> list[str]:
    """Problems in three states, with a part that was asked for; last a question about a policy."""
    people = {one.username: one for one in Person.objects.all()}
    unit = Organisation.objects.get(code="330109.economy_information").pk
    other = Organisation.objects.get(code="330109.market_regulation").pk
    found = []
    for steps in range(3):
        who = people["reporter"] if steps == 0 else people["clerk"]
        request = Request(words="厂区门口道路破损，货车进出不便", place_code=XIAOSHAN)
        case = receive_problem(by=who.as_actor(), at=clock.now(), request=request).case
        hub: dict[str, Any] = {"by": people["clerk"].as_actor(), "at": clock.now(), "case": case}
        if steps:
            move_problem(transition="accept", form=CLASSES, **hub)
        if steps > 1:
            move_problem(transition="assign", form={"lead": unit}, **hub)
            ask_part(organisation_id=other, kind="consulted", request="请提意见", **hub)
        found.append(case.number)
    question = Question("研发费用怎么算？", "xs-research")
    return [*found, ask(question=question, by=people["reporter"].as_actor(), at=clock.now()).case.number]


def seeds() -> Iterator[int]:
    yield FIXED_SEED
    chosen = secrets.randbelow(2**32)
    sys.stderr.write(f"random seed {chosen}\n")
    yield chosen


def operations() -> list[Any]:
    from qifu.portal.wsgi import application

    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    return [one.ok() for one in schema.get_all_operations()]


def test_every_operation_answers_as_it_is_described(
    callers: list[dict[str, str]], numbers: list[str]
) -> None:
    found = operations()
    assert len(found) >= 26
    for seed in seeds():
        for operation in found:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _try(operation, mode, random.Random(f"{seed}:{operation.label}:{mode}"), callers, numbers)


def _try(
    operation: Any, mode: Any, chooser: random.Random, callers: list[dict[str, str]], numbers: list[str]
) -> None:
    """Send some requests of one operation, most of them about problems that there are."""

    @hypothesis.seed(chooser.randrange(2**32))
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), pick=st.integers(0, 11))
    def run(case: Any, pick: int) -> None:
        if "number" in case.path_parameters and pick % 4:
            question = "policy-requests" in operation.path
            case.path_parameters["number"] = numbers[-1 if question else pick % 3]
        if "code" in case.path_parameters and pick % 4:
            case.path_parameters["code"] = "xs-research"
        if operation.path.endswith("/policy-questions") and isinstance(case.body, dict) and pick % 3:
            case.body |= {"policy": "xs-research", "uscc": "", "contact_mobile": ""}
        if (
            isinstance(case.body, dict)
            and "facts" in case.body
            and isinstance(case.body["facts"], dict)
            and pick % 3
        ):
            case.body["facts"] = dict(
                zip(("注册地", "revenue", "研发费用"), case.body["facts"].values(), strict=False)
            )
        if "name" in case.path_parameters and pick % 4:
            case.path_parameters["name"] = NAMES[pick % len(NAMES)]
        case.call_and_validate(headers=callers[pick // 4], checks=CHECKS)

    run()
