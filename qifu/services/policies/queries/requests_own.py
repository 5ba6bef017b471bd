"""What whoever sent an application or a question reads of it: who has it, by when, all that was shown, what may be done.

Only `shown` texts and files given to the firm; nothing internal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator

from qifu.engines.casework.clock_lines import ClockLine, clock_lines
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, CaseFile
from qifu.engines.casework.moves import facts_of, may_move
from qifu.engines.casework.query_codes import proof_fits
from qifu.foundation.access import Actor, NotFound, visible
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.queries import may
from qifu.services.policies.case_binding import KIND
from qifu.services.policies.countdown import countdown
from qifu.services.policies.library import Live
from qifu.services.policies.models import Policy, PolicyRequest
from qifu.services.policies.sorting import TITLES

FOLLOW_OWN = "policies.follow_own_requests"
PAGE_SIZE = 20
COLOURS = {
    "supported": "good", "answered": "good", "not_supported": "bad", "not_taken": "bad", "lapsed": "idle", "withdrawn": "idle",
    "correcting": "warn",
}  # fmt: skip
"""Colours of states; what is not named is under way."""
VERDICT_COLOURS = {"met": "good", "short": "warn", "ask": "info", "unmet": "idle"}


def material_purpose(number: int) -> str:
    """Return the purpose of a file that is the material of that number, 0 for a further one."""
    return f"material-{number}" if number else "material"


def closed_because(live: Live, day: date) -> str:
    """Return why a policy can not be applied for on a day, as far as the policy itself says; "" where it can."""
    if live.content.terms.delivery != "application":
        return (
            "这项政策不用申报"
            if live.content.terms.delivery == "automatic"
            else "这项政策在申报纳税时享受，不在这里申报"
        )
    ends = countdown(live.version, day)
    return ends.words if ends.state in ("ahead", "closed") else ""


@dataclass(frozen=True)
class ToApply:
    """What an enterprise may do about a policy: apply, or see what it applied for; `why_not` where it can not."""

    number: str = ""
    state: str = ""
    why_not: str = ""


def to_apply(enterprise: Enterprise, live: Live, actor: Actor, at: datetime, day: date) -> ToApply:
    """Return whether an enterprise may apply for a policy on a day; its active application, where it has one."""
    rows = PolicyRequest.objects.filter(
        kind="application", policy=live.policy_id, enterprise=enterprise, active=True
    )
    row = rows.select_related("case").order_by("-case__opened_at").first()
    if row is not None:
        return ToApply(row.case.number, of_case(row.case).states[row.case.state].shown)
    why = closed_because(live, day)
    if not why and not Policy.objects.filter(pk=live.policy_id, owner__isnull=False).exists():
        why = "主管部门不在本平台受理申报，请按政策文件写明的途径申报"
    if not why and not may(actor, enterprise.pk, "policies", at):
        why = "您没有这家企业惠企政策的授权"
    return ToApply(why_not=why)


def own_case(actor: Actor, at: datetime, number: str, proof: str = "") -> Case:
    """Return an own request: by whoever sent it, the firm's people, or the proof of its query code; NotFound for any other."""
    rows = Case.objects.filter(number=number, kind=KIND).select_related("lead", "enterprise")
    if actor.is_person:
        found = visible(rows, actor, FOLLOW_OWN, at).first()
        if found is not None:
            return found
    if proof:
        row = PolicyRequest.objects.filter(case__number=number).only("query_code").first()
        if proof_fits(row.query_code if row else "", proof) and (found := rows.first()) is not None:
            return found
    raise NotFound(f"request {number}")


@dataclass(frozen=True)
class OwnRow:
    """A line of the list."""

    number: str
    title: str
    kind: str
    state: str
    colour: str
    unit: str
    firm: str
    opened_at: datetime
    asked: bool


def own_list(actor: Actor, at: datetime, page: str | None) -> Page[Any]:
    """Return what somebody sent, and what was sent for the firms that he or she acts for, the newest first."""
    rows = visible(Case.objects.filter(kind=KIND), actor, FOLLOW_OWN, at)
    rows = rows.select_related("lead", "enterprise").order_by("-opened_at", "-pk")
    found: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(page)
    cases = list(found.object_list)
    kinds = {
        row.pk: row.get_kind_display() for row in PolicyRequest.objects.filter(pk__in=cases).only("kind")
    }
    found.object_list = [
        OwnRow(
            case.number, case.title, kinds[case.pk], of_case(case).states[case.state].shown.partition("，")[0],
            COLOURS.get(case.state, "info"), case.lead.name, case.enterprise.name if case.enterprise else "", case.opened_at,
            case.state == "correcting",
        )
        for case in cases
    ]  # fmt: skip
    return found


@dataclass(frozen=True)
class Line:
    """One thing that was shown, with its files; `own`: the sender's own act."""

    at: datetime
    text: str
    unit: str
    files: tuple[CaseFile, ...]
    own: bool


@dataclass(frozen=True)
class OwnView:
    """One own request: `clocks` the promised ones that run, `offers` the acts open to the sender, `materials` title and file."""

    case: Case
    request: PolicyRequest
    state: str
    colour: str
    verdict: tuple[str, str] | None
    place: str
    clocks: Sequence[ClockLine]
    lines: Sequence[Line]
    decision: CaseEvent | None
    offers: frozenset[str]
    materials: Sequence[tuple[str, CaseFile]]


def own_view(case: Case, moment: datetime) -> OwnView:
    """Return what the sender reads of a request at `moment`; whose it is was asked by `own_case`."""
    definition = of_case(case)
    row = request_of(case)
    events = list(case.events.exclude(shown="").select_related("organisation").prefetch_related("files__file").order_by("-seq"))  # fmt: skip
    facts = facts_of(case)
    asked_again = any(event.kind == "ask_again" for event in events)
    offers = {
        one.name
        for one in definition.leaving(case.state)
        if "reporter" in one.roles
        and may_move(case, one, facts)
        and not (one.name == "ask_again" and asked_again)
    }
    final = definition.states[case.state].final
    return OwnView(
        case, row, definition.states[case.state].shown, COLOURS.get(case.state, "info"), verdict_of(row),
        divisions.names([case.place_code]).get(case.place_code, ""), running_clocks(case, moment, promised=True),
        [_line(event) for event in events], events[0] if final and events else None, frozenset(offers), materials_of(row, events),
    )  # fmt: skip


def request_of(case: Case) -> PolicyRequest:
    """Return the request beside a case."""
    return PolicyRequest.objects.select_related("policy", "enterprise").get(pk=case.pk)


def verdict_of(row: PolicyRequest) -> tuple[str, str] | None:
    """Return the colour and word of the verdict at the time, None for a question."""
    titles = {str(name): title for name, title in TITLES.items()}
    if not row.verdict:
        return None
    word = titles[row.verdict] + ("（按自报）" if row.said.get("declared") and row.verdict == "met" else "")
    return VERDICT_COLOURS[row.verdict], word


def running_clocks(case: Case, moment: datetime, *, promised: bool = False) -> list[ClockLine]:
    """Return the clocks of a case that have not been stopped; `promised`: only those that the firm is promised."""
    rows = CaseClock.objects.filter(case=case, stopped_at=None).select_related("part__organisation").prefetch_related("pauses")  # fmt: skip
    return [one for one in clock_lines(of_case(case), rows, moment) if one.promised or not promised]


def _line(event: CaseEvent) -> Line:
    mine = event.role == "reporter"
    unit = event.organisation.name if event.organisation is not None and not mine else ""
    return Line(event.at, event.shown, unit, tuple(one for one in event.files.all() if one.public), mine)


def materials_of(row: PolicyRequest, events: Sequence[CaseEvent]) -> list[tuple[str, CaseFile]]:
    """Return the files that came with an application, each with the title of the material that it is, in their order."""
    titles = {material_purpose(n): title for n, title in enumerate(row.materials, 1)}
    first = [event for event in events if event.seq == 1]
    files = [one for event in first for one in event.files.all()]
    return [(titles.get(one.purpose, "其他材料"), one) for one in sorted(files, key=lambda one: one.pk)]


def file_of(case: Case, pk: int) -> CaseFile:
    """Return a file that the sender of a request may open; NotFound for any other."""
    found = CaseFile.objects.filter(event__case=case, public=True, pk=pk).select_related("file").first()
    if found is None:
        raise NotFound(f"file {pk}")
    return found


def places(day: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the counties under their cities, for a select."""
    book = divisions.book(day)
    counties = list(book.of_kind("county"))
    return [
        (city.name, [(row.code, row.name) for row in counties if row.parent == city.code] + [(city.code, f"{city.name}（市本级）")])
        for city in book.of_kind("city")
    ]  # fmt: skip


def asked_about(code: str) -> Policy | None:
    """Return the published policy of that code, None where there is none: what is published is public."""
    return Policy.objects.filter(code=code, published_number__isnull=False).select_related("owner").first()
