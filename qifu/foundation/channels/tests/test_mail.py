"""E-mail, against a small SMTP server on the loopback address."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from qifu.foundation.channels import adapters, addresses
from qifu.foundation.channels.adapters import Message, Rejected, Unreachable
from qifu.foundation.channels.config import Channel, SiteChannels
from qifu.foundation.channels.models import Delivery
from qifu.foundation.channels.tests.provider import STAFF, Clock, tell, work


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail; answers RCPT with `rcpt` and the data with `data`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails: list[Any] = []
        self.rcpt = "250 ok"
        self.data = "250 taken"


class Conversation(socketserver.StreamRequestHandler):
    """One SMTP session, as far as Django's backend needs it."""

    server: MailServer

    def handle(self) -> None:
        """Talk until QUIT."""
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part[1:] if part.startswith(b"..") else part)
                self.server.mails.append(
                    email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                )
                self.say(self.server.data)
            elif word == "RCPT":
                self.say(self.server.rcpt)
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, line: str) -> None:
        """Answer one line."""
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def channel_to(server: MailServer) -> Channel:
    address = f"smtp://127.0.0.1:{server.server_address[1]}"
    return Channel(
        "mail", "邮件", "email", endpoint=address, sender="qifu@example.org", timeout=2, template="{title}\n{link}"
    )  # fmt: skip


def message(to: str = "p@example.org", title: str = "标题") -> Message:
    return Message(key="k1", to=to, title=title, text="正文", link="")


@pytest.mark.django_db
def test_a_notice_goes_out_by_mail(settings: Any, mail_server: MailServer, clock: Clock) -> None:
    settings.CHANNELS = SiteChannels("企服", "https://qifu.example.org", (channel_to(mail_server),))
    tell(STAFF, kind="reminder")
    work(clock)
    (mail,) = mail_server.mails
    row = Delivery.objects.get()
    assert (mail["To"], mail["From"], mail["Subject"].strip()) == (
        "p7@example.org", "qifu@example.org", "您有一项工作需要留意，请登录企服查看。",
    )  # fmt: skip
    assert mail["Message-ID"] == f"<{row.key}@example.org>" == row.provider_number
    assert "https://qifu.example.org/inbox/" in mail.get_content() and "某企业" not in mail.as_string()
    assert addresses.address_of(STAFF, "email") == "p7@example.org"


def test_a_refused_address_is_given_up_and_a_busy_server_is_asked_again(mail_server: MailServer) -> None:
    channel = channel_to(mail_server)
    mail_server.rcpt = "550 no such box"
    with pytest.raises(Rejected, match="550"):
        adapters.send(channel, message())
    mail_server.rcpt = "450 busy"
    with pytest.raises(Unreachable, match="450"):
        adapters.send(channel, message())
    mail_server.rcpt, mail_server.data = "250 ok", "452 full"
    with pytest.raises(Unreachable):
        adapters.send(channel, message())


@pytest.mark.parametrize("to", ["p@example.org\nBcc: other@example.org", "p@example.org\r\n.", "no address"])
def test_an_address_that_is_none_adds_no_line(mail_server: MailServer, to: str) -> None:
    mail_server.rcpt = "553 not an address"
    with pytest.raises(Rejected):
        adapters.send(channel_to(mail_server), message(to=to))
    assert mail_server.mails == []


def test_a_line_break_in_a_title_adds_no_header(mail_server: MailServer) -> None:
    with pytest.raises(Rejected):
        adapters.send(channel_to(mail_server), message(title="标题\nBcc: other@example.org"))
    assert mail_server.mails == []


def test_a_server_that_is_away_is_asked_later(mail_server: MailServer) -> None:
    away = Channel("mail", "邮件", "email", endpoint="smtp://127.0.0.1:9", sender="q@example.org", timeout=1)
    with pytest.raises(Unreachable):
        adapters.send(away, message())
