"""A request comes in, by whatever channel: kept in its own words, numbered, its clock started, its receipt given.

`take_in` is the one way in for the portal, staff and the API; the importer's `import_problems` opens many cases at
once by the same rules (`drafts`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from qifu.engines.casework.models import Case
from qifu.engines.casework.moves import new_case, opened
from qifu.engines.casework.query_codes import code_of_key, new_code, query_hash
from qifu.engines.casework.record import Standing
from qifu.engines.casework.request_keys import made_before, remember
from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.foundation.phone import HELP as PHONE_HELP
from qifu.foundation.phone import read_phone
from qifu.foundation.sealed import lookup_key
from qifu.foundation.search import normalise
from qifu.registers.divisions import queries as divisions
from qifu.registers.mandates.queries import may
from qifu.registers.organisations.hubs import hub_at, upper_place
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.attachments import Upload, attach
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.enterprise_match import recognise
from qifu.services.enterprise_problems.lists import case_type_of
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.search import index_words

MOST_WORDS = 5000
"""How many characters are taken from a person who types; imports and systems may bring more (`MOST_IMPORTED`)."""
MOST_IMPORTED = 50_000
SHOWN = "已收到您反映的问题"
STAFF_CHANNELS = ("phone", "visit", "talk", "superior")
_LONGEST = {
    "source": (60, "来源系统"), "outside_number": (80, "外部编号"), "occasion": (120, "场合"),
    "enterprise_name": (300, "企业名称"), "contact_name": (60, "联系人"), "contact_mobile": (60, "联系电话"),
}  # fmt: skip


class KeyUsed(Refused):
    """The request's key stands for a request with other content."""


@dataclass(frozen=True)
class Request:
    """What came in: `words` as they were said, kept exactly; the rest as far as known.

    `place_code`: the division where it is to be handled. `source` and `outside_number`: the other system and its own
    number, once each. `uscc` and `enterprise_name` name the firm where `enterprise_id` is not given: a known code, or
    a name that one firm alone bears, is recognised (not on the portal, where nobody has shown to be of the firm).
    `complained_id`: the organisation complained of. `note`: internal, kept with the first event; `facts` likewise.
    `key` in `key_scope`: asked again under the same key, the same case is the answer (Idempotency-Key, form token).
    """

    words: str
    place_code: str
    channel: str = "portal"
    title: str = ""
    source: str = ""
    outside_number: str = ""
    outside_at: datetime | None = None
    occasion: str = ""
    enterprise_id: int | None = None
    enterprise_name: str = ""
    contact_name: str = ""
    contact_mobile: str = ""
    complained_id: int | None = None
    reporter_id: int | None = None
    simulated: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    uscc: str = ""
    note: str = ""
    key_scope: str = ""
    key: str = ""
    files: tuple[Upload, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What the reporter is given: the case and, once only, the code to look it up with.

    `again`: the same request had come before, the case is the earlier one; `query_code` is then empty unless the
    request bore the key under which it was made.
    """

    case: Case
    query_code: str
    again: bool = False


def places_above(code: str) -> tuple[str, ...]:
    """Return the codes of the places above one, nearest first."""
    found: list[str] = []
    while (upper := upper_place(code)) is not None:
        found.append(upper)
        code = upper
    return tuple(found)


@action("enterprise_problems.report", title="反映问题", permission="enterprise_problems.report")
def report_problem(*, by: Actor, at: datetime, request: Request) -> Receipt:
    """Take in what a person reports on the portal; Refused in Chinese, by field, where something is missing.

    For a firm only by whoever holds its mandate for problems. A signed-in reporter gets a notice with the number.
    """
    if request.enterprise_id is not None and not may(by, request.enterprise_id, "problems", at):
        raise access.NotFound("enterprise_problems.report for another's enterprise")
    if not read_phone(request.contact_mobile):
        raise Refused("请填写能联系到您的电话", contact_mobile=PHONE_HELP)
    own = replace(
        request, channel=Problem.Channel.PORTAL.value, source="", outside_number="", outside_at=None, occasion="", uscc="",
        reporter_id=by.id if by.is_person else None, simulated=False, facts={}, key_scope="portal" if request.key else "",
    )  # fmt: skip
    receipt = take_in(own)
    if by.id is not None and by.is_person and not receipt.again:
        text = f"已收到您反映的问题，编号 {receipt.case.number}"
        notify([by.id], title=text, external=text, subject=receipt.case)
    return receipt


@action(
    "enterprise_problems.record", title="录入诉求", permission="enterprise_problems.intake", on="own_place"
)
def record_request(*, by: Actor, at: datetime, own_place: str, request: Request) -> Receipt:
    """Take in what staff heard by phone, at the counter or on a visit, or were told by superiors.

    `own_place` is that of the recorder's post. A request for another place is opened at that place's hub, and its
    first event says who took it in.
    """
    if request.channel not in STAFF_CHANNELS:
        raise ValueError(f"staff do not take in by {request.channel}")
    if own_place not in intake_places(by, at):
        raise access.NotFound(f"enterprise_problems.intake in {own_place}")
    if request.channel == Problem.Channel.PHONE and not read_phone(request.contact_mobile):
        raise Refused("请填写来电号码", contact_mobile=PHONE_HELP)
    if request.contact_mobile and not read_phone(request.contact_mobile):
        raise Refused("联系电话写法不对", contact_mobile=PHONE_HELP)
    if request.channel == Problem.Channel.SUPERIOR and not (request.source and request.outside_number):
        missing = "outside_number" if request.source else "source"
        raise Refused("请填写交办单位和文号（或交办编号）", **{missing: "上级交办件须写明交办单位和文号"})
    notes = [request.note]
    if request.place_code != own_place:
        names = divisions.names([own_place, request.place_code])
        notes.append(f"由{names.get(own_place, own_place)}收件，移交{names.get(request.place_code, '')}办理")
    own = replace(
        request, note="\n".join(filter(None, notes)), reporter_id=None, simulated=False,
        key_scope=f"staff:{by.id}" if request.key else "",
    )  # fmt: skip
    return take_in(own)


def intake_places(by: Actor, at: datetime) -> list[str]:
    """Return the places of the posts by which somebody takes requests in, one's own post before a colleague's."""
    roles = access.permissions()["enterprise_problems.intake"].grants
    held = [grant for grant in access.grants_of(by, at) if grant.role in roles and grant.place]
    return list(
        dict.fromkeys(grant.place for grant in sorted(held, key=lambda one: one.on_behalf_of is not None))
    )


def take_in(request: Request) -> Receipt:
    """Open the case of a request, inside an act of intake; Refused in Chinese, by field, for what cannot be taken.

    The one way in. Idempotent by `(source, outside_number)` and by `(key_scope, key)`: the same again gives the same
    case, other content under the same number or key is Refused. A complaint about a place's hub goes to the place
    above. Nobody is told here. The first clock starts now, also for what was said earlier elsewhere (`outside_at`).
    """
    check(request)
    digest = digest_of(request)
    before = _made_before(request, digest)
    if before is None:
        try:
            with transaction.atomic():
                return _open(request, digest)
        except IntegrityError:  # the same request came at the same moment and was first
            before = _made_before(request, digest)
            if before is None:
                raise
    current_act().about(before)
    return Receipt(before, _earlier_code(request, before), again=True)


def check(request: Request, *, most_words: int | None = None) -> None:
    """Raise Refused, in Chinese and by field, for a request that cannot be kept as it is."""
    typed = request.channel == Problem.Channel.PORTAL or request.channel in STAFF_CHANNELS
    most = most_words or (MOST_WORDS if typed else MOST_IMPORTED)
    if not normalise(request.words):
        raise Refused("请写明要反映的问题", words="请写明要反映的问题")
    if len(request.words) > most:
        raise Refused(
            f"最多 {most:,} 字，现有 {len(request.words):,} 字", words=f"最多 {most:,} 字，其余请作为附件上传"
        )
    for name in ("words", "title", "note", *_LONGEST):
        if not _storable(getattr(request, name)):
            raise Refused("内容里有无法保存的字符", **{name: "含有无法保存的字符，请删除后重新填写"})
    for name, (longest, title) in _LONGEST.items():
        if len(getattr(request, name)) > longest:
            raise Refused(f"{title}最多 {longest} 字", **{name: f"最多 {longest} 字"})
    if (
        request.complained_id is not None
        and not Organisation.objects.filter(pk=request.complained_id).exists()
    ):
        raise Refused("没有这个被反映单位", complained_id="请重新选择单位")
    if divisions.division(request.place_code) is None:
        raise Refused("请选择问题发生在哪里", place_code="请从列表中选择县（市、区）")
    if request.channel not in Problem.Channel.values:
        raise Refused("没有这个来源渠道", channel=f"可用：{'、'.join(Problem.Channel.values)}")
    if bool(request.outside_number) and not request.source:
        raise Refused("有外部编号的须写明来源系统", source="请写明编号是哪个系统的")


def _storable(text: str) -> bool:
    """PostgreSQL keeps no NUL, and no database lone surrogates."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def route(place_code: str, complained_id: int | None) -> tuple[str, int]:
    """Return the place and its hub (an organisation) that a request goes to: never the one complained of, but the place above.

    A place without a hub of its own (a functional area) is served by the place above it. Refused where every hub up to
    the province is complained of.
    """
    place, lead = hub_at(place_code)
    while lead == complained_id:
        upper = upper_place(place)
        if upper is None:
            said = "反映的是省级受理机构本身，本平台不能交它自己办理；请向纪检监察机关（12388）或信访部门反映"
            raise Refused(said, complained_id=said)
        place, lead = hub_at(upper)
    return place, lead


def title_of(request: Request) -> str:
    """Return the title of a request: its own, else the beginning of its first line."""
    return " ".join(request.title.split())[:200] or request.words.strip().splitlines()[0].strip()[:60]


def digest_of(request: Request) -> str:
    """Return a digest of what a request says, for telling the same one from another under the same key."""
    said = (
        request.words, request.place_code, request.channel, request.title, request.source, request.outside_number,
        request.enterprise_id, request.enterprise_name, request.uscc, request.contact_name,
        read_phone(request.contact_mobile) or request.contact_mobile, request.complained_id, [one.name for one in request.files],
    )  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


def problem_row(request: Request, case: Case, *, enterprise_name: str, query_code: str = "") -> Problem:
    """Return the row beside a case, not yet saved: the words exactly, the contact sealed, the text that is searched."""
    phone = read_phone(request.contact_mobile)
    text = f"{case.number} {case.title} {enterprise_name} {request.words} {request.outside_number}"
    return Problem(
        case=case, channel=request.channel, source=request.source, outside_number=request.outside_number,
        outside_at=request.outside_at, occasion=request.occasion, words=request.words, search_text=normalise(text),
        enterprise_name=enterprise_name, contact_name=request.contact_name,
        contact_mobile=phone or request.contact_mobile, mobile_key=lookup_key(phone, "mobile") if phone else "",
        query_code=query_hash(case.number, query_code) if query_code else "", simulated=request.simulated,
    )  # fmt: skip


def first_facts(request: Request) -> Mapping[str, Any]:
    """Return what the first event keeps of a request beside its words: nothing personal."""
    own = {
        name: value
        for name, value in (("source", request.source), ("outside_number", request.outside_number))
        if value
    }
    return {**request.facts, **own}


def first_standing(request: Request) -> Standing:
    """Return in which role a request was opened: the reporter's own, or the hub's staff for them."""
    return Standing("hub" if request.channel in STAFF_CHANNELS else "reporter")


def _open(request: Request, digest: str) -> Receipt:
    firm = recognise(request) if request.enterprise_id is None else None
    place, lead = route(request.place_code, request.complained_id)
    case = new_case(
        kind=KIND, type_key=case_type_of(place, places_above(place)), place_code=place, title=title_of(request),
        lead_id=lead, enterprise_id=firm.pk if firm else request.enterprise_id, reporter_id=request.reporter_id,
        complained_id=request.complained_id,
    )  # fmt: skip
    name = request.enterprise_name
    if not name and case.enterprise_id is not None and case.enterprise is not None:
        name = case.enterprise.name
    code = _new_code(request)
    row = problem_row(request, case, enterprise_name=name, query_code=code)
    row.save(force_insert=True)
    index_words([(case.pk, row.search_text)])
    if request.key:
        remember(request.key_scope, request.key, digest, case)
    current_act().about(case)
    event = opened(
        case,
        who=first_standing(request),
        shown=SHOWN,
        text=request.note,
        facts=first_facts(request),
    )
    attach(event, request.files)
    return Receipt(case, code)


def _new_code(request: Request) -> str:
    """A code that follows from the form's secret key, so that a form sent twice is answered alike; else a random one."""
    return code_of_key(request.key_scope, request.key) if request.key else new_code()


def _earlier_code(request: Request, case: Case) -> str:
    if not request.key:
        return ""
    code = code_of_key(request.key_scope, request.key)
    kept = Problem.objects.filter(pk=case.pk).values_list("query_code", flat=True).first()
    return code if kept == query_hash(case.number, code) else ""


def _made_before(request: Request, digest: str) -> Case | None:
    if request.key:
        try:
            found = made_before(request.key_scope, request.key, digest)
        except Refused as refused:
            raise KeyUsed(refused.message) from refused
        if found is not None:
            return found
    if not request.outside_number:
        return None
    row = (
        Problem.objects.filter(source=request.source, outside_number=request.outside_number)
        .select_related("case")
        .first()
    )
    if row is None:
        return None
    if row.words != request.words:
        raise Refused(
            f"{request.source}的编号 {request.outside_number} 已经收到（本平台编号 {row.case.number}），但内容不同；原文不覆盖",
            outside_number="这个编号已收到过，内容不同；另一件事请用另一个编号",
        )
    return row.case
