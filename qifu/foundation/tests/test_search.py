"""Search finds an entry if, and only if, it holds every word; on SQLite and on PostgreSQL."""

import random

import pytest
from django.db import connection
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.foundation import search
from qifu.foundation.action import WriteOutsideAct
from qifu.foundation.search import SearchEntry, find, index, normalise, remove, words_of
from qifu.foundation.tests.acts import act

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

PLAN = """优化营商环境，减税降费 2024 年 3 月底前完成。
统一社会信用代码：９１３３０１００ＭＡ２Ｂ００００ＸＱ；联系 Tax Refund 专班，电话 0571-8705。"""


def keys(words: str, **asked: object) -> list[str]:
    options = {"public_only": False, "limit": 1000, **asked}
    return [hit.object_id for hit in find(words, **options).hits]  # type: ignore[arg-type]


@pytest.fixture
def plan() -> SearchEntry:
    return act(lambda: index("plan", 1, title="浙江省营商环境优化提升行动", text=PLAN, place_code="330000"))


@pytest.mark.parametrize(
    "words",
    [
        "税", "减税", "减税降", "优化营商环境", "营商 降费", "2024年3月", "2024 年 3 月", "９１３３", "91330100ma2b",
        "tax", "refund TAX", "0571-8705", "费2024年", "提升行动", "省营商　环境", "境，减", "。",
    ],
)  # fmt: skip
def test_words_of_every_length_and_script_are_found(plan: SearchEntry, words: str) -> None:
    assert keys(words) == ["1"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "\u200b",
        "\x00",
        "税减",
        "降税",
        "营商环境 没有",
        "行动优化",
        "行动 优化X",
        "taxx",
        "动优",
        "ax refundx",
    ],
)
def test_what_is_not_there_is_not_found(plan: SearchEntry, words: str) -> None:
    assert keys(words) == []


def test_title_and_text_are_not_joined(plan: SearchEntry) -> None:
    assert keys("动优") == [] and keys("行动优化营商") == []


def test_audience_kind_and_place_narrow(plan: SearchEntry) -> None:
    act(lambda: index("task", "t-9", title="减税", text="", place_code="330100", audience="public"))
    assert keys("减税") == ["t-9", "1"]  # a title match comes first
    assert keys("减税", public_only=True) == ["t-9"]
    assert keys("减税", kinds=["plan"]) == ["1"]
    assert keys("减税", kinds=[]) == []
    assert keys("减税", within=Q(place_code__startswith="3301")) == ["t-9"]


def test_more_hits_rank_higher_and_the_rest_is_counted() -> None:
    def fill() -> None:
        for number in range(12):
            index("task", number, title=f"任务{number}", text="企业" * (number % 4))

    act(fill)
    results = find("企业", public_only=False, limit=3)
    assert results.count == 9 and results.partial and len(results.hits) == 3
    assert [hit.object_id for hit in results.hits] == ["11", "7", "3"]
    assert results.hits[0].excerpt == "企业" * 3


def test_beyond_the_ranked_number_the_newest_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RANKED", 2)

    def fill() -> None:
        for number, title in enumerate(["甲", "企业", "乙", "丙"]):
            index("task", number, title=title, text="企业" * (4 - number))

    act(fill)
    assert keys("企业") == ["1", "3", "2", "0"]


def test_reindexing_replaces_and_removing_forgets(plan: SearchEntry) -> None:
    act(lambda: index("plan", 1, title="新标题", text="全新内容"))
    assert keys("减税") == [] and keys("营商") == [] and keys("新标题") == ["1"] and keys("内容") == ["1"]
    assert SearchEntry.objects.count() == 1
    assert act(lambda: remove("plan", 1)) is True
    assert act(lambda: remove("plan", 1)) is False
    assert keys("内容") == []
    act(lambda: index("plan", 1, title="减税", text=""))
    assert keys("内容") == [] and keys("减税") == ["1"]


def test_an_act_that_fails_leaves_nothing_to_find(plan: SearchEntry) -> None:
    def fail() -> None:
        index("plan", 2, title="失败的标题", text="减税")
        index("plan", 1, title="改掉", text="改掉")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act(fail)
    assert keys("减税") == ["1"] and keys("失败") == [] and keys("改掉") == []


def test_writing_needs_an_act() -> None:
    with pytest.raises(WriteOutsideAct):
        index("plan", 1, title="甲", text="乙")
    with pytest.raises(WriteOutsideAct):
        remove("plan", 1)


@pytest.mark.parametrize(
    "words",
    [
        '"', "'", "*", "减*", 'NEAR("减" "税")', "AND", "OR NOT", "减税 AND", "title:减", "^减", "{a b}:减", "-税", "%", "_税",
        "\\", "\\0", "减\x00税", "'; DROP TABLE foundation_searchentry; --", "税" * 100_000, "税 " * 50_000, "\ud800",
        "😀", "&|!:*()<->", "\u202e税", "%s", "{}", "税" * 99 + "减", "(((((",
    ],
)  # fmt: skip
def test_hostile_queries_find_what_they_say_and_never_fail(plan: SearchEntry, words: str) -> None:
    wanted = words_of(words)
    expected = ["1"] if wanted and all(word in plan.text for word in wanted) else []
    assert keys(words) == expected
    assert len(wanted) <= search.MOST_WORDS and all(len(word) <= search.LONGEST_WORD for word in wanted)


def test_texts_with_odd_characters_are_kept_and_found() -> None:
    odd = "甲\x00乙\ud800丙\u200b丁😀戊\ufeff" + "长" * 200_000
    act(lambda: index("plan", 1, title="\x00" + "题" * 5000, text=odd))
    assert keys("甲乙丙丁😀戊") == ["1"] and keys("题" * 50) == ["1"] and keys("戊长长长") == ["1"]


ALPHABET = "税费企业园A1，"
TEXTS = st.lists(st.text(alphabet=ALPHABET, max_size=25), min_size=1, max_size=8)
QUERIES = st.lists(st.text(alphabet=ALPHABET, min_size=1, max_size=4), min_size=1, max_size=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.lists(QUERIES, min_size=1, max_size=6))
def test_found_is_what_brute_force_finds(texts: list[str], queries: list[list[str]]) -> None:
    def refill() -> None:
        for entry in SearchEntry.objects.all():
            remove(entry.kind, entry.object_id)
        for number, text in enumerate(texts):
            index("doc", number, title=text[:3], text=text[3:])

    act(refill)
    for query in queries:
        words = [normalise(word) for word in query]
        expected = {
            str(number)
            for number, text in enumerate(texts)
            if all(word in normalise(text[:3]) or word in normalise(text[3:]) for word in words)
        }
        results = find(" ".join(query), public_only=False, limit=100)
        assert {hit.object_id for hit in results.hits} == expected
        assert results.count == len(expected)


def test_the_index_is_used_and_not_every_row() -> None:
    chooser = random.Random(20240301)
    characters = [chr(0x4E00 + n) for n in range(2000)]

    def fill() -> None:
        for number in range(600):
            text = "".join(chooser.choices(characters, k=300))
            index("doc", number, title=f"第{number}篇", text=text + ("稀有词组" if number == 321 else ""))

    act(fill)
    assert keys("稀有词组") == ["321"]
    if connection.vendor == "sqlite":
        assert "VIRTUAL TABLE INDEX" in search._holding(SearchEntry.objects.all(), ["稀有词组"]).explain()
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE foundation_searchentry")
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = %s", [search.FOUND])
        assert "enable_seqscan=off" in cursor.fetchone()[0]
        cursor.execute("SET LOCAL enable_seqscan = off")
        asked = sorted(search.grams("稀有"))
        cursor.execute(
            f"EXPLAIN SELECT id FROM {search.TABLE} WHERE {search.GRAMS}(text) @> %s::bigint[]", [asked]
        )
        assert "foundation_search_by_gram" in str(cursor.fetchall())


def test_installing_again_changes_nothing_unless_the_entries_are_gone(plan: SearchEntry) -> None:
    search.install()
    assert keys("减税") == ["1"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM foundation_searchentry")
        search.install()
        act(
            lambda: SearchEntry(pk=plan.pk, kind="plan", object_id="1", title="", text="\n").save(
                force_insert=True
            )
        )
        assert keys("减税") == []
