"""Registers: who and where. Divisions, organisations, people, later enterprises."""
