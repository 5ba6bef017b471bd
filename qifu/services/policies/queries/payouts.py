"""Questions about payouts: lists and their entries for staff, money, what is public, what an enterprise has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Sum

from qifu.foundation.access import Actor, find, holds, visible
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.queries import Firm, firms, may
from qifu.services.policies.models import (
    Clawback,
    Objection,
    PayAccount,
    PaymentBatch,
    PaymentReceipt,
    PayoutEntry,
    PayoutRound,
    PayoutStep,
    Policy,
    PolicyBudget,
)
from qifu.services.policies.paid import returned_fen
from qifu.services.policies.payment_file import yuan_of

SEE, LIST, APPROVE, FINANCE = (
    "policies.see_payouts", "policies.list_payouts", "policies.approve_payouts", "policies.finance_payouts",
)  # fmt: skip
BUDGET, CLAW, CONFIRM, NOTICES, OBJECT = (
    "policies.set_budget", "policies.claw_back", "policies.confirm_payout", "policies.see_notices", "policies.object",
)  # fmt: skip
PAGE_SIZE = 50
COLOURS: Mapping[str, str] = {
    "listing": "idle", "listed": "info", "notice": "warn", "open": "good", "cancelled": "idle", "waiting": "warn",
    "confirmed": "info", "approved": "info", "checked": "info", "financed": "info", "batched": "info", "paid": "good",
    "failed": "bad", "struck": "idle", "declined": "idle", "made": "info", "sent": "warn", "reconciled": "good",
    "told": "warn", "decided": "bad", "dropped": "idle", "repaid": "good", "current": "good", "proposed": "warn",
    "past": "idle", "refused": "idle",
}  # fmt: skip
"""The colour of each state of a round, entry, batch, clawback, account, line."""
ACTS = {
    "confirmed": ("approve", "审核通过", APPROVE), "approved": ("check", "核查", APPROVE),
    "checked": ("finance", "财政审核通过", FINANCE),
}  # fmt: skip
"""What may be done in bulk with entries of a state: the act, its word, its permission."""


def _page(rows: Any, number: str | None) -> Page[Any]:
    page: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(number)
    for row in page.object_list:
        row.colour = COLOURS.get(row.state, "info")
    return page


def rounds(actor: Actor, at: datetime, number: str | None) -> Page[Any]:
    """Return the lists of the actor's place, newest first."""
    return _page(visible(PayoutRound.objects.select_related("policy"), actor, SEE, at), number)


def round_of(pk: int, actor: Actor, at: datetime, permission: str = SEE) -> PayoutRound:
    """Return one list; raises NotFound."""
    rows = PayoutRound.objects.select_related("policy__owner", "revision")
    row: PayoutRound = find(rows, actor, permission, at, pk=pk)
    row.colour = COLOURS[row.state]  # type: ignore[attr-defined]
    return row


@dataclass(frozen=True)
class StateCount:
    """How many entries of a list are in a state, and their money."""

    state: str
    title: str
    count: int
    fen: int


def counts(row: PayoutRound) -> list[StateCount]:
    """Return the states of a list's entries in the order of the way."""
    found = {
        state: (count, fen)
        for state, count, fen in row.entries.values_list("state")
        .annotate(Count("pk"), Sum("listed_fen"))
        .order_by()
    }
    return [
        StateCount(state, str(title), *found[state])
        for state, title in PayoutEntry.State.choices
        if state in found
    ]


def entries(row: PayoutRound, state: str, text: str, number: str | None) -> Page[Any]:
    """Return the entries of a list in a state (empty: all) whose firm's name or code holds `text`."""
    rows = row.entries.select_related("enterprise").defer("facts")
    if state in PayoutEntry.State.values:
        rows = rows.filter(state=state)
    if wanted := text.strip()[:60]:
        rows = rows.filter(enterprise__uscc=wanted.upper()) | rows.filter(enterprise__name__contains=wanted)
    return _page(rows.order_by("pk"), number)


def offers(
    row: PayoutRound, shown: list[StateCount], actor: Actor, at: datetime
) -> list[tuple[str, str, int, str]]:
    """Return what the actor may do in bulk: (act, word, how many, state)."""
    return [
        (ACTS[one.state][0], ACTS[one.state][1], one.count, one.state)
        for one in shown
        if one.state in ACTS and allowed(row, actor, ACTS[one.state][2], at)
    ]


def allowed(row: Any, actor: Actor, permission: str, at: datetime) -> bool:
    """Tell whether the actor may do something with a row."""
    return visible(type(row).objects.filter(pk=row.pk), actor, permission, at).exists()


def steps(row: PayoutRound) -> list[PayoutStep]:
    """Return what happened to the list itself."""
    return list(row.steps.filter(entry=None))


def objections(row: PayoutRound) -> list[Objection]:
    """Return the objections to a list, open ones first."""
    rows = Objection.objects.filter(entry__round=row).select_related("entry__enterprise")
    return sorted(rows, key=lambda one: (bool(one.ruling), one.pk))


def objection(pk: int, actor: Actor, at: datetime) -> Objection:
    """Return an objection that the actor may rule; raises NotFound."""
    return find(Objection.objects.select_related("entry__round"), actor, LIST, at, pk=pk)


def startable(actor: Actor, at: datetime) -> list[Policy]:
    """Return the published policies of the actor's unit that are paid: by themselves, or on application."""
    rows = visible(Policy.objects.all(), actor, LIST, at)
    return list(rows.exclude(delivery=Policy.Delivery.FILING).filter(published_number__isnull=False))


HEADINGS = (
    "企业", "统一社会信用代码", "兑付期", "名单金额（元）", "核定金额（元）", "已付金额（元）", "状态", "依据的事实",
)  # fmt: skip


def sheet(row: PayoutRound) -> Iterator[tuple[str, ...]]:
    """Yield the frozen list as rows of a table."""
    rows = row.entries.select_related("enterprise").order_by("pk")
    for one in rows.iterator(1_000):
        facts = "；".join(
            f"{fact['label']} {fact['value']}（{fact['source']}，截至 {fact['as_of']}{'，自报' if fact['declared'] else ''}）"
            for fact in one.facts
        )
        granted = "" if one.granted_fen is None else yuan_of(one.granted_fen)
        yield (
            one.enterprise.name, one.enterprise.uscc, one.period, yuan_of(one.listed_fen), granted,
            yuan_of(one.paid_fen), one.get_state_display(), facts,
        )  # fmt: skip


def entry_of(row: PayoutRound, pk: int) -> PayoutEntry:
    """Return one entry of a list that the actor was let into; raises NotFound."""
    from qifu.foundation.access import NotFound

    found = row.entries.select_related("enterprise", "account", "budget", "policy").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"entry {pk}")
    found.colour = COLOURS[found.state]  # type: ignore[attr-defined]
    found.asked_fen = returned_fen(found)  # type: ignore[attr-defined]
    return found


def clawbacks(entry: PayoutEntry) -> list[Clawback]:
    """Return what was asked back of an entry."""
    rows = list(entry.clawbacks.prefetch_related("repayments"))
    for row in rows:
        row.colour = COLOURS[row.state]  # type: ignore[attr-defined]
    return rows


def clawback(pk: int, actor: Actor, at: datetime, permission: str) -> Clawback:
    """Return a clawback that the actor may work on; raises NotFound."""
    return find(Clawback.objects.select_related("entry__round"), actor, permission, at, pk=pk)


def budgets(actor: Actor, at: datetime) -> list[PolicyBudget]:
    """Return the budgets of the place's policies with what was paid of them, and how many wait for payment."""
    rows = list(visible(PolicyBudget.objects.select_related("policy"), actor, SEE, at))
    paid = dict(
        PayoutEntry.objects.filter(budget__in=rows)
        .values_list("budget_id")
        .annotate(Sum("paid_fen"))
        .order_by()
    )
    for row in rows:
        row.paid_fen = paid.get(row.pk, 0)  # type: ignore[attr-defined]
        waiting = PayoutEntry.objects.filter(policy=row.policy, round__year=row.year, state="financed")
        row.waiting = waiting.count()  # type: ignore[attr-defined]
    return rows


def budget(pk: int, actor: Actor, at: datetime) -> PolicyBudget:
    """Return a budget that the actor may pay from; raises NotFound."""
    return find(PolicyBudget.objects.all(), actor, FINANCE, at, pk=pk)


def budgeted(actor: Actor, at: datetime) -> list[Policy]:
    """Return the policies whose budget the actor may set."""
    rows = visible(Policy.objects.all(), actor, BUDGET, at)
    return list(rows.exclude(delivery=Policy.Delivery.FILING).filter(published_number__isnull=False))


def policy(pk: str, actor: Actor, at: datetime, permission: str) -> Policy:
    """Return a policy that the actor may list or set money for; raises NotFound."""
    return find(Policy.objects.all(), actor, permission, at, pk=pk)


def batches(actor: Actor, at: datetime, number: str | None) -> Page[Any]:
    """Return the payment batches of the place."""
    return _page(visible(PaymentBatch.objects.all(), actor, FINANCE, at), number)


def batch(pk: int, actor: Actor, at: datetime) -> PaymentBatch:
    """Return one batch; raises NotFound."""
    row: PaymentBatch = find(
        PaymentBatch.objects.select_related("budget", "policy"), actor, FINANCE, at, pk=pk
    )
    row.colour = COLOURS[row.state]  # type: ignore[attr-defined]
    return row


def batch_lines(row: PaymentBatch, number: str | None) -> Page[Any]:
    """Return the lines of a batch."""
    rows = row.lines.select_related("entry__enterprise", "account").defer("entry__facts").order_by("code")
    return _page(rows, number)


def settled(row: PaymentBatch) -> dict[str, tuple[int, int]]:
    """Return (count, fen) of a batch's lines by state, all three."""
    found = {
        state: (count, fen)
        for state, count, fen in row.lines.values_list("state").annotate(Count("pk"), Sum("fen")).order_by()
    }
    return {state: found.get(state, (0, 0)) for state in ("open", "paid", "failed")}


def receipts(actor: Actor, at: datetime) -> list[PaymentReceipt]:
    """Return the files of results that were read, newest first, at most fifty."""
    return list(visible(PaymentReceipt.objects.all(), actor, FINANCE, at)[:PAGE_SIZE])


def finance_place(actor: Actor, at: datetime) -> str:
    """Return the place whose money the actor handles; empty where there is none."""
    from qifu.foundation.access import grants_of

    return next((one.place for one in grants_of(actor, at) if one.role == "finance_officer"), "")


def notices(actor: Actor, at: datetime, day: date) -> list[PayoutRound]:
    """Return the lists that are or were public, newest first, at most a hundred."""
    rows = list(visible(PayoutRound.objects.select_related("policy__owner"), actor, NOTICES, at)[:100])
    places = divisions.names({row.place_code for row in rows})
    for row in rows:
        row.place = places.get(row.place_code, "")  # type: ignore[attr-defined]
        row.running = is_running(row, day)  # type: ignore[attr-defined]
    return rows


def is_running(row: PayoutRound, day: date) -> bool:
    """Tell whether objections are taken on the day."""
    return row.state == PayoutRound.State.NOTICE and row.notice_to is not None and day < row.notice_to


def notice(pk: int, actor: Actor, at: datetime) -> PayoutRound:
    """Return a public list; raises NotFound."""
    return find(PayoutRound.objects.select_related("policy__owner"), actor, NOTICES, at, pk=pk)


def public_entries(row: PayoutRound, text: str, number: str | None) -> Page[Any]:
    """Return what is public of a list: names and amounts; those struck in the notice are marked by `struck`."""
    rows = row.entries.select_related("enterprise").defer("facts").order_by("pk")
    if wanted := text.strip()[:60]:
        rows = rows.filter(enterprise__name__contains=wanted)
    return Paginator(rows, PAGE_SIZE).get_page(number)


def objectionable(row: PayoutRound) -> list[tuple[str, str]]:
    """Return the enterprises of a list that may be objected to."""
    rows = row.entries.filter(state=PayoutEntry.State.LISTED).order_by("pk")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "enterprise__name")[:20_000]]


def own_firms(actor: Actor, at: datetime) -> list[Firm]:
    """Return the enterprises for whose payouts the actor may act."""
    return [one for one in firms(actor, at) if may(actor, one.id, "policies", at)]


def waiting_firms(ids: list[int]) -> set[int]:
    """Return those of these enterprises for which something waits to be confirmed."""
    rows = PayoutEntry.objects.filter(enterprise_id__in=ids, state__in=("waiting", "failed"))
    return set(rows.exclude(round__state="cancelled").values_list("enterprise_id", flat=True))


def own_enterprise(pk: int, actor: Actor, at: datetime) -> Enterprise:
    """Return an enterprise that the actor may take money for; raises NotFound."""
    return find(Enterprise.objects.all(), actor, CONFIRM, at, pk=pk)


def own_entries(firm: Enterprise) -> tuple[list[PayoutEntry], list[PayoutEntry]]:
    """Return what waits for the enterprise, and all else it has or had."""
    rows = (
        PayoutEntry.objects.filter(enterprise=firm)
        .exclude(state="listed")
        .select_related("policy", "round", "account")
    )
    rows = rows.exclude(round__state="cancelled").order_by("-pk")
    found = list(rows)
    for row in found:
        row.colour = COLOURS[row.state]  # type: ignore[attr-defined]
        row.back = clawbacks(row)  # type: ignore[attr-defined]
    asked = [row for row in found if row.state in ("waiting", "failed")]
    return asked, [row for row in found if row not in asked]


def own_entry(firm: Enterprise, pk: int, actor: Actor, at: datetime) -> PayoutEntry:
    """Return an entry of an enterprise; raises NotFound."""
    return find(PayoutEntry.objects.filter(enterprise=firm), actor, CONFIRM, at, pk=pk)


def accounts(firm: Enterprise) -> list[PayAccount]:
    """Return the accounts of an enterprise, newest first; numbers are not for showing."""
    rows = list(PayAccount.objects.filter(enterprise=firm).defer("number")[:20])
    for row in rows:
        row.colour = COLOURS[row.state]  # type: ignore[attr-defined]
    return rows


def account(firm: Enterprise, pk: int, actor: Actor, at: datetime) -> PayAccount:
    """Return an account of an enterprise; raises NotFound."""
    return find(PayAccount.objects.filter(enterprise=firm), actor, CONFIRM, at, pk=pk)


def may_pay(actor: Actor, at: datetime) -> bool:
    """Tell whether the actor handles money at all."""
    return holds(actor, FINANCE, at)
