"""The registers' fixtures: a loaded province, people with posts."""

from qifu.registers.conftest import make_person, province, quick_passwords

__all__ = ["make_person", "province", "quick_passwords"]
