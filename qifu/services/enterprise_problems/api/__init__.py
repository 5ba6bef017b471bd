"""JSON API of enterprise problems: what the pages show and do, for other systems and for the same people.

Reads show the face of a case that the caller may see: to staff the inside, to the firm what was shown to it. Writes are
the pages' own actions; sent again under the same Idempotency-Key they are done no second time.
"""

from __future__ import annotations

from ninja import Router

from qifu.services.enterprise_problems.api import handling, problems

TAG = "涉企问题"

router = Router(tags=[TAG])
router.add_router("", problems.router)
router.add_router("", handling.router)
