"""Enterprises as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EnterprisesConfig(AppConfig):
    """Declares permissions, acts and the import kind."""

    name = "qifu.registers.enterprises"
    label = "enterprises"
    verbose_name = "企业"

    def ready(self) -> None:
        """Declare what the room offers; the index of names is remade after each migration, as foundation's is."""
        from qifu.registers.enterprises import module, name_index, snapshot_job  # noqa: F401

        post_migrate.connect(name_index.NAMES.install_after_migrate, sender=self)
