"""The forms of payouts: a list, objections and rulings, an account, budgets, receipts, reconciliation, clawbacks."""

from __future__ import annotations

from typing import Any

from django import forms

from qifu.foundation.action import Refused
from qifu.foundation.money import MoneyError, parse_money
from qifu.services.policies.content import BUDGET_HOW


class MoneyField(forms.CharField):
    """An amount as people write it, 元 where no unit is given; its clean value is fen."""

    def clean(self, value: Any) -> Any:
        """Return fen."""
        text = str(super().clean(value)).strip()
        try:
            return parse_money(text if not text or text[-1] in "元角分" else f"{text}元")
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from error


def _words(label: str, most: int = 1000, rows: int = 3, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}"},
    )  # fmt: skip


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请填写{label}", "invalid": f"{label}不是有效的日期"},
    )  # fmt: skip


class ListForm(forms.Form):
    """Begin a list."""

    policy = forms.ChoiceField(label="政策", help_text="本单位主管、已发布的免申即享政策")
    judged_on = _day("判断日")

    def __init__(self, *args: Any, policies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policy"].choices = policies  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """A reason."""

    reason = _words("理由")


class ObjectionForm(forms.Form):
    """An objection to one enterprise of a public list."""

    entry = forms.ChoiceField(label="对哪家企业有异议")
    words = _words("异议内容", 2000, 4)
    contact = forms.CharField(label="联系方式", required=False, max_length=200, help_text="选填，只有主管部门看得到，加密保存")  # fmt: skip

    def __init__(self, *args: Any, entries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry"].choices = [("", "请选择"), *entries]  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    """An account and the consent to be paid by it."""

    holder = forms.CharField(label="户名", max_length=200, help_text="应与企业名称一致")
    bank = forms.CharField(label="开户银行", max_length=200, help_text="写到支行")
    number = forms.CharField(label="账号", max_length=60, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}), help_text="加密保存，页面上只显示后四位")  # fmt: skip
    consent = forms.BooleanField(label="同意用这个账户接收政策资金，并提供给财政和国库支付", error_messages={"required": "请勾选同意"})  # fmt: skip


class BudgetForm(forms.Form):
    """The money of a policy in a year."""

    policy = forms.ChoiceField(label="政策")
    year = forms.IntegerField(label="预算年度", min_value=2000, max_value=2100)
    fen = MoneyField(label="预算", max_length=40, help_text="如 320万元")
    how = forms.ChoiceField(label="资金不足时", choices=list(BUDGET_HOW.items()))
    document = forms.CharField(label="预算文号", max_length=200)

    def __init__(self, *args: Any, policies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policy"].choices = policies  # type: ignore[attr-defined]


class ReceiptForm(forms.Form):
    """A file of results."""

    file = forms.FileField(label="回单文件", help_text="财政系统导出的 CSV 或 Excel，第一行为表头：支付编号、金额（元）、支付结果、支付日期、凭证号、失败原因")  # fmt: skip


class StatementForm(forms.Form):
    """What the treasury states it paid of a batch."""

    stated_count = forms.IntegerField(label="国库支付笔数", min_value=0)
    stated_fen = MoneyField(label="国库支付金额", max_length=40, help_text="如 3200.00元")


class ClawbackForm(forms.Form):
    """How much is asked back, and why."""

    fen = MoneyField(label="金额", max_length=40, help_text="如 5000元；决定不追回时填 0元")
    reason = _words("事实、理由和依据", 2000)


class RepaymentForm(forms.Form):
    """Money that came back."""

    fen = MoneyField(label="退回金额", max_length=40)
    voucher = forms.CharField(label="凭证号", max_length=60)
    received_on = _day("退回日")


class ViewForm(forms.Form):
    """The enterprise's own view."""

    words = _words("您的意见", 4000, 4)


def show(form: forms.Form, refused: Refused) -> None:
    """Put what an act refused beside the fields it names."""
    placed = False
    for name, words in refused.fields.items():
        if name in form.fields:
            form.add_error(name, words)
            placed = True
    if not placed or len(refused.fields) != 1:
        form.add_error(None, refused.message)
