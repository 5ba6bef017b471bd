"""Every page that people open. A room with new pages adds its lines here; each is then checked and photographed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A page: its short name (a file name), where to start, the demo account that opens it, links to follow from there.

    `through` holds CSS selectors of links; each is followed in turn, so that pages of rows need no fixed numbers.
    `uploaded` says that the 2024 work plan must have been uploaded and read before.
    """

    name: str
    path: str
    who: str = ""
    through: tuple[str, ...] = ()
    status: int = 200
    uploaded: bool = False


A_REVIEW = "main tr:has-text('待审核'):has-text('林致远') td a[href*='/reviews/']"
A_PLAN = "main h2 a[href^='/plans/']"
WORK = "/workbench/work/plans/"
A_WORK = "main .work-rows .lead-cell a"

PLACES = [
    Place("home", "/"),
    Place("search", "/search/"),
    Place("search-results", "/search/?q=改革"),
    Place("search-nothing", "/search/?q=不存在的词语"),
    Place("help", "/help/"),
    Place("accessibility", "/accessibility/"),
    Place("sign-in", "/sign-in/"),
    Place("not-found", "/no-such-page/", status=404),
    Place("failing", "/gallery/failing/", status=500),
    Place("gallery-portal", "/gallery/"),
    Place("gallery-workbench", "/gallery/workbench/", who="province"),
    Place("workbench", "/workbench/", who="province"),
    Place("workbench-administrator", "/workbench/", who="admin"),
    Place("inbox", "/inbox/", who="province"),
    Place("inbox-to-dos", "/inbox/?kind=to_do&show=unread", who="province"),
    Place("own-channels", "/account/notices/", who="province"),
    Place("own-feed", "/account/calendar/", who="province"),
    Place("channels", "/workbench/channels/", who="admin"),
    Place("demo-messages", "/demo/messages/"),
    # people
    Place("account", "/account/", who="province"),
    Place("account-password", "/account/password/", who="province"),
    Place("people", "/workbench/people/", who="admin"),
    Place("people-new", "/workbench/people/new/", who="admin"),
    Place("person", "/workbench/people/", who="admin", through=("main td a[href*='/workbench/people/']",)),
    Place("audit", "/workbench/audit/", who="auditor"),
    Place("account-second-factor", "/account/second-factor/", who="county"),
    Place("account-tokens", "/account/tokens/", who="county"),
    Place("live-tokens", "/workbench/security/tokens/", who="security"),
    Place("account-delegate", "/account/delegate/", who="county"),
    Place(
        "person-security",
        "/workbench/people/",
        who="security",
        through=("main td a[href*='/workbench/people/']",),
    ),
    Place(
        "person-end-post",
        "/workbench/people/?role=reform_officer",
        who="admin",
        through=("main td a[href*='/workbench/people/']", "main a[href*='/end-post/']"),
    ),
    Place("security", "/workbench/security/", who="security"),
    Place("security-roles", "/workbench/security/roles/", who="security"),
    Place("security-retention", "/workbench/security/retention/", who="security"),
    Place("operations", "/workbench/operations/", who="admin"),
    # policies
    Place("policy-list", "/workbench/policies/", who="province"),
    Place("policy-calculator", "/policy-calculator/"),
    Place("own-policies", "/my-policies/", who="legal"),
    Place("own-policies-short", "/my-policies/", who="legal", through=("main a[href*='group=short']",)),
    Place("own-policies-ask", "/my-policies/", who="legal", through=("main a[href*='group=ask']",)),
    Place(
        "own-policy",
        "/my-policies/",
        who="legal",
        through=("main a[href*='group=unmet']", "main .policy-list a"),
    ),
    Place(
        "policy-check-up", "/my-policies/", who="legal", through=("main .page-head a[href$='/check-up/']",)
    ),
    # applications and questions
    Place("own-requests", "/my-requests/", who="legal"),
    Place("own-application", "/my-requests/", who="legal", through=("main tr:has-text('申报：') td a",)),
    Place("own-question", "/my-requests/", who="legal", through=("main tr:has-text('咨询：') td a",)),
    Place("policy-ask", "/policies/ask/"),
    Place("request-look-up", "/policies/requests/look-up/"),
    Place("policy-requests", "/workbench/policy-requests/", who="unit"),
    Place(
        "policy-application",
        "/workbench/policy-requests/?kind=application",
        who="unit",
        through=("main td a",),
    ),
    Place("policy-question", "/workbench/policy-requests/?kind=question", who="unit", through=("main td a",)),
    Place("policy-due", "/workbench/policies/due/", who="unit"),
    Place("policy-new", "/workbench/policies/new/", who="unit"),
    Place("policy", "/workbench/policies/xs-steady-jobs/", who="unit"),
    Place("policy-version", "/workbench/policies/xs-steady-jobs/versions/1/", who="unit"),
    Place("policy-edit", "/workbench/policies/xs-steady-jobs/edit/", who="unit"),
    Place("policy-plain-words", "/workbench/policies/xs-step-up/plain-words/", who="unit"),
    Place("policy-withdraw", "/workbench/policies/xs-labour-cost/withdraw/", who="unit"),
    Place("policy-loaded", "/workbench/policies/hire-key-group-zj/", who="province"),
    Place("policy-draft", "/workbench/policies/xs-first-fair/", who="justice"),
    Place("policy-legality", "/workbench/policies/xs-first-fair/reviews/legality/", who="justice"),
    Place("policy-competition", "/workbench/policies/xs-new-brand/reviews/competition/", who="unit"),
    Place("policy-filing", "/workbench/policies/xs-labour-cost/reviews/filing/", who="unit"),
    Place("policy-step", "/workbench/policies/xs-step-up/steps/quantify/", who="unit"),
    Place("policy-packages", "/workbench/policies/packages/", who="county"),
    Place("policy-package", "/workbench/policies/packages/demo-private-economy/", who="county"),
    Place("policy-workbench", "/workbench/policies/cit-small-lowprofit/workbench/", who="province"),
    Place("policy-workbench-new", "/workbench/policy-workbench/", who="unit"),
    Place("policy-workbench-snapshot", "/workbench/policy-workbench/snapshot/", who="unit"),
    # importer
    Place("imports", "/workbench/imports/", who="admin"),
    Place(
        "import-columns", "/workbench/imports/", who="admin", through=("main tr:has-text('2024年6月') td a",)
    ),
    Place(
        "import-result", "/workbench/imports/", who="admin", through=("main tr:has-text('2024年5月') td a",)
    ),
    Place(
        "import-rows",
        "/workbench/imports/",
        who="admin",
        through=("main tr:has-text('2024年5月') td a", "main a[href$='/rows/']"),
    ),
    Place("import-upload", "/workbench/imports/upload/", who="admin"),
    Place("first-passwords", "/workbench/people/first-passwords/", who="admin"),
    # case types
    Place("case-types", "/workbench/case-types/", who="province"),
    Place("case-type", "/workbench/case-types/enterprise_problem/", who="province"),
    Place("case-type-huzhou", "/workbench/case-types/huzhou_problem/", who="clerk"),
    Place("process-guide", "/process-guide/"),
    Place("process-guide-huzhou", "/process-guide/huzhou_problem/"),
    # divisions
    Place("divisions", "/divisions/"),
    Place("division", "/divisions/330100/"),
    # enterprises
    Place("enterprises", "/workbench/enterprises/", who="province"),
    Place(
        "enterprises-filtered",
        "/workbench/enterprises/?text=贸易&division=330100&industry=F51",
        who="province",
    ),
    Place("enterprises-nothing", "/workbench/enterprises/?text=不存在的企业", who="county"),
    Place(
        "enterprise",
        "/workbench/enterprises/",
        who="province",
        through=("main td a[href*='/workbench/enterprises/']",),
    ),
    Place(
        "enterprise-facts",
        "/workbench/enterprises/",
        who="province",
        through=("main td a[href*='/workbench/enterprises/']", "main a[href$='/facts/']"),
    ),
    Place(
        "enterprise-fact",
        "/workbench/enterprises/",
        who="province",
        through=(
            "main td a[href*='/workbench/enterprises/']",
            "main a[href$='/facts/']",
            "main a[href$='/resident_enterprise/']",
        ),
    ),
    Place("own-facts", "/my-enterprise/", who="legal", through=("main a[href$='/facts/']",)),
    Place(
        "own-fact",
        "/my-enterprise/",
        who="legal",
        through=("main a[href$='/facts/']", "main a[href$='/resident_enterprise/']"),
    ),
    # rule book
    Place("rules", "/workbench/rules/", who="province"),
    Place("rules-nothing", "/workbench/rules/?text=不存在的规则", who="province"),
    Place("rule", "/workbench/rules/cit-small-lowprofit/", who="province"),
    Place("rule-tried", "/workbench/rules/cit-small-lowprofit/try/?uscc=91330109XXYYYYYY6L", who="province"),
    Place("fact-availability", "/workbench/facts/", who="province"),
    Place("fact-availability-filtered", "/workbench/facts/?group=研发&held=ask", who="province"),
    # organisations
    Place("organisations", "/organisations/"),
    Place("organisation", "/organisations/330000.reform_office/"),
    Place("generic-units", "/workbench/generic-units/", who="province"),
    Place(
        "generic-units-approve",
        "/workbench/generic-units/approve/?written=市、县（市、区）党委改革办&place_code=330000",
        who="province",
    ),
    # mandates: the demo's legal representative, and the counter
    Place("own-enterprise", "/my-enterprise/", who="legal"),
    Place("own-enterprise-handler", "/my-enterprise/", who="handler"),
    Place("own-handlers", "/my-enterprise/", who="legal", through=("main a[href$='/handlers/']",)),
    Place("own-invite", "/my-enterprise/", who="legal", through=("main a[href$='/invite/']",)),
    Place("own-deeds", "/my-enterprise/", who="legal", through=("main a[href$='/deeds/']",)),
    Place("own-identities", "/account/identities/", who="legal"),
    Place("own-home", "/", who="legal"),
    Place("invitation-gone", "/invitation/", status=410),
    Place("enterprise-people", "/workbench/enterprise-people/?text=云舟", who="clerk"),
    Place(
        "enterprise-people-of",
        "/workbench/enterprise-people/?text=云舟智造",
        who="clerk",
        through=("main td a",),
    ),
    Place(
        "enterprise-people-register",
        "/workbench/enterprise-people/?text=云舟智造",
        who="clerk",
        through=("main td a", "main a[href$='/register/']"),
    ),
    # work plans: the demo plan is the first on the list
    Place("plans", "/plans/"),
    Place("plan", "/plans/", through=(A_PLAN,)),
    Place("plan-items", "/plans/", through=(A_PLAN, "main a[href$='/items/']")),
    Place("plan-units", "/plans/", through=(A_PLAN, "main a[href$='/units/']")),
    Place("plan-deadlines", "/plans/", through=(A_PLAN, "main a[href$='/deadlines/']")),
    Place("plan-tasks", "/plans/", through=(A_PLAN, "main a[href*='/tasks/']")),
    Place("plan-indicators", "/plans/", through=(A_PLAN, "main a[href*='/indicators/']")),
    Place("plan-actions", "/plans/", through=(A_PLAN, "main a[href*='/actions/']")),
    Place("plan-task", "/plans/", through=(A_PLAN, "main a[href*='/tasks/']", "main a[href*='/task/']")),
    Place("plan-versions", "/plans/", who="province", through=(A_PLAN, "main a[href$='/versions/']")),
    Place("plan-upload", "/workbench/plans/upload/", who="province"),
    Place("plan-reviews", "/workbench/plans/reviews/", who="province", uploaded=True),
    Place("plan-review", "/workbench/plans/reviews/", who="province", through=(A_REVIEW,), uploaded=True),
    Place(
        "plan-whole",
        "/workbench/plans/reviews/",
        who="province",
        through=(A_REVIEW, "main a[href$='/all/']"),
        uploaded=True,
    ),
    Place(
        "plan-publish",
        "/workbench/plans/reviews/",
        who="province",
        through=(A_REVIEW, "main a[href$='/publish/']"),
        uploaded=True,
    ),
    Place("plan-action-missing", "/plans/", through=(A_PLAN, "main a[href*='/action/9/']")),
    Place("plan-withdraw", "/plans/", who="province", through=(A_PLAN, "main a[href$='/withdraw/']")),
    Place(
        "plan-add-item",
        "/workbench/plans/reviews/",
        who="province",
        through=(A_REVIEW, "main a[href$='/all/']", "main a[href*='/add/']"),
        uploaded=True,
    ),
    Place(
        "plan-correct-field",
        "/workbench/plans/reviews/",
        who="province",
        through=(A_REVIEW, "main a[href$='/all/']", "main a[href*='/correct/']"),
        uploaded=True,
    ),
    # work on plans: the demo plan is the only one with work
    Place("work-mine", "/workbench/work/", who="province"),
    Place("work-mine-department", "/workbench/work/", who="department"),
    Place("work-mine-county", "/workbench/work/", who="county"),
    Place("work-board", WORK, who="province"),
    Place("work-board-all", WORK, who="province", through=("main .chips a[href*='level=all']",)),
    Place("work-board-city", WORK, who="city"),
    Place("work-statuses", WORK, who="province", through=("main .tabs-line a[href$='/statuses/']",)),
    Place("work-list", WORK, who="province", through=("main .tabs-line a[href$='/list/']",)),
    Place("work-timeline", WORK, who="province", through=("main .tabs-line a[href$='/timeline/']",)),
    Place("work-calendar", WORK, who="province", through=("main .tabs-line a[href$='/calendar/']",)),
    Place("work-compare", WORK, who="province", through=("main .tabs-line a[href$='/compare/']",)),
    Place("work-generic", WORK, who="province", through=("main .tabs-line a[href$='/generic/']",)),
    Place("work-unit", "/workbench/work/units/330000.reform_office/", who="province"),
    Place("work-item", "/workbench/work/", who="province", through=(A_WORK,)),
    Place("work-item-department", "/workbench/work/", who="department", through=(A_WORK,)),
    Place("work-item-county", "/workbench/work/", who="county", through=(A_WORK,)),
    Place("work-act", "/workbench/work/", who="province", through=(A_WORK, "main a[href*='/do/decompose/']")),
    Place(
        "work-act-milestones",
        "/workbench/work/",
        who="department",
        through=(A_WORK, "main a[href*='/do/set_milestones/']"),
    ),
    # intake of problems
    Place("problem-report", "/problems/report/"),
    Place("problem-report-firm", "/problems/report/", who="legal"),
    Place("problem-intake-phone", "/workbench/problems/intake/phone/", who="clerk"),
    Place("problem-intake-visit", "/workbench/problems/intake/visit/", who="clerk"),
    Place("problem-intake-occasion", "/workbench/problems/intake/occasion/", who="clerk"),
    Place("problem-intake-superior", "/workbench/problems/intake/superior/", who="clerk"),
    # enterprise problems: the hub's desk, a unit's queue
    Place("problem-queue", "/workbench/problems/", who="clerk"),
    Place("problem-queue-filtered", "/workbench/problems/?queue=all&text=停电&channel=hotline", who="clerk"),
    Place("problem-queue-empty", "/workbench/problems/?queue=all&text=不存在的词", who="clerk"),
    Place("problem-queue-city", "/workbench/problems/?queue=all&level=below", who="hub_city"),
    Place("problem-queue-unit", "/workbench/problems/?queue=working", who="unit"),
    Place("problem-today", "/workbench/problems/today/", who="clerk"),
    Place("problem-today-city", "/workbench/problems/today/", who="hub_city"),
    Place("problem-filter", "/workbench/problems/today/", who="clerk", through=("main a[href$='/filter/']",)),
    Place("problem-assign", "/workbench/problems/today/", who="clerk", through=("main a[href$='/assign/']",)),
    Place(
        "problem-duplicates",
        "/workbench/problems/?queue=pooled&text=物流园",
        who="clerk",
        through=("main td a[href*='/problems/']", "main a[href$='/duplicates/']"),
    ),
    Place(
        "problem-order",
        "/workbench/problems/?queue=working",
        who="clerk",
        through=("main td a[href*='/problems/']", "main a[href$='/order/']"),
    ),
    # enterprise problems: the page of a case, an act on it, promises
    Place(
        "problem-case-unit",
        "/workbench/problems/?queue=working",
        who="unit",
        through=("main td a[href*='/problems/']",),
    ),
    Place(
        "problem-case-hub",
        "/workbench/problems/?queue=all",
        who="clerk",
        through=("main td a[href*='/problems/']",),
    ),
    Place(
        "problem-act-note",
        "/workbench/problems/?queue=working",
        who="unit",
        through=(
            "main td a[href*='/problems/']",
            "main a[href$='/act/note/']",
        ),
    ),
    Place("problem-promises", "/workbench/problems/promises/", who="unit"),
    Place("responsibility", "/workbench/problems/responsibility/", who="clerk"),
    Place(
        "responsibility-rule",
        "/workbench/problems/responsibility/",
        who="clerk",
        through=("main a[href$='/transport/']",),
    ),
    # ratings, call-backs, the firm's own pages of problems
    Place("own-problems", "/my-problems/", who="legal"),
    Place("own-problem", "/my-problems/", who="legal", through=("main td a[href^='/my-problems/']",)),
    Place("look-up", "/problems/look-up/"),
    Place("call-backs", "/workbench/call-backs/", who="callback"),
    Place(
        "call-back",
        "/workbench/call-backs/?tab=done",
        who="callback",
        through=("main td a[href*='/call-backs/']",),
    ),
    Place("call-back-samples", "/workbench/call-backs/samples/", who="callback"),
    Place("rating-groups", "/workbench/ratings/", who="clerk"),
    Place("rating-groups-unit", "/workbench/ratings/", who="unit"),
    Place("rating-figures", "/workbench/ratings/figures/", who="clerk"),
    Place("rating-figures-desk", "/workbench/ratings/figures/", who="callback"),
    Place(
        "rating-rows", "/workbench/ratings/figures/", who="callback", through=("main td a[href*='/closed/']",)
    ),
    Place("assess-list", "/workbench/assessments/", who="county"),
    Place("unit-telephones", "/workbench/unit-telephones/", who="unit"),
    # payouts
    Place("payout-notices", "/policies/notices/"),
    Place("payout-notice", "/policies/notices/", through=("main tr:has-text('培训') td a",)),
    Place("payout-rounds", "/workbench/policies/payouts/", who="unit"),
    Place(
        "payout-round", "/workbench/policies/payouts/", who="unit", through=("main tr:has-text('培训') td a",)
    ),
    Place(
        "payout-entry",
        "/workbench/policies/payouts/",
        who="unit",
        through=("main tr:has-text('稳岗') td a", "main td a"),
    ),
    Place("payout-budgets", "/workbench/policies/budgets/", who="finance"),
    Place("payment-batches", "/workbench/policies/batches/", who="finance"),
    Place("payment-batch", "/workbench/policies/batches/", who="finance", through=("main td a",)),
    Place("payment-receipts", "/workbench/policies/receipts/", who="finance"),
    Place("own-payouts", "/payouts/", who="legal"),
    # whom policies reach, the nightly checks, a firm's messages about policies
    Place("policy-reach", "/workbench/policy-reach/", who="county"),
    Place(
        "policy-reach-policy",
        "/workbench/policy-reach/",
        who="county",
        through=("main td a[href*='/policy-reach/']",),
    ),
    Place("policy-sweeps", "/workbench/policy-reach/checks/", who="county"),
    Place(
        "own-policy-messages",
        "/my-policies/",
        who="legal",
        through=("main a[href$='/messages/']",),
    ),
]
