"""The rules of this site, by its settings."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from qifu.engines.rules import site_book
from qifu.engines.rules.site_book import SiteRules


def site_rules() -> SiteRules:
    """Return the rules of the site as their files stand now."""
    return site_book.site_rules(Path(settings.PROVINCE_DIR))
