"""Administrative divisions and functional areas: where work is done and whom figures count.

Purpose: dated codes, parents, successors and subtrees; every county is counted once, functional areas never twice.
Legal basis: 行政区划管理条例 (国务院令第704号); GB/T 2260 中华人民共和国行政区划代码.
Who uses it: access (division subtrees), plans (owners), indicators (totals), every screen with a place on it.
"""
