"""Verbs of policies: keyword-only, `by=` and `at=`, each through the door."""
