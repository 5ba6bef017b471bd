"""Portal as a Django app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Holds templates, static files and shared pages; no tables."""

    name = "qifu.portal"
    label = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        """Declare the portal's own menus and permissions."""
        from qifu.portal import module  # noqa: F401
