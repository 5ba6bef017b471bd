"""Questions that intake asks: where, which firm, which unit, who called before, what a receipt says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent
from qifu.engines.casework.query_codes import code_of_key, query_hash
from qifu.foundation.access import Actor, NotFound, find, visible
from qifu.foundation.phone import read_phone
from qifu.foundation.sealed import lookup_keys, mask_phone
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises import queries as enterprises
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.uscc import fold
from qifu.registers.mandates import queries as mandates
from qifu.registers.organisations import queries as organisations
from qifu.registers.organisations.hubs import hub_of
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.contacts import own_contacts
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.models import Problem, UnitTelephone
from qifu.services.enterprise_problems.queries.ratings import seen_many

HOTLINE = "12345"
SHORTEST_SEARCH = 2
MOST_SHOWN = 8

# ---- where -----------------------------------------------------------------------------------------------------------

Choices = list[tuple[str, list[tuple[str, str]]]]


def place_choices(day: date, *also: str) -> Choices:
    """Return the counties under their cities, for a select; the city itself for who does not know the county.

    `also` adds divisions that are no counties (a functional area, the province), under the heading 其他.
    """
    book = divisions.book(day)
    found: Choices = []
    listed: set[str] = set()
    for city in book.of_kind("city"):
        rows = [(row.code, row.name) for row in book.of_kind("county") if row.parent == city.code]
        found.append((city.name, [*rows, (city.code, f"{city.name}（市本级，或不清楚哪个县区）")]))
        listed.update(code for code, _ in found[-1][1])
    other = [
        (code, row.name) for code in dict.fromkeys(also) if code not in listed and (row := book.get(code))
    ]
    return [*found, ("其他", other)] if other else found


def place_name(code: str) -> str:
    """Return the full name of a division."""
    return divisions.names([code]).get(code, code)


# ---- who -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnDetails:
    """What is known of a signed-in reporter: firms he acts for in problems (id, name, division), his name and mobile."""

    firms: tuple[tuple[int, str, str], ...] = ()
    name: str = ""
    mobile: str = ""


def own_details(actor: Actor, at: datetime) -> OwnDetails:
    """Return what need not be asked of the actor; nothing for a visitor."""
    if not actor.is_person:
        return OwnDetails()
    held = [one for one in mandates.firms(actor, at) if mandates.may(actor, one.id, "problems", at)]
    places = dict(
        Enterprise.objects.filter(pk__in=[one.id for one in held]).values_list("pk", "division_code")
    )
    mobile = next((one.shown for one in own_contacts(actor, at) if one.kind == "mobile"), "")
    return OwnDetails(tuple((one.id, one.name, places.get(one.id, "")) for one in held), actor.name, mobile)


@dataclass(frozen=True)
class FirmLine:
    """An enterprise as a clerk picks it."""

    id: int
    name: str
    uscc: str
    place: str
    status: str


def firms(actor: Actor, at: datetime, day: date, text: str) -> tuple[list[FirmLine], bool]:
    """Return a few enterprises that a fragment of a name or a code means, and whether there are more."""
    wanted = text.strip()[:60]
    if len(wanted) < SHORTEST_SEARCH:
        return [], False
    code = fold(wanted)
    by_code = len(code) >= 6 and code.isascii() and code.isalnum() and any(one.isdigit() for one in code)
    found = (
        enterprises.search(actor, at, uscc=wanted) if by_code else enterprises.search(actor, at, text=wanted)
    )
    lines = enterprises.lines(found.pks[:MOST_SHOWN], day)
    shown = [
        FirmLine(one.row.pk, one.row.name, one.row.uscc, one.place, one.row.get_status_display())
        for one in lines
    ]
    return shown, found.more or len(found.pks) > MOST_SHOWN


def visible_firm(actor: Actor, at: datetime, pk: int) -> Enterprise:
    """Return an enterprise that the actor may look up; raise NotFound."""
    return find(Enterprise.objects.all(), actor, enterprises.VIEW, at, pk=pk)


@dataclass(frozen=True)
class UnitLine:
    """An organisation as somebody picks it who complains of it."""

    id: int
    name: str
    place: str


def units(text: str) -> list[UnitLine]:
    """Return a few standing organisations whose names contain a text; of names that are all of the text, those first."""
    wanted = organisations.searchable(text)
    if len(wanted) < SHORTEST_SEARCH:
        return []
    rows = list(organisations.organisations(text=text).filter(effective_to=None)[:50])
    rows.sort(key=lambda row: (wanted not in (row.name, row.full_name), len(row.name)))
    places = divisions.names(row.place_code for row in rows)
    return [UnitLine(row.pk, row.name, places.get(row.place_code, "")) for row in rows[:MOST_SHOWN]]


def unit(pk: int) -> UnitLine | None:
    """Return a standing organisation by number."""
    row = Organisation.objects.filter(pk=pk, effective_to=None).first()
    return None if row is None else UnitLine(row.pk, row.name, place_name(row.place_code))


@dataclass(frozen=True)
class EarlierCase:
    """An earlier case of a caller, as the clerk may know it."""

    number: str
    title: str
    opened_at: datetime
    state: str
    firm: str


def earlier_of_phone(actor: Actor, at: datetime, written: str) -> list[EarlierCase]:
    """Return the latest cases under a telephone number that the actor may see, newest first."""
    phone = read_phone(written)
    if not phone:
        return []
    mine = Problem.objects.filter(mobile_key__in=lookup_keys(phone, "mobile"))
    return _earlier(actor, at, mine.values_list("pk", flat=True))


def of_occasion(actor: Actor, at: datetime, occasion: str) -> list[EarlierCase]:
    """Return the latest cases entered under an occasion that the actor may see."""
    if not occasion:
        return []
    return _earlier(
        actor, at, Problem.objects.filter(channel="talk", occasion=occasion).values_list("pk", flat=True)
    )


def _earlier(actor: Actor, at: datetime, pks: object) -> list[EarlierCase]:
    rows = visible(Case.objects.filter(pk__in=pks), actor, "enterprise_problems.view", at)  # type: ignore[misc]
    cases = list(rows.order_by("-opened_at", "-pk")[:MOST_SHOWN])
    seen = seen_many(cases, actor, at)
    firms_of = dict(
        Problem.objects.filter(pk__in=[case.pk for case in cases]).values_list("pk", "enterprise_name")
    )
    return [
        EarlierCase(
            case.number, case.title, case.opened_at, seen[case.pk].state_title, firms_of.get(case.pk, "")
        )
        for case in cases
    ]


# ---- the receipt -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextStep:
    """What happens next: by when (None: no day is known yet), how long, what."""

    by: datetime | None
    limit: str
    text: str
    provisional: bool = False


@dataclass(frozen=True)
class ReceiptView:
    """What a receipt says; `query_code` only while it may be shown, `mobile` masked."""

    number: str
    title: str
    words: str
    channel: str
    place: str
    place_code: str
    hub: str
    telephone: str
    whose: str
    firm: str
    linked: bool
    name: str
    mobile: str
    occasion: str
    outside: str
    opened_at: datetime
    files: tuple[str, ...]
    complained: str
    moved_up: bool
    query_code: str
    steps: tuple[NextStep, ...]


def receipt(number: str, *, key_scope: str = "", key: str = "", asked_place: str = "") -> ReceiptView:
    """Return the receipt of a case that the page was handed at intake (its session holds the form's key).

    The code is shown when the key is the one the case was made under. Raises NotFound.
    """
    row = Problem.objects.filter(case__number=number).select_related("case__lead", "case__complained").first()
    if row is None:
        raise NotFound(f"receipt of {number}")
    code = code_of_key(key_scope, key) if key else ""
    return _receipt(
        row, code if row.query_code and row.query_code == query_hash(number, code) else "", asked_place
    )


def receipt_for_staff(actor: Actor, at: datetime, number: str) -> ReceiptView:
    """Return the receipt of a case that the actor may see, without the code; raises NotFound."""
    case = find(Case.objects.filter(kind=KIND), actor, "enterprise_problems.view", at, number=number)
    return receipt(case.number)


def _receipt(row: Problem, code: str, asked_place: str) -> ReceiptView:
    case = row.case
    first = CaseEvent.objects.filter(case=case, seq=1).first()
    files = first.files.filter(public=True).select_related("file") if first else []
    telephone = UnitTelephone.objects.filter(pk=case.lead_id).values_list("number", flat=True).first()
    return ReceiptView(
        number=case.number, title=case.title, words=row.words, channel=row.get_channel_display(),
        place=place_name(case.place_code), place_code=case.place_code, hub=case.lead.name, telephone=telephone or HOTLINE,
        whose=case.lead.name if telephone else "政务服务便民热线", firm=row.enterprise_name,
        linked=case.enterprise_id is not None, name=row.contact_name, mobile=mask_phone(row.contact_mobile),
        occasion=row.occasion, outside=f"{row.source} {row.outside_number}".strip(), opened_at=case.opened_at,
        files=tuple(one.file.name for one in files), complained=case.complained.name if case.complained else "",
        moved_up=bool(asked_place) and case.complained_id is not None and hub_of(asked_place) != case.lead_id, query_code=code, steps=tuple(_steps(case)),
    )  # fmt: skip


def _steps(case: Case) -> list[NextStep]:
    """What follows, from the promised clocks: the one that runs with its day, those that follow with their length."""
    definition = of_case(case)
    running = CaseClock.objects.filter(case=case, stopped_at=None, part=None)
    steps = []
    for clock in running:
        if definition.clocks[clock.name].promised and clock.due_at is not None:
            limit = Limit(Unit(clock.unit), clock.amount + clock.extended).words()
            said = (
                "核对您反映的情况，告诉您是否受理、由哪个单位办理"
                if clock.name == "filter"
                else definition.clocks[clock.name].title
            )
            steps.append(NextStep(clock.due_at, limit, f"由{case.lead.name}{said}", clock.provisional))
    for name, said in (
        ("contact", "由承办单位联系您"),
        ("handle", "给您答复（复杂、疑难的时间更长，会先告诉您）"),
    ):
        kind = definition.clocks.get(name)
        if kind is not None and kind.promised:
            steps.append(NextStep(None, kind.limit.words(), said))
    return steps
