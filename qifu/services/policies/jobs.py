"""Jobs of reach: changes looked for every half minute, changed policies judged at once, messages sent, the nightly check.

One row of the half-minute job serves a day, postponed from look to look, and sets up the next day's.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import JobCancelled, JobPostponed, JobRefused, Running, handles
from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies import pushing
from qifu.services.policies.actions import judge

log = logging.getLogger("qifu.policies")
EVERY = timedelta(seconds=30)


@handles(judge.JUDGE)
def run_judge(running: Running) -> None:
    """Judge what changed, tell whom it concerns, and look again."""
    try:
        judge.plan_judging(by=SYSTEM, at=running.at)
        _look(running)
    except JobCancelled:
        raise
    except Exception:  # the next look comes all the same, and looks at the same things
        log.exception("policies not judged")
    later = running.clock() + EVERY
    if _day(later) == _day(running.at):
        raise JobPostponed(later)


@handles(judge.NOW)
def run_judge_now(running: Running) -> None:
    """Judge a policy just published or withdrawn; the same look, not waited for."""
    _look(running)


def _look(running: Running) -> None:
    caught = judge.catch_up(at=running.at, report=running.report)
    pushing.push_due(caught.touched, at=running.at)


@handles(judge.SWEEP)
def run_sweep(running: Running) -> None:
    """Check everything at night; a difference fails the job, and so stands on the page 运行状况 until it is looked after."""
    judge.plan_judging(by=SYSTEM, at=running.at)
    done = judge.sweep(at=running.at, report=running.report, clock_=running.clock)
    if done.differences:
        raise JobRefused(
            f"每夜核对发现 {done.differences} 处政策匹配与重新判断不一致，已补正。请在“每夜核对”页查看，并联系维护人员"
        )


def _day(at: datetime) -> object:
    return at.astimezone(SHANGHAI).date()
