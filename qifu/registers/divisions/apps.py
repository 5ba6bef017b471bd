"""Divisions as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class DivisionsConfig(AppConfig):
    """Declares the room's roles and permissions at start."""

    name = "qifu.registers.divisions"
    label = "divisions"
    verbose_name = "行政区划"

    def ready(self) -> None:
        """Declare what may be done here, and the acts that do it."""
        from qifu.registers.divisions import actions, module  # noqa: F401
