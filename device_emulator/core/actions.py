"""What the person holding a device can do with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from device_emulator.core.activation import SettingUp
from device_emulator.core.android.actions import AndroidAction
from device_emulator.core.features import Feature
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.person import Person
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.troubles import Trouble


@dataclass(frozen=True, slots=True)
class OpenEnrollmentLink:
    """Open a link that leads to an enrolment profile, and install what comes.

    A device still in Setup Assistant is taken through its panes first.
    """

    url: str


@dataclass(frozen=True, slots=True)
class OpenProfile:
    """Open a configuration profile received as a file, and tap Install."""

    document: bytes


@dataclass(frozen=True, slots=True)
class FinishSetupAssistant:
    """Tap through the panes of Setup Assistant."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """Switch a device on for the first time and go through Setup Assistant.

    Apple says in the course of it whether an organization manages the device, and what it decided.
    """

    setting_up: SettingUp


@dataclass(frozen=True, slots=True)
class SetPasscode:
    """Choose a new passcode; None stands for the one this person always chooses."""

    passcode: str | None = None


@dataclass(frozen=True, slots=True)
class Unlock:
    """Type a passcode; None stands for the right one (or a swipe, where none is set)."""

    passcode: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Press the side button."""


@dataclass(frozen=True, slots=True)
class RemoveProfile:
    """Try to remove a profile in Settings; None stands for the management profile."""

    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Take a telephone call: some commands get NotNow until it ends."""


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Hold the buttons until the device is off."""


@dataclass(frozen=True, slots=True)
class TurnOn:
    """Switch the device on."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Switch the device off and on again."""


@dataclass(frozen=True, slots=True)
class RenameDevice:
    """Give the device another name in Settings."""

    name: str


@dataclass(frozen=True, slots=True)
class GoOffline:
    """Take the device out of reach of every network: into the cellar, or into flight mode."""


@dataclass(frozen=True, slots=True)
class GoOnline:
    """Bring it back."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the device to somebody else, open or locked as it is.

    `tells_passcode` says whether the new holder learns the passcode that is set.
    """

    to: Person
    tells_passcode: bool = True


@dataclass(frozen=True, slots=True)
class HubEnroll:
    """Open Intelligent Hub on a device that nobody manages, and answer its wizard."""

    intent: HubIntent


@dataclass(frozen=True, slots=True)
class HubLogin:
    """Log in to Intelligent Hub on an enrolled device: claim a staged one, or check out a shared one.

    Without a user name the holder types their own credentials.
    """

    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    group: str | None = None
    shared_passcode: str | None = field(default=None, repr=False)
    accept_terms: bool = True
    solve_captcha: bool = True


@dataclass(frozen=True, slots=True)
class HubLogout:
    """Log out of Intelligent Hub: check a shared device in."""


@dataclass(frozen=True, slots=True)
class DirectEnroll:
    """Log in to the Workspace ONE app, with the server at `url`; without a user name, as the holder."""

    url: str
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    accept_terms: bool = True
    solve_captcha: bool = True


@dataclass(frozen=True, slots=True)
class Prepare:
    """Let Apple Configurator prepare the device over its cable: erase it, supervise it, skip Setup Assistant, enrol.

    Nobody answers a question on this way: `intent` says all there is. With `add_to_abm` Configurator adds the device to
    Apple Business Manager first, and lets it enrol as one of the organization's.
    """

    intent: HubIntent
    supervise: bool = True
    add_to_abm: bool = False


@dataclass(frozen=True, slots=True)
class SignInAppleAccount:
    """Sign in with an Apple Account in Settings."""

    account: AppleAccount


@dataclass(frozen=True, slots=True)
class SignOutAppleAccount:
    """Sign out of the Apple Account in Settings; Find My asks for its password."""

    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BackUp:
    """Back the device up to iCloud now."""


@dataclass(frozen=True, slots=True)
class LeaveRemoteManagement:
    """Leave remote management in Settings, as one may for 30 days after Configurator added the device to ABM."""


@dataclass(frozen=True, slots=True)
class Use:
    """Use a feature of the device: take a photo, ask Siri, let a computer pair with it."""

    feature: Feature


@dataclass(frozen=True, slots=True)
class EraseAllContent:
    """Erase all content and settings, in Settings."""


@dataclass(frozen=True, slots=True)
class InstallApplication:
    """Get an application from the App Store."""

    identifier: str


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """Tap an application on the home screen."""

    identifier: str


@dataclass(frozen=True, slots=True)
class RemoveApplication:
    """Delete an application from the home screen."""

    identifier: str


@dataclass(frozen=True, slots=True)
class UpdateSystem:
    """Download and install a system update in Settings; None stands for the newest that is offered."""

    version: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerPrompt:
    """Answer what the device asks: to install an application, to let it be managed, to install an update.

    `about` is the application's identifier, or `SYSTEM_UPDATE`; None stands for whatever has been asked longest. Not
    to agree to an update is to put it off.
    """

    agree: bool = True
    about: str | None = None


SYSTEM_UPDATE = "system update"


@dataclass(frozen=True, slots=True)
class HaveTrouble:
    """Be out of luck the next `times` times: not what a person does, but what befalls the device they hold."""

    trouble: Trouble
    times: int = 1


@dataclass(frozen=True, slots=True)
class HearOfRelease:
    """Be offered a system that Apple has released this very moment."""

    version: str
    build: str


PersonAction = (
    OpenEnrollmentLink
    | OpenProfile
    | FinishSetupAssistant
    | SetUp
    | SetPasscode
    | Unlock
    | Lock
    | RemoveProfile
    | AnswerCall
    | EndCall
    | ShutDown
    | TurnOn
    | Restart
    | RenameDevice
    | GoOffline
    | GoOnline
    | HandOver
    | HubEnroll
    | HubLogin
    | HubLogout
    | DirectEnroll
    | Prepare
    | SignInAppleAccount
    | SignOutAppleAccount
    | BackUp
    | LeaveRemoteManagement
    | Use
    | EraseAllContent
    | InstallApplication
    | OpenApplication
    | RemoveApplication
    | UpdateSystem
    | AnswerPrompt
    | HaveTrouble
    | HearOfRelease
    | AndroidAction
)
