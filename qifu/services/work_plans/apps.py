"""Work plans as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class WorkPlansConfig(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.work_plans"
    label = "work_plans"
    verbose_name = "工作要点"

    def ready(self) -> None:
        """Declare permissions and menu, make the actions known, take the jobs, answer for people's work."""
        from qifu.foundation.feeds import declare_feed
        from qifu.foundation.handover import declare_open_work
        from qifu.services.work_plans import actions, module, reading_job, reminder_job  # noqa: F401
        from qifu.services.work_plans.queries.personal import feed_events, work_in_hand

        declare_open_work("work_plans", open_work=work_in_hand)
        declare_feed("work_plans", feed_events)
