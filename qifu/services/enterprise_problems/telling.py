"""Notices about problems: whom a transition names is told, staff in their inbox, the firm by its own channel."""

from __future__ import annotations

from qifu.engines.casework.case_type import Transition
from qifu.engines.casework.models import CaseEvent


def tell(event: CaseEvent, transition: Transition | None) -> None:
    """Tell the roles that a transition notifies of what happened."""
