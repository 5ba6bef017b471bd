"""Foundation: machinery without business words.

The one door for writes, access, audit, revisions, jobs, search, files, calendar, periods, money, dated YAML data.
Legal basis: none of its own; 数据安全法, 网络安全法 (网络日志留存) shape audit and files.
Used by every room above; imports none of them.
"""
