"""What leaves the site: neutral sentences and links to the inbox, unless the room gave a text that may leave.

A title may name a matter, a place or a firm, and a text message is read by others on the way and over a shoulder. So a
notice leaves as "you have something new", with a link that tells nothing; only `Notice.external`, given by the room
for what is public anyway, leaves as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.urls import reverse

from qifu.foundation.channels.adapters import Message
from qifu.foundation.channels.config import MAIL, Channel, SiteChannels

NEUTRAL = {
    "to_do": "您有一项新的待办，请登录企服查看。",
    "reminder": "您有一项工作需要留意，请登录企服查看。",
    "message": "您有一条新的消息，请登录企服查看。",
}
LISTED_AT_MOST = 20


def sentence(kind: str, external: str) -> str:
    """Return what a notice says outside: the room's text that may leave, else the neutral sentence of its kind."""
    return external or NEUTRAL[kind]


def single(
    site: SiteChannels, channel: Channel, *, key: str, to: str, notice_id: int, kind: str, external: str,
    due_on: date | None,
) -> Message:  # fmt: skip
    """Return the message that carries one notice."""
    title = sentence(kind, external)
    link = site.url + reverse("inbox_notice", args=[notice_id])
    text = channel.text(site=site.site, title=title, link=link)
    return Message(key=key, to=to, title=title, text=text, link=link, due_on=due_on)


def digest(
    site: SiteChannels, channel: Channel, *, key: str, to: str, new: Sequence[tuple[str, str]],
    open_to_dos: int, next_due_on: date | None,
) -> Message:  # fmt: skip
    """Return the message that carries several notices, given as (kind, external), and tells of open to-dos.

    A mail lists the texts that may leave; a text message only counts.
    """
    said = [f"{len(new)} 条未读消息"]
    if open_to_dos:
        due = f"，最近的 {next_due_on.month}月{next_due_on.day}日到期" if next_due_on else ""
        said.insert(0, f"{open_to_dos} 项待办{due}")
    title = f"今天您有{'；'.join(said)}。请登录企服查看。"
    link = site.url + reverse("inbox")
    text = channel.text(site=site.site, title=title, link=link)
    outside = [external for _, external in new if external][:LISTED_AT_MOST]
    if channel.kind == MAIL and outside:
        text += "\n\n" + "\n".join(f"· {line}" for line in outside)
    return Message(key=key, to=to, title=title, text=text, link=link)
