"""A provider to try against: a small HTTP server that speaks the adapters' protocol and keeps messages in memory.

It verifies each signature, refuses what is signed badly, late or not at all, takes each idempotency key once, and shows
what it took on a page. For demonstrations and tests; it listens on the loopback address unless told otherwise.
"""

from __future__ import annotations

import html
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qifu.foundation.channels import signing

LONGEST_BODY = 64 * 1024
KEPT = 1000
NEEDED = {
    "sms": ("mobile", "text"),
    "messages": ("account", "title", "text", "link"),
    "to-dos": ("account", "title", "link"),
}
TITLES = {"sms": "短信", "messages": "平台消息", "to-dos": "平台待办"}
_PATH = re.compile(r"/(sms|messages|to-dos)(?:/([0-9]{1,9})/done)?")

Answer = tuple[int, dict[str, str]]


@dataclass
class Taken:
    """One message that was taken."""

    number: int
    box: str
    key: str
    body: dict[str, Any]
    at: int
    done: bool = False


@dataclass
class StandIn:
    """The server's memory. `before` may answer in its place (a test's 500 or delay); None lets it go on."""

    secret: str
    now: Callable[[], float] = time.time
    taken: list[Taken] = field(default_factory=list)
    requests: int = 0
    before: Callable[[], Answer | None] = lambda: None
    after: Callable[[], Answer | None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _by_key: dict[str, Taken] = field(default_factory=dict)

    def post(self, path: str, headers: Callable[[str], str], body: bytes) -> Answer:
        """Judge one request and return status and answer; `headers` gives a header's value or ""."""
        with self._lock:
            self.requests += 1
        early = self.before()
        if early is not None:
            return early
        key = headers(signing.KEY)
        wrong = signing.fault(
            self.secret, timestamp=headers(signing.TIMESTAMP), algorithm=headers(signing.ALGORITHM),
            signature=headers(signing.SIGNATURE), key=key, body=body, now=int(self.now()),
        )  # fmt: skip
        if wrong is not None:
            return 401, {"error": wrong}
        found = _PATH.fullmatch(path)
        if found is None or (found[2] and found[1] != "to-dos"):
            return 404, {"error": "没有这个地址"}
        with self._lock:
            answer = self._end(int(found[2])) if found[2] else self._take(found[1], key, body)
        return self.after() or answer

    def _take(self, box: str, key: str, body: bytes) -> Answer:
        if not key:
            return 400, {"error": "缺少请求标识"}
        if key in self._by_key:
            return 200, {"number": str(self._by_key[key].number)}
        try:
            given = json.loads(body)
        except ValueError:
            given = None
        if not isinstance(given, dict) or not all(given.get(name) for name in NEEDED[box]):
            return 422, {"error": f"缺少{'、'.join(NEEDED[box])}"}
        taken = Taken(len(self._by_key) + 1, box, key, given, int(self.now()))
        self._by_key[key] = taken
        self.taken = [*self.taken, taken][-KEPT:]
        return 201, {"number": str(taken.number)}

    def _end(self, number: int) -> Answer:
        for one in self.taken:
            if one.number == number and one.box == "to-dos":
                one.done = True
                return 200, {"number": str(number)}
        return 422, {"error": "没有这项待办"}

    def page(self) -> str:
        """Return the page that lists what was taken, newest first."""
        rows = "".join(
            f"<tr><td>{one.number}</td><td>{TITLES[one.box]}{'（已办结）' if one.done else ''}</td>"
            f"<td>{html.escape(str(one.body.get('mobile') or one.body.get('account')))}</td>"
            f"<td>{html.escape(str(one.body.get('text') or one.body.get('title')))}</td></tr>"
            for one in reversed(self.taken)
        )
        return (
            '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>模拟短信与平台消息</title>'
            f"<h1>模拟短信与平台消息</h1><p>收到 {len(self.taken)} 条；关闭程序即清空。</p>"
            f"<table border><tr><th>编号<th>种类<th>收件方<th>内容</tr>{rows}</table></html>"
        )


def serve(stand_in: StandIn, *, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """Return a server bound to `port` (0: any free one); the caller runs `serve_forever` and closes it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            """Show the page."""
            self._answer(200, stand_in.page().encode(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            """Take a message."""
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > LONGEST_BODY:
                self._answer(413, b"{}", "application/json")
                return
            body = self.rfile.read(int(length))
            status, answer = stand_in.post(self.path, lambda name: self.headers.get(name, ""), body)
            self._answer(status, json.dumps(answer, ensure_ascii=False).encode(), "application/json")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: paths and addresses are nobody's business."""

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server
