"""Policies as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.policies"
    label = "policies"
    verbose_name = "惠企政策"

    def ready(self) -> None:
        """Declare permissions and menu, make actions and jobs known."""
        from qifu.engines.casework.binding import bind
        from qifu.services.policies import jobs, module, payout_jobs, reminder_job  # noqa: F401
        from qifu.services.policies.actions import (  # noqa: F401
            clawbacks,
            judge,
            library,
            loop,
            packages,
            payments,
            payout,
            payout_accounts,
            payout_entries,
            push,
            requests,
            review,
            workbench,
        )
        from qifu.services.policies.case_binding import BINDING
        from qifu.services.policies.paid import received_by
        from qifu.services.policies.received import RECEIVED

        bind(BINDING)
        RECEIVED.append(received_by)
