"""Commands: the `qifu` command line, thin; every command calls an action or a query.

Used by operators and by the Makefile.
"""
