"""Problem documents (RFC 9457): how the REST API says no, to programs and to people."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong, in words for a person and in a code for a program."""

    title: Annotated[str, msgspec.Meta(description="What went wrong, in a few words.")]
    status: Annotated[int, msgspec.Meta(description="The HTTP status, repeated.")]
    code: Annotated[str, msgspec.Meta(description="A stable name for programs, such as `profile.unknown`.")]
    type: Annotated[str, msgspec.Meta(description="Always `about:blank`: the code says which kind it is.")] = (
        "about:blank"
    )
    reason: Annotated[str | None, msgspec.Meta(description="What exactly broke the rule, for programs.")] = None
    expected: Annotated[str | None, msgspec.Meta(description="What would have been right.")] = None
    found: Annotated[str | None, msgspec.Meta(description="What was there instead.")] = None
    remedy: Annotated[str | None, msgspec.Meta(description="What to do about it.")] = None
    incident: Annotated[str | None, msgspec.Meta(description="Where to look in the server's log.")] = None


_encoder = msgspec.json.Encoder()


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    """Send a problem document."""
    return web.Response(status=problem.status, body=_encoder.encode(problem), content_type=MEDIA_TYPE, headers=headers)
