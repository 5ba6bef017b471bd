"""Enterprise problems as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EnterpriseProblemsConfig(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.enterprise_problems"
    label = "enterprise_problems"
    verbose_name = "涉企问题"

    def ready(self) -> None:
        """Declare permissions and menu, bind the engine, make actions and jobs known."""
        from qifu.engines.casework.binding import bind
        from qifu.foundation.handover import declare_open_work
        from qifu.services.enterprise_problems import (  # noqa: F401
            import_kind,
            jobs,
            module,
        )
        from qifu.services.enterprise_problems.actions import (  # noqa: F401
            asks,
            bulk,
            call_backs,
            escalating,
            filters,
            intake,
            merging,
            moving,
            own,
            parts,
            promises,
            rating,
            receiving,
            responsibility,
            sampling,
            telephones,
        )
        from qifu.services.enterprise_problems.case_binding import BINDING
        from qifu.services.enterprise_problems.handing_over import hand_over, work_in_hand
        from qifu.services.enterprise_problems.queries.search import WORDS

        bind(BINDING)
        declare_open_work("enterprise_problems", open_work=work_in_hand, transfer=hand_over)
        post_migrate.connect(WORDS.install_after_migrate, sender=self)
