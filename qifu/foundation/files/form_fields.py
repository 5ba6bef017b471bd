"""A form field that takes several files at once."""

from __future__ import annotations

from typing import Any

from django import forms


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class ManyFilesField(forms.FileField):
    """Several files; the clean value is a list of uploads, each checked as one. What they are is seen by the act."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the uploads; refuses none where one is required."""
        given = data if isinstance(data, (list, tuple)) else [data] if data else []
        if self.required and not given:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [self.clean_one(one, initial) for one in given if one is not None]

    def clean_one(self, data: Any, initial: Any) -> Any:
        """Return one upload, checked as a file field checks it."""
        return super().clean(data, initial)
