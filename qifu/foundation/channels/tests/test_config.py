"""The channels file: what it may say, and what is said when it is wrong."""

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.channels import signing
from qifu.foundation.channels.config import Channel, SiteChannels, parse_channels, read_channels
from qifu.foundation.yaml_data import DataError

ENVIRON = {"QIFU_SMS_SECRET": "sixteen letters!", "QIFU_MAIL_PASSWORD": "p"}
GOOD = """
site: 企服
url: https://qifu.example.org
channels:
  - name: sms
    title: 短信
    kind: sms
    endpoint: https://sms.example.org/send
    secret: QIFU_SMS_SECRET
    signature: hmac-sm3
    audience: staff
    use: prescribed
    timeout: 3
    per_minute: 10
    template: "【{site}】{title}{link}"
  - name: mail
    title: 邮件
    kind: email
    endpoint: smtps://mail.example.org
    sender: qifu@example.org
    user: qifu
    secret: QIFU_MAIL_PASSWORD
"""


def read(text: str) -> SiteChannels:
    return parse_channels(text.encode(), ENVIRON)


def test_a_good_file_is_read_with_its_secrets() -> None:
    found = read(GOOD)
    sms, mail = found.channels
    assert (sms.secret, sms.signature, sms.use, sms.audience, sms.timeout, sms.per_minute) == (
        "sixteen letters!", "hmac-sm3", "prescribed", "staff", 3, 10,
    )  # fmt: skip
    assert (mail.kind, mail.use, mail.timeout, mail.secret) == ("email", "default", 5, "p")
    assert found.find("mail") is mail and found.find("pigeon") is None
    assert "sixteen" not in repr(found), "a secret is never printed"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: sms", "kind: pigeon", "不在允许之列"),
        ("secret: QIFU_SMS_SECRET", "secret: QIFU_NONE", "环境变量 QIFU_NONE 没有设置"),
        ("secret: QIFU_SMS_SECRET", "secret: QIFU_MAIL_PASSWORD", "短于 16"),
        ("    secret: QIFU_SMS_SECRET\n", "", "缺少 secret"),
        ("https://sms.example.org/send", "http://sms.example.org/send", "没有加密"),
        ("https://sms.example.org/send", "ftp://sms.example.org/send", "不正确"),
        ("https://sms.example.org/send", "https://name:word@sms.example.org/", "不含账号和口令"),
        ("https://sms.example.org/send", "'demo:'", "不正确"),
        ("smtps://mail", "smtp://mail", "没有加密"),
        ("name: mail", "name: sms", "写了两次"),
        ("{title}{link}", "{title}{mobile}", "不认识的占位符"),
        ("{title}{link}", "{title.__class__}", "不认识的占位符"),
        ("{title}{link}", "{title}{link", "不认识的占位符"),
        ("{title}{link}", "{link}", "没有 {title}"),
        ("    sender: qifu@example.org\n", "", "sender"),
        ("timeout: 3", "timeout: 0", "超出范围"),
        ("url: https://qifu.example.org", "url: https://qifu.example.org/", "网站地址"),
        ("user: qifu", "usr: qifu", "usr"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(DataError, match=r"第 \d+ 行") as caught:
        read(GOOD.replace(old, new, 1))
    assert said in str(caught.value) and "sixteen letters!" not in str(caught.value)


def test_plain_http_is_taken_inside_a_closed_network_when_said() -> None:
    text = GOOD.replace("https://sms.example.org/send", "http://10.0.0.5/send\n    plain_http: true")
    assert read(text).channels[0].endpoint == "http://10.0.0.5/send"


def test_a_site_without_a_file_has_none_and_a_missing_file_is_told(tmp_path: Path) -> None:
    assert read_channels("") == SiteChannels()
    with pytest.raises(ValueError, match="不能读取渠道文件"):
        read_channels(str(tmp_path / "none.yaml"))
    (tmp_path / "c.yaml").write_text(GOOD, "utf-8")
    assert len(read_channels(str(tmp_path / "c.yaml"), ENVIRON).channels) == 2


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_in_a_title_is_ever_filled_in(title: str, link: str) -> None:
    channel = Channel("sms", "短信", "sms", template="【{site}】{title} {link}")
    assert channel.text(site="企服", title=title, link=link) == f"【企服】{title} {link}".strip()


@pytest.mark.parametrize(("algorithm", "name"), [("hmac-sha256", "sha256"), ("hmac-sm3", "sm3")])
def test_a_signature_is_the_standard_one(algorithm: str, name: str) -> None:
    if name not in hashlib.algorithms_available:
        pytest.skip(f"this build of Python has no {name} to compare with")
    expected = hmac.new(b"secret", b"1700000000\nk1\n{}", name).hexdigest()
    assert signing.sign("secret", algorithm, "1700000000", "k1", b"{}") == expected


CHANGES: dict[str, dict[str, Any]] = {
    "another body": {"body": b"{ }"},
    "another key": {"key": "k2"},
    "another time": {"timestamp": "1700000001"},
    "another algorithm": {"algorithm": "hmac-sm3"},
    "no algorithm": {"algorithm": "none"},
    "no signature": {"signature": ""},
    "strange letters": {"signature": "签名"},
    "no time": {"timestamp": ""},
    "strange digits": {"timestamp": "１７００００００００"},
    "long ago": {"now": 1700000000 + 301},
    "not yet": {"now": 1700000000 - 301},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_was_changed_on_the_way_is_seen(change: dict[str, Any]) -> None:
    signature = signing.sign("secret", "hmac-sha256", "1700000000", "k1", b"{}")
    good = {
        "timestamp": "1700000000", "algorithm": "hmac-sha256", "signature": signature, "key": "k1",
        "body": b"{}", "now": 1700000299,
    }  # fmt: skip
    assert signing.fault("secret", **good) is None
    assert signing.fault("secret", **(good | change)) is not None
    assert signing.fault("secreT", **good) == "签名不正确"
