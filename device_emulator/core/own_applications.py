"""What a person does with applications: they get, open and delete them."""

from __future__ import annotations

from device_emulator.core import actions, managing_applications, restrictions
from device_emulator.core.acting import NotAllowedError, expect_allowed, get_to_home_screen, perform
from device_emulator.core.application_events import ApplicationOpened, OwnApplicationInstalled, OwnApplicationRemoved
from device_emulator.core.applications import CATALOGUE, Application
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld


@perform.register
def _(action: actions.InstallApplication, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    expect_allowed(handheld, "allowAppInstallation")
    expect_allowed(handheld, "allowUIAppInstallation")
    if handheld.network is Network.NONE:
        raise NotAllowedError("offline")
    if handheld.applications.find(action.identifier) is not None:
        raise NotAllowedError("already_installed")
    application = next((each for each in CATALOGUE if each.identifier == action.identifier), None)
    if application is None:
        raise NotAllowedError("not_found")
    if handheld.apple_account is None:
        raise NotAllowedError("no_apple_account")
    managing_applications.person_installs(handheld, application)
    handheld.emit(OwnApplicationInstalled(action.identifier))


@perform.register
def _(action: actions.OpenApplication, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    _installed(handheld, action.identifier)
    if not restrictions.opens(handheld, action.identifier):
        raise NotAllowedError("restricted")
    handheld.emit(ApplicationOpened(action.identifier))


@perform.register
def _(action: actions.RemoveApplication, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    application = _installed(handheld, action.identifier)
    expect_allowed(handheld, "allowAppRemoval")
    if application.is_managed and (application.attributes or {}).get("Removable") is False:
        raise NotAllowedError("removal_disallowed")
    managing_applications.person_removes(handheld, application)
    handheld.emit(OwnApplicationRemoved(action.identifier))


def _installed(handheld: Handheld, identifier: str) -> Application:
    application = handheld.applications.find(identifier)
    if application is None:
        raise NotAllowedError("not_found")
    return application
