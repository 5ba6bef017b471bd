"""Reads generated, damaged plans with the official-document reader and counts what came out right, wrong and silently wrong.

How a reading is judged (details in score.py, leaves.py, warnings.py):
- A leaf is one value of the contract's JSON. Whitespace, full width, bracket style, a text's own number and its last stop do not matter.
- Rows are matched by number and text. A missing row or list member costs all its leaves, an invented one its own.
- `raw` and `target_text` are right as written, with the damage or without; names, figures and days must be the mended ones.
- 2.7万件 and 27000件 are one amount. Where the contract leaves room (达到: null or >=; a second name in brackets) both are right.
- What the document no longer says (a lost cell, an unreadable month) must be null AND be named by an error or warning.
- Silent: wrong, missing or invented, and no error or warning names the row or the field. `info` does not count.
- An error on a part as a whole (its table could not be read) names the missing rows of that part.
- False: a warning on a field of a row that is right, undamaged and not odd from birth; counted per 100 right fields of rows.
- Seconds are of the processor.

The documents: families in generate.py (and the 2024 plan itself, plan_2024.py), damage in mutate_*.py, formats in render*.py.
The peer is a plain table extraction (baseline.py), for no maintained program reads such plans.
"""
