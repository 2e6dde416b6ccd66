"""Apple Business Manager: tokens of our servers there, the devices it has for us, and the rules about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.domain.abm.rules import AssignmentRule
from mdm_server.domain.abm.tokens import AbmToken, TokenState
from mdm_server.service.abm.inventory import InventoryDevice, RuleOrder
from mdm_server.service.abm.sync import SyncReport
from mdm_server.web.operations import Desk, Download, Operations
from mdm_server.web.subjects.parameters import Limit, Number, Offset
from mdm_server.wire.dep import ProfileStatus

abm = Operations(
    "Apple Business Manager", "Which servers we are there, which devices it has for us, and which profile they get."
)

PEM, P7M = "application/x-pem-file", "application/pkcs7-mime"
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=128)]
Search = Annotated[str, Meta(max_length=128, description="A part of the serial number, or of the model.")]
TokenNumber = Annotated[int, Meta(ge=1, description="The number of the token.")]
Anew = Annotated[bool, Meta(description="Fetch all devices again, instead of what has changed.")]


class NewToken(Struct, forbid_unknown_fields=True):
    """A token to come."""

    name: Name


class TokenView(Struct, kw_only=True):
    """A token, without what is secret about it."""

    id: int
    name: str
    state: TokenState
    server_name: str
    server_uuid: str
    organization_name: str
    default_profile: int | None
    created_at: datetime
    expires_at: datetime | None
    synced_at: datetime | None
    not_before: datetime | None
    trouble: str


class Tokens(Struct):
    """All tokens."""

    tokens: list[TokenView]


class TokenToUpload(Struct):
    """A token that waits, and the certificate to upload in Apple Business Manager, as PEM."""

    token: TokenView
    certificate: str


class Default(Struct, forbid_unknown_fields=True):
    """The profile of devices that no rule is about."""

    profile: Annotated[int, Meta(ge=1)] | None = None


class AbmDeviceView(Struct, kw_only=True):
    """A device, as Apple described it last, and the profile that it was given here."""

    serial_number: str
    token: int
    model: str
    description: str
    color: str
    asset_tag: str | None
    os: str | None
    device_family: str | None
    profile_status: ProfileStatus | None
    profile_uuid: str | None
    profile_assigned_at: datetime | None
    profile_pushed_at: datetime | None
    assigned_at: datetime | None
    assigned_by: str | None
    profile: str | None
    """The name of the DEP profile that it was given here."""


class AbmDevices(Struct):
    """Some devices, and how many there are."""

    devices: list[AbmDeviceView]
    total: int


class Lock(Struct, forbid_unknown_fields=True):
    """How a device is locked."""

    message: Annotated[str, Meta(max_length=1024, description="What a locked device shows.")] | None = None


class BypassCode(Struct):
    """What opens a device that is locked to the organization."""

    bypass_code: str


class NewRule(Struct, kw_only=True, forbid_unknown_fields=True):
    """A rule: devices like this get that profile. What is left out may be anything."""

    token: TokenNumber
    profile: Number
    device_family: Text | None = None
    serial_prefix: Text | None = None
    model: Annotated[str, Meta(min_length=1, max_length=128, description="A part of the model's name.")] | None = None


class Rules(Struct):
    """Rules in the order in which they are asked."""

    rules: list[AssignmentRule]


class Reports(Struct):
    """What each token's run found and did; a token with trouble has none."""

    reports: list[SyncReport]


@abm.get("/abm-tokens")
async def list_abm_tokens(desk: Desk) -> Tokens:
    """List the tokens."""
    return Tokens([_token_view(desk, token) for token in await desk.suite.abm.tokens.all()])


@abm.post("/abm-tokens", status=201, refusals=(409,))
async def make_abm_token(desk: Desk, body: NewToken) -> TokenToUpload:
    """Make a key pair for a token.

    Upload the certificate in Apple Business Manager, download the server token there, and send that with PUT.
    """
    token = await desk.suite.abm.tokens.new(body.name, desk.facts)
    return TokenToUpload(_token_view(desk, token), await desk.suite.abm.tokens.certificate(token.id))


@abm.get("/abm-tokens/{token}", refusals=(404,))
async def show_abm_token(desk: Desk, token: TokenNumber) -> TokenView:
    """Show a token."""
    return _token_view(desk, await desk.suite.abm.tokens.find(token))


@abm.get("/abm-tokens/{token}/certificate", refusals=(404,), downloads=PEM)
async def download_abm_certificate(desk: Desk, token: TokenNumber) -> Download:
    """Download the certificate of a token.

    It is what Apple Business Manager wants to have uploaded.
    """
    content = await desk.suite.abm.tokens.certificate(token)
    return Download(content.encode(), PEM, f"abm-token-{token}.pem")


@abm.put("/abm-tokens/{token}", refusals=(404, 409, 502), uploads=P7M)
async def upload_abm_token(desk: Desk, token: TokenNumber, body: bytes) -> TokenView:
    """Upload a server token.

    The body is the `.p7m` file as Apple gave it; next year's takes the place of the one before. It is tried at once.
    """
    return _token_view(desk, await desk.suite.abm.tokens.upload(token, body, desk.facts))


@abm.put("/abm-tokens/{token}/default-profile", refusals=(404, 409))
async def choose_abm_default(desk: Desk, token: TokenNumber, body: Default) -> TokenView:
    """Choose the profile without a rule.

    Devices that no rule is about get it when they arrive, and those without a profile with the next run.
    """
    return _token_view(desk, await desk.suite.abm.tokens.choose_default(token, body.profile, desk.facts))


@abm.delete("/abm-tokens/{token}", status=204, refusals=(404,))
async def remove_abm_token(desk: Desk, token: TokenNumber) -> None:
    """Forget a token.

    With the devices that are known by it, and its rules; in Apple Business Manager nothing changes.
    """
    await desk.suite.abm.tokens.remove(token, desk.facts)


@abm.post("/abm-sync", refusals=(404, 409, 429, 502))
async def sync_abm(desk: Desk, token: TokenNumber | None = None, anew: Anew = False) -> Reports:
    """Read Apple Business Manager.

    What has changed there is read, and what was decided here is told.
    By one token, or by all that are good; with all of them, one that has trouble holds up no other.
    """
    if token is None:
        return Reports(await desk.suite.abm.sync.run_all(anew=anew))
    return Reports([await desk.suite.abm.sync.run(token, desk.facts, anew=anew)])


@abm.get("/abm-devices")
async def list_abm_devices(
    desk: Desk,
    text: Search = "",
    token: TokenNumber | None = None,
    profile_status: ProfileStatus | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> AbmDevices:
    """List the devices Apple has for us."""
    found = await desk.suite.abm.inventory.devices(
        token=token, text=text, profile_status=profile_status, offset=offset, limit=limit
    )
    return AbmDevices([_device_view(each) for each in found], found.total)


@abm.post("/abm-devices/{serial_number}/activation-lock", refusals=(404, 409, 502))
async def lock_abm_device(desk: Desk, serial_number: Text, body: Lock) -> BypassCode:
    """Lock a device to the organization.

    The answer is the code that opens it again. It is told this once, and kept nowhere.
    """
    return BypassCode(await desk.suite.abm.owning.lock(serial_number, body.message, desk.facts))


@abm.post("/abm-devices/{serial_number}/disown", status=204, refusals=(404, 409, 502))
async def disown_abm_device(desk: Desk, serial_number: Text) -> None:
    """Give a device up for ever.

    The organization has it no more; whoever has it in hand may set it up without management.
    """
    await desk.suite.abm.owning.disown(serial_number, desk.facts)


@abm.get("/abm-rules")
async def list_abm_rules(desk: Desk, token: TokenNumber | None = None) -> Rules:
    """List the rules."""
    return Rules(await desk.suite.abm.inventory.rules(token))


@abm.post("/abm-rules", status=201, refusals=(404, 409))
async def add_abm_rule(desk: Desk, body: NewRule) -> AssignmentRule:
    """Add a rule behind the others.

    It is asked about devices that arrive, and with the next run about those that have no profile yet.
    """
    order = RuleOrder(
        token=body.token,
        profile=body.profile,
        device_family=body.device_family,
        serial_prefix=body.serial_prefix,
        model=body.model,
    )
    return await desk.suite.abm.inventory.add_rule(order, desk.facts)


@abm.delete("/abm-rules/{rule}", status=204, refusals=(404,))
async def remove_abm_rule(desk: Desk, rule: Number) -> None:
    """Remove a rule.

    What was assigned by it stays so.
    """
    await desk.suite.abm.inventory.remove_rule(rule, desk.facts)


def _token_view(desk: Desk, token: AbmToken) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        state=desk.suite.abm.tokens.state(token),
        server_name=token.server_name,
        server_uuid=token.server_uuid,
        organization_name=token.organization_name,
        default_profile=token.default_profile,
        created_at=token.created_at,
        expires_at=token.expires_at,
        synced_at=token.synced_at,
        not_before=token.not_before,
        trouble=token.trouble,
    )


def _device_view(found: InventoryDevice) -> AbmDeviceView:
    listed = found.device.listed
    return AbmDeviceView(
        serial_number=listed.serial_number,
        token=found.device.token,
        model=listed.model,
        description=listed.description,
        color=listed.color,
        asset_tag=listed.asset_tag,
        os=listed.os,
        device_family=listed.device_family,
        profile_status=listed.profile_status,
        profile_uuid=listed.profile_uuid,
        profile_assigned_at=listed.profile_assign_time,
        profile_pushed_at=listed.profile_push_time,
        assigned_at=listed.device_assigned_date,
        assigned_by=listed.device_assigned_by,
        profile=None if found.profile is None else found.profile.name,
    )
