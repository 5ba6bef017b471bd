"""A batch of many payouts from list to reconciliation: judged and frozen, confirmed, examined, granted, file out, receipts in.

Runs on SQLite or (under `python -m tests.postgres`) PostgreSQL, through the product's own acts. Enterprises confirm in bulk by a
script, as no act confirms for many; all else is what people press. `equal` says that every list, budget and payment verifies.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

from benchmarks.measure import scratch_database, timed

SIZE, QUICK = 100_000, 60
AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
LATER = AT + timedelta(days=15)


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own; --size is the number of enterprises."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Lead one list through and return the seconds of each step."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.db import connection

    logging.disable(logging.WARNING)
    size = options.size or (QUICK if options.quick else SIZE)
    with scratch_database(connection):
        return _lead(size, connection.vendor)


def _lead(size: int, vendor: str) -> list[dict[str, Any]]:
    from qifu.foundation.access import SYSTEM
    from qifu.services.policies.actions import payments, payout, payout_entries
    from qifu.services.policies.models import PaymentBatch, PayoutRound
    from qifu.services.policies.tests.payout_world import receipt
    from qifu.services.policies.verify_payouts import faults

    policy, rows = _laid(size), []
    who = {"by": SYSTEM, "at": LATER}
    budget = payments.set_budget(
        policy=policy, year=2024, fen=size * 100_000_00, how="first_come", document="模拟", by=SYSTEM, at=AT
    )
    made = payout.start_round(policy=policy, judged_on=date(2024, 6, 20), by=SYSTEM, at=AT)

    def step(job: str, call: Any) -> Any:
        value, milliseconds = timed(call)
        rows.append({
            "job": job, "metric": "time", "value": round(milliseconds / 1000, 2), "unit": "s", "size": size,
            "database": vendor, "equal": None,
        })  # fmt: skip
        return value

    step("list", lambda: payout.fill_round(payout=made, by=SYSTEM, at=AT))
    made = PayoutRound.objects.get(pk=made.pk)
    payout.give_notice(payout=made, by=SYSTEM, at=AT)
    step("end of notice", lambda: payout.end_notice(payout=made, by=SYSTEM, at=LATER))
    step("confirm by script", lambda: _confirm(made, **who))
    step("approve", lambda: payout_entries.approve(payout=made, **who))
    step("check", lambda: payout_entries.check(payout=made, **who))
    step("finance", lambda: payout_entries.finance(payout=made, **who))
    batch: PaymentBatch = step("batch", lambda: payments.make_batch(budget=budget, **who))
    step("file out", lambda: payments.export_batch(batch=batch, **who))
    content = receipt(list(batch.lines.all()), day="2024-07-05")
    given = {"place_code": "330109", "name": "r.csv", **who}
    step("receipts in", lambda: payments.read_back(file=io.BytesIO(content), **given))
    found = step(
        "reconcile", lambda: payments.reconcile(batch=batch, stated_count=size, stated_fen=batch.fen, **who)
    )
    wrong = step("verify", faults)
    rows[-1]["equal"] = not wrong and not found and batch.count == size
    return rows


def _laid(size: int) -> Any:
    """A province, the policy, and enterprises each with the fact that it asks for."""
    from pathlib import Path

    from django.conf import settings

    from qifu.foundation.access import SYSTEM
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
    from qifu.registers.organisations.actions import load_organisations
    from qifu.services.policies.tests.payout_world import keep
    from qifu.services.policies.tests.policy_world import published

    folder = Path(settings.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=AT, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=AT, province_dir=folder)
    source = EnterpriseSource(name="模拟登记", added_at=AT, simulated=True)
    keep(rows=[source], by=SYSTEM, at=AT)
    firms = [
        Enterprise(
            uscc=f"91330109SIM{i:07d}", name=f"萧山模拟{i}有限公司（模拟）", name_text=str(i), kind="limited_company",
            status="in_operation", division_code="330109", division_certainty="certain", insured=10 + i % 90,
            source=source, updated_at=AT,
        )
        for i in range(size)
    ]  # fmt: skip
    _bulk(firms)
    facts = [
        FactValue(enterprise=one, fact="employees", number=20, as_of=date(2024, 1, 1), source=source, recorded_at=AT)
        for one in firms
    ]  # fmt: skip
    _bulk(facts)
    return published(SYSTEM)


def _bulk(rows: list[Any]) -> None:
    from django.db.models import QuerySet

    QuerySet(type(rows[0])).bulk_create(rows, batch_size=1_000)


def _confirm(made: Any, by: Any, at: datetime) -> None:
    """What each enterprise does on its page, for all at once: account, consent, confirmation."""
    from django.db import transaction
    from django.db.models import QuerySet

    from qifu.services.policies.models import PayAccount, PayoutEntry, PayoutStep

    entries = list(made.entries.filter(state="waiting").defer("facts").select_related("enterprise"))
    accounts = [
        PayAccount(
            enterprise=one.enterprise, holder=one.enterprise.name, bank="模拟银行", number=f"62178500{one.pk:010d}",
            tail=f"{one.pk % 10000:04d}", state="current", given_at=at, agreed_at=at,
        )
        for one in entries
    ]  # fmt: skip
    with transaction.atomic():
        _bulk(accounts)
        for entry, account in zip(entries, accounts, strict=True):
            entry.state, entry.account, entry.confirmed_at = "confirmed", account, at
        QuerySet(PayoutEntry).bulk_update(entries, ["state", "account", "confirmed_at"], batch_size=1_000)
        _bulk([
            PayoutStep(round=made, entry=one, at=at, before="waiting", after="confirmed", title="企业确认") for one in entries
        ])  # fmt: skip
