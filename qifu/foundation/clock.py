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


def business(at: datetime) -> datetime:
    """Return the moment that business counts with: `at`, but never later than the site's 截至日 where one is set (a demo).

    Later moments keep their time of day in Shanghai and fall on the 截至日, so that what is done on a demo site and what
    its pages judge by `today` agree.
    """
    local = timezone.localtime(at)
    if settings.AS_OF is None or local.date() <= settings.AS_OF:
        return at
    return local.replace(year=settings.AS_OF.year, month=settings.AS_OF.month, day=settings.AS_OF.day)
