"""Organisations as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Declares the room's roles and permissions at start."""

    name = "qifu.registers.organisations"
    label = "organisations"
    verbose_name = "组织机构"

    def ready(self) -> None:
        """Declare what may be done here, and the triggers that keep approved rules as they are."""
        from qifu.foundation import guards
        from qifu.registers.organisations import actions, import_kind, models, module  # noqa: F401

        guards.GUARDS.extend(guard for guard in models.GUARDS if guard not in guards.GUARDS)
