"""The adapters: one function a kind that hands one message to a provider and returns the provider's number.

All HTTP adapters speak one small protocol (docs/manual/operator.md): a signed JSON request, answered by 2xx with
{"number": "..."}. A provider with another protocol is reached by a gateway that translates, or by one more function.
"""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from qifu.foundation.channels import signing
from qifu.foundation.channels.config import MAIL, MESSAGE, SMS, TO_DO, Channel

LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Message:
    """What is handed over: `text` is the filled template; `number` is the provider's own, to end a to-do."""

    key: str
    to: str
    title: str
    text: str
    link: str
    due_on: date | None = None
    done: bool = False
    number: str = ""


class Unreachable(Exception):
    """The provider cannot take anything now; the Chinese reason names no address. Try again later."""


class Rejected(Exception):
    """The provider will never take this message; the Chinese reason names no address."""


def send(channel: Channel, message: Message) -> str:
    """Hand the message over and return the provider's number ("" where it gives none); Unreachable or Rejected."""
    return _ADAPTERS[channel.kind](channel, message)


def _text_message(channel: Channel, message: Message) -> str:
    return _post(channel, "", message.key, {"mobile": message.to, "text": message.text})


def _platform_message(channel: Channel, message: Message) -> str:
    body = {"account": message.to, "title": message.title, "text": message.text, "link": message.link}
    return _post(channel, "", message.key, body)


def _to_do(channel: Channel, message: Message) -> str:
    """Make a to-do on the platform, or end the one that the platform calls `message.number`."""
    if message.done:
        return _post(channel, f"/{quote(message.number, safe='')}/done", message.key, {"account": message.to})
    body: dict[str, Any] = {"account": message.to, "title": message.text, "link": message.link}
    if message.due_on is not None:
        body["due_on"] = message.due_on.isoformat()
    return _post(channel, "", message.key, body)


def _post(channel: Channel, path: str, key: str, body: dict[str, Any]) -> str:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signing.headers(channel.secret, channel.signature, now=int(time.time()), key=key, body=raw)
    headers["Content-Type"] = "application/json"
    deadline = time.monotonic() + 2 * channel.timeout
    try:
        with (
            httpx.Client(timeout=channel.timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST", channel.endpoint.rstrip("/") + path, content=raw, headers=headers
            ) as answer,
        ):
            return _number(answer.status_code, _read(answer, deadline))
    except httpx.TimeoutException as error:
        raise Unreachable(f"对方 {channel.timeout} 秒内没有应答") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable("连接不上对方") from error


def _read(answer: httpx.Response, deadline: float) -> bytes:
    """Read the answer's body; one that is too long or comes too slowly counts as no answer."""
    body = b""
    for part in answer.iter_bytes():
        body += part
        if len(body) > LONGEST_ANSWER:
            raise Unreachable("对方的应答过长")
        if time.monotonic() > deadline:
            raise Unreachable("对方的应答过慢")
    return body


def _number(status: int, body: bytes) -> str:
    """Judge the answer: refused for good only where the message itself is at fault."""
    if status in (400, 413, 422):
        raise Rejected(f"对方不接受这条消息（{status}）")
    if status in (401, 403):
        raise Unreachable(f"对方不接受本站的签名（{status}）")
    if not 200 <= status < 300 and status != 409:  # 409: taken already under this key
        raise Unreachable(f"对方出错（{status}）")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    number = found.get("number") if isinstance(found, dict) else None
    if number is None and status != 409:
        raise Unreachable("对方的应答里没有编号")
    return str(number or "")[:80]


def _mail(channel: Channel, message: Message) -> str:
    parts = urlsplit(channel.endpoint)
    backend = EmailBackend(
        host=parts.hostname, port=parts.port or {"smtp": 25, "smtps": 465}.get(parts.scheme, 587),
        username=channel.user, password=channel.secret, use_ssl=parts.scheme == "smtps",
        use_tls=parts.scheme == "smtp+starttls", timeout=channel.timeout,
    )  # fmt: skip
    number = f"<{message.key}@{channel.sender.partition('@')[2]}>"
    mail = EmailMessage(
        subject=message.title, body=message.text, from_email=channel.sender, to=[message.to],
        headers={"Message-ID": number}, connection=backend,
    )  # fmt: skip
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            raise Rejected(f"对方不接受这个收件地址（{codes[0]}）") from None
        raise Unreachable(f"对方暂不接受（{codes[0]}）") from None
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        raise Unreachable("邮件服务器不接受本站的账号") from error
    except (ValueError, UnicodeError) as error:  # a line break in an address, an address that is none
        raise Rejected("收件地址不正确") from error
    except TimeoutError as error:
        raise Unreachable(f"对方 {channel.timeout} 秒内没有应答") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable("连接不上邮件服务器，或它出错") from error
    return number


_ADAPTERS: dict[str, Callable[[Channel, Message], str]] = {
    SMS: _text_message, MESSAGE: _platform_message, TO_DO: _to_do, MAIL: _mail,
}  # fmt: skip
