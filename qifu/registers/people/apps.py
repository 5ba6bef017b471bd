"""People as a Django app; it answers foundation's question who holds which post."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


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
            api_tokens,
            delegations,
            demo,
            first_passwords,
            import_kind,
            module,
            retention,
            sign_in,
        )
        from qifu.registers.people.authority import POSTS
        from qifu.registers.people.contacts import ContactBook

        _refuse_unknown_roles(settings.REQUIRE_TOTP)
        access.add_authority(POSTS)
        install_address_book(ContactBook())


def _refuse_unknown_roles(demanded: Iterable[str]) -> None:
    """Stop the start where QIFU_REQUIRE_TOTP names a role that is none: a slip of the pen must not leave a door open."""
    from qifu.registers.people.module import ROLES

    unknown = [role for role in demanded if role not in ROLES]
    if unknown:
        known = "、".join(ROLES)
        raise ImproperlyConfigured(
            f"环境变量 QIFU_REQUIRE_TOTP 中没有这样的角色：{'、'.join(unknown)}。可用：{known}"
        )
