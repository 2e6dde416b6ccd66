"""The parameters that operations share: each with its bounds, which are checked and documented from here."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mdm_server.store.contract import LARGEST_PAGE

Udid = Annotated[str, Meta(min_length=1, max_length=128, description="The device's UDID.")]
DeviceName = Annotated[
    str, Meta(min_length=1, max_length=128, description="A UDID, serial number, IMEI, number, or the device's name.")
]
CommandUuid = Annotated[str, Meta(min_length=1, max_length=128, description="The command's UUID.")]
ProfileId = Annotated[str, Meta(min_length=1, max_length=256, description="The profile's PayloadIdentifier.")]
Limit = Annotated[int, Meta(ge=1, le=LARGEST_PAGE, description="How many to return at most.")]
Behind = Annotated[str, Meta(max_length=256, description="Begin behind this one: the `next` of the page before.")]
InvitationId = Annotated[str, Meta(min_length=1, max_length=64, description="The invitation's identifier.")]
BehindNumber = Annotated[int, Meta(ge=0, description="Begin behind this number: the `next` of the page before.")]
Udids = Annotated[list[Udid], Meta(min_length=1, max_length=10_000, description="The devices it is for.")]
Offset = Annotated[int, Meta(ge=0, le=10_000_000, description="How many to leave out at the beginning.")]
Key = Annotated[str, Meta(min_length=1, max_length=128, description="Its number, or its UUID.")]
Number = Annotated[int, Meta(ge=0, le=9_007_199_254_740_991, description="Its number.")]
