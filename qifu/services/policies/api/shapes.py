"""What the JSON API of policies takes and gives, field by field."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Header, Path, Schema
from pydantic import AfterValidator, ConfigDict

from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies.trying import LONGEST_TEXT

PLAIN = "^[^\\x00]*$"
Group = Literal["met", "short", "ask", "unmet"]
Delivery = Literal["", "automatic", "application", "filing"]


def _text(longest: int, about: str = "", *, least: int = 0) -> Any:
    return Field(min_length=least, max_length=longest, pattern=PLAIN, description=about)


Code = Annotated[str, Path(max_length=60, pattern="^[a-z0-9][a-z0-9-]*$", description="政策代码")]
Words = Annotated[str, _text(100)]


class Given(Schema):
    """What is sent; an unknown field is refused, so that a slip of the pen is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Schema):
    """Which policies in force are listed."""

    text: Annotated[str, _text(100, "名称、文号、代码中的词")] = ""
    place_code: Annotated[str, _text(16, "哪里的政策，行政区划代码，如 330109；nation 是国家的")] = ""
    delivery: Delivery = ""


class PolicyOut(Schema):
    """A policy in force today. `effective_to`, `window_to` are the first days on which it is no longer so."""

    code: str
    title: str
    document: str
    issuers: list[str]
    place_code: str
    place: str
    kinds: list[str]
    tags: list[str]
    effective_from: date
    effective_to: date | None
    window_from: date | None
    window_to: date | None
    delivery: str
    delivery_title: str
    simulated: bool


class ClauseOut(Schema):
    """One clause as read aloud, with its plain words (解读); `id` is empty for headings."""

    id: str
    text: str
    plain: str


class ExampleOut(Schema):
    """A worked example that was checked before publication; facts by id as they may be sent to the calculator."""

    title: str
    as_of: date
    facts: dict[str, str]
    verdict: str
    amount_fen: int | None


class FactOut(Schema):
    """A fact that may be told: by `id` or `label`. Numbers without unit are in `unit`."""

    id: str
    label: str
    type: str
    unit: str
    choices: list[str]
    question: str
    period: str


class PolicyTermOut(Schema):
    """One thing that is said of how the policy is had."""

    title: str
    words: str


class PolicyFullOut(PolicyOut):
    """One policy with all that is published of it; `text` is the rule file as written, `aloud` what it says in words."""

    text: str
    aloud: list[str]
    clauses: list[ClauseOut]
    terms: list[PolicyTermOut]
    examples: list[ExampleOut]
    facts: list[FactOut]


class Which(Given):
    """Which verdicts are wanted, and how many of each group at most."""

    groups: Annotated[
        list[Group],
        Field(max_length=4, description="要哪几类：met 可享、short 差一项、ask 需补充、unmet 不符合"),
    ] = ["met", "short", "ask"]
    limit: Annotated[int, Field(ge=1, le=500, description="每一类最多给多少项")] = 50


Told = Annotated[
    dict[str, Annotated[str, _text(100)]],
    Field(
        max_length=300, description="事实的名称或代码 → 写出来的值，如 {\"从业人数\": \"120人\", \"revenue\": \"3000万元\"}；不知道的不写",
    ),
]  # fmt: skip


class OneIn(Given):
    """The facts of one enterprise; nothing of it is kept."""

    facts: Told


class AllIn(Which):
    """The facts of one enterprise and which verdicts are wanted; nothing of it is kept."""

    facts: Told


class FirmIn(Which):
    """An enterprise of this site."""

    uscc: Annotated[str, _text(18, "统一社会信用代码", least=1)]


class FirmOneIn(Given):
    """An enterprise of this site."""

    uscc: Annotated[str, _text(18, "统一社会信用代码", least=1)]


class VerdictOut(Schema):
    """Where one policy stands. `amount_fen` in fen: what it gives, or would; None where it is not known or gives no money.

    `money`: cash paid, saving of taxes and fees, base of a tax. `lacks` says what is short or missing, `missing` names the
    facts to tell. `declared`: it stands on what the enterprise declared itself (自报).
    """

    code: str
    title: str
    group: Group
    group_title: str
    amount_fen: int | None
    amount: str
    money: str
    clause: str
    delivery: str
    how_to: str
    until: str
    declared: bool
    lacks: list[str]
    missing: list[FactOut]


class VerdictsOut(Schema):
    """All verdicts of a day: how many policies of each group, the sums of the best lawful combination, the verdicts asked for."""

    day: date
    counts: dict[str, int]
    cash_fen: int
    saving_fen: int
    left_out: list[str]
    verdicts: list[VerdictOut]


class ConditionOut(Schema):
    """One condition: met, unmet or unknown, what is and what is asked in words, what is short, its clause."""

    id: str
    text: str
    truth: Literal["met", "unmet", "unknown"]
    actual: str | None
    required: str
    gap: str | None
    source: str
    reason: str


class ExplainedOut(VerdictOut):
    """One verdict with each of its conditions, why it is so, and the changes that would meet it and can be advised."""

    why: str
    ways: list[str]
    conditions: list[ConditionOut]


class DraftIn(Given):
    """A policy as a rule file, to be checked; it is not saved."""

    text: Annotated[str, _text(LONGEST_TEXT, "规则文件的全文", least=1)]
    place_code: Annotated[str, _text(16, "哪里的政策；不写的按本单位的区划")] = ""


class DraftProblemOut(Schema):
    """One thing to mend: on which line, a stable code, what is wrong, what to write."""

    line: int
    code: str
    message: str
    remedy: str


class TriedOut(Schema):
    """One example as it came out; `wrong` says how it differs from what it expects."""

    title: str
    line: int
    wrong: str
    verdict: str
    amount: str
    why: str


class CheckedOut(Schema):
    """All problems of a draft; where it can be read, what it says in words, and its examples."""

    ok: bool
    problems: list[DraftProblemOut]
    aloud: list[str]
    examples: list[TriedOut]


Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key", max_length=100, pattern="^[!-~]*$",
        description="调用方自定的请求标识：同一标识、同样内容再次发送，只收一次，回答相同；内容不同则 409",
    ),
]  # fmt: skip
RequestNumber = Annotated[str, Path(max_length=24, pattern="^[0-9A-Z]+$", description="申报或咨询的编号")]
Moment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(SHANGHAI))]
"""A moment that is told: always with +08:00."""


class RequestQuery(Schema):
    """Whose applications and questions are listed."""

    face: Annotated[
        Literal["own", "unit"], Field(description="own 自己和所代表企业的，unit 本单位办理的")
    ] = "own"
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class RequestOut(Schema):
    """An application or a question, as whoever sent it reads it; `due_at` is when the next promised limit ends."""

    number: str
    kind: Literal["application", "question"]
    title: str
    policy: str
    uscc: str
    unit: str
    state: str
    state_title: str
    result: str
    opened_at: Moment
    due_at: Moment | None
    closed_at: Moment | None


class RequestsOut(Schema):
    """One page of fifty, and how many there are in all."""

    count: int
    items: list[RequestOut]


class RequestClockOut(Schema):
    """A promised limit that runs: `words` say what is left; no `due_at` while it stands still."""

    title: str
    limit: str
    due_at: Moment | None
    words: str


class RequestEventOut(Schema):
    """One thing that was shown to whoever sent it."""

    at: Moment
    unit: str
    text: str


class RequestFullOut(RequestOut):
    """One with all that was shown. Of an application: the verdict and amount frozen when it came in, and what was granted."""

    words: str
    verdict: str
    amount_fen: int | None
    granted_fen: int | None
    materials: list[str]
    clocks: list[RequestClockOut]
    events: list[RequestEventOut]


class QuestionIn(Given):
    """A question about a policy (its code), or in general; for an enterprise by whoever acts for it."""

    words: Annotated[str, _text(2000, "要问什么", least=1)]
    policy: Annotated[str, _text(60, "政策代码；不写的是一般的咨询")] = ""
    place_code: Annotated[str, _text(16, "企业所在的行政区划代码；政策是某地自己的，以政策的为准")] = ""
    uscc: Annotated[str, _text(18, "以哪家企业的名义；不写的是本人")] = ""
    contact_name: Annotated[str, _text(60)] = ""
    contact_mobile: Annotated[str, _text(40, "加密保存")] = ""


class AskedOut(Schema):
    """What was made: the number, and by when it is answered. `again`: it had come before."""

    number: str
    again: bool
    due_at: Moment | None
