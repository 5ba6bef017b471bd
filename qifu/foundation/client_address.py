"""Which address a request was asked from, as far as our own proxies can be believed."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest, *, whole: bool = False) -> str:
    """Return the address of the one who asks; X-Forwarded-For counts only as far as our own proxies wrote it.

    Unless `whole`, an IPv6 address stands for its /64: one subscriber holds all of it.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    hops: int = settings.TRUSTED_PROXIES
    if 0 < hops <= len(forwarded):
        address = forwarded[-hops]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and not whole:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
