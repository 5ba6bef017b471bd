"""Enterprises as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class EnterprisesConfig(AppConfig):
    """Declares permissions, acts and the import kind."""

    name = "qifu.registers.enterprises"
    label = "enterprises"
    verbose_name = "企业"

    def ready(self) -> None:
        """Declare what the room offers."""
        from qifu.registers.enterprises import module  # noqa: F401
