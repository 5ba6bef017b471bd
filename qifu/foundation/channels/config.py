"""Which channels a site has: read from the YAML file that QIFU_CHANNELS names, at start; a wrong file stops the start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qifu.foundation.channels.addresses import ACCOUNT, EMAIL, MOBILE
from qifu.foundation.yaml_data import Fields, Flag, ListOf, Loaded, OneOf, Text, Whole, read_yaml

SMS, MESSAGE, TO_DO, MAIL = "sms", "message", "to_do", "email"
KINDS = (SMS, MESSAGE, TO_DO, MAIL)
ADDRESS_OF_KIND = {SMS: MOBILE, MESSAGE: ACCOUNT, TO_DO: ACCOUNT, MAIL: EMAIL}
PRESCRIBED, USUAL, OFFERED = "prescribed", "default", "offered"
"""`prescribed`: always used; `default`: used unless the person says no; `offered`: used when the person says yes."""
PLACEHOLDERS = ("site", "title", "link")
DEMO = "demo:"
"""The endpoint of a demo site's channels: messages are kept in its database and shown on a page, nothing is sent."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Channel:
    """One declared channel. `timeout` in seconds; `secret` is the value itself, never shown or logged."""

    name: str
    title: str
    kind: str
    audience: str = "everyone"
    use: str = USUAL
    endpoint: str = ""
    user: str = ""
    sender: str = ""
    secret: str = ""
    signature: str = "hmac-sha256"
    timeout: int = 5
    per_minute: int = 60
    template: str = "【{site}】{title} {link}"

    def __repr__(self) -> str:
        return f"Channel({self.name})"

    @property
    def takes_digests(self) -> bool:
        """True unless the channel keeps a list of to-dos, where each stands for itself."""
        return self.kind != TO_DO

    def text(self, *, site: str, title: str, link: str) -> str:
        """Return the template filled in; nothing but the three placeholders is replaced."""
        values = {"site": site, "title": title, "link": link}
        return re.sub(r"\{(site|title|link)\}", lambda found: values[found[1]], self.template).strip()


@dataclass(frozen=True)
class SiteChannels:
    """The site's name and address as they stand in messages, and its channels in their order."""

    site: str = "企服"
    url: str = ""
    channels: tuple[Channel, ...] = ()

    def find(self, name: str) -> Channel | None:
        """Return the channel of that name, or None when it is declared no more."""
        return next((one for one in self.channels if one.name == name), None)


DEMO_CHANNELS = SiteChannels(
    channels=(
        Channel("sms", "短信（模拟）", SMS, endpoint=DEMO, per_minute=6000),
        Channel(
            "to_do",
            "浙政钉待办（模拟）",
            TO_DO,
            audience="staff",
            endpoint=DEMO,
            per_minute=6000,
            template="{title}",
        ),
        Channel(
            "message",
            "浙里办消息（模拟）",
            MESSAGE,
            audience="enterprise",
            use=OFFERED,
            endpoint=DEMO,
            per_minute=6000,
        ),
    )
)
"""What a demo site has when it declares nothing: messages that stand on its own page."""

_NAME = Text(pattern=r"[a-z][a-z0-9_]{0,39}", wanted="小写英文名称，如 sms")
_CHANNEL = Fields(
    {"name": _NAME, "title": Text(longest=20), "kind": OneOf(*KINDS), "endpoint": Text(longest=300)},
    {
        "audience": OneOf("staff", "enterprise", "everyone"),
        "use": OneOf(PRESCRIBED, USUAL, OFFERED),
        "secret": Text(pattern=r"[A-Z][A-Z0-9_]{2,60}", wanted="环境变量名，如 QIFU_SMS_SECRET"),
        "signature": OneOf("hmac-sha256", "hmac-sm3"),
        "timeout": Whole(1, 60),
        "per_minute": Whole(1, 6000),
        "template": Text(longest=300),
        "user": Text(longest=120),
        "sender": Text(pattern=r"[^@\s<>]+@[^@\s<>]+", wanted="发件地址"),
        "plain_http": Flag(),
    },
)
SHAPE = Fields(
    {
        "url": Text(
            pattern=r"https?://[^\s/]+", wanted="网站地址，如 https://qifu.example.gov.cn，末尾不带斜线"
        ),
        "channels": ListOf(_CHANNEL, least=1),
    },
    {"site": Text(longest=20)},
)


def read_channels(path: str, environ: Mapping[str, str] | None = None) -> SiteChannels:
    """Return what the file at `path` declares, nothing for an empty path; ValueError in Chinese when it is wrong."""
    if not path:
        return SiteChannels()
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"不能读取渠道文件 {path}（{error.strerror}）") from error
    return parse_channels(raw, os.environ if environ is None else environ, where=Path(path).name)


def parse_channels(raw: bytes, environ: Mapping[str, str], *, where: str = "channels.yaml") -> SiteChannels:
    """Return what the file declares; secrets are taken from `environ`. Raises DataError with the line."""
    loaded = read_yaml(raw, SHAPE, where=where)
    channels: list[Channel] = []
    for index, row in enumerate(loaded.data["channels"]):
        if row["name"] in {one.name for one in channels}:
            raise loaded.error(
                ("channels", index, "name"), f"渠道“{row['name']}”写了两次", "请改名或删去一个"
            )
        channels.append(_channel(loaded, index, row, environ))
    return SiteChannels(loaded.data.get("site", "企服"), loaded.data["url"], tuple(channels))


def _channel(loaded: Loaded, index: int, row: dict[str, Any], environ: Mapping[str, str]) -> Channel:
    place = ("channels", index)
    row = dict(row)
    plain_http = row.pop("plain_http", False)
    _check_endpoint(loaded, index, row, plain_http)
    if row["kind"] == MAIL and "sender" not in row:
        raise loaded.error(place, "邮件渠道缺少 sender（发件地址）", "请补充")
    if row["kind"] != MAIL and "secret" not in row:
        raise loaded.error(place, "缺少 secret（密钥所在的环境变量名）", "没有密钥，对方无法确认请求来自本站")
    if "secret" in row:
        name = row["secret"]
        row["secret"] = environ.get(name, "")
        if len(row["secret"]) < (1 if row["kind"] == MAIL else 16):
            raise loaded.error(
                (*place, "secret"), f"环境变量 {name} 没有设置或短于 16 个字符", "请设置后重新启动"
            )
    _check_template(loaded, index, row)
    return Channel(**row)


def _check_endpoint(loaded: Loaded, index: int, row: dict[str, Any], plain_http: bool) -> None:
    place, parts = ("channels", index, "endpoint"), urlsplit(row["endpoint"])
    schemes = ("smtp", "smtps", "smtp+starttls") if row["kind"] == MAIL else ("https", "http")
    if parts.scheme not in schemes or not parts.hostname or parts.username or parts.password:
        raise loaded.error(
            place,
            f"地址“{row['endpoint'][:60]}”不正确",
            f"应以 {'://、'.join(schemes)}:// 开头，不含账号和口令",
        )
    unprotected = parts.scheme in ("http", "smtp") and parts.hostname not in _LOOPBACK
    if unprotected and not plain_http:
        raise loaded.error(
            place,
            "地址没有加密",
            "请用 https（邮件用 smtps 或 smtp+starttls）；确在政务内网的，另写 plain_http: true",
        )


def _check_template(loaded: Loaded, index: int, row: dict[str, Any]) -> None:
    template = row.get("template", "{title}")
    place = ("channels", index, "template")
    unknown = [word for word in re.findall(r"\{([^{}]*)\}?", template) if word not in PLACEHOLDERS]
    if unknown or template.count("{") != template.count("}"):
        raise loaded.error(place, "模板里有不认识的占位符", "只能用 {site}、{title}、{link}")
    if "{title}" not in template:
        raise loaded.error(place, "模板里没有 {title}", "请写上，它是消息内容的位置")
