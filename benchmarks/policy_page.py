"""The pages of an enterprise signed in, with 5,000 policies in force, over HTTP through the real application.

Policies are those of `policy_book`, as published revisions, whose files the site reads itself; the enterprise and its
facts are one of `rule_facts` that meets some. The site is served as `qifu serve` does; one caller asks for a page again
and again with the session of its legal representative. What the first request costs (reading and compiling the library)
is told apart. `equal` says that the list counts as many policies as the plain judge finds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import os
import re
import secrets
import statistics
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

from benchmarks.measure import scratch_database, seeds_of, timed
from benchmarks.problems_http import row, served
from benchmarks.task_board import percentile

SIZE, QUICK = 5_000, 40
REQUESTS, QUICK_REQUESTS = 200, 8
FIXED_SEED = "2024"
GOAL = 150
SAMPLE = 400
"""Enterprises among which one is chosen that meets as many policies as most do."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of policies."""
    parser.add_argument("--requests", type=int, help="how often each page is asked for")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Publish the policies, serve the site, ask for the pages, and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    os.environ.setdefault("QIFU_SECRET_KEY", secrets.token_hex(32))  # this process and the server sign alike
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    logging.disable(logging.WARNING)
    settings.ALLOWED_HOSTS, settings.RATE_LIMITS = ["*"], False
    size = options.size or (QUICK if options.quick else SIZE)
    asked = options.requests or (QUICK_REQUESTS if options.quick else REQUESTS)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        with scratch_database(connection):
            pk, cookie, code, counts = laid(size, seed)
            print(f"seed {seed}, {size} policies, {connection.vendor}: {counts}", file=sys.stderr)
            with served(1) as port:
                results += measured(port, pk, cookie, code, counts, size, asked)
    return results


def laid(size: int, seed: str) -> tuple[int, str, str, dict[str, int]]:
    """Fill the database; return the enterprise, its session, the code of a policy it meets, and what the judge counts."""
    from benchmarks.rule_facts import facts_table, policy_maker
    from qifu.engines.rules.fact_table import rows_at
    from qifu.engines.rules.python_code import compile_bounds
    from qifu.engines.rules.tree import Truth

    made = policy_maker(seed).book(size)
    rows = rows_at(facts_table(SAMPLE, f"{seed}-page"), list(range(SAMPLE)))
    compiled = compile_bounds([policy.bound for policy in made])
    judged = [compiled.judge(values) for values in rows]
    met = [truths.count(Truth.MET) for truths in judged]
    chosen = sorted(range(SAMPLE), key=met.__getitem__)[SAMPLE * 19 // 20]
    publish(made)
    pk, cookie = enterprise(rows[chosen])
    values = kept(pk)
    truths = compiled.judge(values)
    counts = {"met": truths.count(Truth.MET), "unknown": truths.count(Truth.UNKNOWN), "unmet": truths.count(Truth.UNMET)}  # fmt: skip
    return pk, cookie, made[truths.index(Truth.MET) if counts["met"] else 0].code, counts


def publish(made: list[Any]) -> None:
    """Write the policies as published revisions, past the reviews that are not measured here."""
    from django.db.models import QuerySet

    from qifu.foundation.revisions import Revision, Series
    from qifu.services.policies.content import Content, Terms
    from qifu.services.policies.models import Policy

    at = datetime.now(UTC)
    series = [Series(kind="policy", key=one.code, title=one.bound.title) for one in made]
    QuerySet(Series).bulk_create(series, batch_size=500)
    rows, policies = [], []
    for one, line in zip(made, series, strict=True):
        content = Content(one.yaml(), Terms(**asdict(Terms()))).as_json()
        rows.append(
            Revision(
                series=line, number=1, state="published", content_text=json.dumps(content, ensure_ascii=False), digest=secrets.token_hex(32),
                effective_from=date(2024, 1, 1), created_at=at, published_at=at,
            )
        )  # fmt: skip
        policies.append(
            Policy(
                code=one.code, series=line, title=one.bound.title, created_at=at, simulated=True, delivery="application",
                effective_from=date(2024, 1, 1), published_number=1,
            )
        )  # fmt: skip
    QuerySet(Revision).bulk_create(rows, batch_size=500)
    QuerySet(Policy).bulk_create(policies, batch_size=500)


def enterprise(values: dict[str, Any]) -> tuple[int, str]:
    """Make an enterprise with these facts and its legal representative; return its key and the cookie of a session."""
    from django.conf import settings
    from django.db.models import QuerySet
    from django.test import Client

    from qifu.foundation.access import SYSTEM
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.enterprises.fact_book import fact_book
    from qifu.registers.enterprises.fact_years import YEARS_BACK
    from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
    from qifu.registers.enterprises.register_facts import is_recordable
    from qifu.registers.enterprises.uscc import check_digit
    from qifu.registers.mandates.registration import register_representative
    from qifu.registers.organisations.actions import load_organisations
    from qifu.registers.people import actions, sign_in
    from qifu.registers.people.models import Person

    at, province = datetime.now(UTC), Path(settings.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=at, path=province / "divisions.yaml")
    load_organisations(by=SYSTEM, at=at, province_dir=province)
    source = EnterpriseSource(name="登记数据（模拟）", added_at=at, simulated=True)
    QuerySet(EnterpriseSource).bulk_create([source])
    body = "91330109MA2000001"
    firm = Enterprise(
        uscc=body + check_digit(body), name="压测企业有限公司（模拟）", name_text="", division_code=values.get("place") or "330109",
        division_certainty="certain", industry_code=values.get("industry") or "", kind="limited_company", source=source, updated_at=at,
    )  # fmt: skip
    QuerySet(Enterprise).bulk_create([firm])
    facts = []
    for name, value in values.items():
        fact = fact_book().facts.get(name)
        if fact is None or value is None or not is_recordable(fact):
            continue
        back = YEARS_BACK.get(fact.period) or 0
        number, code = (None, value) if isinstance(value, str) else (value, "")
        facts.append(
            FactValue(
                enterprise=firm, fact=name, number=number, code=code, source=source, recorded_at=at,
                as_of=date(at.year - back, 12, 31) if back else at.date(), declared=fact.held == "ask",
            )
        )  # fmt: skip
    QuerySet(FactValue).bulk_create(facts)
    given = actions.create_person(by=SYSTEM, at=at, username="legal", name="压测（模拟）")
    word = f"{secrets.token_hex(8)}-Aa1"
    sign_in.change_own_password(by=given.person.as_actor(), at=at, person=given.person, old=given.password, new=word)  # fmt: skip
    register_representative(
        by=SYSTEM, at=at, enterprise=firm, name=given.person.name, document="licence_and_identity", username="legal", known=True, differs=True
    )  # fmt: skip
    client = Client()
    client.force_login(Person.objects.get(username="legal"))
    return firm.pk, f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def kept(pk: int) -> dict[str, Any]:
    """Return what the store says of the enterprise today."""
    from qifu.foundation import clock
    from qifu.registers.enterprises.fact_store import facts_as_of
    from qifu.registers.enterprises.models import Enterprise

    return facts_as_of(Enterprise.objects.get(pk=pk), clock.today())


def measured(
    port: int, pk: int, cookie: str, code: str, counts: dict[str, int], size: int, asked: int
) -> list[dict[str, Any]]:
    """Return the rows of the first request and of each page."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    base = f"/my-policies/{pk}/"
    html, first = timed(lambda: page(line, cookie, base))
    shown = re.findall(r'class="count"[^>]*>\s*([\d,]+)', html)
    said = re.search(r"可享 (\d+) 项", unescape(html))
    equal = said is not None and int(said[1]) == counts["met"]
    print(f"counts on the tabs: {shown}", file=sys.stderr)
    found = [row(f"{size} policies: first request, library read and compiled", "time", first, "ms")]
    pages = {
        "list, 可享": base, "list, 差一项": f"{base}?group=short", "list, 需补充": f"{base}?group=ask",
        "list, 不符合, third page": f"{base}?group=unmet&page=3", "one policy": f"{base}one/{code}/", "check-up": f"{base}check-up/",
    }  # fmt: skip
    for name, path in pages.items():
        page(line, cookie, path)
        times = [timed(lambda path=path: page(line, cookie, path))[1] for _ in range(asked)]
        goal = GOAL if name != "check-up" else None
        found.append(row(f"{size} policies: {name}", "p95", percentile(times, 95), "ms", goal, equal=equal if name == "list, 可享" else None))  # fmt: skip
        found.append(row(f"{size} policies: {name}", "median", statistics.median(times), "ms"))
    return found


def page(line: http.client.HTTPConnection, cookie: str, path: str) -> str:
    """Return a page; anything but 200 ends the benchmark."""
    line.request("GET", path, headers={"Cookie": cookie})
    answer = line.getresponse()
    body = answer.read().decode()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return body
