"""How far the reviews of a draft have come, what the loop asks next, and what is due; they never write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

from django.db.models import QuerySet

from qifu.foundation.access import Actor, visible
from qifu.foundation.audit.queries import who_did
from qifu.foundation.revisions import Revision
from qifu.registers.people.holders import held_posts, holders
from qifu.services.policies.competition import Finding, findings
from qifu.services.policies.content import content_of
from qifu.services.policies.library import draft_book
from qifu.services.policies.models import Policy, PolicyReview
from qifu.services.policies.practice import practice

Kind: TypeAlias = PolicyReview.Kind
Outcome: TypeAlias = PolicyReview.Outcome
ORDER = (Kind.FAIR_COMPETITION, Kind.LEGALITY, Kind.COLLECTIVE)
OFFICERS = ("department_officer", "reform_officer")


@dataclass(frozen=True)
class Demand:
    """One review that must come before publication, and the last that happened to it for this very draft."""

    kind: Kind
    last: PolicyReview | None

    @property
    def passed(self) -> bool:
        """True when it stands for this draft."""
        return self.last is not None and self.last.outcome == Outcome.PASSED

    @property
    def returned(self) -> bool:
        """True when this draft was sent back."""
        return self.last is not None and self.last.outcome == Outcome.RETURNED

    @property
    def asked(self) -> bool:
        """True while an opinion on this draft is awaited."""
        return self.last is not None and self.last.outcome == Outcome.ASKED

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and word."""
        if self.last is None:
            return "idle", "未办"
        colours = {Outcome.PASSED: "good", Outcome.RETURNED: "bad", Outcome.ASKED: "info"}
        return colours[Outcome(self.last.outcome)], self.last.get_outcome_display()


def demands(policy: Policy, revision: Revision) -> list[Demand]:
    """Return the reviews that a draft needs, in order; none for one that only changes plain words, or of a loaded file."""
    if is_exempt(policy) or changes_only_plain_words(policy, revision):
        return []
    last = {row.kind: row for row in policy.reviews.filter(number=revision.number, digest=revision.digest)}
    stands = {kind: row for kind, row in last.items() if row.outcome != Outcome.LAPSED}
    return [Demand(kind, stands.get(kind)) for kind in ORDER]


def is_exempt(policy: Policy) -> bool:
    """Tell whether a policy came as a file whose document was reviewed and published outside: it has no unit here."""
    return policy.owner_id is None


def changes_only_plain_words(policy: Policy, revision: Revision) -> bool:
    """Tell whether a draft's text and terms are those already published: plain words are no law and need no review."""
    rows = policy.series.revisions.filter(state=Revision.State.PUBLISHED, number__lt=revision.number)
    before = rows.order_by("-number").first()
    if before is None:
        return False
    old, new = content_of(before.content), content_of(revision.content)
    return (old.text, old.terms) == (new.text, new.terms)


def draft_findings(policy: Policy, revision: Revision) -> list[Finding]:
    """Return what the fair-competition check finds in a revision."""
    content = content_of(revision.content)
    book, rule = draft_book().with_text(content.text.encode(), where="政策草稿")
    return findings(rule, book, policy.place_code, said=(content.terms.how_to,))


def decisions_before(policy: Policy) -> dict[str, dict[str, str]]:
    """Return the last decision on each finding of any draft of the policy, to be confirmed or changed for the next."""
    rows = policy.reviews.filter(kind=Kind.FAIR_COMPETITION)
    return {one["key"]: one for row in rows for one in row.findings}


def hands(policy: Policy, revision: Revision) -> set[int]:
    """Return who wrote this draft: none of them may review it."""
    wrote = who_did(policy, acts=("policies.create", "policies.save_draft"), since=revision.created_at)
    asked = policy.reviews.filter(number=revision.number, kind=Kind.LEGALITY, outcome=Outcome.ASKED)
    people = {
        *wrote,
        *asked.values_list("by_id", flat=True),
        revision.created_by,
    }
    return {person for person in people if person is not None}


def officers_of(policy: Policy, day: date) -> list[int]:
    """Return the officers of a policy's unit on a day, deputies of the absent among them."""
    if policy.owner_id is None:
        return []
    posts = held_posts(day).filter(organisation_id=policy.owner_id, role__in=OFFICERS)
    return holders(posts, day, "organisation_id").get(policy.owner_id, [])


def reviewers_of(place_code: str, day: date) -> list[int]:
    """Return who reviews the legality of a place's policies on a day."""
    posts = held_posts(day).filter(place_code=place_code, role="legality_reviewer")
    return holders(posts, day, "place_code").get(place_code, [])


@dataclass(frozen=True)
class Due:
    """One thing that a policy waits for, by its day."""

    policy: Policy
    what: str
    day: date
    today: date

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and words."""
        left = (self.day - self.today).days
        if left < 0:
            return "bad", f"已逾期 {-left} 天"
        return ("warn", f"还有 {left} 天") if left <= practice().review_soon else ("idle", f"还有 {left} 天")


def due(actor: Actor, at: datetime, today: date) -> list[Due]:
    """Return reviews due soon, filings and legality opinions awaited, of the policies that the actor may see."""
    rows = visible(Policy.objects.select_related("owner", "series"), actor, "policies.view", at)
    return sorted(
        [*obligations(rows, today), *_opinions_due(rows, today)], key=lambda one: (one.day, one.policy.code)
    )


def obligations(rows: QuerySet[Policy], today: date) -> list[Due]:
    """Return what the units of published policies owe: reviews due soon or late, and filings."""
    soon = today + timedelta(days=practice().review_soon)
    waiting = rows.filter(published_number__isnull=False, next_review__lte=soon)
    return [
        *(Due(row, "评估", row.next_review, today) for row in waiting if row.next_review),
        *_filings_due(rows, today),
    ]


def _filings_due(rows: QuerySet[Policy], today: date) -> list[Due]:
    policies = {row.pk: row for row in rows.filter(owner__isnull=False)}
    found: dict[int, PolicyReview] = {}
    for row in PolicyReview.objects.filter(policy__in=policies, kind=Kind.FILING):
        if row.number <= (policies[row.policy_id].published_number or 0):
            found[row.policy_id] = row
    return [
        Due(policies[pk], "备案", row.due_on, today)
        for pk, row in found.items()
        if row.outcome == Outcome.ASKED and row.due_on is not None
    ]


def filing_of(policy: Policy) -> PolicyReview | None:
    """Return how the filing of the published text stands (plain words need none); None where none is needed."""
    rows = policy.reviews.filter(kind=Kind.FILING, number__lte=policy.published_number or 0)
    return rows.order_by("-pk").first()


def _opinions_due(rows: QuerySet[Policy], today: date) -> list[Due]:
    policies = {row.pk: row for row in rows.filter(owner__isnull=False)}
    asked = waiting_opinions(policies)
    return [Due(policies[pk], "合法性审核", row.due_on, today) for pk, row in asked.items() if row.due_on]


def waiting_opinions(policy_ids: Collection[int]) -> dict[int, PolicyReview]:
    """Return by policy the legality opinions that are awaited: asked for the draft as it stands, and not yet given."""
    last: dict[int, PolicyReview] = {}
    for row in PolicyReview.objects.filter(policy__in=policy_ids, kind=Kind.LEGALITY).select_related(
        "policy"
    ):
        last[row.policy_id] = row
    drafts = dict(
        Revision.objects.filter(
            state=Revision.State.DRAFT, series__in=[row.policy.series_id for row in last.values()]
        ).values_list("series_id", "digest")
    )
    return {
        pk: row
        for pk, row in last.items()
        if row.outcome == Outcome.ASKED and drafts.get(row.policy.series_id) == row.digest
    }
