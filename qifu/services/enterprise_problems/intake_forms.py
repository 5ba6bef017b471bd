"""The forms of intake: three fields for a firm, one screen for a clerk; the acts decide again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from qifu.foundation.action import Refused
from qifu.foundation.files.form_fields import ManyFilesField, ManyFilesInput
from qifu.foundation.phone import HELP as PHONE_HELP
from qifu.foundation.phone import read_phone
from qifu.services.enterprise_problems.actions import attachments
from qifu.services.enterprise_problems.actions.attachments import Upload
from qifu.services.enterprise_problems.actions.intake import MOST_WORDS
from qifu.services.enterprise_problems.queries import intake as queries

NOT_IN_BOOK = "none"
PHOTOS_ONLY = "（没有写文字，见照片或附件）"
_TEL = {"inputmode": "tel", "autocomplete": "tel", "maxlength": "40"}


class ReporterFilesField(ManyFilesField):
    """Several files, maybe none, as they came; what they are is seen by the act."""

    def __init__(self, **more: Any) -> None:
        widget = ManyFilesInput(attrs={"accept": attachments.ACCEPT, "multiple": True})
        super().__init__(widget=widget, required=False, help_text=attachments.HELP, **more)

    def clean_one(self, data: Any, initial: Any) -> Upload:
        """Return one upload."""
        return Upload(data.name, data.file)


class WordsField(forms.CharField):
    """The words, exactly; whether they may be missing is the form's to say."""

    def validate(self, value: str) -> None:
        """Leave blank words to the form."""


class ProblemForm(forms.Form):
    """What every intake asks: the words, the place, how to reach the reporter; a secret key against sending twice."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    words = WordsField(label="遇到了什么问题", strip=False, widget=forms.Textarea(attrs={"rows": 7}))
    place = forms.ChoiceField(label="在哪里", error_messages={"required": "请选择问题发生在哪里"})
    contact_mobile = forms.CharField(
        label="怎么联系您", max_length=40, help_text=PHONE_HELP, widget=forms.TextInput(attrs=_TEL),
        error_messages={"required": "请填写能联系到您的电话"},
    )  # fmt: skip
    contact_name = forms.CharField(label="您的称呼", max_length=60, required=False)
    enterprise_name = forms.CharField(label="企业名称", max_length=200, required=False)
    complained = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)
    complained_name = forms.CharField(label="单位名称", max_length=60, required=False)

    def __init__(self, *args: Any, places: queries.Choices, **kwargs: Any) -> None:
        initial = {"key": uuid.uuid4().hex, **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=initial, **kwargs)
        self.units: list[queries.UnitLine] = []
        self.chosen_unit: queries.UnitLine | None = None
        self.fields["place"].choices = [("", "请选择县（市、区）"), *places]  # type: ignore[attr-defined]
        self.fields["words"].widget.attrs["data-most"] = str(MOST_WORDS)

    def clean_words(self) -> str:
        """Return the words as they stand; a browser's line ends become plain ones."""
        words: str = self.cleaned_data["words"].replace("\r\n", "\n")
        if not words.strip():
            raise forms.ValidationError("请写明要反映的问题")
        return words

    def clean_contact_mobile(self) -> str:
        """Return a telephone number in its one form."""
        written: str = self.cleaned_data["contact_mobile"]
        phone = read_phone(written)
        if written.strip() and not phone:
            raise forms.ValidationError(f"“{written[:30]}”不像电话号码。{PHONE_HELP}")
        return phone

    def clean(self) -> dict[str, Any]:
        """See that the unit complained of is one of the register, or said to be none of it."""
        given = super().clean() or self.cleaned_data
        name, chosen = (given.get("complained_name") or "").strip(), given.get("complained") or ""
        given["complained_id"] = None
        if not name and not chosen:
            return given
        self.units = queries.units(name)
        if chosen.isdigit():
            self.chosen_unit = queries.unit(int(chosen))
        elif not chosen:
            same = [one for one in self.units if one.name == name]
            self.chosen_unit = same[0] if len(same) == 1 else None
        if self.chosen_unit is not None:
            given["complained_id"] = self.chosen_unit.id
        elif chosen != NOT_IN_BOOK:
            said = (
                "请在下面选定是哪个单位"
                if self.units
                else "名录里没有这个名称；请核对，或选“名录里没有”按您写的记录"
            )
            self.add_error("complained_name", said)
        return given

    @property
    def complained_note(self) -> str:
        """What is kept, internally, of a unit that no register knows."""
        given = self.cleaned_data
        said = given.get("complained_name") if given.get("complained") == NOT_IN_BOOK else ""
        return f"反映人称，所反映的单位：{said}（名录中没有找到，请勿交该单位办理）" if said else ""

    def show(self, refused: Refused) -> None:
        """Put what an act refused at the fields it is about, else at the top."""
        names = {"place_code": "place", "complained_id": "complained_name"}
        for name, message in (refused.fields or {"": refused.message}).items():
            field = names.get(name, name)
            self.add_error(field if field in self.fields else None, message)

    def sent_before(self) -> None:
        """Say that the form was sent before with other content, and give it a fresh key: the first one stands."""
        self.data = self.data.copy()
        self.data["key"] = uuid.uuid4().hex
        self.add_error(None, "这张表刚才已经提交过一次，前一次的内容不变。如要再反映一件，请再点一次提交")


class ReportForm(ProblemForm):
    """What a firm or a visitor reports."""

    enterprise = forms.ChoiceField(label="以哪家企业的名义", required=False)
    files = ReporterFilesField(label="照片或文件")

    def __init__(self, *args: Any, own: queries.OwnDetails, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "words"
        ].help_text = "什么时候、什么事、希望怎样解决；不用选类别。不方便打字的，只传照片也可以"
        if own.firms:
            names = [(str(pk), name) for pk, name, _ in own.firms]
            self.fields["enterprise"].choices = [*names, ("", "不代表企业")]  # type: ignore[attr-defined]
            del self.fields["enterprise_name"]
        else:
            del self.fields["enterprise"]

    def clean_words(self) -> str:
        """Let photos alone say it: then the words are the fixed remark that nothing was written."""
        words: str = self.cleaned_data["words"].replace("\r\n", "\n")
        if words.strip():
            return words
        if not self.files.getlist("files"):
            raise forms.ValidationError("请写明要反映的问题，或上传照片")
        return PHOTOS_ONLY


class StaffForm(ProblemForm):
    """What staff take down of somebody else's words."""

    enterprise = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)
    place_names: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact_mobile"].widget.attrs["autocomplete"] = "off"
        self.fields["contact_name"].widget.attrs["autocomplete"] = "off"
        for name in ("place", "contact_name", "enterprise_name"):
            self.fields[name].help_text = ""
        self.fields["enterprise_name"].label = "企业"
        self.fields[
            "enterprise_name"
        ].help_text = "名称的一部分或统一社会信用代码；不选登记企业的，按所写保留"
        self.fields["place"].label = "由哪里办理"
        self.fields["place"].help_text = "默认本地；选其他地方即移交那里的企服中心"
        self.fields["words"].widget.attrs["autofocus"] = True
        self.fields["words"].widget.attrs["rows"] = 6


class PhoneForm(StaffForm):
    """电话速录."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = "来电人的原话"
        self.fields["contact_mobile"].label = "来电号码"
        self.fields["contact_name"].label = "来电人"
        self.fields["contact_mobile"].help_text = ""


class VisitForm(StaffForm):
    """来访登记."""

    companions = forms.CharField(label="同来人员", max_length=100, required=False)
    received_by = forms.CharField(label="接待人", max_length=60)
    files = ReporterFilesField(label="带来的材料")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = "来访事由（原话）"
        self.fields["contact_name"].label, self.fields["contact_name"].required = "来访人", True
        self.fields["contact_name"].error_messages["required"] = "请填写来访人姓名"
        self.fields["contact_mobile"].label = "联系电话"
        self.fields["contact_mobile"].required = False

    @property
    def note(self) -> str:
        """What the first event keeps of the visit."""
        given = self.cleaned_data
        parts = [f"接待人：{given['received_by']}"]
        return "；".join([*parts, f"同来人员：{given['companions']}"] if given.get("companions") else parts)


class TalkForm(StaffForm):
    """One problem of a talk."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = "企业反映的问题（原话）"
        self.fields["contact_name"].label = "联系人"
        self.fields["contact_mobile"].label, self.fields["contact_mobile"].required = "联系电话", False


class OccasionForm(forms.Form):
    """The talk or visit under which several problems are entered."""

    title = forms.CharField(label="场合", max_length=80, help_text="如：汽车零部件企业恳谈会、走访示例科技")
    day = forms.DateField(
        label="日期",
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    participants = forms.CharField(
        label="参加人员", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class SuperiorForm(StaffForm):
    """上级交办、领导批示件."""

    source = forms.CharField(label="交办单位", max_length=60, help_text="如：市政府办公室、省级协调专班")
    outside_number = forms.CharField(
        label="文号或交办编号", max_length=80, help_text="同一单位的同一编号只登记一次"
    )
    outside_on = forms.DateField(
        label="交办日期", required=False, input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    files = ReporterFilesField(label="来文扫描件")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = "交办内容（照录）"
        self.fields["contact_name"].label = "企业联系人"
        self.fields["contact_mobile"].label, self.fields["contact_mobile"].required = "联系电话", False
