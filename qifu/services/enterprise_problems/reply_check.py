"""Is a draft an answer to what was asked? A configurable check before it goes out. Pure; figures are the province's.

Hard findings stop a draft, soft ones ask whoever drafted it to look again or to say why it is right. The check reads
words, not meaning: it catches empty phrases, mix-ups and slips, and judges nobody's decision.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True)
class Rules:
    """What a reply is held to; lengths in characters, `nearness` and `outdone_by` in percent.

    `least_shared`: so many uncommon pairs of characters, or one number, must be in both question and reply; with fewer
    a draft is doubted, with none it is stopped.
    A pair is uncommon when less than `common_above` percent of the unit's other questions have it.
    `outdone_by`: soft when the reply fits more than so many percent of the other questions better than its own.
    `nearness`: from so many percent of equal pairs on, two replies count as the same text.
    """

    least: int
    usual_least: int
    most: int
    least_substance: int
    least_shared: int
    common_above: int
    outdone_by: int
    nearness: int
    empty_phrases: tuple[str, ...]
    internal_words: tuple[str, ...]
    doubtful_words: tuple[str, ...]
    done_words: tuple[str, ...]
    contact_words: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    """Another case of the unit: its firm, what it asked, what was replied (empty where nothing was yet)."""

    number: str
    firm: str
    question: str
    reply: str


@dataclass(frozen=True)
class Draft:
    """What is checked: the reply, the question it answers, the firm that asked, the result and the promises with it."""

    reply: str
    question: str
    firm: str = ""
    result: str = ""
    promises: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Finding:
    """One thing found, in words for whoever drafted; `hard` stops the draft."""

    code: str
    words: str
    hard: bool


_NUMBER = re.compile(r"\d{3,}(?:\.\d+)?|\d+(?:\.\d+)?(?=[%％‰万亿元平吨米亩公千号])")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}[-—－ ]?\d{7,8}|[2-8]\d{6,7}|12345|123\d{2})(?!\d)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_FIRM = re.compile(
    r"[\u4e00-\u9fff（）()·A-Za-z0-9]{2,30}?(?:股份有限公司|有限责任公司|有限公司|合作社|事务所|合伙企业)"
)
_FORM = re.compile(r"(?:股份有限公司|有限责任公司|有限公司|集团|合作社|事务所|合伙企业)$")


def plain(text: str) -> str:
    """Return a text in one width and without blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=2048)
def pairs(text: str) -> frozenset[str]:
    """Return every two neighbouring Chinese characters of a text."""
    found = {run[i : i + 2] for run in _CHINESE.findall(plain(text)) for i in range(len(run) - 1)}
    return frozenset(found)


def findings(draft: Draft, rules: Rules, others: Sequence[Other] = ()) -> list[Finding]:
    """Return what speaks against sending a draft, hard findings first."""
    reply = plain(draft.reply)
    found = [
        *_length(reply, rules),
        *_substance(reply, rules),
        *_words(reply, draft, rules),
        *_names(reply, draft, others),
        *_copies(draft, rules, others),
        *_facts(draft, rules, others),
        *_parts(reply, draft, rules),
    ]
    return sorted(found, key=lambda one: not one.hard)


def _length(reply: str, rules: Rules) -> Iterable[Finding]:
    if len(reply) < rules.least:
        yield Finding("short", f"答复只有 {len(reply)} 字，至少 {rules.least} 字才能说清楚办了什么", True)
    elif len(reply) < rules.usual_least:
        yield Finding("brief", f"答复只有 {len(reply)} 字，请确认已写明事实、依据和结果", False)
    if len(reply) > rules.most:
        yield Finding("long", f"答复有 {len(reply)} 字，超过 {rules.most} 字，请精简，其余作为附件", True)


def _substance(reply: str, rules: Rules) -> Iterable[Finding]:
    left = reply
    for phrase in sorted(rules.empty_phrases, key=len, reverse=True):
        left = left.replace(plain(phrase), "")
    left = "".join(_CHINESE.findall(left)) + "".join(re.findall(r"\d+", left))
    if rules.least <= len(reply) and len(left) < rules.least_substance:
        yield Finding("empty", "除套话以外几乎没有内容，请写明查了什么、办了什么、结果怎样", True)


def _words(reply: str, draft: Draft, rules: Rules) -> Iterable[Finding]:
    question = plain(draft.question)
    internal = [word for word in rules.internal_words if word in reply]
    if internal:
        yield Finding("internal", f"出现内部用语“{'”“'.join(internal)}”，企业看得到答复，请删去", True)
    doubtful = [word for word in rules.doubtful_words if word in reply and word not in question]
    if doubtful:
        yield Finding("doubtful", f"出现“{'”“'.join(doubtful)}”，请确认不是内部情况", False)


def _names(reply: str, draft: Draft, others: Sequence[Other]) -> Iterable[Finding]:
    own, question = plain(draft.firm), plain(draft.question)
    known = {plain(one.firm) for one in others if len(plain(one.firm)) >= 6} - {own}
    leaked = sorted(name for name in known if name in reply and name not in question and name not in own)
    if leaked:
        yield Finding("other_firm", f"出现另一家反映问题的企业“{leaked[0]}”，请核对是否写错对象", True)
    named = [one for one in _FIRM.findall(reply) if not any(name in one for name in leaked)]
    strange = [one for one in named if not _same_firm(one, own) and not _in_question(one, question)]
    if strange:
        yield Finding(
            "strange_firm", f"出现企业名称“{strange[0]}”，反映人没有提到，请确认没有写错对象", False
        )


def _same_firm(name: str, own: str) -> bool:
    return bool(own) and (own in name or name in own)


def _in_question(name: str, question: str) -> bool:
    """Tell whether the question names it too; what stands before the name in the sentence is cut away step by step."""
    stem = _FORM.sub("", name)
    return any(len(stem) - cut >= 4 and stem[cut:] in question for cut in range(len(stem)))


def _copies(draft: Draft, rules: Rules, others: Sequence[Other]) -> Iterable[Finding]:
    mine = pairs(draft.reply)
    for one in others:
        if not one.reply or not mine:
            continue
        theirs = pairs(one.reply)
        if len(mine & theirs) * 100 >= rules.nearness * len(mine | theirs):
            same = _alike(pairs(one.question), pairs(draft.question))
            words = f"与 {one.number} 的答复几乎相同" + (
                "，两件反映的情况相近，请确认适用" if same else "，而反映的情况不同，请按本件的事实答复"
            )
            yield Finding("copy", words, not same)
            return


def _facts(draft: Draft, rules: Rules, others: Sequence[Other]) -> Iterable[Finding]:
    question, reply = pairs(draft.question), pairs(draft.reply)
    if len(question) < 2 * rules.least_shared:
        return
    asked = [pairs(one.question) for one in others]
    common = _common([one for one in asked if not _alike(one, question)], rules)
    shared = (question & reply) - common
    numbers = set(_NUMBER.findall(plain(draft.question))) & set(_NUMBER.findall(plain(draft.reply)))
    if len(shared) < rules.least_shared and not numbers:
        words = "几乎没有" if shared else "没有"
        yield Finding(
            "off_the_point", f"{words}提到来件反映的具体事实（地点、事项、数额等），请逐项回应", not shared
        )
        return
    if _outdone(draft, question, reply, others) * 100 > rules.outdone_by * len(others) > 0:
        yield Finding("fits_others", "这份答复与本单位其他来件更相符，请核对是否答错了对象", False)


def _alike(one: frozenset[str], question: frozenset[str]) -> bool:
    """Tell whether another question has half of the pairs of this one: several firms may tell of one matter."""
    return len(one & question) * 2 >= len(question)


def _common(questions: Sequence[frozenset[str]], rules: Rules) -> frozenset[str]:
    """Return the pairs that many questions have, so that they say nothing of this one; none while there are too few."""
    if len(questions) < 20:
        return frozenset()
    count = Counter(pair for one in questions for pair in one)
    return frozenset(pair for pair, n in count.items() if n * 100 > rules.common_above * len(questions))


def _outdone(draft: Draft, question: frozenset[str], reply: frozenset[str], others: Sequence[Other]) -> int:
    """Return how many of the other questions the reply fits better than its own, each pair weighed by its rarity.

    A fit is the rare pairs that both have, over the root of the question's own; compared as whole numbers.
    """
    if len(others) < 20:
        return 0
    count = Counter(pair for one in others for pair in pairs(one.question))
    weight = {pair: len(others) * 10 // (1 + count[pair]) for pair in reply}

    def fit(of: frozenset[str]) -> int:
        said = sum(weight.get(pair, 0) for pair in of & reply)
        return said * said * 1000 // max(1, len(of))

    mine = fit(question)
    return sum(1 for one in others if fit(pairs(one.question)) > mine)


def _parts(reply: str, draft: Draft, rules: Rules) -> Iterable[Finding]:
    if not any(word in reply for word in rules.done_words):
        yield Finding("nothing_done", "没有写明办了什么（如核查、协调、办理、答复依据）", False)
    if not _PHONE.search(reply) and not any(word in reply for word in rules.contact_words):
        yield Finding("no_contact", "没有写联系人或电话，企业有疑问时找不到人", False)
    if draft.result == "planned" and not draft.promises:
        yield Finding("no_promise", "办理结果是“列入计划”，请写明承诺做什么、哪天完成", False)


def rules_of(said: Mapping[str, object]) -> Rules:
    """Return the rules of a checked YAML mapping; lists become tuples."""
    plain_values = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return Rules(**plain_values)  # type: ignore[arg-type]
