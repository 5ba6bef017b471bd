"""Work plans as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class WorkPlansConfig(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.work_plans"
    label = "work_plans"
    verbose_name = "工作要点"

    def ready(self) -> None:
        """Declare permissions and menu, make the actions known, and take the jobs."""
        from qifu.services.work_plans import actions, module, reading_job  # noqa: F401
