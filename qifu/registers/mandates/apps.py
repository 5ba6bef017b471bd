"""Mandates as a Django app; it answers which enterprises a person may act for."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class MandatesConfig(AppConfig):
    """Declares permissions and acts, and installs the Authority for mandates."""

    name = "qifu.registers.mandates"
    label = "mandates"
    verbose_name = "授权"

    def ready(self) -> None:
        """Declare what the room offers; a file of sign-in providers that is wrong keeps the site from starting."""
        from qifu.foundation import access
        from qifu.foundation.yaml_data import DataError
        from qifu.registers.mandates import actions, demo, identities, module, registration  # noqa: F401
        from qifu.registers.mandates.authority import MANDATES, bound_until, holds_mandate
        from qifu.registers.people import openid, retention, second_factor

        access.add_authority(MANDATES)
        retention.declare_bond(bound_until)
        retention.declare_erasure(identities.forget_identities)
        # A one-time password was handed over face to face; the second step is demanded from the next sign-in on.
        second_factor.require_when(
            lambda person, at: not person.must_change_password and holds_mandate(person.pk, at)
        )
        try:
            openid.providers()
        except (DataError, OSError) as error:
            raise ImproperlyConfigured(f"单点登录接入文件（QIFU_OIDC_PROVIDERS）：{error}") from error
