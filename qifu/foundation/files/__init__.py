"""Stored files: checked before they are kept, kept once by their content, opened through what points at them.

Legal basis: 政府信息公开条例 (公开属性), 保守国家秘密法 (涉密不上网 is said where files are uploaded).
`checks` is pure and knows nothing of Django; `storage` keeps and opens; `models` has the row.
"""
