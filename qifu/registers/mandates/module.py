"""Declares mandates: roles of people who act for an enterprise, and what they may do with it."""

from qifu.foundation.access import declare_roles
from qifu.foundation.modules import Module, declare_module

ROLES = {"legal_representative": "法定代表人", "enterprise_handler": "经办人"}
declare_roles(ROLES, by_post=False)

MODULE = declare_module(Module(name="mandates", title="授权经办", purpose="谁可以代表哪家企业办事"))
