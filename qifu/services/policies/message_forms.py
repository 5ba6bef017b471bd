"""The form of an enterprise's messages about policies."""

from __future__ import annotations

from typing import Any

from django import forms


class MessageForm(forms.Form):
    """How many messages a week, or none."""

    per_week = forms.IntegerField(label="每周最多几条", required=False, min_value=1)
    paused = forms.BooleanField(label="暂停推送，需要时我自己来看", required=False)

    def __init__(self, *args: Any, usual: int, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = self.fields["per_week"]
        number.help_text = f"不填按一般的每周 {usual} 条；超过的合成一条"
        number.widget.attrs["max"] = most
        number.error_messages.update(invalid="请填整数", min_value="至少 1 条；不想收请选“暂停”")
