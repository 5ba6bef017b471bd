"""What every template may use about the site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, whether it is a demo, and its 截至日."""
    return {"site_name": "企服", "demo": settings.DEMO, "as_of": settings.AS_OF}
