"""Casework as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Makes tables, jobs and actions of the engine known."""

    name = "qifu.engines.casework"
    label = "casework"
    verbose_name = "事务"

    def ready(self) -> None:
        """Make the actions and jobs known; a new calendar has the running clocks computed anew."""
        from qifu.engines.casework import publish, recompute, timers, type_changes  # noqa: F401
        from qifu.foundation.working_calendar import on_calendar_published

        on_calendar_published(recompute.enqueue_recompute)
