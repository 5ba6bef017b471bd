"""The forms of the policy library: filters, text and terms, plain words, reviews, steps of the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from qifu.services.policies.clauses import Clause, clause_name
from qifu.services.policies.competition import EXCEPTIONS, Finding
from qifu.services.policies.content import BUDGET_HOW, PERIODS, Terms
from qifu.services.policies.models import Policy, PolicyStep
from qifu.services.policies.queries.library import STATES

UNCLASSIFIED = "涉密不上网：我确认文件不涉及国家秘密、工作秘密"
ALL = [("", "全部")]
MOST_MATERIALS, LONGEST_MATERIAL = 15, 80


def _words(
    label: str, *, required: bool = True, rows: int = 3, most: int = 2000, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=most, help_text=help_text, widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}", "max_length": f"最多 {most} 字，请精简"},
    )  # fmt: skip


def _day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=required, help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请填写{label}", "invalid": f"{label}不是有效的日期"},
    )  # fmt: skip


class PolicyFilter(forms.Form):
    """What the list of policies shows."""

    text = forms.CharField(label="名称、文号或代码", required=False, max_length=100)
    place = forms.ChoiceField(label="地区", required=False)
    stage = forms.ChoiceField(label="环节", required=False, choices=[*ALL, *Policy.Stage.choices])
    delivery = forms.ChoiceField(label="兑付方式", required=False, choices=[*ALL, *Policy.Delivery.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=[*ALL, *((one, one) for one in STATES)])
    owner = forms.ChoiceField(label="主管部门", required=False)

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, found in choices.items():
            self.fields[name].choices = [*ALL, *found]  # type: ignore[attr-defined]


class PolicyForm(forms.Form):
    """A policy's text as a rule file, and its terms; `owner` only where it is new."""

    owner = forms.ChoiceField(label="主管部门")
    text = forms.CharField(
        label="政策条款（规则文件）", strip=False, max_length=200_000,
        help_text="名称、文号、条件、金额、示例都写在里面；写错的地方会逐行指出。",
        widget=forms.Textarea(attrs={"rows": 22, "class": "verbatim", "spellcheck": "false"}),
        error_messages={"required": "请写政策条款"},
    )  # fmt: skip
    delivery = forms.ChoiceField(label="兑付方式", choices=Policy.Delivery.choices)
    period = forms.ChoiceField(label="享受次数", choices=list(PERIODS.items()))
    notice_days = forms.IntegerField(
        label="公示工作日",
        min_value=0,
        max_value=60,
        error_messages={"required": "请填写公示几个工作日，不公示填 0"},
    )
    budget_how = forms.ChoiceField(label="资金不够时", choices=list(BUDGET_HOW.items()))
    accepts_declared = forms.BooleanField(label="承诺制：企业自报的数据即可兑付", required=False)
    how_to = _words("怎么领", required=False, rows=2, most=500, help_text="企业看得到，请写清步骤。")
    contact = forms.CharField(label="咨询单位和电话", required=False, max_length=100)
    materials = _words(
        "申报材料", required=False, rows=3, most=1500, help_text="申报审核的才写：一行一项，企业按项上传。平台已有的数据不要再收。"
    )  # fmt: skip
    digest = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owners: Sequence[tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["materials"] = "\n".join(self.initial.get("materials", ()))
        if owners is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].choices = list(owners)  # type: ignore[attr-defined]

    def clean_materials(self) -> tuple[str, ...]:
        """Return the titles, one for each line that says something."""
        titles = tuple(
            filter(None, (" ".join(line.split()) for line in self.cleaned_data["materials"].splitlines()))
        )
        if len(titles) > MOST_MATERIALS or any(len(one) > LONGEST_MATERIAL for one in titles):
            raise forms.ValidationError(f"最多 {MOST_MATERIALS} 项，每项最多 {LONGEST_MATERIAL} 字")
        if len(set(titles)) != len(titles):
            raise forms.ValidationError("有两项名称相同，请删去一项")
        return titles

    def terms(self) -> Terms:
        """Return the terms that were filled in."""
        given = self.cleaned_data
        return Terms(**{name: given[name] for name in Terms.__dataclass_fields__})


class PlainWordsForm(forms.Form):
    """Plain words beside each clause; fields are `clause-N`."""

    digest = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clauses: Sequence[Clause], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clauses = list(clauses)
        for index, one in enumerate(self.clauses):
            if one.id:
                self.fields[f"clause-{index}"] = forms.CharField(
                    label=f"{clause_name(one.id)}的解读", required=False, max_length=1000, initial=one.plain,
                    widget=forms.Textarea(attrs={"rows": 2}),
                )  # fmt: skip

    def rows(self) -> list[tuple[Clause, Any]]:
        """Return each clause with its bound field, headings without one."""
        return [(one, self[f"clause-{index}"] if one.id else None) for index, one in enumerate(self.clauses)]

    def words(self) -> dict[str, str]:
        """Return the plain words by leaf id; empty ones are left out."""
        given = {
            one.id: self.cleaned_data[f"clause-{i}"].strip() for i, one in enumerate(self.clauses) if one.id
        }
        return {key: words for key, words in given.items() if words}


class CompetitionForm(forms.Form):
    """A reasoned decision for each finding, and the unit's opinion as a whole."""

    digest = forms.CharField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, found: Sequence[Finding], before: dict[str, dict[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.found = list(found)
        known = {title: key for key, title in EXCEPTIONS.items()}
        for index, one in enumerate(self.found):
            was = before.get(one.key, {})
            self.fields[f"decision-{index}"] = forms.ChoiceField(
                label="怎么处理", choices=[("keep", "保留"), ("change", "改")], widget=forms.RadioSelect,
                initial=was.get("decision"), error_messages={"required": "请选择改或保留"},
            )  # fmt: skip
            self.fields[f"exception-{index}"] = forms.ChoiceField(
                label="保留所依据的情形（选保留时必填）", required=False, choices=[("", "请选择"), *EXCEPTIONS.items()],
                initial=known.get(was.get("exception", ""), ""),
            )  # fmt: skip
            self.fields[f"reason-{index}"] = _words("理由", rows=2, most=1000)
            self.fields[f"reason-{index}"].initial = was.get("reason", "")
        self.fields["opinion"] = _words("审查结论", rows=3, help_text="写明征求意见的情况和总的结论。")

    def rows(self) -> list[tuple[Finding, list[Any]]]:
        """Return each finding with the fields of its decision."""
        names = ("decision", "exception", "reason")
        return [(one, [self[f"{name}-{index}"] for name in names]) for index, one in enumerate(self.found)]

    def decisions(self) -> dict[str, dict[str, str]]:
        """Return the decisions by the finding's key."""
        return {
            one.key: {name: self.cleaned_data.get(f"{name}-{index}") or "" for name in ("decision", "exception", "reason")}
            for index, one in enumerate(self.found)
        }  # fmt: skip


class OpinionForm(forms.Form):
    """An opinion: passed or sent back, in words, with its paper."""

    passed = forms.ChoiceField(
        label="结论", widget=forms.RadioSelect, choices=[("yes", "通过"), ("no", "退回修改")],
        error_messages={"required": "请选择通过或退回修改"},
    )  # fmt: skip
    opinion = _words("意见", rows=4)
    document = forms.CharField(label="文书名称、文号", required=False, max_length=200)
    decided_on = _day("日期")
    file = forms.FileField(label="附件", required=False)
    unclassified = forms.BooleanField(label=UNCLASSIFIED, required=False)
    digest = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == "collective":
            self.fields["document"].label = "会议名称、届次"
        if kind == "filing":
            del self.fields["passed"]
            self.fields["document"].label = "备案登记号"
            self.fields["opinion"].required = False
            self.fields["opinion"].label = "备注"


class StepForm(forms.Form):
    """One step of the loop."""

    output = _words("成果", rows=4, help_text="写明做了什么、结果怎样。")
    done_on = _day("完成日")
    conclusion = forms.ChoiceField(
        label="评估结论", choices=PolicyStep.Conclusion.choices, widget=forms.RadioSelect,
        error_messages={"required": "请选择评估结论"},
    )  # fmt: skip
    next_review = _day("下次评估日", required=False, help_text="结论是停止的不填。")

    def __init__(self, *args: Any, stage: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stage != Policy.Stage.EVALUATE:
            del self.fields["conclusion"], self.fields["next_review"]


class ReasonForm(forms.Form):
    """Why a policy is withdrawn."""

    reason = _words("撤回原因", rows=3, most=500, help_text="会记入版本记录。")
