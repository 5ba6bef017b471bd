"""Applications and questions come in, and every step that is done on them by the unit, the firm, or whoever holds the query code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.db import IntegrityError
from django.utils import timezone

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseEvent, CaseFile
from qifu.engines.casework.moves import move, new_case, opened
from qifu.engines.casework.query_codes import (
    code_of_key,
    count_attempt,
    forgive_attempt,
    new_code,
    proof_fits,
    query_hash,
)
from qifu.engines.casework.record import Standing, standing
from qifu.engines.casework.request_keys import made_before, once
from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files.storage import store
from qifu.foundation.notices import notify
from qifu.foundation.phone import HELP as PHONE_HELP
from qifu.foundation.phone import read_phone
from qifu.foundation.sealed import Unreadable
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.queries import may
from qifu.registers.organisations.hubs import hub_of
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.actions.payout import period_of
from qifu.services.policies.case_binding import KIND, TYPES, officers_of
from qifu.services.policies.library import Live, policy_library
from qifu.services.policies.listing import frozen_facts
from qifu.services.policies.models import Policy, PolicyRequest
from qifu.services.policies.queries import own as own_policies
from qifu.services.policies.queries import requests_own as own

REPORTER = Standing("reporter")
FOLLOW = "policies.follow_requests"
OWN_ACTS = ("supply", "withdraw", "ask_again")
MOST_WORDS, MOST_FILES, LARGEST_FILE = 2000, 20, 20 << 20
KINDS = frozenset({"png", "jpg", "pdf", "docx", "doc", "wps", "ofd", "xlsx"})
FILES_HELP = f"PDF、图片、Word、Excel 文件，每个不超过 {LARGEST_FILE >> 20} MB"
WRONG = "编号或查询码不正确，请核对后重试"
UNCLASSIFIED = "涉密不上网：请确认材料不涉及国家秘密、工作秘密"


@dataclass(frozen=True)
class Upload:
    """A file as it was sent; `material` is which of the materials asked for it is, counted from 1, 0 for a further one."""

    name: str
    content: BinaryIO
    material: int = 0


@dataclass(frozen=True)
class Contact:
    """Whom to reach, in clear."""

    name: str = ""
    mobile: str = ""


@dataclass(frozen=True)
class Receipt:
    """What whoever sent it is given: the case; a visitor also, once, the code to look it up with. `again`: it had come before."""

    case: Case
    query_code: str = ""
    again: bool = False


class KeyUsed(Refused):
    """The form's key stands for something sent before, with other content."""


# ---- coming in -------------------------------------------------------------------------------------------------------


@action("policies.apply", title="申报政策", permission="policies.apply", on="enterprise")
def apply(
    *, enterprise: Enterprise, code: str, words: str, contact: Contact, files: Sequence[Upload], unclassified: bool, by: Actor,
    at: datetime, key: str = "",
) -> Receipt:  # fmt: skip
    """Open an application of an enterprise for a policy in force: what is known of it, the verdict and its gap are frozen.

    Once for each key, and one active for each policy, enterprise and period. Raises NotFound for a policy that is not in
    force; Refused, by field, for what is missing, another way of delivery, a window that is closed.
    """
    today = timezone.localdate(current_act().moment)
    live = policy_library(today).live.get(code)
    if live is None:
        raise NotFound(f"policy {code}")
    said, mobile = _words(words, "请写明申报的理由和项目情况"), _mobile(contact.mobile)
    digest = _digest(code, enterprise.pk, said, contact, [(one.material, one.name) for one in files])

    def make() -> Case:
        policy = _open_to_apply(live, today)
        period = period_of(live.content.terms.period, today)
        mine = PolicyRequest.objects.filter(
            kind="application", policy=policy, enterprise=enterprise, period=period, active=True
        )
        before = mine.select_related("case").first()
        if before is not None:
            raise Refused(f"本期已经申报过这项政策，编号 {before.case.number}，请在“申报与咨询”里看进展")
        _see_materials(live, files, unclassified)
        case = new_case(
            kind=KIND, type_key=TYPES["application"], place_code=live.place_code or enterprise.division_code, title=f"申报：{live.rule.title}",
            lead_id=policy.owner_id or 0, enterprise_id=enterprise.pk, reporter_id=by.id,
        )  # fmt: skip
        PolicyRequest(
            case=case, kind="application", policy=policy, enterprise=enterprise, period=period, words=said,
            contact_name=contact.name.strip()[:60], contact_mobile=mobile, **_frozen(live, enterprise, by, at),
        ).save(force_insert=True)  # fmt: skip
        event = opened(case, who=REPORTER, shown="已收到您的申报")
        keep_files(event, files)
        return case

    try:
        case, made = _once(f"policies:{by.id}", key, digest, make)
    except IntegrityError:  # another of the same enterprise was first
        raise Refused("本期已经申报过这项政策，请在“申报与咨询”里看进展") from None
    current_act().about(case)
    return Receipt(case, again=not made)


def _open_to_apply(live: Live, today: Any) -> Policy:
    """Return the policy of a live one that may be applied for today; raises Refused."""
    why = own.closed_because(live, today)
    if why:
        raise Refused(why)
    policy = Policy.objects.get(pk=live.policy_id)
    if policy.owner_id is None:
        raise Refused("这项政策的主管部门不在本平台受理申报，请按政策文件写明的途径申报")
    return policy


def _see_materials(live: Live, files: Sequence[Upload], unclassified: bool) -> None:
    given = {one.material for one in files}
    lacks = {
        f"material_{n}": f"请上传“{title}”"
        for n, title in enumerate(live.content.terms.materials, 1)
        if n not in given
    }
    if lacks:
        raise Refused("材料不齐：" + "；".join(lacks.values()), **lacks)
    if files and not unclassified:
        raise Refused(UNCLASSIFIED, unclassified="请确认后再提交")


def _frozen(live: Live, enterprise: Enterprise, by: Actor, at: datetime) -> dict[str, Any]:
    """Return what is known of the enterprise now and where it stands with the policy, as the request keeps it."""
    today = timezone.localdate(current_act().moment)
    shown = own_policies.own_policy(own_policies.own(enterprise, today), live.code, by, at)
    lines = [
        {
            "text": line.said.text, "colour": line.state[0], "word": line.state[1], "has": "" if line.said.is_group else line.said.known,
            "lacks": line.said.lacks, "source": line.said.source,
        }
        for line in shown.lines
        if isinstance(line, own_policies.SaidLine)
    ]  # fmt: skip
    return {
        "revision_id": live.revision_id, "judged_on": today, "verdict": shown.row.group, "amount_fen": shown.row.amount_fen or None,
        "said": {
            "why": shown.why, "clause": shown.row.clause, "declared": shown.standing.declared, "lines": lines,
            "money": live.bound.amount is not None,
        },
        "facts": frozen_facts(live, enterprise, today), "materials": list(live.content.terms.materials),
    }  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked: about a policy (by code) or in general; `place_code` is asked where the policy is the nation's or none."""

    words: str
    code: str = ""
    place_code: str = ""
    enterprise_id: int | None = None
    contact: Contact = Contact()
    simulated: bool = False


@action("policies.ask", title="咨询政策", permission="policies.ask")
def ask(*, question: Question, by: Actor, at: datetime, key: str = "") -> Receipt:
    """Open a question, of a person, of an enterprise by its people, or of a visitor, who is given a query code.

    It goes to the unit in charge of the policy, else to the hub of the place. Once for each key. Raises NotFound for an unknown
    policy or another's enterprise; Refused, by field.
    """
    if question.enterprise_id is not None and not may(by, question.enterprise_id, "policies", at):
        raise NotFound("policies.ask for another's enterprise")
    said, mobile = _words(question.words, "请写明要问什么"), _mobile(question.contact.mobile)
    policy = None
    if question.code:
        policy = Policy.objects.filter(code=question.code, published_number__isnull=False).first()
        if policy is None:
            raise NotFound(f"policy {question.code}")
    place = (policy.place_code if policy else "") or question.place_code
    if divisions.division(place) is None:
        raise Refused("请选择企业所在的县（市、区）", place="请从列表中选择县（市、区）")
    scope = f"policies:{by.id or 'visitor'}"
    code = "" if by.is_person else (code_of_key(scope, key) if key else new_code())

    def make() -> Case:
        case = new_case(
            kind=KIND, type_key=TYPES["question"], place_code=place, title=f"咨询：{said.splitlines()[0][:60]}",
            lead_id=(policy.owner_id if policy else None) or hub_of(place), enterprise_id=question.enterprise_id,
            reporter_id=by.id if by.is_person else None,
        )  # fmt: skip
        PolicyRequest(
            case=case, kind="question", policy=policy, enterprise_id=question.enterprise_id, words=said,
            contact_name=question.contact.name.strip()[:60], contact_mobile=mobile, simulated=question.simulated,
            query_code=query_hash(case.number, code) if code else "",
        ).save(force_insert=True)  # fmt: skip
        opened(case, who=REPORTER, shown="已收到您的咨询")
        return case

    digest = _digest(question.code, question.enterprise_id, said, question.contact, [place])
    case, made = _once(scope, key, digest, make)
    current_act().about(case)
    if made and by.is_person and by.id is not None:
        text = f"已收到您的政策咨询，编号 {case.number}"
        notify([by.id], title=text, external=text, subject=case)
    return Receipt(case, code, again=not made)


def _once(scope: str, key: str, digest: str, make: Callable[[], Case]) -> tuple[Case, bool]:
    """Return the case made under a key and whether it was made now; raises KeyUsed for other content under it."""
    try:
        made_before(scope, key, digest)
    except Refused as refused:
        raise KeyUsed("刚才已经提交过一次，前一次的内容不变。如要另提一件，请再点一次提交") from refused
    return once(scope if key else "", key, digest, make)


def _words(text: str, missing: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    if not said:
        raise Refused(missing, words=missing)
    if len(said) > MOST_WORDS:
        raise Refused(f"最多 {MOST_WORDS} 字", words=f"最多 {MOST_WORDS} 字，现有 {len(said)} 字")
    if "\0" in said or any("\ud800" <= one <= "\udfff" for one in said):
        raise Refused("内容里有无法保存的字符", words="含有无法保存的字符，请删除后重新填写")
    return said


def _mobile(written: str) -> str:
    found = read_phone(written)
    if written.strip() and not found:
        raise Refused("联系电话写法不对", contact_mobile=PHONE_HELP)
    return found


def _digest(*said: Any) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


def keep_files(event: CaseEvent, files: Sequence[Upload]) -> None:
    """Keep what the firm sent with an event, for both sides to open; Refused names the file and the reason."""
    if len(files) > MOST_FILES:
        raise Refused(f"最多 {MOST_FILES} 个文件", files=f"最多 {MOST_FILES} 个，请去掉几个再提交")
    for one in files:
        try:
            stored = store(
                one.content, name=one.name, place_code=event.case.place_code, allowed=KINDS, refuse_encrypted=True, limit=LARGEST_FILE
            )  # fmt: skip
        except Refused as refused:
            words = f"“{one.name[:60]}”：{refused.message}"
            raise Refused(
                words, **{f"material_{one.material}" if one.material else "files": words}
            ) from refused
        purpose = own.material_purpose(one.material)
        CaseFile.objects.create(event=event, file=stored, purpose=purpose, public=True)


# ---- what the firm does ----------------------------------------------------------------------------------------------


@action("policies.act_on_own_request", title="补正、撤回、追问", permission=FOLLOW)
def act_on_own(
    *, case: Case, act: str, by: Actor, at: datetime, explanation: str = "", files: Sequence[Upload] = (), unclassified: bool = False,
    proof: str = "",
) -> CaseEvent:  # fmt: skip
    """Supply what was asked for, withdraw, or ask once more, on an own request; NotFound for any other."""
    row = own.own_case(by, at, case.number, proof)
    if act not in OWN_ACTS:
        raise NotFound(act)
    said = explanation.strip()
    if len(said) > MOST_WORDS:
        raise Refused(f"最多 {MOST_WORDS} 字", explanation=f"最多 {MOST_WORDS} 字")
    if files and not unclassified:
        raise Refused(UNCLASSIFIED, unclassified="请确认后再提交")
    event = move(row, act, form={"explanation": said} if said else {}, who=REPORTER)
    if files:
        keep_files(event, files)
    return event


def look_up(*, by: Actor, at: datetime, number: str, code: str, source: str) -> tuple[str, str]:
    """Return (number, proof) of a request by its query code; Refused in the same words for an unknown number and a wrong code.

    Counted as failed before it is checked, in an act that commits; `source` is the address asked from.
    """
    wanted, digits = "".join(number.split())[:24], "".join(code.split())[:16]
    if count_look_up(by=by, at=at, number=wanted, source=source):
        raise Refused("输错次数过多，请一小时后再试")
    proof = query_hash(wanted, digits)
    row = PolicyRequest.objects.filter(case__number=wanted).only("query_code").first()
    if not proof_fits(row.query_code if row else "", proof):
        raise Refused(WRONG)
    open_by_code(by=by, at=at, number=wanted, source=source)
    return wanted, proof


@action("policies.count_look_up", title="查询码尝试", permission=FOLLOW)
def count_look_up(*, by: Actor, at: datetime, number: str, source: str) -> bool:
    """Count an attempt; tell whether it is barred."""
    barred = count_attempt(number, source, at)
    current_act().note(barred=barred)
    return barred


@action("policies.open_by_code", title="凭查询码查看", permission=FOLLOW)
def open_by_code(*, by: Actor, at: datetime, number: str, source: str) -> None:
    """Take the count of a right attempt away, and keep that the request was opened by its code."""
    current_act().about(Case.objects.get(number=number))
    forgive_attempt(number, source)


# ---- what the unit does ----------------------------------------------------------------------------------------------


@action("policies.move_request", title="办理申报与咨询", permission="policies.handle_requests")
def move_request(
    *, case: Case, transition: str, by: Actor, at: datetime, form: Mapping[str, Any] | None = None, text: str = "",
    expected_version: int | None = None,
) -> CaseEvent:  # fmt: skip
    """Do one step of the unit in charge; who may do it is asked by the engine, under the row lock. Raises Refused, NotFound."""
    row = Case.objects.get(pk=case.pk)
    step = of_case(row).transitions.get(transition)
    if row.kind != KIND or step is None or "lead" not in step.roles:
        raise NotFound(transition)
    standing(row, ["lead"])
    given = dict(form or {})
    if "lead" in step.form:
        _see_unit(row, given, at)
    return move(row, transition, form=given, text=text, expected_version=expected_version)


def _see_unit(row: Case, given: Mapping[str, Any], at: datetime) -> None:
    chosen = str(given.get("lead", ""))
    wanted = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
    if wanted == row.lead_id:
        raise Refused("这件现在就由本单位答复", lead="请选择其他单位")
    unit = Organisation.objects.filter(pk=wanted).first()
    if unit is None or not officers_of(wanted, at):
        raise Refused("这个单位在本平台没有办理人员，转过去没有人看", lead="请选择其他单位")


@action(
    "policies.see_request_contact",
    title="查看申报、咨询的联系方式",
    permission="policies.handle_requests",
    on="case",
)
def reveal_contact(*, case: Case, by: Actor, at: datetime) -> Contact:
    """Return the contact in clear to the unit that handles the request; who looked stays in the audit trail.

    Legal basis: 个人信息保护法 第六条, 第五十一条.
    """
    standing(case, ["lead"])
    row = PolicyRequest.objects.get(pk=case.pk)
    for sealed in (row.contact_name, row.contact_mobile):
        if isinstance(sealed, Unreadable):
            raise Refused(str(sealed))
    current_act().about(case)
    return Contact(row.contact_name, row.contact_mobile)
