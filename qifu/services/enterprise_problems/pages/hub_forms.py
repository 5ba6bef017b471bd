"""The forms of the hub's desk: filters of a queue, taking up, leaving out, leading on, assigning, ruling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from qifu.services.enterprise_problems.lists import choices
from qifu.services.enterprise_problems.queries.lines import CHANNELS, DIFFICULTIES, SCOPES
from qifu.services.enterprise_problems.queries.queues import ORDERS, Desk, Filters, Queue

LEVELS = [("own", "只看本级"), ("below", "本级和下级")]
Pairs = list[tuple[str, str]]


def _with_all(pairs: Mapping[str, str]) -> Pairs:
    return [("", "全部"), *pairs.items()]


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise forms.ValidationError("含有不能识别的字符")
    return value


class QueueForm(forms.Form):
    """What a queue is narrowed by; a value that is not on the list narrows nothing and is told."""

    text = forms.CharField(label="查找", required=False, max_length=100, validators=[_no_nul])
    level = forms.ChoiceField(label="范围", required=False, choices=LEVELS)
    place = forms.ChoiceField(label="地区", required=False)
    unit = forms.CharField(label="主办单位", required=False, max_length=60, validators=[_no_nul])
    state = forms.ChoiceField(label="环节", required=False)
    board = forms.ChoiceField(label="板块", required=False)
    topic = forms.ChoiceField(label="事由", required=False)
    difficulty = forms.ChoiceField(label="难易", required=False, choices=_with_all(DIFFICULTIES))
    channel = forms.ChoiceField(label="来源渠道", required=False, choices=_with_all(CHANNELS))
    due_from = forms.DateField(
        label="期限不早于", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    due_to = forms.DateField(
        label="期限不晚于", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    sort = forms.ChoiceField(label="次序", required=False, choices=[("", "按队列"), *ORDERS.items()])

    def __init__(
        self, data: Any, *, desk: Desk, queue: Queue, places: Mapping[str, str], states: Mapping[str, str]
    ) -> None:
        super().__init__(data)
        self._choose("place", _with_all(places))
        self._choose("state", _with_all(states))
        self._choose("board", _with_all(choices("boards")))
        self._choose("topic", _with_all(choices("topics")))
        self.fields["text"].widget.attrs |= {
            "data-search": "", "placeholder": "编号、企业或诉求里的字词", "autocomplete": "off"
        }  # fmt: skip
        if not desk.has_below or not queue.levels or desk.kind == "watch":
            del self.fields["level"]
        if len(places) < 2 or desk.kind == "unit":
            del self.fields["place"]
        if desk.kind == "unit":
            del self.fields["unit"]

    def _choose(self, name: str, pairs: Pairs) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = pairs

    def filters(self) -> Filters:
        """Return what was asked and understood."""
        self.is_valid()
        known = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return Filters(**known)

    def kept(self) -> dict[str, str]:
        """Return what was asked and understood as it stands in an address."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value not in (None, "")}

    def words(self) -> str:
        """Return what was asked in words, so that a part is never taken for the whole."""
        self.is_valid()
        parts = []
        for name, value in self.cleaned_data.items():
            if value in (None, ""):
                continue
            titles = dict(getattr(self.fields[name], "choices", ()))
            parts.append(f"{self.fields[name].label}：{titles.get(value, value)}")
        return f"筛选：{'；'.join(parts)}" if parts else "未加筛选"


class AcceptForm(forms.Form):
    """Taking a request up: its classes, each decided by a person."""

    topic = forms.ChoiceField(label="事由")
    board = forms.ChoiceField(label="板块")
    scope = forms.ChoiceField(
        label="个性或共性", choices=list(SCOPES.items()), widget=forms.RadioSelect, initial="individual"
    )
    difficulty = forms.ChoiceField(label="难易", choices=list(DIFFICULTIES.items()), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("topic", "board"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "请选择"), *choices(f"{name}s").items()]


class ExcludeForm(forms.Form):
    """Leaving a request out: the reason, and the words that the firm will read."""

    reason_code = forms.ChoiceField(label="不予纳入的原因")
    explanation = forms.CharField(
        label="给企业的说明", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), validators=[_no_nul]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason_code"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "请选择"), *choices("exclusion_reasons").items()]


class ReferForm(forms.Form):
    """Leading a request to its statutory channel, with the notice that the firm will read."""

    statutory_channel = forms.ChoiceField(label="法定渠道")
    notice = forms.CharField(
        label="给企业的告知", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), validators=[_no_nul]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["statutory_channel"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "请选择"), *choices("statutory_channels").items()]


class AssignForm(forms.Form):
    """Naming the unit that answers, and whether it does so for the topic from now on."""

    lead = forms.ChoiceField(label="主办单位")
    act = forms.ChoiceField(label="方式", widget=forms.RadioSelect, initial="assign")
    words = forms.CharField(
        label="交办要求", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), validators=[_no_nul]
    )  # fmt: skip
    from_now_on = forms.BooleanField(label="确定由该单位负责本地今后的同类事项", required=False)
    basis = forms.CharField(label="依据", max_length=300, required=False, validators=[_no_nul])

    def __init__(self, *args: Any, units: Pairs, acts: Pairs, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lead, act = self.fields["lead"], self.fields["act"]
        assert isinstance(lead, forms.ChoiceField) and isinstance(act, forms.ChoiceField)
        lead.choices = [("", "请选择"), *units]
        act.choices = acts
        if len(acts) == 1:
            act.widget = forms.HiddenInput()
            act.initial = acts[0][0]
            self.fields["words"].label, self.fields["words"].required = "裁定说明", True

    def clean(self) -> dict[str, Any]:
        """A ruling for the time to come names its basis."""
        given = super().clean() or {}
        if given.get("from_now_on") and not (given.get("basis") or "").strip():
            self.add_error("basis", "请写明依据：文件、会议或本次裁定")
        return given


class RulingForm(forms.Form):
    """Who owns a topic from which day on what basis."""

    organisation = forms.ChoiceField(label="责任单位")
    effective_from = forms.DateField(label="生效日", widget=forms.DateInput(attrs={"type": "date"}))
    basis = forms.CharField(label="依据", max_length=300, validators=[_no_nul])

    def __init__(self, *args: Any, units: Pairs, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "请选择"), *units]
