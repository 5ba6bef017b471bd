"""What the JSON API of enterprise problems takes and gives, field by field; the descriptions are for those who connect systems."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Header, Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict

from qifu.foundation.working_days import SHANGHAI

PLAIN = "^[^\\x00]*$"


def _text(longest: int, *, least: int = 0, about: str = "") -> Any:
    return Field(min_length=least, max_length=longest, pattern=PLAIN, description=about)


Words = Annotated[str, _text(200)]
Number = Annotated[int, Field(ge=1, lt=2**53)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key", max_length=100, pattern="^[!-~]*$",
        description="调用方自定的请求标识：同一标识、同样内容再次发送，只办一次，回答相同；内容不同则 409",
    ),
]  # fmt: skip
Moment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(SHANGHAI))]
"""A moment that is told: always with +08:00, whatever the database gave."""
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


class Given(Schema):
    """What is sent; an unknown field is refused, so that a slip of the pen is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


class ProblemIn(Given):
    """A request in the firm's own words. `source` and `outside_number`, for platforms: the same number comes in once."""

    words: Annotated[str, _text(50_000, least=1, about="诉求原文，一字不改保存")]
    place_code: Annotated[str, _text(16, least=1, about="问题发生地的行政区划代码，如 330109")]
    title: Words = ""
    source: Annotated[str, _text(60, about="来源系统，如 12345 热线；对接账号填写")] = ""
    outside_number: Annotated[str, _text(80, about="来源系统的工单号")] = ""
    outside_at: Annotated[AwareDatetime | None, Field(description="在来源系统提出的时间，带时区")] = None
    occasion: Annotated[str, _text(120)] = ""
    uscc: Annotated[str, _text(18, about="企业的统一社会信用代码")] = ""
    enterprise_name: Annotated[str, _text(300)] = ""
    contact_name: Annotated[str, _text(60)] = ""
    contact_mobile: Annotated[str, _text(60, about="加密保存，不在任何列表中出现")] = ""
    complained_id: Annotated[Number | None, Field(description="被反映的单位；不会交它办理，它也看不到")] = (
        None
    )


class ReceiptOut(Schema):
    """What was made: the number, and by when it is looked at. `query_code` opens the look-up page to its reporter."""

    number: str
    again: bool
    query_code: str
    opened_at: Moment
    due_at: Moment | None


class LineOut(Schema):
    """One problem in a list of staff; `version` changes with every event, and is empty once it is closed."""

    number: str
    title: str
    place_code: str
    place: str
    state: str
    state_title: str
    result: str
    lead_id: int
    lead: str
    mode: str
    step: str
    channel: str
    source: str
    outside_number: str
    enterprise_name: str
    board: str
    topic: str
    scope: str
    difficulty: str
    opened_at: Moment
    due_at: Moment | None
    due_words: str
    closed_at: Moment | None
    merged_into: str
    version: str


class ProblemOut(LineOut):
    """One problem as staff see it."""

    words: str
    occasion: str
    outside_at: Moment | None
    reply: str
    returns: int


class OwnLineOut(Schema):
    """One problem in the list of those who reported it."""

    number: str
    title: str
    place_code: str
    state_title: str
    closed: bool
    result: str
    result_title: str
    opened_at: Moment
    closed_at: Moment | None


class TermOut(Schema):
    """A promised time limit: how long, by when, how much is left."""

    title: str
    limit: str
    due_at: Moment | None
    left: str
    paused: bool


class OwnProblemOut(OwnLineOut):
    """One problem as its firm sees it: where it stands, who has it, by when; nothing of the inside."""

    words: str
    reply: str
    unit: str
    telephone: str
    terms: list[TermOut]
    may_rate: bool
    levels: list[str]


class LinesOut(Schema):
    """A page; `next` is the cursor of what follows, empty at the end."""

    items: list[LineOut]
    next: str


class OwnLinesOut(Schema):
    """A page of one's own problems; `next` is the cursor of what follows, empty at the end."""

    items: list[OwnLineOut]
    next: str


class PageQuery(Given):
    """Where a list goes on and how long a page is."""

    cursor: Annotated[str, _text(300, about="上一页回答中的 next")] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ListQuery(PageQuery):
    """From which desk, which queue, narrowed how: the same conditions as on the workbench."""

    desk: Annotated[str, _text(40, about="岗位工作台，如 hub-330109；空则第一个")] = ""
    queue: Annotated[str, _text(40, about="队列，如 received、working、overdue、all")] = "all"
    text: Annotated[str, _text(100, about="编号、企业、原文中的词，两个字即可")] = ""
    place: Annotated[str, _text(16)] = ""
    unit: Annotated[str, _text(80)] = ""
    board: Annotated[str, _text(40)] = ""
    topic: Annotated[str, _text(40)] = ""
    difficulty: Literal["", "general", "complex", "hard"] = ""
    channel: Annotated[str, _text(12)] = ""
    due_from: Day | None = None
    due_to: Day | None = None
    level: Literal["own", "below"] = "own"
    sort: Literal["", "due", "new", "old"] = ""


class EventOut(Schema):
    """One thing that happened; all but `at`, `shown` and `organisation` is internal and empty for the firm."""

    at: Moment
    shown: str
    title: str = ""
    kind: str = ""
    by_name: str = ""
    role: str = ""
    organisation: str = ""
    state: str = ""
    text: str = ""


class FieldOut(Schema):
    """One thing that a form asks: `kind` text, long_text, choice, organisation, person, day, number or flag."""

    name: str
    title: str
    kind: str
    needed: bool
    help: str
    choices: dict[str, str]


class TransitionOut(Schema):
    """One step that may be done now, and what it asks; `results` with which of them it may close."""

    name: str
    title: str
    to: str
    results: list[str]
    form: list[FieldOut]


class MoveIn(Given):
    """What a step is told: its form by field names, an internal note, the version that was seen."""

    form: dict[str, Any] = {}
    text: Annotated[str, _text(10_000, about="内部记载，企业看不到")] = ""
    expected_version: Annotated[str, _text(40, about="读到的 version；此后有变化则 409")] = ""
    confirmed: Annotated[str, _text(500, about="答复检查有提示而仍按此答复的理由")] = ""


class MovedOut(Schema):
    """How a problem stands after a step; for its firm in the firm's words."""

    number: str
    state: str
    state_title: str
    result: str
    due_at: Moment | None
    closed_at: Moment | None
    version: str


class PartOut(Schema):
    """A unit beside the lead: asked to handle a share or for its opinion, and what it said."""

    id: int
    organisation_id: int
    organisation: str
    kind: str
    request: str
    asked_at: Moment
    answer: str
    answered_at: Moment | None
    withdrawn_at: Moment | None


class PartIn(Given):
    """Which unit is asked for what: co_handler 协办, consulted 征求意见."""

    organisation_id: Number
    kind: Literal["co_handler", "consulted"]
    request: Annotated[str, _text(5000, least=1)]


class AnswerIn(Given):
    """What a unit that was asked answers."""

    answer: Annotated[str, _text(5000, least=1)]


class AskOut(Schema):
    """A request for more time (extension), or that a clock stand still (pause), and how it was decided."""

    id: int
    kind: str
    clock: str
    amount: int | None
    reason: str
    text: str
    asked_at: Moment
    asked_by_name: str
    decision: str
    decided_at: Moment | None
    decision_text: str


class AskIn(Given):
    """Asked for: `amount` more of the clock's unit, or with `reason` that it stand still, at the longest until `until_on`."""

    kind: Literal["extension", "pause"]
    clock: Annotated[str, _text(40, least=1)]
    text: Annotated[str, _text(500, least=1)]
    amount: Annotated[int, Field(ge=0, le=1000)] = 0
    reason: Annotated[str, _text(40)] = ""
    until_on: Day | None = None


class DecisionIn(Given):
    """Approved or not, and why."""

    approve: bool
    text: Annotated[str, _text(500)] = ""


class RatingIn(Given):
    """The firm's word on a closed problem: solved or not, one to five stars."""

    solved: bool
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Annotated[str, _text(2000)] = ""


class RatedOut(Schema):
    """That the rating was kept; which round it was."""

    round: int
