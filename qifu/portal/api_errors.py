"""What the JSON API answers when it does not succeed: one shape, and one rule of which operation may answer what."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

ADDRESS = "/api/"
MESSAGES = {
    400: "请求无法识别",
    404: "没有找到，或没有查看的权限",
    500: "系统出错，已记录，请稍后再试；如仍出现，请提供请求编号",
}
TITLES = {
    400: "请求内容不是有效的 JSON",
    401: "没有登录，或令牌无效",
    403: "会话请求缺少 CSRF 校验",
    404: "没有找到，或没有查看的权限",
    409: "与现在的状态不符，或已有变化",
    422: "参数不正确，fields 中逐项说明",
    429: "请求过于频繁，见 Retry-After",
}
FAULT = {
    "title": "Fault",
    "description": "没有成功时的回答。",
    "type": "object",
    "properties": {
        "message": {"type": "string", "description": "原因和办法，可直接给人看"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "字段名 → 哪里不对",
        },
    },
    "required": ["message"],
}


def asks_api(request: HttpRequest) -> bool:
    """Tell whether a request is for the JSON API, whose errors are JSON too."""
    return request.path.startswith(ADDRESS)


def fault(status: int, message: str = "") -> JsonResponse:
    """Return an error of the API that arose before or after the API itself had its turn."""
    return JsonResponse(
        {"message": message or MESSAGES[status]}, status=status, json_dumps_params={"ensure_ascii": False}
    )


def with_errors(schema: Any, *, visitors: frozenset[str]) -> Any:
    """Give every operation of a description its errors, and none but them.

    Any: 401, 404, 422, 429. With a body or changing something: 400, 403 (sessions only), 409.
    """
    schema["components"]["schemas"]["Fault"] = FAULT
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            writes = method != "get"
            for status in (401, 404, 422, 429, *((400, 403, 409) if writes else ())):
                operation["responses"][status] = _response(status)
            if visitors.intersection(operation.get("tags", [])):
                operation["security"] = [*operation.get("security", []), {}]
    return schema


def _response(status: int) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Fault"}
    return {"description": TITLES[status], "content": {"application/json": {"schema": reference}}}
