"""People as a Django app; it answers foundation's question who holds which post."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Adds the Authority that foundation asks about posts."""

    name = "qifu.registers.people"
    label = "people"
    verbose_name = "人员"

    def ready(self) -> None:
        """Declare roles, permissions and acts, and install the Authority."""
        from qifu.foundation import access
        from qifu.registers.people import actions, demo, module, sign_in  # noqa: F401
        from qifu.registers.people.authority import PostAuthority

        access.add_authority(PostAuthority())
