"""People: users, their posts (a role at an organisation over a division subtree, dated), sign-in and lockout.

Legal basis: 个人信息保护法 (only what the work needs is kept). Used by everyone who signs in and by administrators.
"""
