"""The demo's policies: the files that ship, of the nation and the province."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from qifu.engines.rules.site_book import NATIONAL
from qifu.foundation.access import SYSTEM
from qifu.foundation.action import Refused
from qifu.services.policies.actions.library import load_files
from qifu.services.policies.demo_library import load_demo_library
from qifu.services.policies.demo_own import load_demo_own
from qifu.services.policies.demo_payouts import load_demo_payouts
from qifu.services.policies.demo_reach import load_demo_reach
from qifu.services.policies.demo_requests import load_demo_requests
from qifu.services.policies.demo_workbench import load_demo_snapshot


def load_demo_policies(at: datetime) -> None:
    """Load the policies of the demo; safe to repeat; raise Refused on any site but a demo."""
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟政策")
    load_files(folder=NATIONAL, place_code="", by=SYSTEM, at=at)
    load_files(folder=Path(settings.PROVINCE_DIR) / "rules", place_code="330000", by=SYSTEM, at=at)
    load_demo_own(at)
    load_demo_library(at)
    load_demo_payouts(by=SYSTEM, at=at)
    load_demo_requests(by=SYSTEM, at=at)
    load_demo_snapshot(at)
    load_demo_reach(at)
