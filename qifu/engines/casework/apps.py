"""Casework as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Makes tables, jobs and actions of the engine known."""

    name = "qifu.engines.casework"
    label = "casework"
    verbose_name = "事务"

    def ready(self) -> None:
        """Make the actions known."""
        from qifu.engines.casework import publish  # noqa: F401
