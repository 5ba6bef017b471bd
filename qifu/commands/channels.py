"""`qifu channels`: check the declared channels, try one, or run a provider to try against."""

from __future__ import annotations

import os
import sys

from qifu.commands.main import parser

DEFAULT_PORT = 8090
SECRET_NAME = "QIFU_STAND_IN_SECRET"
DEMO_SECRET = "stand-in-secret-for-demo"


def main(argv: list[str]) -> int:
    """Run `check`, `stand-in` or `example`."""
    arguments = parser("channels", "短信与平台消息的渠道")
    arguments.add_argument(
        "act", choices=["check", "stand-in", "example"],
        help="check：列出渠道及其状态；stand-in：启动模拟的短信与平台接口；example：打印接到它的渠道文件",
    )  # fmt: skip
    arguments.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"模拟接口的端口，默认 {DEFAULT_PORT}"
    )
    options = arguments.parse_args(argv)
    if options.act == "check":
        return check()
    if options.act == "example":
        print(example(options.port))
        return 0
    return stand_in(options.port)


def check() -> int:
    """List each channel with its state; 1 when a provider does not answer or something was given up."""
    from qifu.foundation import clock
    from qifu.foundation.channels.queries import health

    rows = health(at=clock.now())
    if not rows:
        print("没有开通渠道：消息只在站内显示。设置 QIFU_CHANNELS 后重新启动。")
    words = {"good": "正常", "warn": "提醒", "bad": "错误"}
    for row in rows:
        fault = f"；最近一次故障：{row.reason}" if row.reason else ""
        print(
            f"[{words[row.level]}] {row.title}（{row.name}）：等待 {row.waiting}，"
            f"一天内已发 {row.sent}、未发出 {row.failed}{fault}"
        )
    return 1 if any(row.level != "good" for row in rows) else 0


def stand_in(port: int) -> int:
    """Serve the stand-in until stopped."""
    from qifu.foundation.channels.stand_in import StandIn, serve

    secret = os.environ.get(SECRET_NAME, DEMO_SECRET)
    try:
        server = serve(StandIn(secret), port=port)
    except OSError as error:
        print(f"端口 {port} 不能使用（{error.strerror}）：请用 --port 换一个。", file=sys.stderr)
        return 1
    print(f"模拟接口已启动：http://127.0.0.1:{server.server_port}/    按 Ctrl+C 停止", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


def example(port: int) -> str:
    """Return a channels file that leads to the stand-in."""
    from qifu.foundation.channels.config import MESSAGE, SMS, TO_DO

    rows = [
        ("sms", "短信", SMS, "everyone", "sms", "【{site}】{title} {link}"),
        ("zheliban", "浙里办消息", MESSAGE, "enterprise", "messages", "{title}"),
        ("zhezhengding", "浙政钉待办", TO_DO, "staff", "to-dos", "{title}"),
    ]
    lines = [
        f"# 先设环境变量：export {SECRET_NAME}={DEMO_SECRET}",
        "site: 企服",
        "url: http://127.0.0.1:8000",
        "channels:",
    ]
    for name, title, kind, audience, box, template in rows:
        lines += [
            f"  - name: {name}", f"    title: {title}", f"    kind: {kind}", f"    audience: {audience}",
            f"    endpoint: http://127.0.0.1:{port}/{box}", f"    secret: {SECRET_NAME}", f'    template: "{template}"',
        ]  # fmt: skip
    return "\n".join(lines)
