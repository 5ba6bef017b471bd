"""The pages of the library: who opens which, what a form says when something is wrong, what strangers do not see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from qifu.foundation.files.models import StoredFile
from qifu.registers.conftest import MakePerson
from qifu.registers.people.models import Person
from qifu.services.policies.actions import library as actions
from qifu.services.policies.content import content_of
from qifu.services.policies.models import Policy, PolicyReview
from qifu.services.policies.queries import library
from qifu.services.policies.tests.policy_world import AT, JOBS, PLACE, UNIT, drafted, published

TERMS = {"delivery": "automatic", "period": "year", "notice_days": "5", "budget_how": "first_come", "how_to": "确认", "contact": "经信局"}  # fmt: skip


@pytest.fixture(autouse=True)
def _as_of(settings: Any) -> None:
    settings.AS_OF = AT.date()


def signed_in(person: Person) -> Client:
    """A browser of that person."""
    client = Client()
    client.force_login(person)
    return client


def text(client: Client, name: str, *args: object, query: str = "", status: int = 200) -> str:
    """The page's visible words."""
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == status, answer.content.decode()[:400]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_new_edited_and_sent_back_by_hand(make_person: MakePerson) -> None:
    unit, justice = (
        make_person("unit", "department_officer", PLACE, UNIT),
        make_person("justice", "legality_reviewer", PLACE, "330109.justice"),
    )
    client, reviewer = signed_in(unit), signed_in(justice)
    owner = str(library.own_units(unit.as_actor(), AT)[0].pk)
    wrong = client.post(
        reverse("policy_new"), {**TERMS, "owner": owner, "text": JOBS.replace("从业人数 <=", "从业人 <=")}
    )
    assert "从业人" in wrong.content.decode() and not Policy.objects.exists()
    assert client.post(reverse("policy_new"), {**TERMS, "owner": owner, "text": JOBS}).status_code == 302
    policy = Policy.objects.get()
    draft = library.draft(policy)
    assert draft is not None
    seen = {"digest": draft.digest}
    stale = client.post(reverse("policy_edit", args=["xs-jobs"]), {**TERMS, "text": JOBS, "digest": "old"})
    assert "刚被他人修改过" in stale.content.decode()
    client.post(reverse("policy_competition", args=["xs-jobs"]), seen | {"opinion": "没有问题"})
    client.post(reverse("policy_ask_legality", args=["xs-jobs"]), seen)
    assert text(client, "policy_legality", "xs-jobs", status=404)
    assert "出具意见" in text(reviewer, "policy", "xs-jobs") and text(
        reviewer, "policy_edit", "xs-jobs", status=404
    )

    paper = SimpleUploadedFile("意见书.txt", "合法性审核意见书（模拟）".encode())
    given = seen | {
        "passed": "no",
        "opinion": "请补充依据",
        "document": "萧司审1号",
        "decided_on": "2024-06-20",
        "file": paper,
    }
    refused = reviewer.post(reverse("policy_legality", args=["xs-jobs"]), given)
    assert "涉密不上网" in refused.content.decode() and not StoredFile.objects.exists()
    paper.seek(0)
    reviewer.post(reverse("policy_legality", args=["xs-jobs"]), given | {"unclassified": "on"})
    shown = text(client, "policy", "xs-jobs")
    assert "请补充依据" in shown and "已退回" in shown and "送审" not in shown.replace("已送审", "")
    record = PolicyReview.objects.get(file__isnull=False)
    answer = client.get(reverse("policy_review_file", args=["xs-jobs", record.pk]))
    assert "意见书" in b"".join(answer).decode() and "attachment" in answer["Content-Disposition"]  # type: ignore[arg-type]


def test_a_stranger_sees_what_is_published_and_no_more(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT)
    stranger = signed_in(make_person("far", "department_officer", "330503", "330503.economy_information"))
    policy = published(unit.as_actor())
    first = library.published(policy)
    assert first is not None
    content = content_of(first.content)
    changed = type(content)(
        content.text.replace("cap: 5万元", "cap: 8万元"), content.terms, {"1": "机密的草稿话"}
    )
    actions.save_draft(policy=policy, content=changed, expected_digest="", by=unit.as_actor(), at=AT)
    for query in ("", "?show=draft"):
        shown = text(stranger, "policy", "xs-jobs", query=query)
        assert (
            "5 万元" in shown
            and "8 万元" not in shown
            and "机密的草稿话" not in shown
            and "同意（模拟）" not in shown
        )
        page = stranger.get(reverse("policy", args=["xs-jobs"]) + query).content.decode()
        assert (
            reverse("policy_edit", args=["xs-jobs"]) not in page
            and reverse("policy_withdraw", args=["xs-jobs"]) not in page
        )
    assert text(stranger, "policy_version", "xs-jobs", 2, status=404)
    assert text(stranger, "policy_version", "xs-jobs", 1)
    for name in (
        "policy_edit",
        "policy_plain_words",
        "policy_competition",
        "policy_withdraw",
        "policy_filing",
    ):
        assert text(stranger, name, "xs-jobs", status=404)
    own = text(signed_in(unit), "policy", "xs-jobs", query="?show=draft")
    assert "8 万元" in own and "机密的草稿话" in own
    assert "8万元" in text(signed_in(unit), "policy_version", "xs-jobs", 2)


def test_filters_plain_words_steps_and_withdrawal(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT)
    client = signed_in(unit)
    published(unit.as_actor())
    drafted(unit.as_actor(), JOBS.replace("xs-jobs", "xs-two").replace("稳岗奖励", "第二项"))
    assert "第二项" not in text(client, "policy_list", query="?state=执行中")
    assert "稳岗奖励" not in text(client, "policy_list", query="?text=第二项")
    assert "没有符合条件的政策" in text(client, "policy_list", query="?delivery=filing")
    assert "稳岗奖励" in text(
        client,
        "policy_list",
        query=f"?place={PLACE}&stage=publish&owner={library.own_units(unit.as_actor(), AT)[0].pk}",
    )
    client.post(
        reverse("policy_plain_words", args=["xs-jobs"]),
        {"clause-1": "在萧山", "clause-2": "三百人", "clause-3": "十人", "clause-4": "每人五百"},
    )
    shown = text(client, "policy", "xs-jobs", query="?show=draft")
    assert "在萧山" in shown and "只改了通俗解读" in shown
    draft = library.draft(Policy.objects.get(code="xs-jobs"))
    assert draft is not None
    client.post(reverse("policy_publish", args=["xs-jobs"]), {"digest": "old"})
    assert library.draft(Policy.objects.get(code="xs-jobs")) is not None
    client.post(reverse("policy_publish", args=["xs-jobs"]), {"digest": draft.digest})
    step = reverse("policy_step", args=["xs-jobs", "quantify"])
    assert "不能晚于今天" in client.post(step, {"output": "测算过", "done_on": "2099-01-01"}).content.decode()
    assert client.post(step, {"output": "测算过", "done_on": "2024-06-20"}).status_code == 302
    assert client.post(step, {"output": "再来", "done_on": "2024-06-20"}).status_code == 404
    assert (
        "请填写撤回原因"
        in client.post(reverse("policy_withdraw", args=["xs-jobs"]), {"reason": " "}).content.decode()
    )
    client.post(reverse("policy_withdraw", args=["xs-jobs"]), {"reason": "<b>废止</b>"})
    client.post(reverse("policy_withdraw", args=["xs-jobs"]), {"reason": "废止"})
    page = client.get(reverse("policy", args=["xs-jobs"])).content.decode()
    assert "&lt;b&gt;废止&lt;/b&gt;" in page and "没有可看的版本" in page
    assert "没有临近的期限" in text(client, "policy_due"), "what was withdrawn is filed no more"
