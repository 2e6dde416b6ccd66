"""Commands: sent to devices, and how the devices answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from device_emulator.scenario.document import DeviceNames, reference
from device_emulator.scenario.findings import Finding
from device_emulator.scenario.offices import CommandAnswer, Refused
from device_emulator.scenario.payloads import configuration_profile
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.ordering import Order
from device_emulator.scenario.steps.step import Played

CommandName = Annotated[str, reference("commands", "A command of the console's, or any of Apple's.")]
Answer = Literal["Queued", "Sent", "NotNow", "Acknowledged", "Error", "Expired", "Cleared"]
Words = Annotated[dict[str, Any], Meta(description="Its fields, as in JSON.")]
Said = Annotated[dict[str, Any], Meta(description="What is in its answer, among other things.")]
ErrorNumber = Annotated[int, Meta(ge=1, description="The number of the error that a device answers with.")]


class Told(Order, frozen=True, kw_only=True):
    """What all commands have in common."""

    device: DeviceNames
    answer: Answer | None = None
    error: ErrorNumber | None = None
    says: Said = field(default={})

    async def perform(self, stage: Stage) -> Played:
        """Send it to each device, and look at what has become of it."""
        for device in stage.devices(self.device):
            sentence = f"The administrator {self.sentence_to(device)}"
            try:
                sent = await self.send(stage, device)
            except Refused as refused:
                yield self.deed(sentence, code=refused.code, text=refused.text)
                continue
            await stage.settle()
            yield self.deed(sentence)
            if sent is not None:
                for finding in self._judged(device, await stage.office.answer(device, sent)):
                    yield finding

    def _judged(self, device: str, answer: CommandAnswer) -> Iterator[Finding]:
        wanted = "Error" if self.error is not None else self.answer or self.usual_answer
        if wanted is not None:
            found = answer.status if answer.error is None else f"{answer.status} {answer.error}"
            passed = answer.status == wanted and self.error in (None, answer.error)
            number = "" if self.error is None else f" {self.error}"
            sentence = f"{device}: the command {self.name} becomes {wanted}{number}"
            yield Finding(sentence=sentence, found=found, passed=passed)
        for word, value in self.says.items():
            said = answer.values.get(word)
            sentence = f"{device}: the answer to {self.name} has {word}: {_written(value)}"
            yield Finding(sentence=sentence, found=_written(said), passed=_holds(said, value))

    @property
    def name(self) -> str:
        """What the command is called."""
        raise NotImplementedError

    @property
    def usual_answer(self) -> Answer | None:
        """What is expected where nothing is said."""
        return "Acknowledged"

    @property
    def sentence(self) -> str:
        """What is sent to whom."""
        return self.sentence_to(self.device)

    def sentence_to(self, device: str) -> str:
        """Say what is sent to one of them."""
        return f"sends {device} the command {self.name}"

    async def send(self, stage: Stage, device: str) -> str | None:
        """Send it to one device; return its UUID. Raises Refused."""
        raise NotImplementedError

    async def order(self, stage: Stage) -> None:
        """Send it to all of them."""
        for device in stage.devices(self.device):
            await self.send(stage, device)


class Command(Told, frozen=True, kw_only=True):
    """Send devices a command, of the console's or any of Apple's, and see how they answer.

    `answer` is what has become of it when nothing moves any more; of a command of Apple's `Acknowledged` is expected
    where nothing is said. With `force` the server sends what it knows the device will refuse.
    """

    command: CommandName
    with_: Words = field(name="with", default={})
    force: bool = False

    @property
    def name(self) -> str:
        """The command."""
        return self.command

    @property
    def usual_answer(self) -> Answer | None:
        """What the console's commands lead to is looked at on the device."""
        return None if self.command in CONSOLE_COMMANDS else "Acknowledged"

    async def send(self, stage: Stage, device: str) -> str | None:
        """Send it."""
        return await stage.office.command(device, self.command, self.with_, force=self.force)


class InstallProfile(Told, frozen=True, kw_only=True):
    """Install a configuration profile with one payload: its type, and what it says."""

    payload: str
    with_: Words = field(name="with", default={})
    identifier: str = "test.mdmsim.profile"

    @property
    def name(self) -> str:
        """The command."""
        return "InstallProfile"

    def sentence_to(self, device: str) -> str:
        """Say what is installed."""
        said = ", ".join(f"{word}: {_written(value)}" for word, value in self.with_.items())
        return f"installs {self.payload} on {device}" + (f" ({said})" if said else "")

    async def send(self, stage: Stage, device: str) -> str | None:
        """Send it."""
        document = configuration_profile(self.identifier, self.payload, self.with_)
        return await stage.office.command(device, "InstallProfile", {"Payload": document})


class ReturnToService(Told, frozen=True, kw_only=True):
    """Erase devices and have them set themselves up again, in a Wi-Fi that they are told of, without a person."""

    SHORTHAND = "device"

    wifi: str | None = None

    @property
    def name(self) -> str:
        """The command."""
        return "EraseDevice"

    def sentence_to(self, device: str) -> str:
        """Say what is returned."""
        return f"returns {device} to service" + ("" if self.wifi is None else f" in the Wi-Fi {self.wifi}")

    async def send(self, stage: Stage, device: str) -> str | None:
        """Send it."""
        wanted: dict[str, Any] = {"Enabled": True}
        if self.wifi is not None:
            said = {"SSID_STR": self.wifi, "EncryptionType": "None", "AutoJoin": True}
            wanted["WiFiProfileData"] = configuration_profile("test.mdmsim.wifi", "com.apple.wifi.managed", said)
        return await stage.office.command(device, "EraseDevice", {"ReturnToService": wanted})


CONSOLE_COMMANDS: Mapping[str, None] = dict.fromkeys(
    ("Lock", "ClearPasscode", "DeviceQuery", "SyncDevice", "SoftReset", "Shutdown")
)
"""Commands of the console's that a script may send; a command of Apple's of the same name is not meant."""


def _holds(found: Any, wanted: Any) -> bool:
    """Say whether something is there with all that is wanted of it; what else it says is its own business."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_holds(found.get(word), value) for word, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and all(any(_holds(one, value) for one in found) for value in wanted)
    return bool(found == wanted)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{word}: {_written(one)}" for word, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(_written, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
