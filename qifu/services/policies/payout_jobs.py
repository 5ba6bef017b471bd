"""Jobs of payouts: lists are made, notices end, enterprises are reminded, confirmation closes; each at its day."""

from __future__ import annotations

from datetime import timedelta

from qifu.foundation.access import SYSTEM
from qifu.foundation.action import Refused
from qifu.foundation.jobs import JobPostponed, JobRefused, Running, handles
from qifu.services.policies.actions import payout as acts
from qifu.services.policies.models import PayoutRound

LATER = timedelta(hours=6)


def _round(running: Running) -> PayoutRound:
    return PayoutRound.objects.get(pk=running.ids["round"])


@handles(acts.LIST_JOB)
def fill(running: Running) -> None:
    """Judge everyone and freeze the list."""
    try:
        acts.fill_round(payout=_round(running), by=SYSTEM, at=running.at)
    except Refused as refused:
        raise JobRefused(refused.message) from refused


@handles(acts.END_JOB)
def end(running: Running) -> None:
    """End the public notice once its days have passed."""
    if not acts.end_notice(payout=_round(running), by=SYSTEM, at=running.at):
        raise JobPostponed(running.at + LATER)


@handles(acts.REMIND_JOB)
def remind(running: Running) -> None:
    """Remind the enterprises that have not confirmed."""
    acts.remind_payouts(payout=_round(running), by=SYSTEM, at=running.at)


@handles(acts.CLOSE_JOB)
def close(running: Running) -> None:
    """Close confirmation once its last day has passed."""
    if not acts.close_confirmation(payout=_round(running), by=SYSTEM, at=running.at):
        raise JobPostponed(running.at + LATER)
