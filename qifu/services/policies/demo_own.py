"""Two made-up policies of Xiaoshan for the enterprise's side of the demo: one that waits for a research body, one that is met."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from qifu.foundation.access import SYSTEM
from qifu.services.policies.actions.library import load_files

FOLDER = Path(__file__).parent / "demo_files"


def load_demo_own(at: datetime) -> None:
    """Load them; safe to repeat. The second folder's policy names the first's, which must be in the library before."""
    for name in ("first", "second"):
        load_files(folder=FOLDER / name, place_code="330109", by=SYSTEM, at=at)
