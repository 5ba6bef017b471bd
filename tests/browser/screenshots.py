"""`python -m tests.browser.screenshots OUTDIR [--base URL] [--only NAME…]`: every page at 1440 and 390 pixels, whole."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from tests.browser.chromium import NARROW, WIDE, Visits, chromium
from tests.browser.pages import PLACES
from tests.browser.site import Site


def main() -> None:
    """Shoot the pages of a running site (`--base`), or of a fresh demo site."""
    arguments = argparse.ArgumentParser(description="给每个页面拍照")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--base", help="已在运行的演示站点，如 http://127.0.0.1:8000")
    arguments.add_argument("--only", nargs="*", default=[], help="只拍名字以此开头的页面")
    options = arguments.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    running = contextlib.nullcontext() if options.base else Site()
    with running as site, chromium() as browser:
        visits = Visits(browser, options.base or site.address)
        for place in PLACES:
            if options.only and not place.name.startswith(tuple(options.only)):
                continue
            for viewport in (WIDE, NARROW):
                with contextlib.closing(visits.context(place.who, viewport=viewport)) as context:
                    page = context.new_page()
                    answer = visits.open(page, place)
                    page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
                    page.wait_for_timeout(300)  # charts draw
                    target = options.folder / f"{place.name}-{viewport['width']}.png"
                    page.screenshot(path=target, full_page=True)
                    print(f"{answer.status} {target}")  # noqa: T201


if __name__ == "__main__":
    main()
