"""How a device comes under management: by its Hub, by the Workspace ONE app, or on Apple Configurator's cart."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from device_emulator.core.actions import DirectEnroll, OpenEnrollmentLink
from device_emulator.core.events import Enrolled, UnmanagedEntered
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.scenario.document import DeviceNames, GroupId, Ownership, RegistrationName, UserName
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.stage import Sighting, Stage
from device_emulator.scenario.steps.step import NOTHING_CAME_OF_IT, Played, Refusable

NOBODY = ""
"""Who types no user name, though the Hub may ask for one."""
WRONG_PASSWORD = "not the password"  # noqa: S105 - that is the point of it
Terms = Literal["accept", "decline"]


class Enrol(Refusable, frozen=True, kw_only=True):
    """Somebody goes through the Hub's wizard.

    `as` types their credentials. `token` presents the token of a registration, `typed_token` any text: in place of the
    Group ID, or with `group` when the wizard asks. `channel: barcode` has no screen: a QR code or a staging package
    says all there is. `channel: link` goes past the Hub, to an enrolment profile.
    """

    SHORTHAND = "device"
    KIND: ClassVar[str] = "enrol"

    device: DeviceNames
    as_: UserName | None = field(default=None, name="as")
    token: RegistrationName | None = None
    typed_token: str | None = None
    group: str | None = None
    group_choice: GroupId | None = None
    wrong_password: bool = False
    staging: Literal["single", "multi"] | None = None
    on_behalf: str | None = None
    ownership: Ownership | None = None
    terms: Terms = "accept"
    captcha: Literal["solve", "give-up"] = "solve"
    channel: Literal["hub", "barcode", "link"] = "hub"
    times: Annotated[int, Meta(ge=1, le=100, description="How often they try.")] = 1

    async def perform(self, stage: Stage) -> Played:
        """Go through the wizard, one device after the other: without Configurator there is no other way."""
        for device in stage.devices(self.device):
            for _ in range(self.times):
                yield self.ended(self._sentence(device), await self._enrol(device, stage), Enrolled)

    async def _enrol(self, device: str, stage: Stage) -> Sighting:
        if self.channel == "link":
            return await stage.act(device, OpenEnrollmentLink(f"{stage.url}/enroll"))
        return await stage.enrol(device, self.intent(stage))

    def intent(self, stage: Stage) -> HubIntent:
        """Return what they will type and tap."""
        who = None if self.as_ is None else stage.person(self.as_)
        password = None if who is None else who.password
        token = self.typed_token if self.token is None else stage.token(self.token)
        return HubIntent(
            url=stage.url,
            group=self.group or (stage.group_id if token is None else ""),
            token=token,
            user_name=NOBODY if who is None else who.user_name,
            password=WRONG_PASSWORD if self.wrong_password else password,
            group_choice=self.group_choice,
            staging=None if self.staging is None else self.staging.capitalize(),
            on_behalf=self.on_behalf,
            insists=self.on_behalf is not None,
            ownership=self.ownership,
            accept_terms=self.terms == "accept",
            solve_captcha=self.captcha == "solve",
            channel=Channel.HUB if self.channel == "hub" else Channel.BARCODE,
        )

    def _sentence(self, device: str) -> str:
        who = self.as_ or ("whoever has the token" if self.token or self.typed_token else "somebody")
        told = [f"{who} enrols {device}"]
        if self.token is not None:
            told.append(f"with the token of {self.token}")
        if self.typed_token is not None:
            told.append(f"with the token {self.typed_token}")
        if self.on_behalf is not None:
            told.append(f"on behalf of {self.on_behalf}")
        if self.group is not None:
            told.append(f"in {self.group}")
        if self.channel != "hub":
            told.append({"barcode": "by barcode", "link": "by a link, past the Hub"}[self.channel])
        if self.wrong_password:
            told.append("with a wrong password")
        return " ".join(told)


class DirectEnrol(Refusable, frozen=True, kw_only=True):
    """Somebody logs in to the Workspace ONE app. Who does not qualify is not refused: the device stays unmanaged."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "direct-enrol"

    device: DeviceNames
    as_: UserName = field(name="as")
    wrong_password: bool = False
    terms: Terms = "accept"
    unmanaged: bool = False

    async def perform(self, stage: Stage) -> Played:
        """Log in on each device."""
        who = stage.person(self.as_)
        for device in stage.devices(self.device):
            action = DirectEnroll(
                stage.url,
                who.user_name,
                WRONG_PASSWORD if self.wrong_password else who.password,
                accept_terms=self.terms == "accept",
            )
            sighting = await stage.act(device, action)
            unmanaged = any(isinstance(event, UnmanagedEntered) for event in sighting.events)
            sentence = f"{self.as_} logs in to the Workspace ONE app on {device}"
            deed = self.ended(sentence, sighting, Enrolled, UnmanagedEntered)
            yield self._judged(deed, unmanaged=unmanaged)

    def _judged(self, deed: Deed, *, unmanaged: bool) -> Deed:
        if deed.code or unmanaged is self.unmanaged:
            text = deed.text or ("the device stays unmanaged" if unmanaged else "the device is enrolled")
            return self.deed(deed.sentence, code=deed.code, text=text, seconds=deed.seconds)
        code = "unmanaged" if unmanaged else "enrolled"
        return self.deed(deed.sentence, code=code, text="that was not expected", seconds=deed.seconds)


class Cart(Refusable, frozen=True, kw_only=True):
    """Apple Configurator prepares many devices at once, as many as the cart has ports; each passes its own guards.

    With `as` the staging user's enrolment is baked in; without, each device goes to the user it is registered to.
    `refused_devices` are expected to be refused with `refused`, all others to be enrolled.
    """

    SHORTHAND = "devices"
    KIND: ClassVar[str] = "cart"

    devices: DeviceNames
    as_: UserName | None = field(default=None, name="as")
    ports: Annotated[int, Meta(ge=1, le=64, description="The ports of the cart.")] = 10
    refused_devices: tuple[DeviceNames, ...] = ()

    async def perform(self, stage: Stage) -> Played:
        """Prepare all of them."""
        devices = stage.devices(self.devices)
        spared = {device for names in self.refused_devices for device in stage.devices(names)}
        who = None if self.as_ is None else stage.person(self.as_)
        intent = HubIntent(
            url=stage.url,
            group=stage.group_id,
            user_name=None if who is None else who.user_name,
            password=None if who is None else who.password,
            channel=Channel.CONFIGURATOR,
        )
        sightings = await stage.prepare(devices, intent, ports=self.ports)
        for device, sighting in zip(devices, sightings, strict=True):
            deed = self.ended(f"Apple Configurator prepares {device}", sighting, Enrolled)
            expected = (self.refused or NOTHING_CAME_OF_IT) if device in spared else ""
            yield Deed(
                kind=deed.kind,
                sentence=deed.sentence,
                code=deed.code,
                text=deed.text,
                seconds=deed.seconds,
                expected=expected,
            )
