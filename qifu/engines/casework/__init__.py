"""Casework: case types as dated data, running cases with append-only events, exact clocks, merge, escalation, rating.

Knows no service: a service binds a kind of case (`binding.bind`) with its permissions, facts and guards, and calls the
verbs of this room inside its own acts. Start with `case_type.py` (pure), `models.py`, `record.py`, `moves.py`.
Law: terms count as 民法典 第二百条 to 第二百零四条 say (`clocks.py`).
"""
