"""The forms of people; what they accept is decided again by the acts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from qifu.foundation.action import Refused
from qifu.registers.people import api_tokens, contacts, delegations, queries
from qifu.registers.people.actions import NO_SUCCESSOR


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Put the reasons of a refused act at their fields, or above the form."""
    known = {field: text for field, text in refused.fields.items() if field in form.fields}
    for field, text in known.items():
        form.add_error(field, text)
    if not known:
        form.add_error(None, refused.message)


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label="登录名",
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label="口令",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ChosenPasswordForm(forms.Form):
    """A password that one chooses oneself, twice."""

    new = forms.CharField(
        label="口令",
        max_length=1000,
        strip=False,
        help_text="至少 10 个字符，不能全是数字，不能包含登录名",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一次口令",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Hold the two equal."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", "两次输入的口令不一致")
        return given


class PasswordForm(ChosenPasswordForm):
    """The present password and the new one, twice."""

    old = forms.CharField(
        label="现在的口令",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "new", "again")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].label, self.fields["again"].label = "新口令", "再输一次新口令"


class PersonForm(forms.Form):
    """A new person."""

    name = forms.CharField(label="姓名", max_length=60)
    username = forms.CharField(
        label="登录名",
        max_length=32,
        help_text="以字母开头，3 至 32 位，只用小写字母、数字、点、横线和下划线",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


def _day(label: str, required: bool = True, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=required, help_text=help_text, widget=widget, input_formats=["%Y-%m-%d"]
    )


class PostForm(forms.Form):
    """A new post."""

    role = forms.ChoiceField(label="角色")
    organisation_code = forms.ChoiceField(label="单位", required=False)
    place_code = forms.ChoiceField(label="管辖区划", help_text="包括它下面的全部区划和功能区")
    starts_on = _day("任职日")
    ends_on = _day("离任日", required=False, help_text="这一天起不再任职；长期任职留空")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "role": queries.role_choices(),
            "organisation_code": queries.organisation_choices(),
            "place_code": queries.place_choices(today),
        }
        for name, rows in choices.items():
            self.fields[name].choices = [("", "请选择"), *rows]  # type: ignore[attr-defined]


class PeopleFilter(forms.Form):
    """What the list of people shows."""

    text = forms.CharField(label="姓名或登录名", required=False, max_length=60)
    role = forms.ChoiceField(label="现任角色", required=False)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), ("active", "启用"), ("disabled", "停用")]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", "全部"), *queries.role_choices()]  # type: ignore[attr-defined]


class AuditFilter(forms.Form):
    """Which audit rows are shown."""

    act = forms.ChoiceField(label="操作", required=False)
    username = forms.CharField(label="操作者登录名", required=False, max_length=60)
    day = _day("日期", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["act"].choices = [("", "全部"), *queries.act_choices()]  # type: ignore[attr-defined]


class CodeForm(forms.Form):
    """A code of the second step."""

    code = forms.CharField(
        label="验证码",
        max_length=80,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "autofocus": True}
        ),
    )


class ContactForm(forms.Form):
    """One's own contact."""

    kind = forms.ChoiceField(label="种类", choices=list(contacts.KINDS.items()))
    value = forms.CharField(
        label="内容", max_length=100, help_text="加密保存；只用于接收工作通知和登录验证码，管理员只看到掩码"
    )


class SwitchOffForm(forms.Form):
    """The password that switching the second step off asks for."""

    password = forms.CharField(
        label="现在的口令",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class TokenForm(forms.Form):
    """A new token: for which system, for how long; the password is asked for again."""

    title = forms.CharField(
        label="给哪个系统用", max_length=60, help_text="如：12345 热线平台工单推送；一个系统一个令牌"
    )
    days = forms.TypedChoiceField(
        label="有效期", coerce=int, choices=list(api_tokens.TERMS.items()), initial=90
    )
    password = forms.CharField(
        label="现在的口令",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def _please_choose(rows: Any) -> list[tuple[Any, str]]:
    return [("", "请选择"), *rows]


class DelegationForm(forms.Form):
    """Who stands in at which post, when and why."""

    post_id = forms.TypedChoiceField(label="岗位", coerce=int)
    delegate_id = forms.TypedChoiceField(label="代理人", coerce=int, help_text="同一单位或同一区划的在岗同事")
    starts_on = _day("开始日")
    ends_on = _day("结束日", help_text="这一天起不再代理；可以随时提前结束")
    reason = forms.ChoiceField(label="原因", choices=_please_choose(delegations.REASONS.items()))

    def __init__(
        self, *args: Any, posts: list[tuple[int, str]], colleagues: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post_id"].choices = _please_choose(posts)  # type: ignore[attr-defined]
        self.fields["delegate_id"].choices = _please_choose(colleagues)  # type: ignore[attr-defined]


class EndPostForm(forms.Form):
    """When a post ends, and who goes on with what is open."""

    ends_on = _day("离任日", help_text="从这一天起不再任职；填今天则立即生效")
    successor = forms.TypedChoiceField(label="接手人", required=False, coerce=int, empty_value=None)
    no_successor = forms.ChoiceField(
        label="无人接手的原因", required=False, choices=[("", "——有人接手——"), *NO_SUCCESSOR.items()]
    )

    def __init__(self, *args: Any, work: bool, colleagues: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].choices = _please_choose(colleagues)  # type: ignore[attr-defined]
        if not work:
            del self.fields["successor"], self.fields["no_successor"]
