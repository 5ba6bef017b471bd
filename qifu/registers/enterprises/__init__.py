"""Enterprises: who they are, since when, where, in what trade, and which source says so.

Legal basis: 市场主体登记管理条例 (国务院令第746号); codes by GB 32100-2015 and GB/T 4754-2017.
Used by every service that deals with an enterprise; imported from registration files.
"""
