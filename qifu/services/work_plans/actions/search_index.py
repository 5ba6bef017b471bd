"""What site search finds of plans: the plan itself and each item in force; nothing of what is withdrawn or held back."""

from __future__ import annotations

from qifu.foundation.search import Audience, SearchEntry, index, remove
from qifu.services.work_plans.models import Plan, PlanItem, Publicity

PLAN, ITEM = "work_plan", "work_plan_item"


def index_plan(plan: Plan) -> None:
    """Make the search index say what the version in force says; inside the act that changed it."""
    wanted: dict[str, PlanItem] = {}
    if plan.revision_id is not None:
        rows = PlanItem.objects.filter(plan=plan, revision_id=plan.revision_id).order_by("-order")
        wanted = {_key(item): item for item in rows.prefetch_related("units", "targets")}
    for old in SearchEntry.objects.filter(kind=ITEM, object_id__startswith=f"{plan.pk}-"):
        if old.object_id not in wanted:
            remove(ITEM, old.object_id)
    audience = Audience.PUBLIC if plan.publicity == Publicity.PUBLIC else Audience.INTERNAL
    for key, item in wanted.items():
        index(ITEM, key, title=item.title, text=_text(item), place_code=plan.place_code, audience=audience)
    if plan.revision_id is None:
        remove(PLAN, plan.pk)
        return
    text = f"{plan.document_number} {plan.issuer}"
    index(PLAN, plan.pk, title=plan.title, text=text, place_code=plan.place_code, audience=audience)


def _key(item: PlanItem) -> str:
    return f"{item.plan_id}-{item.kind}-{item.number}"


def _text(item: PlanItem) -> str:
    units = [text for unit in item.units.all() for text in (unit.name, unit.raw)]
    targets = [target.name for target in item.targets.all()]
    return "\n".join([item.group, item.text, *item.steps, *targets, *dict.fromkeys(units)])
