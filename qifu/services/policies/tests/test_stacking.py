"""The best lawful combination: as brute force finds it, explained, honest about unknown amounts, quick."""

from __future__ import annotations

import random
import time
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from qifu.services.policies.stacking import Claim, Combination, LeftOut, Rule, best_combination

AMOUNTS = st.one_of(st.none(), st.integers(0, 9))


def lawful(codes: set[str], rules: list[Rule]) -> bool:
    return not any(rule.code in codes and rule.other in codes and rule.how != "可叠加" for rule in rules)


def brute(claims: list[Claim], rules: list[Rule]) -> int:
    return max(
        sum(one.fen or 0 for one in some)
        for size in range(len(claims) + 1)
        for some in combinations(claims, size)
        if lawful({one.code for one in some}, rules)
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Claim], list[Rule]]:
    amounts = draw(st.lists(AMOUNTS, max_size=9))
    claims = [Claim(str(at), fen) for at, fen in enumerate(amounts)]
    pairs = list(combinations(range(len(claims)), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    how = draw(
        st.lists(
            st.sampled_from(["就高", "不重复享受", "可叠加"]), min_size=len(chosen), max_size=len(chosen)
        )
    )
    return claims, [Rule(str(a), str(b), words, "第九条") for (a, b), words in zip(chosen, how, strict=True)]


@settings(max_examples=300, deadline=None)
@given(cases())
def test_it_is_lawful_and_the_best_and_says_why(case: tuple[list[Claim], list[Rule]]) -> None:
    claims, rules = case
    found = best_combination(claims, rules)
    fen = {one.code: one.fen for one in claims}
    assert lawful(set(found.taken), rules) and found.exact
    assert found.total == brute(claims, rules) == sum(fen[code] or 0 for code in found.taken)
    assert {*found.taken, *(one.code for one in found.left_out)} == set(fen)
    for one in found.left_out:  # nothing is left out without a taken policy that stands against it
        assert one.against and all({rule.code, rule.other} & set(found.taken) for rule in one.against)
        assert (one.from_fen is None) == (fen[one.code] is not None)
        for more in (0, 1) if one.from_fen is not None else ():  # from there on it is worth what is given up
            dearer = [Claim(c.code, one.from_fen + more) if c.code == one.code else c for c in claims]
            assert brute(dearer, rules) == found.total + more


def test_a_story_of_three_policies() -> None:
    rules = [
        Rule("a", "b", "就高", "甲〔2024〕1号第六条"),
        Rule("b", "c", "不重复享受", "乙〔2024〕2号第三条"),
    ]
    found = best_combination([Claim("a", 300), Claim("b", 500), Claim("c", 250)], rules)
    assert found == Combination(("a", "c"), (LeftOut("b", tuple(rules)),), 550, ())
    waits = best_combination([Claim("a", 300), Claim("b", None), Claim("c", 250), Claim("d", None)], rules)
    assert waits.taken == ("a", "c", "d") and waits.unknown == ("d",) and waits.left_out[0].from_fen == 550


def test_the_limit_is_told_and_what_is_found_is_lawful() -> None:
    chance = random.Random(7)
    claims = [Claim(str(at), chance.randint(1, 50)) for at in range(40)]
    rules = [Rule(str(a), str(b), "就高") for a, b in combinations(range(40), 2) if chance.random() < 0.3]
    found = best_combination(claims, rules, limit=3)
    assert not found.exact and lawful(set(found.taken), rules)
    assert best_combination(claims, rules).total >= found.total


def test_200_policies_with_100_conflicts_take_under_a_second() -> None:
    for seed in range(3):
        chance = random.Random(seed)
        claims = [Claim(str(at), chance.randint(1, 10**9)) for at in range(200)]
        pairs = chance.sample(list(combinations(range(200 if seed else 30), 2)), 100)
        rules = [Rule(str(a), str(b), "不重复享受") for a, b in pairs]
        started = time.perf_counter()
        found = best_combination(claims, rules)
        assert found.exact and lawful(set(found.taken), rules) and time.perf_counter() - started < 1


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(0, 3))
def test_what_was_paid_bars_or_is_topped_up(case: tuple[list[Claim], list[Rule]], paid: int) -> None:
    claims, rules = case
    held = [Claim(one.code, one.fen or 0) for one in claims[:paid]]
    mine = {one.code for one in held}
    barred = {
        one.code
        for one in claims[paid:]
        if any(
            r.how == "不重复享受" and one.code in (r.code, r.other) and {r.code, r.other} & mine
            for r in rules
        )
    }
    between = [rule for rule in rules if not {rule.code, rule.other} <= mine]
    found = best_combination(claims[paid:], rules, held=held)
    could = [one for one in claims[paid:] if one.code not in barred]
    assert found.total == brute([*held, *could], between) - sum(one.fen or 0 for one in held) >= 0
    assert not {*found.taken} & (barred | mine) and {*found.taken, *(one.code for one in found.left_out)} == {
        one.code for one in claims[paid:]
    }


def test_the_higher_is_taken_and_of_what_was_paid_the_difference() -> None:
    rules = [Rule("a", "b", "就高", "第六条")]
    found = best_combination([Claim("a", 300), Claim("b", 500)], rules)
    assert found.taken == ("b",) and found.total == 500 and found.left_out == (LeftOut("a", tuple(rules)),)
    later = best_combination([Claim("b", 500)], rules, held=[Claim("a", 300)])
    assert later.taken == ("b",) and later.total == 200 and later.brings("b", 500) == 200
    lower = best_combination([Claim("a", 300)], rules, held=[Claim("b", 500)])
    assert lower.taken == () and lower.total == 0
