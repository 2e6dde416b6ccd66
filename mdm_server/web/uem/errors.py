"""How this API says no: `{"errorCode", "message", "activityId"}`, whatever went wrong.

The content type is exactly `application/json; charset=utf-8`: pyws1uem looks at nothing else, and takes an error under
any other spelling for a success. Codes that the vendor documents, or that were seen in its answers, are in
SEEN; elsewhere the code is the HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from mdm_server.domain.refusal import Refusal
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.web.errors import Explained

JSON = "application/json; charset=utf-8"
UNREAD_JSON = "application/json; charset=UTF-8"
"""The same to every client but pyws1uem, which does not look into it. Its next version stores an OAuth token under this
spelling only; this one fails over a document that is no object, such as the token of a registration."""

SEEN: Mapping[str, int] = {
    "api.unauthorized": 1005,
    "api.forbidden": 1013,
    "device.unknown": 5061,
}
"""From one of our codes to one of theirs."""

BAD_REQUEST = 400
_STATUSES: Mapping[int, int] = {422: BAD_REQUEST}
"""Their API knows no 422: what does not fit its description is a bad request."""

_encoder = msgspec.json.Encoder()


def error_of(refusal: Refusal, activity: str) -> web.Response:
    """Say no; `activity` is the identifier of the request that was refused."""
    status = _STATUSES.get(refusal.status, refusal.status)
    response = error_response(status, SEEN.get(refusal.code, status), _message(refusal), activity)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="mdmsim"'
    if refusal.status in {429, 503}:
        response.headers["Retry-After"] = str(refusal.retry_after or 1)
    if refusal.code.startswith("limit."):
        response.force_close()
    return response


def error_response(status: int, code: int, message: str, activity: str) -> web.Response:
    """Send an error."""
    return json_response({"errorCode": code, "message": message, "activityId": activity}, status)


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Send a document under the content type that every client understands."""
    content_type = JSON if isinstance(document, Mapping) else UNREAD_JSON
    return web.Response(
        status=status, body=_encoder.encode(document), headers={**(headers or {}), "Content-Type": content_type}
    )


def _message(refusal: Refusal) -> str:
    """Say everything in the one sentence there is room for: what happened, what was found, the code, the way out."""
    detail = refusal.detail if isinstance(refusal, DetailedRefusal) else ""
    if isinstance(refusal, Explained):
        expected = f"expected {refusal.expected}, " if refusal.expected else ""
        detail = f"{expected}found {refusal.found}"
    return " ".join(part for part in (f"{refusal.text}", f"({detail})" if detail else "", refusal.remedy) if part) + (
        f" [{refusal.event}]"
    )
