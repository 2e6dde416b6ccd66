"""Androids: provisioning codes, and the commands of their channel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from mdm_server.service.staging.finding import key_of
from mdm_server.store.staging import Operation, OperationState
from mdm_server.web.operations import Desk, Operations
from mdm_server.web.subjects.parameters import Key
from mdm_server.wire.android_channel import CommandType
from mdm_server.wire.android_provisioning import StagingExtras, Wifi, staging_code

androids = Operations("Androids", "Provisioning codes, and commands over the channel of virtual Androids.")

Text = Annotated[str, Meta(min_length=1, max_length=255)]


class CodeOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """A provisioning code that is wanted; without a user name the device asks for one."""

    group: Annotated[Text, Meta(description="The Group ID.")]
    user_name: Text | None = None
    password: Text | None = None
    wifi: Annotated[Text, Meta(description="The network to join first.")] | None = None
    wifi_password: Text | None = None
    allow_unpinning: Annotated[bool, Meta(description="Let people out of a Hub that could not enrol by itself.")] = (
        False
    )
    short: Annotated[bool, Meta(description="Use the short spelling of the keys, for a smaller QR code.")] = False


class Code(Struct):
    """What to draw as a QR code."""

    payload: Annotated[str, Meta(description="Android's own JSON; it holds the password in the clear.")]


class AndroidOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """A command of the channel, with the parameters that it needs and no others."""

    type: CommandType
    new_password: Annotated[str, Meta(max_length=64, description="Of RESET_PASSWORD; empty removes it.")] | None = None
    application: Annotated[Text, Meta(description="Of START_KIOSK.")] | None = None
    applications: Annotated[list[Text], Meta(max_length=256, description="Of CLEAR_APP_DATA.")] | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that were given."""
        given = {
            "new_password": self.new_password,
            "application": self.application,
            "applications": None if self.applications is None else tuple(self.applications),
        }
        return {name: value for name, value in given.items() if value is not None}


class Queued(Struct):
    """What became of an order."""

    operation: Annotated[str, Meta(description="The operation's name; `wipe:` and a number for a wipe.")]


class OperationView(Struct, omit_defaults=True):
    """Something a device was told to do. Its parameters are not shown: a password may be among them."""

    operation: str
    type: str
    state: OperationState
    queued_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    error: str | None = None


class OperationList(Struct):
    """What a device was told to do, in order."""

    operations: list[OperationView]


@androids.post("/android-codes")
async def make_provisioning_code(desk: Desk, body: CodeOrder) -> Code:
    """Make a provisioning code.

    Scanned on the welcome screen of a new Android, it makes the device all the organization's, and stages it where the
    credentials are a staging user's.
    """
    extras = StagingExtras(
        server_url=desk.facts.base_url or desk.suite.settings.base_url,
        group_id=body.group,
        user_name=body.user_name,
        password=body.password,
        allow_unpinning=body.allow_unpinning,
    )
    wifi = None if body.wifi is None else Wifi(ssid=body.wifi, password=body.wifi_password)
    return Code(staging_code(extras, wifi=wifi, short=body.short).decode())


@androids.post("/androids/{device}/commands", refusals=(404, 409, 422))
async def send_android_command(desk: Desk, device: Key, body: AndroidOrder) -> Queued:
    """Tell an Android to do something.

    It is queued until the device has acknowledged it. Wipes may have to wait for an administrator's approval first.
    """
    sent = await desk.suite.android.commands.send(key_of(device), body.type, body.parameters(), desk.facts)
    return Queued(sent)


@androids.get("/androids/{device}/operations", refusals=(404, 422))
async def list_android_operations(desk: Desk, device: Key) -> OperationList:
    """List what an Android was told to do."""
    found = await desk.suite.android.commands.operations(key_of(device))
    return OperationList([_view(operation) for operation in found])


def _view(operation: Operation) -> OperationView:
    return OperationView(
        operation=operation.name,
        type=operation.type,
        state=operation.state,
        queued_at=operation.queued_at,
        sent_at=operation.sent_at,
        answered_at=operation.answered_at,
        error=operation.answer.get("error"),
    )
