"""Verbs of enterprise problems, each through the door."""
