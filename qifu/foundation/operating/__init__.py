"""What operates a site: findings about its health, backups and restoring, upgrading a database as a whole.

Used by the commands (`qifu doctor`, `backup`, `restore`, `upgrade`) and by the administrator's health page.
`archive` is pure (files and digests); `databases` copies and digests the database of either kind.
"""
