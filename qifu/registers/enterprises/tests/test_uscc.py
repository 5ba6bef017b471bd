"""Codes: valid ones are taken, one slip is proposed, nothing wrong is ever taken silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.registers.enterprises.uscc import (
    ALPHABET,
    check_digit,
    inner_check_digit,
    is_valid,
    proposals,
    read_uscc,
)

KNOWN = "91330783350256778T"


@st.composite
def codes(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from(["91", "92", "93", "52", "12", "N2"]))
    place = draw(st.sampled_from(["330109", "330782", "320102", "110105"]))
    body = draw(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))
    head = first + place + body + inner_check_digit(body)
    return head + check_digit(head)


@given(codes())
def test_a_valid_code_is_taken_without_a_word(code: str) -> None:
    read = read_uscc(code)
    assert (read.code, read.problem, read.warnings) == (code, "", ())


@given(codes())
def test_case_width_blanks_and_hyphens_do_not_matter(code: str) -> None:
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in code)
    for written in (
        code.lower(),
        full_width,
        f" {code[:8]} {code[8:]}\n",
        f"{code[:6]}-{code[6:]}",
        "\ufeff" + code,
    ):
        assert read_uscc(written).code == code


@given(codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_never_taken(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]
    read = read_uscc(wrong)
    if wrong != code:
        assert read.code == "" and read.problem
        assert all(is_valid(one) for one in proposals(wrong))


@given(codes())
def test_letters_that_look_like_digits_are_proposed_back(code: str) -> None:
    wrong = code.replace("0", "O").replace("1", "I").replace("2", "Z").replace("5", "S")
    if wrong != code:
        read = read_uscc(wrong)
        assert read.code == "" and code in read.proposal


@given(codes())
def test_a_lost_last_character_is_proposed_back(code: str) -> None:
    assert code in read_uscc(code[:-1]).proposal


@given(st.text(max_size=40))
def test_any_text_gives_a_code_or_a_problem(text: str) -> None:
    read = read_uscc(text)
    assert bool(read.code) != bool(read.problem)
    assert not read.code or is_valid(read.code)


def test_swapped_neighbours_and_one_wrong_character_are_proposed() -> None:
    assert KNOWN in read_uscc("91330783350526778T").proposal
    assert KNOWN in read_uscc("91330783350256779T", lambda code: code == "330783").proposal.split("、")


def test_proposals_keep_a_usual_type() -> None:
    assert all(one.startswith("91") for one in proposals("913307833502567787"))


@pytest.mark.parametrize("written", ["813301047909376070", "9B3301047909376071", "713301047909376072"])
def test_no_proposal_begins_with_a_type_that_registers_do_not_hold(written: str) -> None:
    starts = {"11", "12", "13", "51", "52", "53", "54", "55", "91", "92", "93", "A1", "N1", "N2", "N3", "Y1"}
    assert {one[:2] for one in proposals(written)} <= starts


def test_old_numbers_are_told_as_such() -> None:
    assert "15位旧注册号" in read_uscc("330783000012345").problem
    assert "组织机构代码" in read_uscc("350256778").problem
    assert "科学计数" in read_uscc("9.13307E+17").problem
    assert "身份证" in read_uscc("330726199001011234").problem


def test_a_wrong_inner_digit_is_a_warning_only() -> None:
    head = "91330109" + "MA2XXXXX" + ("0" if inner_check_digit("MA2XXXXX") != "0" else "1")
    read = read_uscc(head + check_digit(head))
    assert read.code and "GB 11714" in read.warnings[0]
