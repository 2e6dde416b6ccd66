"""What a person does about system updates: they install one in Settings, and they answer when the device asks."""

from __future__ import annotations

from device_emulator.core import actions, updating
from device_emulator.core.acting import NotAllowedError, get_to_home_screen, perform
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SystemVersion
from device_emulator.core.system_update import UpdateState
from device_emulator.core.troubles import Trouble

NO_SPACE, NO_POWER = "no_space", "no_power"


@perform.register
def _(action: actions.UpdateSystem, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    version = _wanted(handheld, action.version)
    update = handheld.belongings.update
    if update is not None and update.state is UpdateState.INSTALLING:
        raise NotAllowedError("already_installing")
    if update is None or update.version != version or update.state is UpdateState.DOWNLOAD_FAILED:
        _expect_no(updating.obstacle_to_download(handheld))
        updating.download(handheld, version, wanted=True, agreed=True)
    elif not update.is_on_device:
        updating.want(handheld, agreed=True)
    else:
        _expect_no(updating.obstacle_to_install(handheld))
        updating.agree(handheld)


def _wanted(handheld: Handheld, version: str | None) -> SystemVersion:
    """Return what the person taps on; what the server had downloaded is in sight, whatever is kept from them else."""
    seen = updating.offered_to_person(handheld)
    update = handheld.belongings.update
    if update is not None and update.version not in seen:
        seen.append(update.version)
    found = [each for each in seen if version in {None, each.version}]
    if not found:
        raise NotAllowedError("no_update")
    return found[-1]


def answer_prompt(handheld: Handheld, *, agree: bool) -> None:
    """Let the person agree to the update that the device asks about, or put it off once more."""
    if agree:
        _expect_no(updating.obstacle_to_install(handheld))
        updating.agree(handheld)
    elif updating.may_defer(handheld):
        updating.defer(handheld)
    else:
        raise NotAllowedError("no_deferrals_left")


def _expect_no(obstacle: Trouble | None) -> None:
    match obstacle:
        case None:
            return
        case Trouble.DOWNLOAD_INSUFFICIENT_NETWORK:
            raise NotAllowedError("no_wifi")
        case Trouble.DOWNLOAD_INSUFFICIENT_SPACE | Trouble.INSTALL_INSUFFICIENT_SPACE:
            raise NotAllowedError(NO_SPACE)
        case _:
            raise NotAllowedError(NO_POWER)
