"""`qifu casework verify` asks the tables of cases whether every rule of the running core holds."""

from __future__ import annotations

import sys


def main(argv: list[str]) -> int:
    """Print each fault; 0 when there is none, 1 when there is one."""
    if argv != ["verify"]:
        print("用法：qifu casework verify", file=sys.stderr)
        return 2
    from qifu.engines.casework.models import Case
    from qifu.engines.casework.verify import verify
    from qifu.foundation import clock

    count = 0
    for fault in verify(at=clock.business(clock.now())):
        print(fault)
        count += 1
    print(f"共 {count} 处不符。" if count else f"{Case.objects.count()} 件全部相符。")
    return 1 if count else 0
