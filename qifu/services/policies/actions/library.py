"""Writing and publishing policies; what a draft says is checked when it is saved and again when it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.rule_file import read_rule
from qifu.engines.rules.written import Rule
from qifu.foundation import revisions
from qifu.foundation.access import Actor, require
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.revisions import Revision
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.checking import checked
from qifu.services.policies.content import Content, Terms, content_of
from qifu.services.policies.library import draft_book
from qifu.services.policies.models import Policy

KIND = "policy"

BEFORE_PUBLICATION: list[Callable[[Policy, Revision], None]] = []
"""Each raises Refused, saying what to do, where a draft may not be published yet."""
AFTER_PUBLICATION: list[Callable[[Policy, Revision], None]] = []
"""Called within the act once a revision is published."""
AFTER_CHANGE: list[Callable[[Policy], None]] = []
"""Called within the act when a draft was changed, discarded, or a revision withdrawn."""


@action("policies.create", title="新建政策", permission="policies.draft")
def create(
    *, text: str, terms: Terms, by: Actor, at: datetime, owner: Organisation, interpretations: Mapping[str, str] | None = None,
) -> Policy:  # fmt: skip
    """Make a policy of the actor's own unit with its first draft; raises RuleProblems or Refused when the text is wrong."""
    content = Content(text, terms, interpretations or {})
    policy = _new(content, place_code=owner.place_code, owner=owner, at=at)
    require(by, "policies.draft", at, target=policy)
    current_act().about(policy)
    return policy


@action("policies.save_draft", title="保存政策草稿", permission="policies.draft", on="policy")
def save_draft(
    *, policy: Policy, content: Content, expected_digest: str, by: Actor, at: datetime
) -> Revision:
    """Keep what the draft says now, making a draft where there is none (then `expected_digest` is empty); raises RuleProblems, Refused."""
    _, rule = checked(content.text, policy.place_code)
    if rule.code != policy.code:
        raise Refused(f"代码不能改：这项政策的代码是 {policy.code}", text=f"请把 code 改回 {policy.code}")
    current_act().about(policy)
    open_draft = policy.series.revisions.filter(state=Revision.State.DRAFT).first()
    if open_draft is None:
        return revisions.draft(policy.series, content.as_json())
    saved = revisions.edit(open_draft, content.as_json(), expected_digest=expected_digest)
    _changed(policy)
    return saved


@action("policies.discard_draft", title="删除政策草稿", permission="policies.draft", on="policy")
def discard_draft(*, policy: Policy, expected_digest: str, by: Actor, at: datetime) -> None:
    """Delete the open draft, unless it was changed since `expected_digest` was read; what was published stays."""
    current_act().about(policy)
    open_draft = policy.series.revisions.filter(state=Revision.State.DRAFT).select_for_update().first()
    if open_draft is None:
        raise Refused("没有草稿，不用删除")
    if open_draft.digest != expected_digest:
        raise Refused("这份草稿刚被他人修改过，请刷新后再看")
    current_act().note(revision=open_draft.number, digest=open_draft.digest)
    revisions.discard(open_draft)
    _changed(policy)


@action("policies.withdraw", title="撤回政策", permission="policies.publish", on="policy")
def withdraw(*, policy: Policy, reason: str, by: Actor, at: datetime) -> Revision:
    """Withdraw the latest published revision; the published one before it, if any, is the policy again."""
    current_act().about(policy)
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    rows = policy.series.revisions.filter(state=Revision.State.PUBLISHED).order_by("-number")
    latest = rows.first()
    if latest is None:
        raise Refused("这项政策没有已发布的版本，不用撤回")
    done = revisions.withdraw(latest, reason=reason)
    _repeat(policy, rows.first())
    _changed(policy)
    return done


def _changed(policy: Policy) -> None:
    for then in AFTER_CHANGE:
        then(policy)


def _repeat(policy: Policy, revision: Revision | None) -> None:
    """Write on the policy what its latest published revision says, or that there is none."""
    if revision is None:
        policy.published_number = policy.effective_from = policy.effective_to = policy.next_review = None
    else:
        content = content_of(revision.content)
        _, rule = checked(content.text, policy.place_code)
        policy.title, policy.document = rule.title, rule.document[:200]
        policy.delivery, policy.published_number = content.terms.delivery, revision.number
        policy.effective_from, policy.effective_to = revision.effective_from, revision.effective_to
    policy.save()


@action("policies.publish", title="发布政策", permission="policies.publish", on="policy")
def publish(*, policy: Policy, revision: Revision, by: Actor, at: datetime) -> Revision:
    """Publish a draft, unless something that must come first is missing; raises RuleProblems, Refused."""
    if revision.series_id != policy.series_id:
        raise Refused("这个版本不是这项政策的")
    current_act().about(policy)
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    fresh = Revision.objects.select_for_update().get(pk=revision.pk)  # what was reviewed is what is published
    for demand in BEFORE_PUBLICATION:
        demand(policy, fresh)
    return _published(policy, fresh)


def _published(policy: Policy, revision: Revision, book: RuleBook | None = None) -> Revision:
    content = content_of(revision.content)
    _, rule = checked(content.text, policy.place_code, book=book)
    first, last = rule.versions[0], rule.versions[-1]
    done = revisions.publish(revision, effective_from=first.effective_from, effective_to=last.effective_to)
    policy.title, policy.document = rule.title, rule.document[:200]
    policy.delivery, policy.published_number = content.terms.delivery, done.number
    policy.effective_from, policy.effective_to = first.effective_from, last.effective_to
    policy.save()
    for then in AFTER_PUBLICATION:
        then(policy, done)
    return done


@action("policies.load_files", title="载入政策文件", permission="policies.load_files")
def load_files(*, folder: Path, place_code: str, by: Actor, at: datetime) -> Loaded:
    """Take the policies of a folder of rule files as those of a place (empty: the nation's).

    Checked ones (confidence verified) are published, others stay drafts; a file that says what the latest revision says
    changes nothing. Their documents were reviewed and published outside. Raises RuleProblems, Refused; then nothing is taken.
    """
    loaded, book = Loaded(), draft_book()
    for file in sorted(folder.rglob("*.yaml")):
        text = file.read_text("utf-8")
        rule = read_rule(text.encode(), where=file.name, facts=book.facts, places=book.places)
        if rule.kind == "policy":
            _load(rule, Content(text, _terms_of(rule)), place_code, book, at, loaded)
    current_act().note(rows=loaded.new + loaded.changed)
    return loaded


def _load(
    rule: Rule, content: Content, place_code: str, book: RuleBook, at: datetime, loaded: Loaded
) -> None:
    policy = Policy.objects.filter(code=rule.code).first()
    latest = policy.series.revisions.order_by("-number").first() if policy else None
    if latest is not None and content_of(latest.content).text == content.text:
        loaded.unchanged += 1
        return
    if policy is None:
        policy = _new(content, place_code=place_code, owner=None, at=at, book=book)
        loaded.new += 1
    else:
        policy.series.revisions.filter(state=Revision.State.DRAFT).delete()
        revisions.draft(policy.series, content.as_json())
        loaded.changed += 1
    if rule.confidence == "verified":
        _published(policy, policy.series.revisions.get(state=Revision.State.DRAFT), book=book)


@dataclass
class Loaded:
    """How many policies of the files were new, changed, unchanged."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


def _terms_of(rule: Rule) -> Terms:
    """Tax rules are used when filing; what is tagged 免申即享 is paid without a form; else one applies."""
    if "免申即享" in rule.tags:
        return Terms(delivery="automatic")
    return Terms(delivery="filing" if "税收" in rule.kinds else "application", materials=rule.materials)


def _new(
    content: Content,
    *,
    place_code: str,
    owner: Organisation | None,
    at: datetime,
    book: RuleBook | None = None,
) -> Policy:
    _, rule = checked(content.text, place_code, book=book)
    if Policy.objects.filter(code=rule.code).exists():
        raise Refused(f"已有代码为 {rule.code} 的政策", text="请换一个代码，或在那项政策里起草新版本")
    series = revisions.open_series(kind=KIND, key=rule.code, title=rule.title, place_code=place_code)
    policy = Policy(
        code=rule.code, series=series, title=rule.title, place_code=place_code, owner=owner, created_at=at,
        delivery=content.terms.delivery, document=rule.document[:200],
    )  # fmt: skip
    policy.save()
    revisions.draft(series, content.as_json())
    return policy
