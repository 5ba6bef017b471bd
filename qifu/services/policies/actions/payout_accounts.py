"""The account of an enterprise: given once with consent; changed by its legal representative, or by two of its people."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from qifu.foundation.access import Actor, grants_of
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.scopes import LEGAL_REPRESENTATIVE
from qifu.services.policies.models import PayAccount, PayoutEntry
from qifu.services.policies.payout_steps import people_of_firms

State = PayAccount.State
MOVING = ("confirmed", "approved", "checked", "financed")
"""Entries whose payment is not on its way yet: they follow a changed account."""


@action("policies.give_account", title="登记收款账户", permission="policies.confirm_payout", on="enterprise")
def give_account(
    *, enterprise: Enterprise, holder: str, bank: str, number: str, consent: bool, by: Actor, at: datetime
) -> PayAccount:
    """Register the account, or propose a change: the legal representative's counts at once, a handler's once another agrees."""
    locked = Enterprise.objects.select_for_update(of=("self",)).get(pk=enterprise.pk)
    digits = _checked(locked, holder, bank, number, consent)
    current = PayAccount.objects.filter(enterprise=locked, state=State.CURRENT).first()
    if current is not None and (current.number, current.bank, current.holder) == (
        digits,
        bank.strip(),
        holder.strip(),
    ):
        return current
    moment = current_act().moment
    made = PayAccount(
        enterprise=locked, holder=holder.strip(), bank=bank.strip(), number=digits, tail=digits[-4:],
        state=State.PROPOSED, given_at=moment, given_by=by.id,
    )  # fmt: skip
    PayAccount.objects.filter(enterprise=locked, state=State.PROPOSED).update(
        state=State.REFUSED, ended_at=moment
    )
    current_act().about(locked)
    if current is None or _represents(by, locked.pk, at):
        return _use(made, current, by, moment)
    made.save()
    others = [one for one in people_of_firms([locked.pk], at).get(locked.pk, []) if one != by.id]
    notify(others, title="收款账户有变更，请另一位经办人或法定代表人确认", link=f"/payouts/{locked.pk}/", kind="to_do", subject=made)  # fmt: skip
    return made


@action(
    "policies.answer_account", title="答复收款账户变更", permission="policies.confirm_payout", on="account"
)
def answer_account(*, account: PayAccount, agreed: bool, by: Actor, at: datetime) -> PayAccount:
    """Agree to a proposed account, or not; never the one who proposed it."""
    Enterprise.objects.select_for_update(of=("self",)).get(pk=account.enterprise_id)
    account = PayAccount.objects.get(pk=account.pk)
    moment = current_act().moment
    current_act().about(account.enterprise)
    if account.state != State.PROPOSED:
        raise Refused("这项变更已经处理过了")
    if not agreed:
        account.state, account.ended_at = State.REFUSED, moment
        account.save()
        return account
    if by.id is None or by.id == account.given_by:
        raise Refused("账户变更要由另一位经办人或法定代表人确认，不能由提交人自己确认")
    current = PayAccount.objects.filter(enterprise_id=account.enterprise_id, state=State.CURRENT).first()
    return _use(account, current, by, moment)


def _use(account: PayAccount, current: PayAccount | None, by: Actor, moment: datetime) -> PayAccount:
    if current is not None:
        current.state, current.ended_at = State.PAST, moment
        current.save()
    account.state, account.agreed_at, account.agreed_by = State.CURRENT, moment, by.id
    account.save()
    PayoutEntry.objects.filter(enterprise_id=account.enterprise_id, state__in=MOVING).update(account=account)
    return account


def _represents(by: Actor, enterprise: int, at: datetime) -> bool:
    return any(
        one.role == LEGAL_REPRESENTATIVE and one.enterprise_id == enterprise for one in grants_of(by, at)
    )


def _checked(enterprise: Enterprise, holder: str, bank: str, number: str, consent: bool) -> str:
    """Return the digits of the account; raises Refused naming every field that is wrong."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number))
    faults = {}
    if not re.fullmatch(r"[0-9]{8,30}", digits):
        faults["number"] = "账号应为 8 到 30 位数字"
    if not 2 <= len(bank.strip()) <= 200:
        faults["bank"] = "请写开户银行全称，到支行"
    own = enterprise.kind != Enterprise.Kind.INDIVIDUAL_BUSINESS
    if not holder.strip() or (own and holder.strip() != enterprise.name):
        faults["holder"] = f"户名应与企业名称一致：{enterprise.name}"
    if not consent:
        faults["consent"] = "请勾选同意，才能用这个账户收款"
    if faults:
        raise Refused("收款账户没有登记，请更正后再提交", **faults)
    return digits
