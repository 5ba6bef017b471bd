"""The JSON API at /api/v1/: each room brings a router; errors are Chinese and name no row that may not be seen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from qifu.foundation.access import NotFound
from qifu.services.work_plans.api import router as work_plans

# The interactive page of the library loads scripts from elsewhere, which our security policy forbids.
api = NinjaAPI(title="企服接口", version="1", urls_namespace="api", docs_url=None, openapi_url="openapi.json")
api.add_router("", work_plans)


@api.exception_handler(NotFound)
def not_found(request: HttpRequest, error: NotFound) -> HttpResponse:
    """Answer 404 alike for what is absent and what is not to be seen."""
    return api.create_response(request, {"message": "没有找到，或没有查看的权限"}, status=404)


@api.exception_handler(ValidationError)
def wrong_arguments(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer 422 and name the arguments that cannot be read."""
    names = sorted({str(fault["loc"][-1]) for fault in error.errors})
    message = f"参数不正确：{'、'.join(names)}。请对照 /api/v1/openapi.json 中的说明"
    return api.create_response(request, {"message": message, "parameters": names}, status=422)
