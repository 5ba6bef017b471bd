"""The forms on the page of a case: made from the case type for transitions, written here for the engine's verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from qifu.engines.casework.case_type import Effect, FieldType, Transition
from qifu.engines.casework.clocks import Limit
from qifu.engines.casework.forms import choices_of
from qifu.foundation.files.form_fields import ManyFilesField
from qifu.services.enterprise_problems.guards import ANSWERS
from qifu.services.enterprise_problems.queries import form_choices
from qifu.services.enterprise_problems.queries.case_page import CasePage
from qifu.services.enterprise_problems.queries.offers import Offer

LONG, SHORT, REASON = 5000, 500, 500
RADIOS = 6
"""Up to so many choices are shown side by side."""
PROMISES = 3
NO_FILES = ("take", "pass", "divide", "assign", "transfer", "rule", "classify", "accept", "unassign", "unaccept", "exclude", "refer")  # fmt: skip
PUBLICITY = [("not_public", "不予公开"), ("on_request", "依申请公开"), ("public", "主动公开")]
UNCLASSIFIED = "涉密不上网：我确认文件不涉及国家秘密、工作秘密"
PREFILLED = {
    "board": "按原文用词预填，请核对",
    "topic": "按原文用词预填，请核对",
    "lead": "按责任清单预填，请核对",
}
Fields = dict[str, forms.Field]


def _long(
    title: str, *, required: bool, help_text: str = "", most: int = LONG, rows: int = 4
) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "data-counter": str(most)})
    return forms.CharField(
        label=title, required=required, max_length=most, help_text=help_text, widget=widget,
        error_messages={"required": f"请填写{title}", "max_length": f"最多 {most} 字，请精简"},
    )  # fmt: skip


def _day(title: str, *, required: bool, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=title, required=required, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请填写{title}", "invalid": f"{title}不是有效的日期"},
    )  # fmt: skip


def _choice(
    title: str, choices: Iterable[tuple[str, str]], *, required: bool, help_text: str = ""
) -> forms.ChoiceField:
    options = list(choices)
    radios = len(options) <= RADIOS
    made = forms.ChoiceField(
        label=title, required=required, help_text=help_text,
        choices=options if radios else [("", "请选择"), *options],
        error_messages={"required": f"请选择{title}", "invalid_choice": f"请从列出的选项中选择{title}"},
    )  # fmt: skip
    if radios:
        made.widget = forms.RadioSelect(choices=options)
    return made


def _unit(title: str, groups: list[Any], *, required: bool, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=title, required=required, help_text=help_text, choices=[("", "请选择单位"), *groups],
        widget=forms.Select(attrs={"data-narrow": "输入单位名称中的字，缩小范围"}),
        error_messages={"required": f"请选择{title}", "invalid_choice": f"请从列表中选择{title}"},
    )  # fmt: skip


def _of_kind(asked: FieldType, page: CasePage, *, required: bool) -> forms.Field:
    """Return the form's field for a field of the case type."""
    choices = choices_of(page.case, page.definition, asked.name)
    if choices:
        return _choice(asked.title, choices.items(), required=required, help_text=asked.help)
    if asked.kind == "organisation":
        above = asked.name != "lead"
        return _unit(asked.title, form_choices.units_for(page.case, above=above), required=required, help_text=asked.help)  # fmt: skip
    if asked.kind == "person":
        return _choice(asked.title, form_choices.colleagues(page.case, page.at), required=required, help_text=asked.help or "本单位现任工作人员")  # fmt: skip
    if asked.kind == "long_text":
        return _long(
            asked.title, required=required, help_text=asked.help, rows=8 if asked.name == "reply" else 4
        )
    if asked.kind == "day":
        return _day(asked.title, required=required, help_text=asked.help)
    if asked.kind == "flag":
        return forms.BooleanField(label=asked.title, required=False, help_text=asked.help)
    if asked.kind == "number":
        return forms.IntegerField(label=asked.title, required=required, help_text=asked.help)
    return forms.CharField(
        label=asked.title, required=required, help_text=asked.help, max_length=SHORT,
        error_messages={"required": f"请填写{asked.title}"},
    )  # fmt: skip


def _of_transition(step: Transition, page: CasePage) -> Fields:
    fields: Fields = {}
    for name in step.form:
        field = _of_kind(page.definition.fields[name], page, required=name in step.needed)
        field.initial = form_choices.known(page.case, page.problem, name, page.today)
        if field.initial and name in PREFILLED and not getattr(page.problem, name, ""):
            field.help_text = PREFILLED[name]
        fields[name] = field
    if step.effect is Effect.CLOSE and len(step.results) > 1:
        results = [(name, page.definition.results[name]) for name in step.results]
        fields["result"] = _choice("办理结果", results, required=True, help_text="应与签发的答复一致")
        fields["result"].initial = page.problem.drafted_result
    if ANSWERS in step.guards:
        fields |= _promises()
        fields["confirmed"] = _long("检查提示的说明", required=False, most=REASON, rows=2, help_text="只在系统提示后仍要按此答复时填写，留在内部记录里")  # fmt: skip
    note = not step.form and step.to is None and not step.shown
    fields["text"] = _long("内部记录" if note else "内部说明", required=note, rows=4 if note else 2, help_text="只在内部流转中可见，企业看不到")  # fmt: skip
    if step.name not in NO_FILES:
        fields |= _files(gives=gives_files(step, page))
    return fields


def gives_files(step: Transition, page: CasePage) -> bool:
    """Tell whether files of a transition may be given to the firm: where the firm reads a text written in its form."""
    written = [name for name in step.form if page.definition.fields[name].kind == "long_text"]
    return ANSWERS in step.guards or any("{" + name + "}" in step.shown for name in written)


def _promises() -> Fields:
    fields: Fields = {}
    for n in range(1, PROMISES + 1):
        help_text = "答复发出后生效，到期跟踪，企业看得到" if n == 1 else ""
        fields[f"promise_{n}"] = forms.CharField(label=f"承诺 {n}：做什么", required=False, max_length=SHORT, help_text=help_text)  # fmt: skip
        fields[f"promise_due_{n}"] = _day(f"承诺 {n}：哪天前完成", required=False)
    return fields


def _files(*, gives: bool = False, required: bool = False, title: str = "附件") -> Fields:
    fields: Fields = {
        "files": ManyFilesField(
            label=title, required=required, help_text="可选多个；默认只有办理人员能看到，每次打开都有记录", error_messages={"required": "请上传文件"},
        ),
        "unclassified": forms.BooleanField(label=UNCLASSIFIED, required=False),
        "publicity": forms.ChoiceField(label="公开属性", choices=PUBLICITY, initial="not_public", required=False),
    }  # fmt: skip
    if gives:
        fields["give"] = forms.BooleanField(label="附件随这份内容提供给企业", required=False)
    return fields


def _ask_part(page: CasePage, item: int | None) -> Fields:
    groups = form_choices.units_for(page.case, above=True, without=page.case.lead_id)
    return {
        "kind": _choice("方式", form_choices.PART_KINDS, required=True, help_text="协办有自己的时限，未回复不能拟答复；征求意见只请提出意见"),
        "organisation": _unit("单位", groups, required=True),
        "request": _long("请对方做什么", required=True, most=2000),
    }  # fmt: skip


def _ask_extension(page: CasePage, item: int | None) -> Fields:
    verbs = page.definition.verbs
    most = verbs.extension_most
    clocks = _clocks(page, verbs.extension_clocks)
    return {
        "clock": _choice("时限", clocks, required=True),
        "amount": forms.IntegerField(
            label=f"延长多少（{Limit(most.unit, 1).words()[1:] if most else '个工作日'}）", min_value=1,
            max_value=most.amount if most else None,
            help_text=f"每个时限最多延 {verbs.extension_times} 次，每次最多{most.words() if most else ''}",
            error_messages={"required": "请填写延长多少", "max_value": "超过规定的上限", "min_value": "至少延长 1"},
        ),
        "text": _long("理由", required=True, most=REASON),
        **_files(title="佐证材料"),
    }  # fmt: skip


def _ask_pause(page: CasePage, item: int | None) -> Fields:
    verbs = page.definition.verbs
    grounds = [
        (
            name,
            one.title + ("（须企业同意）" if one.consent else "") + ("（须附佐证）" if one.evidence else ""),
        )
        for name, one in verbs.pause_reasons.items()
    ]
    return {
        "clock": _choice("时限", _clocks(page, verbs.pause_clocks), required=True),
        "reason": _choice("事由", grounds, required=True),
        "text": _long("说明", required=True, most=REASON, help_text="须企业同意的，这段说明会给企业看"),
        "until_on": _day("最迟恢复日", required=False, help_text=f"不填则为 {verbs.pause_most} 日后；到期自动恢复"),
        **_files(title="佐证材料"),
    }  # fmt: skip


def _clocks(page: CasePage, names: Iterable[str]) -> list[tuple[str, str]]:
    running = {one.name for one in page.clocks if one.stopped_at is None}
    return [(name, page.definition.clocks[name].title) for name in names if name in running]


def _decide(page: CasePage, item: int | None) -> Fields:
    return {
        "approve": _choice("决定", [("yes", "同意"), ("no", "不同意")], required=True),
        "text": _long("意见", required=False, most=REASON, rows=2, help_text="不同意的须写明理由"),
    }


def _answer_escalation(page: CasePage, item: int | None) -> Fields:
    raised = next((one for one in page.escalations if one.pk == item), None)
    groups = form_choices.units_of_place(raised.to_place, without=page.case.complained_id) if raised else []
    unit = _unit("办理单位", groups, required=False, help_text="只在提级办理时选；不选则由本级中枢办理")
    return {
        "decision": _choice("决定", form_choices.ESCALATION_ANSWERS, required=True),
        "lead": unit,
        "text": _long("答复意见", required=True, most=2000, help_text="内部意见，企业只看到“上一级已提出协调意见”等一句话"),
    }  # fmt: skip


def _settle(page: CasePage, item: int | None) -> Fields:
    return {
        "kept": _choice("兑现情况", [("yes", "已兑现"), ("no", "未能兑现")], required=True),
        "text": _long(
            "情况", required=True, most=REASON, help_text="怎样兑现，或为什么未能兑现、接下来怎么办"
        ),
        **_files(gives=True, title="佐证材料"),
    }


VERB_FIELDS: Mapping[str, Any] = {
    "ask_part": _ask_part,
    "answer_part": lambda page, item: {"answer": _long("意见", required=True), **_files()},
    "withdraw_part": lambda page, item: {"text": _long("撤销的理由", required=True, most=REASON, rows=2)},
    "ask_extension": _ask_extension,
    "ask_pause": _ask_pause,
    "decide_ask": _decide,
    "withdraw_ask": lambda page, item: {},
    "resume_clock": lambda page, item: {"text": _long("说明", required=False, most=REASON, rows=2)},
    "escalate": lambda page, item: {
        "reason": _long("上报理由", required=True, most=2000, help_text="办了什么、难在哪里、请上级做什么；系统自动附上证据包")
    },
    "answer_escalation": _answer_escalation,
    "settle_promise": _settle,
}  # fmt: skip


class ActForm(forms.Form):
    """The form of one act that is offered on a case; its fields depend on the case type and on how the case stands."""

    def __init__(self, offer: Offer, page: CasePage, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix=offer.name)
        self.offer = offer
        if offer.transition is not None:
            self.fields.update(_of_transition(offer.transition, page))
        else:
            self.fields.update(VERB_FIELDS[offer.name](page, offer.item))
        if "signer" in self.fields:
            self.fields["signer"].help_text = "签发这份答复的负责人"

    def promises(self) -> list[tuple[str, Any]]:
        """Return what was promised and by when; an error at the field where one half is missing."""
        found = []
        for n in range(1, PROMISES + 1):
            text, due = self.cleaned_data.get(f"promise_{n}"), self.cleaned_data.get(f"promise_due_{n}")
            if bool(text) != bool(due):
                self.add_error(
                    f"promise_{n}" if not text else f"promise_due_{n}", "承诺的内容和日期要一起填写"
                )
            elif text:
                found.append((text, due))
        return found

    @property
    def promise_fields(self) -> list[tuple[Any, Any]]:
        """Return the rows of promises, to be shown apart."""
        return [(self[f"promise_{n}"], self[f"promise_due_{n}"]) for n in range(1, PROMISES + 1) if f"promise_{n}" in self.fields]  # fmt: skip

    @property
    def plain_fields(self) -> list[Any]:
        """Return the fields shown one under the other: all but promises and what goes with files.

        The word on a doubtful draft is asked for when there is a doubt.
        """
        apart: tuple[str, ...] = ("promise_", "files", "unclassified", "publicity", "give")
        if not self.errors.get("confirmed") and not (self.is_bound and self["confirmed"].value() if "confirmed" in self.fields else ""):  # fmt: skip
            apart += ("confirmed",)
        return [field for field in self if not field.name.startswith(apart)]

    @property
    def file_fields(self) -> list[Any]:
        """Return what goes with files, if the act takes any."""
        names = ("files", "unclassified", "publicity", "give")
        return [self[name] for name in names if name in self.fields]

    @property
    def shows_files(self) -> bool:
        """Tell whether the files' part of the form stands open."""
        flagged = "signed_on_paper" in self.fields
        return bool(
            self.fields["files"].required or any(self.errors.get(f.name) for f in self.file_fields) or flagged
        )
