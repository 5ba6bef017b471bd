"""Mandates as a Django app; it answers which enterprises a person may act for."""

from __future__ import annotations

from django.apps import AppConfig


class MandatesConfig(AppConfig):
    """Declares permissions and acts, and installs the Authority for mandates."""

    name = "qifu.registers.mandates"
    label = "mandates"
    verbose_name = "授权"

    def ready(self) -> None:
        """Declare what the room offers."""
        from qifu.registers.mandates import module  # noqa: F401
