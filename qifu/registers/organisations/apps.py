"""Organisations as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Declares the room's roles and permissions at start."""

    name = "qifu.registers.organisations"
    label = "organisations"
    verbose_name = "组织机构"

    def ready(self) -> None:
        """Declare what may be done here."""
        from qifu.registers.organisations import module  # noqa: F401
