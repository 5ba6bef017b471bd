"""The error of the batch kernel."""

from __future__ import annotations

from collections.abc import Sequence


class KernelRefusal(ValueError):
    """Policies that the kernel cannot run, each with its reason in Chinese: `refused` is a tuple of (policy code, reason)."""

    def __init__(self, refused: Sequence[tuple[str, str]]) -> None:
        self.refused = tuple(refused)
        shown = "；".join(f"{policy}：{reason}" for policy, reason in self.refused[:20])
        more = f"；另有 {len(self.refused) - 20} 项" if len(self.refused) > 20 else ""
        super().__init__(f"批量计算不能执行这些政策：{shown}{more}。请改正规则后重试")
