"""The tables of policies: the library, reviews and steps, packages; other parts each have a module of their own."""

from qifu.services.policies.models.library import Policy
from qifu.services.policies.models.packages import PolicyPackage
from qifu.services.policies.models.payment import (
    Clawback,
    PayAccount,
    PaymentBatch,
    PaymentLine,
    PaymentReceipt,
    Repayment,
)
from qifu.services.policies.models.payout import (
    Objection,
    PayoutEntry,
    PayoutRound,
    PayoutStep,
    PolicyBudget,
)
from qifu.services.policies.models.reach import JudgeMark, PolicyMatch, PolicyPush, PushSetting, SweepReport
from qifu.services.policies.models.requests import PolicyRequest
from qifu.services.policies.models.review import PolicyReview, PolicyStep

__all__ = [
    "Clawback",
    "JudgeMark",
    "Objection",
    "PayAccount",
    "PaymentBatch",
    "PaymentLine",
    "PaymentReceipt",
    "PayoutEntry",
    "PayoutRound",
    "PayoutStep",
    "Policy",
    "PolicyBudget",
    "PolicyMatch",
    "PolicyPackage",
    "PolicyPush",
    "PolicyRequest",
    "PolicyReview",
    "PolicyStep",
    "PushSetting",
    "Repayment",
    "SweepReport",
]
