"""The batch kernel: thousands of bound policies over millions of enterprises, three-valued and exact.

`encode` codes a table of kept values once; `Sweep` runs bound policies over it and gives counts or rows. Everything that
`tree.py` can say runs here; what cannot is refused by name (KernelRefusal). Design: docs/decisions/013-rules.md.
"""

from qifu.engines.rules.kernel.amounts import Amounts
from qifu.engines.rules.kernel.coding import Encoded, encode
from qifu.engines.rules.kernel.refusal import KernelRefusal
from qifu.engines.rules.kernel.sweep import Chunk, Counts, Sweep

__all__ = ["Amounts", "Chunk", "Counts", "Encoded", "KernelRefusal", "Sweep", "encode"]
