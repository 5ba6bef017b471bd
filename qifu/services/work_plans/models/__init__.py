"""Nouns: reviews and published plans (`plans`), and what is done about each item (`work`)."""

from qifu.services.work_plans.models.plans import (
    Irregularity,
    Plan,
    PlanItem,
    PlanReview,
    PlanTarget,
    PlanUnit,
    Publicity,
)
from qifu.services.work_plans.models.work import (
    Assignment,
    AssignmentUnit,
    Event,
    Evidence,
    Milestone,
    Precedence,
    ReportedFigure,
)

__all__ = [
    "Assignment",
    "AssignmentUnit",
    "Event",
    "Evidence",
    "Irregularity",
    "Milestone",
    "Plan",
    "PlanItem",
    "PlanReview",
    "PlanTarget",
    "PlanUnit",
    "Precedence",
    "Publicity",
    "ReportedFigure",
]
