"""Registers: who and where, the nouns that every engine and service shares.

Purpose: divisions, organisations, people (later enterprises) as dated registers with stable codes.
Legal basis: GB/T 2260 (division codes), 行政区划管理条例, the institutional reform plans of the province.
Who uses it: engines and services read it; the system loads it from the province's data, operators keep it.
"""
