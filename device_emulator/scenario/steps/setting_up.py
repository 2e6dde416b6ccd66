"""From the box to the home screen: Setup Assistant, by whoever unpacks a device, by nobody, or over a cable."""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from device_emulator.core import actions
from device_emulator.core.activation import SettingUp
from device_emulator.core.events import Enrolled, SetupAssistantFinished
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.setting_up.answers import SKIP, Guide, SetupAnswers
from device_emulator.scenario.document import DeviceNames, RegistrationName, UserName
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.enrolling import WRONG_PASSWORD
from device_emulator.scenario.steps.step import Played, Refusable
from device_emulator.scenario.steps.using import AccountName, account_of


class SetUp(Refusable, frozen=True, kw_only=True):
    """Somebody goes through Setup Assistant. Apple tells the device whether an organization manages it, and how.

    `as` types their credentials where they are asked for, `token` the token of a registration in both fields.
    `unlock` is what they type at a locked device: the name of the Apple Account whose password they know,
    `bypass code`, `organization code`, or any other text. By `nobody` a device goes as far as it can by itself.
    """

    SHORTHAND = "device"
    KIND: ClassVar[str] = "set-up"

    device: DeviceNames
    as_: UserName | None = field(default=None, name="as")
    token: RegistrationName | None = None
    wrong_password: bool = False
    nobody: bool = False
    passcode: str | None = None
    apple_account: AccountName | None = None
    restore: bool = False
    skip_enrollment: bool = False
    unlock: str | None = None

    async def perform(self, stage: Stage) -> Played:
        """Set up each device."""
        for device in stage.devices(self.device):
            guide = Guide.NOBODY if self.nobody else Guide.PERSON
            setting_up = SettingUp(answers=await self._answers(stage, device), guide=guide)
            sighting = await stage.act(device, actions.SetUp(setting_up))
            deed = self.ended(self._sentence(device), sighting, Enrolled, SetupAssistantFinished)
            enrolled = any(isinstance(event, Enrolled) for event in sighting.events)
            text = deed.text or ("it is enrolled" if enrolled else "nobody manages it")
            yield self.deed(deed.sentence, code=deed.code, text=text, seconds=deed.seconds)

    async def _answers(self, stage: Stage, device: str) -> SetupAnswers:
        user_name, password = self._credentials(stage)
        return SetupAnswers(
            user_name=user_name,
            password=password,
            passcode=SKIP if self.passcode == "none" else self.passcode,
            apple_account=None if self.apple_account is None else account_of(self.apple_account),
            restore="backup" if self.restore else None,
            skip_enrollment=self.skip_enrollment,
            unlock=await self._typed_at_lock(stage, device),
        )

    async def _typed_at_lock(self, stage: Stage, device: str) -> str | None:
        match self.unlock:
            case "bypass code":
                return await stage.office.bypass_code(device)
            case "organization code":
                return await stage.program.lock_code(device)
            case str() if "@" in self.unlock:
                return account_of(self.unlock).password
        return self.unlock

    def _credentials(self, stage: Stage) -> tuple[str | None, str | None]:
        if self.token is not None:
            token = stage.token(self.token)
            return token, token
        if self.as_ is None:
            return None, None
        who = stage.person(self.as_)
        return who.user_name, WRONG_PASSWORD if self.wrong_password else who.password

    def _sentence(self, device: str) -> str:
        if self.nobody:
            return f"{device} is switched on, and nobody taps"
        who = self.as_ or ("whoever has the token" if self.token else "somebody")
        told = [f"{who} sets up {device}"]
        if self.restore:
            told.append("from a backup")
        if self.skip_enrollment:
            told.append("and wants no management")
        if self.unlock is not None:
            told.append(f"and types {self.unlock} to unlock it")
        if self.wrong_password:
            told.append("with a wrong password")
        return " ".join(told)


class Configure(Refusable, frozen=True, kw_only=True):
    """Somebody adds a device to Apple Business Manager with Apple Configurator, and it enrols as the company's."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "configure"

    device: DeviceNames
    as_: UserName | None = field(default=None, name="as")

    async def perform(self, stage: Stage) -> Played:
        """Prepare each device."""
        who = None if self.as_ is None else stage.person(self.as_)
        intent = HubIntent(
            url=stage.url,
            group=stage.group_id,
            user_name=None if who is None else who.user_name,
            password=None if who is None else who.password,
            channel=Channel.CONFIGURATOR,
        )
        for device in stage.devices(self.device):
            await stage.portal.add(device)
            await stage.program.synchronize()
            action = actions.Prepare(intent, add_to_abm=True)
            sentence = f"Apple Configurator adds {device} to Apple Business Manager"
            yield self.ended(sentence, await stage.act(device, action), Enrolled)
