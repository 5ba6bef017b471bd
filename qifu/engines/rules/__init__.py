"""Rules: law as dated, tested files that read aloud, judged in three values, explained, and swept over a province.

Basis: every document a rule file names; 民法典 201–203 for spans of time, 1259 for 以上/以下 (both include the number).
Used by policies, SME classes, item conditions, credit classes, ladders and self-checks. Pure Python; knows no Django.
"""
