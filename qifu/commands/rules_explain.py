"""`qifu rules explain`: why a rule holds, or does not, for one enterprise of a facts file; needs no site."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qifu.commands.main import parser
from qifu.commands.rules_request import BadRequest, day_of, place_code

if TYPE_CHECKING:
    from qifu.engines.rules.rule_book import RuleBook
    from qifu.engines.rules.tree import Bound
    from qifu.registers.enterprises.fact_book import Value


def main(argv: list[str]) -> int:
    """Print the explanation; 0 done (whatever the verdict), 1 the rules have a problem or are not in force, 2 it cannot run."""
    from qifu.engines.rules.fact_problems import FactTableError, cause
    from qifu.engines.rules.rule_book import NotInForce
    from qifu.engines.rules.rule_problems import RuleProblems
    from qifu.foundation.yaml_data import DataError

    options = _options(argv)
    try:
        options.as_of = day_of(options.as_of)
    except BadRequest as error:
        return _say(str(error), 2)
    for path in (options.facts, *options.policies):
        if not path.exists():
            return _say(f"没有这个文件或文件夹：{path}", 2)
    if options.facts.is_dir():
        return _say(f"{options.facts} 是一个文件夹，请写明事实文件，如 企业.csv", 2)
    try:
        return _explain(options)
    except (RuleProblems, NotInForce) as error:
        return _say(str(error), 1)
    except (BadRequest, FactTableError, DataError) as error:
        return _say(str(error), 2)
    except OSError as error:
        return _say(f"{error.filename or options.policy}：读不出来：{cause(error)}", 2)


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser(
        "rules explain", "说明一个规则对一户企业为什么符合、不符合或缺数据，差什么，怎样才能符合"
    )
    arguments.add_argument("--policy", required=True, help="规则的代码、名称，或规则文件")
    arguments.add_argument(
        "--facts", type=Path, required=True, help="企业事实：CSV 或 Parquet，栏目见 facts.yaml，另加 uscc"
    )
    arguments.add_argument("--uscc", required=True, help="统一社会信用代码，须在事实文件中")
    arguments.add_argument("--as-of", required=True, help="哪一天，如 2024-06-30")
    arguments.add_argument(
        "--policies", type=Path, action="append", default=[], help="除随附规则外，另读哪些规则文件或文件夹"
    )
    arguments.add_argument("--json", action="store_true", help="输出 JSON")
    return arguments.parse_args(argv)


def _explain(options: argparse.Namespace) -> int:
    from qifu.commands.rules import load_book, site_places
    from qifu.engines.rules.explain import explain
    from qifu.engines.rules.explain_words import explanation_words

    file = Path(options.policy)
    own = [file] if file.suffix in (".yaml", ".yml") and file.is_file() else []
    book = load_book([*own, *options.policies], own_only=False)
    bound = _bound(book, options, bool(own))
    values = _values(book, bound, options)
    if values is None:
        raise BadRequest(f"{options.facts} 中没有统一社会信用代码为“{options.uscc[:40]}”的企业，请核对")
    told = explain(bound, book.facts, values)
    if options.json:
        print(json.dumps(told.as_json(), ensure_ascii=False, indent=1))
    else:
        print("\n".join(explanation_words(told, site_places())))
    return 0


def _bound(book: RuleBook, options: argparse.Namespace, own: bool) -> Bound:
    if own:
        return book.bind(book.checked[0].code, options.as_of)
    rule = book.find(options.policy)
    if rule is None:
        raise BadRequest(
            f"没有代码或名称为“{options.policy[:60]}”的规则，请核对，或用 --policies 给出规则文件夹"
        )
    return book.bind(rule.code, options.as_of)


def _values(book: RuleBook, bound: Bound, options: argparse.Namespace) -> dict[str, Value] | None:
    """Return the kept values of the enterprise; None when the file has no such row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from qifu.engines.rules.edges import facts_asked
    from qifu.engines.rules.fact_table import USCC, plain_codes, read_table, rows

    table = read_table(
        options.facts, book.facts, only=facts_asked(bound), place_code=place_code(options.as_of)
    )
    asked = pa.array([options.uscc.strip()], pa.string())
    for code in (plain_codes(asked)[0], asked[0]):
        at = pc.index(table.column(USCC), code).as_py()
        if at >= 0:
            return rows(table, at)
    return None


def _say(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
