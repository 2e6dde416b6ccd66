"""System updates as a device carries them out: what there is, what stands in the way, and what time does to them.

What time does is done by `catch_up`, as soon as somebody looks: the device when it is woken (`alarms`), a command
when it asks. A download or an installation ends when it was due, however late the look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from device_emulator.core import gauges, holding, powering, restrictions
from device_emulator.core.errors import ImpossibleTransitionError
from device_emulator.core.events import SystemUpdated
from device_emulator.core.gauges import LOW_BATTERY, Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS, SystemVersion
from device_emulator.core.states import LockState, PowerState
from device_emulator.core.system_update import UPDATE, SystemUpdate, UpdateState, UpdateTrigger
from device_emulator.core.troubles import Trouble
from device_emulator.core.update_events import (
    UpdateDeferred,
    UpdateDownloaded,
    UpdateDownloadStarted,
    UpdateFailed,
    UpdateInstalling,
    UpdatePrompted,
)
from mdm_server.wire.commands.permission import version_number

DOWNLOAD_SIZE, INSTALL_SIZE = 5_900_000_000, 9_400_000_000
GIGABYTE = 1_000_000_000


# What there is


def offered(handheld: Handheld) -> list[SystemVersion]:
    """Return what the server is offered: the newest of this major version, and the newest of all."""
    return _newest(handheld, _newer(handheld))


def offered_to_person(handheld: Handheld) -> list[SystemVersion]:
    """Return what the person sees in Settings: nothing that a restriction still keeps from them."""
    today, delay = handheld.clock().date(), restrictions.update_delay(handheld)
    visible = (each for each in _newer(handheld) if each.released is None or each.released + delay <= today)
    return _newest(handheld, visible)


def _newer(handheld: Handheld) -> list[SystemVersion]:
    present = version_number(handheld.system.version)
    known = (*SYSTEM_VERSIONS, *handheld.news)
    return [each for each in known if version_number(each.version) > present]


def _newest(handheld: Handheld, releases: Iterable[SystemVersion]) -> list[SystemVersion]:
    ordered = sorted(releases, key=lambda each: version_number(each.version))
    major = version_number(handheld.system.version)[0]
    of_this_major = [each for each in ordered if version_number(each.version)[0] == major]
    return list(dict.fromkeys(of_this_major[-1:] + ordered[-1:]))


# What stands in the way


def obstacle_to_download(handheld: Handheld) -> Trouble | None:
    """Return why no download can begin now."""
    if _strikes(handheld, Trouble.DOWNLOAD_INSUFFICIENT_NETWORK) or handheld.network is not Network.WIFI:
        return Trouble.DOWNLOAD_INSUFFICIENT_NETWORK
    if _strikes(handheld, Trouble.DOWNLOAD_INSUFFICIENT_SPACE) or _free_space(handheld) < DOWNLOAD_SIZE:
        return Trouble.DOWNLOAD_INSUFFICIENT_SPACE
    if _strikes(handheld, Trouble.DOWNLOAD_INSUFFICIENT_POWER) or _is_run_down(handheld):
        return Trouble.DOWNLOAD_INSUFFICIENT_POWER
    return None


def obstacle_to_install(handheld: Handheld) -> Trouble | None:
    """Return why nothing can be installed now, a telephone call apart."""
    if _strikes(handheld, Trouble.INSTALL_INSUFFICIENT_SPACE) or _free_space(handheld) < INSTALL_SIZE:
        return Trouble.INSTALL_INSUFFICIENT_SPACE
    if _strikes(handheld, Trouble.INSTALL_INSUFFICIENT_POWER) or _is_run_down(handheld):
        return Trouble.INSTALL_INSUFFICIENT_POWER
    return None


def _strikes(handheld: Handheld, trouble: Trouble) -> bool:
    return handheld.troubles.strikes(trouble)


def _free_space(handheld: Handheld) -> float:
    used = handheld.applications.size / GIGABYTE
    return gauges.available_capacity(handheld.hardware, handheld.randomness, used) * GIGABYTE


def _is_run_down(handheld: Handheld) -> bool:
    now = handheld.clock()
    low = gauges.battery_level(handheld.randomness, now) < LOW_BATTERY
    return low and not gauges.is_charging(handheld.randomness, now)


# What can be done with an update


def download(handheld: Handheld, version: SystemVersion, *, wanted: bool = False, agreed: bool = False) -> None:
    """Begin to download a release, in place of any other that is on its way.

    `wanted`: it is to be installed once it is there; `agreed`: without asking the person.
    """
    now = handheld.clock()
    _next(_state(handheld), UpdateTrigger.DOWNLOAD_STARTED)
    handheld.belongings.update = SystemUpdate(
        version=version,
        state=UpdateState.DOWNLOADING,
        since=now,
        until=now + handheld.settings.pace.update_download,
        is_wanted=wanted,
        is_agreed=agreed,
    )
    handheld.emit(UpdateDownloadStarted(version.version))


def want(handheld: Handheld, *, agreed: bool = False, most_deferrals: int | None = None) -> None:
    """Have the present update installed as soon as it can be."""
    update = handheld.belongings.update
    if update is not None:
        deferrals = update.most_deferrals if most_deferrals is None else most_deferrals
        handheld.belongings.update = replace(
            update, is_wanted=True, is_agreed=update.is_agreed or agreed, most_deferrals=deferrals
        )


def install(handheld: Handheld) -> UpdateState:
    """Go on to install what is on the device: at once, after a call, or when the person says so."""
    update = _present(handheld)
    if handheld.on_call:
        _move(handheld, UpdateTrigger.CALL_IN_THE_WAY, at=handheld.clock())
    elif update.is_agreed or not handheld.passcode.is_set:
        _start(handheld)
    else:
        _ask(handheld)
    return _state(handheld)


def agree(handheld: Handheld) -> None:
    """Let the person agree to what they are asked."""
    want(handheld, agreed=True)
    install(handheld)


def may_defer(handheld: Handheld) -> bool:
    """Say whether the person may put the update off once more."""
    update = _present(handheld)
    return update.most_deferrals is None or update.deferrals < update.most_deferrals


def defer(handheld: Handheld) -> None:
    """Let the person put the update off; they are asked again the next day."""
    now = handheld.clock()
    _defer(handheld, now, until=now + handheld.settings.pace.reminder)


def _defer(handheld: Handheld, at: datetime, *, until: datetime) -> None:
    update = _present(handheld)
    _move(handheld, UpdateTrigger.PERSON_DEFERRED, at=at, until=until, deferrals=update.deferrals + 1)
    handheld.emit(UpdateDeferred(update.version.version))


def _start(handheld: Handheld) -> None:
    now = handheld.clock()
    _move(handheld, UpdateTrigger.INSTALL_STARTED, at=now, until=now + handheld.settings.pace.update_install)
    handheld.emit(UpdateInstalling(_present(handheld).version.version))


def _ask(handheld: Handheld) -> None:
    """Ask the person; who has put it off before will not agree by themselves, and lets the day go by."""
    update, pace, now = _present(handheld), handheld.settings.pace, handheld.clock()
    patience = pace.reminder if update.deferrals else pace.consent
    _move(handheld, UpdateTrigger.PERSON_ASKED, at=now, until=None if patience is None else now + patience)
    left = None if update.most_deferrals is None else max(0, update.most_deferrals - update.deferrals)
    handheld.emit(UpdatePrompted(update.version.version, left))


# What time does


def alarms(handheld: Handheld) -> Iterator[datetime]:
    """Return when the update wants to be looked at; a device that is off wakes up for nothing."""
    update = handheld.belongings.update
    if update is not None and update.until is not None and _is_up(handheld):
        yield update.until


def catch_up(handheld: Handheld) -> None:
    """Let happen what has been due."""
    update = handheld.belongings.update
    if update is not None and version_number(update.version.version) <= version_number(handheld.system.version):
        handheld.belongings.update = None  # the device runs something as new already
    while _step(handheld):
        pass


def _step(handheld: Handheld) -> bool:
    """Take the next step that is due; say whether there was one."""
    update, now = handheld.belongings.update, handheld.clock()
    if update is None:
        return False
    due = update.until if update.until is not None and update.until <= now else None
    match update.state:
        case UpdateState.DOWNLOADING if due is not None:
            _finish_download(handheld, due)
        case UpdateState.DOWNLOADING if not _can_download(handheld):
            _move(handheld, UpdateTrigger.DOWNLOAD_PAUSED, at=now, downloaded=update.progress(now))
        case UpdateState.PAUSED if _can_download(handheld):
            rest = handheld.settings.pace.update_download * (1.0 - update.downloaded)
            _move(handheld, UpdateTrigger.DOWNLOAD_RESUMED, at=now, until=now + rest)
        case UpdateState.DOWNLOADED if update.is_wanted and _is_up(handheld):
            _install_or_give_up(handheld)
        case UpdateState.WAITING if not handheld.on_call and _is_up(handheld):
            _install_or_give_up(handheld)
        case UpdateState.PROMPTING if due is not None and update.deferrals:
            _defer(handheld, due, until=due)  # a day without an answer is a day
        case UpdateState.PROMPTING if due is not None:
            _consent(handheld, due)
        case UpdateState.DEFERRED if due is not None and _is_up(handheld):
            _remind(handheld)
        case UpdateState.INSTALLING if not _is_up(handheld):
            _fail(handheld, UpdateTrigger.INSTALL_FAILED, Trouble.INSTALL_FAILED, at=now)
        case UpdateState.INSTALLING if due is not None:
            _finish_install(handheld, due)
        case _:
            return False
    return True


def _finish_download(handheld: Handheld, at: datetime) -> None:
    if _strikes(handheld, Trouble.DOWNLOAD_FAILED):
        _fail(handheld, UpdateTrigger.DOWNLOAD_FAILED, Trouble.DOWNLOAD_FAILED, at=at)
        return
    _move(handheld, UpdateTrigger.DOWNLOAD_FINISHED, at=at)
    handheld.emit(UpdateDownloaded(_present(handheld).version.version))


def _install_or_give_up(handheld: Handheld) -> None:
    """Install what was to be installed in the end; what stands in the way now, stands in the way of all of it."""
    obstacle = obstacle_to_install(handheld)
    if obstacle is None:
        install(handheld)
    else:
        _give_up(handheld, obstacle)


def _give_up(handheld: Handheld, obstacle: Trouble) -> None:
    """Forget that the update is to be installed: it stays on the device until somebody wants it again."""
    _move(handheld, UpdateTrigger.INSTALL_GIVEN_UP, at=handheld.clock(), is_wanted=False, is_agreed=False)
    handheld.emit(UpdateFailed(_present(handheld).version.version, obstacle))


def _consent(handheld: Handheld, at: datetime) -> None:
    """Let a person whom nobody told anything agree, if they can get at the device at all."""
    update, consent = _present(handheld), handheld.settings.pace.consent or timedelta(0)
    reachable = _is_up(handheld) and handheld.lock is not LockState.LOST and holding.knows_passcode(handheld)
    if not reachable or obstacle_to_install(handheld) is not None:
        later = max(at + consent, handheld.clock() + timedelta(minutes=1))
        handheld.belongings.update = replace(update, until=later)
    else:
        agree(handheld)


def _remind(handheld: Handheld) -> None:
    """Ask again, when somebody can see it, or ask no more: whoever has put it off too often is not asked."""
    if may_defer(handheld):
        _ask(handheld)
    else:
        want(handheld, agreed=True)
        _install_or_give_up(handheld)


def _finish_install(handheld: Handheld, at: datetime) -> None:
    """Restart as another version, or as the same."""
    update = _present(handheld)
    if _strikes(handheld, Trouble.INSTALL_FAILED):
        _fail(handheld, UpdateTrigger.INSTALL_FAILED, Trouble.INSTALL_FAILED, at=at)
        return
    _next(update.state, UpdateTrigger.INSTALLED)
    handheld.belongings.update = None
    handheld.system = update.version
    handheld.emit(SystemUpdated(update.version.version))
    powering.restart(handheld)


def _fail(handheld: Handheld, trigger: UpdateTrigger, status: Trouble, *, at: datetime) -> None:
    _move(handheld, trigger, at=at, downloaded=0.0, is_wanted=False, is_agreed=False)
    handheld.emit(UpdateFailed(_present(handheld).version.version, status))


def _can_download(handheld: Handheld) -> bool:
    return handheld.network is Network.WIFI and _is_up(handheld)


def _is_up(handheld: Handheld) -> bool:
    return handheld.power in {PowerState.ON, PowerState.BEFORE_FIRST_UNLOCK}


# The one place where a state is set


def _move(
    handheld: Handheld, trigger: UpdateTrigger, *, at: datetime, until: datetime | None = None, **facts: Any
) -> None:
    update = _present(handheld)
    changed = replace(update, state=_next(update.state, trigger), since=at, until=until)
    handheld.belongings.update = replace(changed, **facts)


def _next(state: UpdateState, trigger: UpdateTrigger) -> UpdateState:
    after = UPDATE.get((state, trigger))
    if after is None:
        raise ImpossibleTransitionError(state, trigger)
    return after


def _state(handheld: Handheld) -> UpdateState:
    update = handheld.belongings.update
    return UpdateState.IDLE if update is None else update.state


def _present(handheld: Handheld) -> SystemUpdate:
    update = handheld.belongings.update
    if update is None:
        raise ImpossibleTransitionError(UpdateState.IDLE, "install")
    return update


def hear_of(handheld: Handheld, version: str, build: str) -> None:
    """Let the device be offered a release of today."""
    today = handheld.clock().astimezone(UTC).date()
    others = tuple(each for each in handheld.news if each.version != version)
    handheld.news = (*others, SystemVersion(version, build, today))
