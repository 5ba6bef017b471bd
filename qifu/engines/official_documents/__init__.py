"""Reads official notices (work plans with annex tables) into a typed plan, with every doubt told.

Pure Python, deterministic, no language model. Start with `read_plan`.
Output: the plan contract (indicators, tasks, actions, duties, irregularities).
"""

from .grid import UnreadableDocument
from .read import PlanReading, read_document, read_plan
from .units import ResolvedUnit, UnitNames

__all__ = ["PlanReading", "ResolvedUnit", "UnitNames", "UnreadableDocument", "read_document", "read_plan"]
