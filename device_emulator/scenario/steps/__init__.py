"""What can happen in a scenario: one class a verb, data first, and `perform` to do it on a stage."""

from __future__ import annotations

from collections.abc import Mapping

from device_emulator.scenario.steps.administering import ADMINISTRATION
from device_emulator.scenario.steps.circumstances import GoOffline, GoOnline, InjectFault, RestartServer, Wait
from device_emulator.scenario.steps.enrolling import Cart, DirectEnrol, Enrol
from device_emulator.scenario.steps.failing import Fail
from device_emulator.scenario.steps.holding import (
    FactoryReset,
    HandOver,
    LockScreen,
    RemoveManagement,
    SetPasscode,
    UnlockScreen,
)
from device_emulator.scenario.steps.looking import Expect
from device_emulator.scenario.steps.pretending import AskForProfile
from device_emulator.scenario.steps.setting_up import Configure, SetUp
from device_emulator.scenario.steps.sharing import CheckIn, CheckOut, HubLogin, HubLogout
from device_emulator.scenario.steps.step import Step
from device_emulator.scenario.steps.using import (
    AnswerPrompt,
    BackUp,
    EraseAllContent,
    HaveTrouble,
    HearOfRelease,
    LeaveRemoteManagement,
    RemoveApplication,
    SignInAppleAccount,
    SignOutAppleAccount,
    UpdateSystem,
    Use,
)

STEPS: Mapping[str, type[Step]] = {
    "enrol": Enrol,
    "direct-enrol": DirectEnrol,
    "set-up": SetUp,
    "cart": Cart,
    "configure": Configure,
    "hub-login": HubLogin,
    "hub-logout": HubLogout,
    "check-out": CheckOut,
    "check-in": CheckIn,
    "hand-over": HandOver,
    "set-passcode": SetPasscode,
    "lock-screen": LockScreen,
    "unlock-screen": UnlockScreen,
    "remove-management": RemoveManagement,
    "leave-remote-management": LeaveRemoteManagement,
    "erase": EraseAllContent,
    "factory-reset": FactoryReset,
    "sign-in-apple-account": SignInAppleAccount,
    "sign-out-apple-account": SignOutAppleAccount,
    "back-up": BackUp,
    "use": Use,
    "remove-application": RemoveApplication,
    "update-system": UpdateSystem,
    "answer-prompt": AnswerPrompt,
    "hear-of-release": HearOfRelease,
    "have-trouble": HaveTrouble,
    "wipe": ADMINISTRATION["wipe"],
    "go-offline": GoOffline,
    "go-online": GoOnline,
    "restart-server": RestartServer,
    "inject-fault": InjectFault,
    "fail": Fail,
    "ask-for-profile": AskForProfile,
    "wait": Wait,
    "expect": Expect,
}
"""Every verb but `admin`, whose actions are `ADMINISTRATION`."""

__all__ = ["ADMINISTRATION", "STEPS", "Step"]
