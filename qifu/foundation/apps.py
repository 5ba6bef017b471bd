"""Foundation as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from qifu.foundation import guards


class FoundationConfig(AppConfig):
    """One app for all of foundation's tables."""

    name = "qifu.foundation"
    label = "foundation"
    verbose_name = "基础"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Guards and the search index are remade after each migration: Django's own hook, not a business signal."""
        from qifu.foundation import search
        from qifu.foundation.channels import actions, codes, delivery, digest  # noqa: F401 - handlers and permissions
        from qifu.foundation.imports import run  # noqa: F401 - the handler of its job

        post_migrate.connect(guards.install_after_migrate, sender=self)
        post_migrate.connect(search.install_after_migrate, sender=self)
