"""The clock, read once at the edge (a request, a job, a command) and passed in from there."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """Return the present moment, aware."""
    return timezone.now()


def today() -> date:
    """Return the business day: the site's 截至日 where one is set (a demo), else the local day."""
    return settings.AS_OF or timezone.localdate()
