"""What is wrong with a facts file, said so that the person who made it can mend it. Pure."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

MOST_PROBLEMS = 100
_CAUSES = {
    errno.ENOENT: "没有这个文件或文件夹", errno.EACCES: "没有权限", errno.EPERM: "没有权限", errno.EROFS: "磁盘是只读的", errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "超出磁盘配额", errno.EISDIR: "是一个文件夹，请写明文件名", errno.ENOTDIR: "路径中有一段不是文件夹", errno.ENAMETOOLONG: "名称过长",
    errno.ELOOP: "链接成环",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One thing that is wrong. `row` counts as a spreadsheet does (a CSV's heading is 1; Parquet's first row is 1)."""

    reason: str
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        place = (f"第 {self.row} 行" if self.row else "") + (f"“{self.column}”栏" if self.column else "")
        return f"{place}：{self.reason}" if place else self.reason


class FactTableError(ValueError):
    """A facts file cannot be used: what is wrong in it, at most MOST_PROBLEMS, in Chinese, one a line."""

    def __init__(self, where: str, problems: Sequence[FactProblem]) -> None:
        self.where, self.problems = where, tuple(problems[:MOST_PROBLEMS])
        lines = [f"{where}：{problem}" for problem in self.problems]
        if len(problems) >= MOST_PROBLEMS:
            lines.append(f"{where}：只列出前 {MOST_PROBLEMS} 处问题，请改正后再试")
        super().__init__("\n".join(lines))


def cause(error: OSError) -> str:
    """Return in Chinese why a file could not be opened, read or written."""
    return _CAUSES.get(error.errno or 0, "磁盘读写出错")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what goes wrong while reading the facts file into FactTableError."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno:
            reason = f"读不到文件：{cause(error)}"
        else:
            reason = "文件已损坏或不完整，请重新导出"
        raise FactTableError(str(path), [FactProblem(reason)]) from error
