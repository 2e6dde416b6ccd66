"""Writes the page about this API: `python -m mdm_server.web.uem.draw [FILE]`; a test fails when the page is old."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from mdm_server.web.uem.calls import Calls
from mdm_server.web.uem.errors import SEEN
from mdm_server.web.uem.subjects import UEM_SUBJECTS

INTRODUCTION = """\
# The API in the shape of Workspace ONE UEM's

Drawn by `python -m mdm_server.web.uem.draw`; change the calls in the code, not this page.

Programs written for Workspace ONE UEM administer this server unchanged: `pyws1uem` from PyPI does in the tests. What
the vendor documents, or what its clients were seen to rely on, is kept to the letter. What nobody documents is decided
here; the decisions are below.

    mdm-server serve                    # prints the API user, its password and the tenant code, once

    curl --cacert CA -u api:PASSWORD -H "aw-tenant-code: CODE" \\
         -H "Accept: application/json;version=1" https://127.0.0.1:8443/api/system/users/search

- **Who may call.** Basic authentication with the header `aw-tenant-code`; or a bearer token of `POST /connect/token`
  (OAuth 2 client credentials: the API user's name and password are the client's id and secret), good for an hour.
- **Addresses** are written in any case, with or without a slash at the end. **The version** stands in the Accept header
  or in the path (`/api/v2/mdm/…`); without one the oldest answers. A version that there is not is 406.
- **Bodies** are JSON or a form, whatever their header says; keys are found whatever their case and underscores, and
  what has no meaning here is passed over.
- **Answers** are `application/json; charset=utf-8`, byte for byte; a token alone is under `charset=UTF-8`, which
  pyws1uem leaves unread. A search without a result is 204 without a body. Pages count from 0 (`page`, `pagesize`), 500
  rows at most.
- **Errors** are `{"errorCode", "message", "activityId"}`. The message ends in our own code in brackets.
"""

DECISIONS = """\
## What was decided here

The vendor's documents contradict each other, or say nothing.

- `PATCH …/enrollmentuser/…` works for every device that a staging user enrolled, single or shared: it claims, checks
  out, checks in (with the staging user's own id), or gives an assigned device to somebody else. Any other device: 400.
  A device that is registered to somebody else is refused, too, and not locked for it.
- `registerdevice` answers with the token where the organization group asks for tokens, and without a body where not.
- Deleting a device ends its management and keeps its registration, its lock and its list entries.
- Deleting a staging user orphans what that user staged and nobody took: it has to be wiped and enrolled again.
- A device that is put on the deny list while it is enrolled is unenrolled at once, whatever the wipe threshold.
- A group made below number 7 (the vendor's "Global") is a customer of its own, unless there is a group 7 here.
- What has only a number here (a wipe, an entry of a list) is called by a UUID that spells the number.
- Only devices that staging knows are found: those that came through the Hub or the Workspace ONE app, and those that
  somebody registered or denied. A device that enrolled with an enrolment profile alone is in `/api/v1/devices`.
"""


def page() -> str:
    """Return the page."""
    codes = ", ".join(f"{number} (`{code}`)" for code, number in SEEN.items())
    lines = [
        INTRODUCTION.rstrip("\n"),
        "  The vendor's own numbers are",
        f"  {codes};",
        "  any other `errorCode` is the HTTP status.",
        "",
        "## Calls",
        "",
        *(line for subject in UEM_SUBJECTS for line in _subject(subject)),
        DECISIONS,
    ]
    return "\n".join(lines)


def _subject(subject: Calls) -> Iterator[str]:
    yield f"### {subject.subject}"
    yield ""
    yield "| method | address | version | what it does |"
    yield "|---|---|---|---|"
    for call in sorted(subject, key=lambda each: (each.path, each.method, each.versions)):
        versions = ", ".join(map(str, call.versions))
        yield f"| {call.method} | `/api/{call.path}` | {versions} | {call.summary} |"
    yield ""


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/uem-api.md").write_text(page(), encoding="utf-8")
