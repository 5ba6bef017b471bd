"""Where a person can be reached: asked of one register, at the moment of sending, and never kept here."""

from __future__ import annotations

from typing import Protocol

MOBILE, EMAIL, ACCOUNT = "mobile", "email", "account"
ADDRESS_KINDS = (MOBILE, EMAIL, ACCOUNT)
"""`mobile`: a mobile number for text messages; `account`: the account of the platform that sends messages and to-dos."""


class AddressBook(Protocol):
    """Answers where a person can be reached; the register that keeps contacts implements it."""

    def address(self, person_id: int, kind: str) -> str | None:
        """Return the person's address of `kind` (mobile, email or account) in clear, or None where there is none.

        The person must be able to sign in (enabled); for anyone else the answer is None. The answer is used at once
        to send one message; it is neither stored nor logged.
        """
        ...


_books: list[AddressBook] = []


def install_address_book(book: AddressBook) -> None:
    """Name the one who knows the addresses; the register does so once, at start. The last one installed answers."""
    _books[:] = [book]


def address_of(person_id: int, kind: str) -> str | None:
    """Return the person's address of `kind`, or None where there is none or no address book is installed."""
    if kind not in ADDRESS_KINDS:
        raise LookupError(f"no addresses of kind {kind}")
    found = _books[0].address(person_id, kind) if _books else None
    return found.strip() or None if found else None
