"""The forms of mandates; what they accept is decided again by the acts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from qifu.foundation.channels.codes import can_send_codes
from qifu.registers.mandates import queries
from qifu.registers.people.forms import ChosenPasswordForm


class AppointmentForm(forms.Form):
    """For what, and until when, somebody may act."""

    scope = forms.MultipleChoiceField(
        label="授权事项",
        widget=forms.CheckboxSelectMultiple,
        help_text="只选需要他办的事；以后可以撤销后重新委托",
    )
    ends_on = forms.DateField(
        label="有效至",
        help_text="这一天仍然有效，次日起失效；最长 3 年",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = queries.scope_choices()  # type: ignore[attr-defined]

    def clean_ends_on(self) -> date:
        """Return the first day without the mandate: people write the last day with it."""
        last: date = self.cleaned_data["ends_on"]
        if last.year > 9000:
            raise forms.ValidationError("有效期最长 3 年，请改正年份")
        return last + timedelta(days=1)


class InvitationForm(AppointmentForm):
    """Whom to invite."""

    name = forms.CharField(label="经办人姓名", max_length=60, help_text="与其本人账号的姓名一致")
    mobile = forms.CharField(
        label="经办人手机号",
        max_length=20,
        help_text="加密保存；他新注册账号时用来接收登录验证码",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    send = forms.BooleanField(label="同时把链接用短信发给他", required=False)
    field_order = ("name", "mobile", "scope", "ends_on", "send")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can_send_codes():
            del self.fields["send"]


class JoinForm(ChosenPasswordForm):
    """A new account for whoever was invited."""

    username = forms.CharField(
        label="登录名",
        max_length=32,
        help_text="以字母开头，3 至 32 位，只用小写字母、数字、点、横线和下划线",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    field_order = ("username", "new", "again")


class RegistrationForm(forms.Form):
    """The legal representative, as the clerk sees him or her on paper."""

    name = forms.CharField(label="法定代表人姓名", max_length=60, help_text="按身份证件填写")
    document = forms.ChoiceField(label="已核验的材料", widget=forms.RadioSelect)
    known = forms.ChoiceField(
        label="账号",
        widget=forms.RadioSelect,
        choices=[("new", "新建账号，当面交给一次性口令"), ("known", "本人已有账号，用原账号")],
        initial="new",
    )
    username = forms.CharField(
        label="登录名",
        max_length=32,
        help_text="新账号由本人定：以字母开头，3 至 32 位小写字母或数字；已有账号填原登录名",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    mobile = forms.CharField(
        label="手机号",
        required=False,
        max_length=20,
        help_text="新建账号时必填，用来接收登录验证码；已有账号的只在更换手机号时填写。加密保存",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    differs = forms.BooleanField(
        label="与登记信息不一致时勾选：已核对变更登记材料，以材料为准", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].choices = queries.document_choices()  # type: ignore[attr-defined]


class LookUpForm(forms.Form):
    """Which enterprise a member of staff looks for."""

    text = forms.CharField(label="企业名称或统一社会信用代码", required=False, max_length=60)
