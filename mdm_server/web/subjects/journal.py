"""The journal: what happened, in order."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.service.views import EventView
from mdm_server.web.operations import Desk, Operations
from mdm_server.web.subjects.parameters import BehindNumber, Limit, Udid

journal = Operations("Events", "What happened, in order; refusals too.")

EventName = Annotated[str, Meta(min_length=1, max_length=64, description="An event's name, or its beginning: `auth.`.")]


class EventPage(Struct, omit_defaults=True):
    """Some of the journal, in order."""

    events: list[EventView]
    next: int | None = None


@journal.get("/events")
async def list_events(
    desk: Desk,
    device: Udid | None = None,
    event: EventName | None = None,
    limit: Limit = 100,
    after: BehindNumber = 0,
    newest_first: bool = False,
) -> EventPage:
    """Read the journal.

    No body, challenge, token or key is in it. To follow it, ask again with `after` set to the last sequence seen.
    """
    found = await desk.suite.administration.events(
        device=device, event=event, limit=limit, after=after, newest_first=newest_first
    )
    return EventPage(found, next=found[-1].sequence if len(found) == limit and not newest_first else None)
