"""People as a Django app; it answers foundation's question who holds which post."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Adds the Authority that foundation asks about posts, and the address book that its channels ask."""

    name = "qifu.registers.people"
    label = "people"
    verbose_name = "人员"

    def ready(self) -> None:
        """Declare roles, permissions and acts, and install what foundation asks."""
        from qifu.foundation import access
        from qifu.foundation.channels.addresses import install_address_book
        from qifu.registers.people import (  # noqa: F401  # noqa: F401
            actions,
            delegations,
            demo,
            first_passwords,
            import_kind,
            module,
            retention,
            sign_in,
        )
        from qifu.registers.people.authority import PostAuthority
        from qifu.registers.people.contacts import ContactBook

        access.add_authority(PostAuthority())
        install_address_book(ContactBook())
