"""The rule book as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class RuleBookConfig(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.rule_book"
    label = "rule_book"
    verbose_name = "规则库"

    def ready(self) -> None:
        """Declare permissions and menu."""
        from qifu.services.rule_book import module  # noqa: F401
