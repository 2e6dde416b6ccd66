"""What somebody does in the Settings of a device, what they use it for, and what befalls it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from msgspec import Meta

from device_emulator.core import actions
from device_emulator.core.actions import PersonAction
from device_emulator.core.features import Feature
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.troubles import Trouble
from device_emulator.scenario.document import DeviceNames
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Refusable, refusal

AccountName = Annotated[str, Meta(min_length=1, description="The name of an Apple Account: `ada@icloud.test`.")]
ApplicationName = Annotated[str, Meta(min_length=1, description="The identifier of an application.")]
HOLDER = "The person holding"


def account_of(name: str, *, find_my: bool = True) -> AppleAccount:
    """Return somebody's account with Apple; its password is made up of its name."""
    return AppleAccount(name=name, password=f"password of {name}", find_my=find_my)


class Holding(Refusable, frozen=True, kw_only=True):
    """Something that whoever holds a device does with it: it is done, unless the device refuses."""

    SHORTHAND = "device"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Do it on each device."""
        for device in stage.devices(self.device):
            sighting = await stage.act(device, self.action())
            code, text = refusal(sighting)
            yield self.deed(self.sentence(device), code=code, text=text, seconds=sighting.seconds)

    @abstractmethod
    def sentence(self, device: str) -> str:
        """Say what is done."""

    @abstractmethod
    def action(self) -> PersonAction:
        """Return what they do."""


class SignInAppleAccount(Holding, frozen=True, kw_only=True):
    """Somebody signs in with an Apple Account in Settings; Find My locks the activation to it, unless it is off."""

    KIND: ClassVar[str] = "sign-in-apple-account"

    account: AccountName
    find_my: bool = True

    def sentence(self, device: str) -> str:
        """Say who signs in where."""
        return f"{HOLDER} {device} signs in to {self.account} in Settings"

    def action(self) -> PersonAction:
        """Sign in."""
        return actions.SignInAppleAccount(account_of(self.account, find_my=self.find_my))


class SignOutAppleAccount(Holding, frozen=True, kw_only=True):
    """Somebody signs out of an Apple Account in Settings; Find My asks for its password."""

    KIND: ClassVar[str] = "sign-out-apple-account"

    account: AccountName

    def sentence(self, device: str) -> str:
        """Say who signs out where."""
        return f"{HOLDER} {device} signs out of {self.account}"

    def action(self) -> PersonAction:
        """Sign out."""
        return actions.SignOutAppleAccount(account_of(self.account).password)


class BackUp(Holding, frozen=True, kw_only=True):
    """Somebody backs the device up to iCloud."""

    KIND: ClassVar[str] = "back-up"

    def sentence(self, device: str) -> str:
        """Say what is backed up."""
        return f"{HOLDER} {device} backs it up to iCloud"

    def action(self) -> PersonAction:
        """Back it up."""
        return actions.BackUp()


class EraseAllContent(Holding, frozen=True, kw_only=True):
    """Somebody erases all content and settings of an Apple device, in Settings."""

    KIND: ClassVar[str] = "erase"

    def sentence(self, device: str) -> str:
        """Say what is erased."""
        return f"{HOLDER} {device} erases all content and settings"

    def action(self) -> PersonAction:
        """Erase it."""
        return actions.EraseAllContent()


class LeaveRemoteManagement(Holding, frozen=True, kw_only=True):
    """Somebody leaves remote management, as they may for 30 days after Configurator added the device to Apple."""

    KIND: ClassVar[str] = "leave-remote-management"

    def sentence(self, device: str) -> str:
        """Say what is left."""
        return f"{HOLDER} {device} leaves remote management"

    def action(self) -> PersonAction:
        """Leave it."""
        return actions.LeaveRemoteManagement()


class Use(Holding, frozen=True, kw_only=True):
    """Somebody uses a feature that a restriction can forbid: the camera, Siri, a computer to pair with."""

    KIND: ClassVar[str] = "use"

    feature: Feature

    def sentence(self, device: str) -> str:
        """Say what is used."""
        return f"{HOLDER} {device} uses its {self.feature.replace('_', ' ')}"

    def action(self) -> PersonAction:
        """Use it."""
        return actions.Use(self.feature)


class RemoveApplication(Holding, frozen=True, kw_only=True):
    """Somebody deletes an application from the home screen."""

    KIND: ClassVar[str] = "remove-application"

    application: ApplicationName

    def sentence(self, device: str) -> str:
        """Say what is deleted."""
        return f"{HOLDER} {device} deletes {self.application}"

    def action(self) -> PersonAction:
        """Delete it."""
        return actions.RemoveApplication(self.application)


class UpdateSystem(Holding, frozen=True, kw_only=True):
    """Somebody installs a system update in Settings: the newest that is offered, or the version that is said."""

    KIND: ClassVar[str] = "update-system"

    version: str | None = None

    def sentence(self, device: str) -> str:
        """Say what is installed."""
        return f"{HOLDER} {device} installs {self.version or 'the newest system'} in Settings"

    def action(self) -> PersonAction:
        """Install it."""
        return actions.UpdateSystem(self.version)


class AnswerPrompt(Holding, frozen=True, kw_only=True):
    """Somebody answers what the device asks (`about` what); not to agree to an update is to put it off."""

    KIND: ClassVar[str] = "answer-prompt"

    agree: bool = True
    about: str | None = None

    def sentence(self, device: str) -> str:
        """Say what is answered."""
        about = "" if self.about is None else f" about {self.about}"
        return f"{HOLDER} {device} {'agrees' if self.agree else 'does not agree'} when asked{about}"

    def action(self) -> PersonAction:
        """Answer it."""
        return actions.AnswerPrompt(self.agree, self.about)


class HaveTrouble(Holding, frozen=True, kw_only=True):
    """Bad luck befalls a device the next `times` times: a download fails, the battery is flat, there is no space."""

    KIND: ClassVar[str] = "have-trouble"

    trouble: Trouble
    times: Annotated[int, Meta(ge=1, le=100, description="How often.")] = 1

    def sentence(self, device: str) -> str:
        """Say what is ahead."""
        return f"{device} will meet {self.trouble}{'' if self.times == 1 else f', {self.times} times'}"

    def action(self) -> PersonAction:
        """Arrange for it."""
        return actions.HaveTrouble(self.trouble, self.times)


class HearOfRelease(Holding, frozen=True, kw_only=True):
    """Apple releases a system, and the device is offered it."""

    KIND: ClassVar[str] = "hear-of-release"

    version: str
    build: str = "99A1"

    def sentence(self, device: str) -> str:
        """Say what comes out."""
        return f"{device} is offered {self.version}, which Apple has released"

    def action(self) -> PersonAction:
        """Hear of it."""
        return actions.HearOfRelease(self.version, self.build)
