"""Every page that people open. A room with new pages adds its lines here; each is then checked and photographed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A page: its short name (a file name), where to start, the demo account that opens it, links to follow from there.

    `through` holds CSS selectors of links; each is clicked in turn, so that pages of rows need no fixed numbers.
    """

    name: str
    path: str
    who: str = ""
    through: tuple[str, ...] = ()
    status: int = 200


PLACES = [
    Place("home", "/"),
    Place("search", "/search/"),
    Place("search-results", "/search/?q=改革"),
    Place("search-nothing", "/search/?q=不存在的词语"),
    Place("help", "/help/"),
    Place("accessibility", "/accessibility/"),
    Place("sign-in", "/sign-in/"),
    Place("not-found", "/no-such-page/", status=404),
    Place("failing", "/gallery/failing/", status=500),
    Place("gallery-portal", "/gallery/"),
    Place("gallery-workbench", "/gallery/workbench/", who="province"),
    Place("workbench", "/workbench/", who="province"),
    Place("workbench-administrator", "/workbench/", who="admin"),
    Place("inbox", "/inbox/", who="province"),
    # people
    Place("account", "/account/", who="province"),
    Place("account-password", "/account/password/", who="province"),
    Place("people", "/workbench/people/", who="admin"),
    Place("people-new", "/workbench/people/new/", who="admin"),
    Place("person", "/workbench/people/", who="admin", through=("main td a[href*='/workbench/people/']",)),
    Place("audit", "/workbench/audit/", who="auditor"),
    # divisions
    Place("divisions", "/divisions/"),
    Place("division", "/divisions/330100/"),
    # organisations
    Place("organisations", "/organisations/"),
    Place("organisation", "/organisations/330000.reform_office/"),
    Place("generic-units", "/workbench/generic-units/", who="province"),
    Place(
        "generic-units-approve",
        "/workbench/generic-units/approve/?written=市、县（市、区）党委改革办&place_code=330000",
        who="province",
    ),
]
