"""The same kernel on many machines: Spark shards the enterprises by place, and every shard is swept as on one machine.

Needs pyspark (requirements-spark.txt) and Java 17 where it is called; this package and its requirements on every executor.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qifu.engines.rules.fact_columns import PlaceCode
from qifu.engines.rules.fact_source import TableSource
from qifu.engines.rules.fact_table import Reading, in_order, layout
from qifu.engines.rules.kept_file import laid_out
from qifu.engines.rules.match import CODED, SCHEMA, MatchError, MatchFile, Matching, facts_asked, kernel_sweep
from qifu.engines.rules.tree import Bound
from qifu.registers.enterprises.fact_book import FactBook

_ROWS_OF_A_BATCH = 1 << 16
_SHARD_KEYS = ("place", "industry", "uscc")


class SparkUnavailable(MatchError):
    """Spark cannot be started here; the message is Chinese and says what to install."""


def match_on_spark(
    bounds: Sequence[Bound],
    path: Path,
    facts: FactBook,
    out: MatchFile,
    *,
    everything: bool = False,
    place_code: PlaceCode | None = None,
    master: str | None = None,
    shards: int | None = None,
) -> int:
    """Match all enterprises of a facts file on Spark into `out`; return how many they are.

    `master` as Spark writes it; None: what spark-submit says, else this machine. `shards`: into how many parts the
    enterprises are cut by place, None: four for each core. The folder of `out` must be seen by all executors.
    Raises FactTableError, KernelRefusal, MatchError, SparkUnavailable.
    """
    only = facts_asked(bounds)
    kernel_sweep(
        bounds, TableSource(layout(facts, only).empty_table()), facts
    )  # refuses before Spark is started
    with tempfile.TemporaryDirectory(
        prefix=f".{out.path.name}.", suffix=".spark", dir=out.path.parent
    ) as folder:
        kept, rows = _kept_values(Reading(path, facts, only, place_code), Path(folder))
        with _session(master) as spark:
            try:
                parts = _swept(spark, kept, shards, Shard(tuple(bounds), facts, only, everything))
                parts.write.parquet((Path(folder).resolve() / "parts").as_uri())
            except Exception as error:
                raise _plain(error) from error
        for part in sorted((Path(folder) / "parts").glob("*.parquet")):
            for batch in pq.ParquetFile(part, read_dictionary=list(CODED)).iter_batches(_ROWS_OF_A_BATCH * 4):
                out.write(batch)
    return rows


@dataclass(frozen=True)
class Shard:
    """The work on one shard: called with its record batches, gives those of the answer."""

    bounds: tuple[Bound, ...]
    facts: FactBook
    only: frozenset[str]
    everything: bool

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held = [batch for batch in batches if batch.num_rows]
        if not held:
            return
        table = laid_out(pa.Table.from_batches(held), layout(self.facts, self.only))
        source = TableSource(in_order(table)[0])
        listed = kernel_sweep(self.bounds, source, self.facts, threads=1)
        for batch in Matching(self.bounds, self.everything).batches(source, listed):
            plain = [
                column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
                for column in batch.columns
            ]
            yield pa.RecordBatch.from_arrays(plain, names=SCHEMA.names)


def _kept_values(reading: Reading, folder: Path) -> tuple[Path, int]:
    """A Parquet file of kept values for Spark to read, and how many rows it has."""
    if reading.holds_kept_values():
        return reading.path.resolve(), reading.kept_file().rows
    table = reading.table()
    pq.write_table(table, folder / "facts.parquet", row_group_size=_ROWS_OF_A_BATCH * 4)
    return (folder / "facts.parquet").resolve(), table.num_rows


def _swept(spark: Any, kept: Path, shards: int | None, work: Shard) -> Any:
    """The answer as a data frame: shards are ranges of places, large places cut by industry and code."""
    there = pq.read_schema(kept).names
    wanted = [name for name in layout(work.facts, work.only).names if name in there]
    keys = [key for key in _SHARD_KEYS if key in wanted]
    count = shards or 4 * spark.sparkContext.defaultParallelism
    frame = spark.read.parquet(kept.as_uri()).select(*wanted).repartitionByRange(count, *keys)
    return frame.mapInArrow(
        work,
        "uscc string, policy string, version string, verdict string, amount_fen bigint, unmet_count int, unmet_leaf string",
    )


@contextmanager
def _session(master: str | None) -> Iterator[Any]:
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise SparkUnavailable("没有找到 Java，Spark 需要 Java 17：Debian 上请安装 openjdk-17-jre-headless")
    try:
        from pyspark import SparkConf
        from pyspark.sql import SparkSession
    except ImportError:
        raise SparkUnavailable(
            "没有安装 pyspark，请运行 pip install --require-hashes -r requirements-spark.txt"
        ) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("qifu rules match")
    if master is None and not SparkConf().contains("spark.master"):
        master = "local[*]"
    if master is not None:
        builder = builder.master(master)
        if master.startswith("local"):
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(_ROWS_OF_A_BATCH),
        "spark.sql.adaptive.coalescePartitions.enabled": "false",  # as many shards as asked
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:
        raise SparkUnavailable(f"Spark 启动不了：{_last_line(error)}") from error
    try:
        yield spark
    finally:
        spark.stop()


def _plain(error: Exception) -> MatchError:
    """What went wrong on an executor, without Spark's traces."""
    for line in str(error).splitlines():
        _, mark, told = line.partition("MatchError: ")
        if mark:
            return MatchError(told)
    return MatchError(f"Spark 没有算完：{_last_line(error)}")


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]
