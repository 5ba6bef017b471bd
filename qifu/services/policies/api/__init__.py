"""JSON API of policies: published policies and a calculator for everyone, an enterprise's verdicts and drafts for who may.

What a caller tells the calculator is judged and forgotten: it is kept nowhere and logged nowhere.
"""

from __future__ import annotations

from ninja import Router

from qifu.services.policies.api import inside, public, requests

public_router, inside_router = Router(tags=["惠企政策"]), Router(tags=["惠企政策办理"])
public_router.add_router("", public.router)
inside_router.add_router("", inside.router)
inside_router.add_router("", requests.router)
