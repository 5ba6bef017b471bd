"""The JSON API at /api/v1/: each room brings a router; errors are Chinese and name no row that may not be seen.

Whoever calls is a person: by a token (`Authorization: Bearer …`, registers/people/api_tokens.py), or by the session of a
browser. What may be answered besides success follows from one rule for every operation (`api_errors.with_errors`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused
from qifu.portal.api_errors import with_errors
from qifu.registers.people.api_tokens import holder_of
from qifu.services.enterprise_problems.api import router as enterprise_problems
from qifu.services.policies.api import inside_router as policies_inside
from qifu.services.policies.api import public_router as policies_public
from qifu.services.work_plans.api import router as work_plans

NO_TOKEN = "请先登录，或在 Authorization 请求头中提供有效的接口令牌（Bearer）"
WRONG_TOKEN = "接口令牌无效、已到期或已吊销，请在“我的账号—接口令牌”中重新生成"
EXPIRED_FORM = "会话请求缺少 CSRF 校验；系统对接请使用接口令牌"


class ApiToken(HttpBearer):
    """A bearer token makes its holder the one who acts; a wrong one is refused, whatever else came with it."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Put the holder on the request."""
        asked: Any = request
        actor = holder_of(token, asked.at)
        if actor is None:
            raise AuthenticationError(message=WRONG_TOKEN)
        asked.actor = actor
        return actor


class BrowserSession(APIKeyCookie):
    """The session of a signed-in browser; whatever changes something needs its CSRF token too."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        """Ask for the CSRF token only where there is a session."""
        return super().__call__(request) if self.param_name in request.COOKIES else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Return who is signed in, None where nobody is."""
        asked: Any = request
        return asked.actor if asked.actor.is_person else None


def anybody(request: HttpRequest) -> bool:
    """Let a visitor ask for what is public; comes last, after token and session."""
    return True


class Api(NinjaAPI):
    """Ninja's API whose description names every answer that there can be."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """Return the description with errors and, where visitors may ask, the security to do without."""
        return with_errors(super().get_openapi_schema(**options), visitors=VISITORS)


WHO = [ApiToken(), BrowserSession()]
VISITORS = frozenset({"工作要点", "惠企政策"})
"""Tags of operations that visitors may call for what is public."""

# The interactive page of the library loads scripts from elsewhere, which our security policy forbids.
api = Api(
    title="企服接口", version="1", urls_namespace="api", docs_url=None, openapi_url="openapi.json", auth=WHO
)
api.add_router("", work_plans, auth=[*WHO, anybody])
api.add_router("", enterprise_problems)
api.add_router("", policies_public, auth=[*WHO, anybody])
api.add_router("", policies_inside)


def _answer(
    request: HttpRequest, status: int, message: str, fields: dict[str, str] | None = None
) -> HttpResponse:
    body: dict[str, Any] = {"message": message}
    if fields:
        body["fields"] = fields
    return api.create_response(request, body, status=status)


@api.exception_handler(NotFound)
def not_found(request: HttpRequest, error: NotFound) -> HttpResponse:
    """Answer 404 alike for what is absent and what is not to be seen."""
    return _answer(request, 404, "没有找到，或没有查看的权限")


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """Answer 422 where named fields are wrong, 409 where the act does not fit how things stand."""
    return _answer(request, 422 if error.fields else 409, error.message, error.fields)


@api.exception_handler(ValidationError)
def wrong_arguments(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer 422 and name the arguments that cannot be read."""
    fields = {str(fault["loc"][-1]): _words(fault) for fault in error.errors}
    names = "、".join(sorted(fields))
    return _answer(request, 422, f"参数不正确：{names}。请对照 /api/v1/openapi.json 中的说明", fields)


@api.exception_handler(AuthenticationError)
def unknown_caller(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Answer 401: nobody, or a token that opens nothing."""
    answer = _answer(request, 401, error.message if error.message != "Unauthorized" else NO_TOKEN)
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(HttpError)
def other_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what the library found wrong: a body that is no JSON, a form without its CSRF token."""
    words = {400: "请求内容不是有效的 JSON，或超过 5 MB", 403: EXPIRED_FORM}
    return _answer(request, error.status_code, words.get(error.status_code, error.message))


def _words(fault: dict[str, Any]) -> str:
    """Return what is wrong with an argument in Chinese."""
    kind, limits = str(fault.get("type", "")), fault.get("ctx") or {}
    if kind == "missing":
        return "必填"
    if "too_long" in kind:
        return f"最多 {limits.get('max_length', '')} 个"
    if "too_short" in kind:
        return "不能为空"
    if kind == "extra_forbidden":
        return "没有这个字段"
    return "格式或取值不正确"
