"""Questions about people, posts and the audit trail, for those who may ask them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from qifu.foundation.access import (
    Actor,
    NotFound,
    find,
    holds,
    post_roles,
    roles,
    visible,
)
from qifu.foundation.action import actions
from qifu.foundation.audit.queries import acts_of, audit_rows
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.queries import organisations
from qifu.registers.people.actions import APART
from qifu.registers.people.api_tokens import own_tokens
from qifu.registers.people.attempts import name_key
from qifu.registers.people.contacts import own_contacts
from qifu.registers.people.delegations import delegations_of
from qifu.registers.people.models import Person, Post, SignInCount
from qifu.registers.people.retention import left_people

PAGE_SIZE = 50


@dataclass(frozen=True)
class PostView:
    """A post as it is shown: titles instead of codes; `state` is proposed, held, ahead or ended."""

    id: int
    role: str
    organisation: str
    place: str
    starts_on: date
    ends_on: date | None
    state: str

    @property
    def can_end(self) -> bool:
        """True while the post is held or lies ahead."""
        return self.state != "ended"


@dataclass(frozen=True)
class PersonView:
    """A person with posts as shown in lists and on the page of one."""

    row: Person
    posts: tuple[PostView, ...]
    locked_until: datetime | None

    @property
    def current_posts(self) -> tuple[PostView, ...]:
        """The posts held now."""
        return tuple(post for post in self.posts if post.state == "held")


def searchable(text: str) -> str:
    """Return what may safely be looked for: no control characters, at most 60 characters."""
    return "".join(c for c in text[:200] if c.isprintable()).strip()[:60]


def people(
    actor: Actor, at: datetime, *, text: str = "", role: str = "", state: str = ""
) -> QuerySet[Person]:
    """Return the people the actor may see: by name or sign-in name, by a role held now, by state (active, disabled)."""
    rows = visible(Person.objects.all(), actor, "people.view", at)
    wanted = searchable(text)
    if wanted:
        rows = rows.filter(Q(name__icontains=wanted) | Q(username__icontains=wanted))
    if role in roles():
        day = timezone.localdate(at)
        held = Post.objects.filter(role=role, starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gt=day))
        rows = rows.filter(pk__in=held.values("person_id"))
    if state in ("active", "disabled"):
        rows = rows.filter(is_active=state == "active")
    return rows.order_by("-is_active", "username")


def people_page(rows: QuerySet[Person], at: datetime, number: str | None) -> Page[Any]:
    """Return one page of people with their posts, for the same few queries however many there are."""
    posts = Post.objects.select_related("organisation").order_by("-starts_on", "-pk")
    every = rows.prefetch_related(Prefetch("posts", queryset=posts))
    page: Page[Any] = Paginator(every, PAGE_SIZE).get_page(number)
    page.object_list = _views(list(page.object_list), at)
    return page


def person(actor: Actor, at: datetime, person_id: int) -> PersonView:
    """Return one person with all posts; raises NotFound when the actor may not see it."""
    row = find(Person.objects.all(), actor, "people.view", at, pk=person_id)
    return _views([row], at)[0]


def myself(actor: Actor) -> Person:
    """Return the row of whoever asks; raises NotFound for a visitor."""
    row = Person.objects.filter(pk=actor.id).first() if actor.is_person else None
    if row is None:
        raise NotFound("people.person")
    found: Person = row
    return found


def own_posts(actor: Actor, at: datetime) -> tuple[PostView, ...]:
    """Return the posts of whoever asks."""
    rows = Post.objects.filter(person=myself(actor)).select_related("organisation")
    return post_views(rows.order_by("-starts_on", "-pk"), at)


def open_post(person: Person, at: datetime, number: str) -> tuple[Post, PostView] | None:
    """Return a post of the person that has not ended, by its number as written, or None."""
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        return None
    row = Post.objects.filter(person=person, pk=int(number)).select_related("organisation").first()
    if row is None:
        return None
    view = post_views([row], at)[0]
    return (row, view) if view.can_end else None


def _views(rows: list[Person], at: datetime) -> list[PersonView]:
    keys = {name_key(row.username): row.pk for row in rows}
    counts = SignInCount.objects.filter(name_key__in=keys, locked_until__gt=at)
    locked = {keys[count.name_key]: count.locked_until for count in counts}
    every = [post for row in rows for post in row.posts.all()]
    shown = {view.id: view for view in post_views(every, at)}
    return [
        PersonView(row, tuple(shown[post.pk] for post in row.posts.all()), locked.get(row.pk)) for row in rows
    ]


def post_views(posts: Iterable[Post], at: datetime) -> tuple[PostView, ...]:
    """Return posts as they are shown, in their order; whoever calls has made sure that they may be seen."""
    held = list(posts)
    places = divisions.names(post.place_code for post in held)
    titles, day = roles(), timezone.localdate(at)
    return tuple(
        PostView(
            id=post.pk,
            role=titles.get(post.role, post.role),
            organisation=post.organisation.name if post.organisation else "",
            place=places.get(post.place_code, post.place_code),
            starts_on=post.starts_on,
            ends_on=post.ends_on,
            state="proposed"
            if post.awaits_confirmation
            else "held"
            if post.holds_on(day)
            else "ahead"
            if post.meets(day, None)
            else "ended",
        )
        for post in held
    )


def role_choices() -> list[tuple[str, str]]:
    """Return every role that a post may give, with its title."""
    return list(post_roles().items())


def place_choices(day: date) -> list[tuple[str, str]]:
    """Return every division in force with its full name, in order of code."""
    book = divisions.book(day)
    rows = (row for row in book.rows if book.get(row.code) is row)
    return [(row.code, book.full_name(row)) for row in sorted(rows, key=lambda row: row.code)]


def organisation_choices() -> list[tuple[str, str]]:
    """Return every standing organisation."""
    rows = organisations().prefetch_related(None).filter(effective_to=None)
    return list(rows.values_list("code", "name"))


@dataclass(frozen=True)
class AuditEntry:
    """One audit row as it is shown."""

    at: datetime
    title: str
    act: str
    who: str
    subject: str
    place: str
    within_title: str
    facts: tuple[tuple[str, str], ...]
    request_id: str


ACTOR_KINDS = {"system": "系统", "anonymous": "访客"}
FACT_TITLES = {
    "created": "新增", "changed": "更改", "removed": "删去", "closed": "停用", "unchanged": "未变", "corrected": "更正", "digest": "摘要",
    "revision": "版本", "post": "岗位编号", "role": "角色", "starts_on": "任职日", "ends_on": "离任日",
    "failures": "连续失败次数", "locks": "已锁定次数", "barred": "锁定期内", "name_key": "登录名摘要", "people": "人数",
    "organisations": "单位", "names": "名称", "generic_units": "泛指单位", "generic_unit": "泛指单位", "written": "写法",
    "source": "来源编号",
    "import_kind": "导入种类", "rows": "行数", "updated": "更新", "refused": "未导入", "blank": "空行", "bytes": "字节",
    "members": "单位编号", "session": "会话", "channel": "渠道", "state": "状态", "count": "条数", "failed": "失败笔数",
    "kind": "种类", "reason": "理由", "on_behalf_of": "代理的人员编号", "delegate": "代理人编号", "successor": "接手人编号",
    "moved": "移交件数", "no_successor": "无人接手", "confirmed": "已确认", "purpose": "用途", "file_digest": "文件摘要",
    "event": "推进记录", "seq": "第几条", "opened": "新建事项", "followed": "随文件更正", "plans": "工作要点", "reminded": "提醒事项",
    "mandate": "授权编号", "invitation": "邀请编号", "identity": "外部身份编号", "scope": "授权事项", "document": "核验材料",
    "topic": "事由", "organisation": "责任单位编号",
    "job": "作业编号", "former": "原授权编号", "token": "令牌编号", "suspended": "暂停的授权数", "mandates": "授权数",
}  # fmt: skip


def audit_page(
    actor: Actor,
    at: datetime,
    *,
    act: str = "",
    username: str = "",
    day: date | None = None,
    number: str | None = None,
) -> Page[Any]:
    """Return one page of the audit trail: of an act, by the person of that sign-in name, on a day."""
    actor_id = None
    wanted = searchable(username)
    if wanted:
        actor_id = Person.objects.filter(username=wanted.lower()).values_list("pk", flat=True).first() or 0
    page: Page[Any] = Paginator(
        audit_rows(actor, at, act=act, actor_id=actor_id, day=day), PAGE_SIZE
    ).get_page(number)
    rows = list(page.object_list)
    subjects = [
        int(r.subject_id) for r in rows if r.subject_kind == "people.person" and r.subject_id.isdigit()
    ]
    absent = [r.facts["on_behalf_of"] for r in rows if "on_behalf_of" in r.facts]
    wanted_ids = [*(r.actor_id for r in rows if r.actor_id), *subjects, *absent]
    names = dict(Person.objects.filter(pk__in=wanted_ids).values_list("pk", "name"))
    places = divisions.names(row.place_code for row in rows if row.place_code)
    page.object_list = [_entry(row, names, places) for row in rows]
    return page


def _entry(row: Any, names: dict[int, str], places: dict[str, str]) -> AuditEntry:
    who = ACTOR_KINDS.get(row.actor_kind) or names.get(row.actor_id, f"人员 {row.actor_id}")
    if (absent := row.facts.get("on_behalf_of")) is not None:
        who += f"（代 {names.get(absent, absent)}）"
    subject = f"{_kind_title(row.subject_kind)} {row.subject_id}".strip()
    if row.subject_kind == "people.person" and row.subject_id.isdigit():
        subject = names.get(int(row.subject_id), subject)
    return AuditEntry(
        at=row.at, title=row.title, act=row.act, who=who, subject=subject,
        place=places.get(row.place_code, row.place_code), within_title=_act_title(row.within),
        facts=tuple((FACT_TITLES.get(key, key), str(value)) for key, value in row.facts.items()), request_id=row.request_id,
    )  # fmt: skip


def _kind_title(label: str) -> str:
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return label


def _act_title(name: str) -> str:
    run = actions().get(name)
    return str(run.action_title) if run else name  # type: ignore[attr-defined]


def act_choices() -> list[tuple[str, str]]:
    """Return every act that can stand in the trail, with its title."""
    return sorted((name, str(run.action_title)) for name, run in actions().items())  # type: ignore[attr-defined]


def may_manage(actor: Actor, at: datetime) -> bool:
    """Tell whether the actor may change people, so that a page offers only what can be done."""
    return holds(actor, "people.manage", at)


@dataclass(frozen=True)
class May:
    """What a page about a person offers its reader; the acts decide again."""

    manage: bool
    secure: bool
    reset_password: bool
    erase: bool


def may_do(actor: Actor, at: datetime, person: Person) -> May:
    """Return what the actor may do about a person."""
    manages, secures = holds(actor, "people.manage", at), holds(actor, "people.secure", at)
    watched = {post.role for post in person.posts.all() if post.meets(timezone.localdate(at), None)} & APART
    by_system = manages and not watched - {"system_administrator"}
    own = person.pk == actor.id
    return May(
        manage=manages and person.erased_at is None,
        secure=secures and person.erased_at is None,
        reset_password=not own and person.erased_at is None and (by_system or (secures and bool(watched))),
        erase=secures and bool(left_people(at, only=person)),
    )


def own_data(actor: Actor, at: datetime) -> dict[str, Any]:
    """Return what the site keeps about whoever asks, by Chinese section, as plain values; secrets are left out."""
    row = myself(actor)
    acts = acts_of(row.pk)
    return {
        "账号": [{"登录名": row.username, "姓名": row.name, "创建时间": timezone.localtime(row.created_at).isoformat()}],
        "岗位": [
            {"角色": post.role, "单位": post.organisation, "管辖区划": post.place, "任职日": str(post.starts_on),
             "离任日": str(post.ends_on or "")}
            for post in own_posts(actor, at)
        ],
        "联系方式": [
            {"种类": one.title, "内容": one.shown, "用途": one.purpose, "登记时间": timezone.localtime(one.created_at).isoformat()}
            for one in own_contacts(actor, at)
        ],
        "代理": [
            {"岗位": one.role, "本人": one.holder, "代理人": one.delegate, "开始日": str(one.starts_on),
             "结束日": str(one.ends_on), "原因": one.reason}
            for one in delegations_of(actor, at, row)
        ],
        "接口令牌": [
            {"用途": one.title, "生成时间": timezone.localtime(one.created_at).isoformat(),
             "失效时间": timezone.localtime(one.expires_at).isoformat(), "最近使用日": str(one.last_used_on or "")}
            for one in own_tokens(actor, at)
        ],
        "操作记录": [{"操作": title, "次数": count} for title, count in acts],
    }  # fmt: skip
