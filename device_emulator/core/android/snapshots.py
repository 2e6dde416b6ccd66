"""An Android on paper: its state in plain JSON types, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from device_emulator.core.android.enrolling import Ticket
from device_emulator.core.android.handheld import AndroidHandheld, Clock
from device_emulator.core.android.hardware import MODELS, AndroidHardware, AndroidVersion
from device_emulator.core.android.management import AndroidManagement
from device_emulator.core.android.passcode import AndroidPasscode
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.android.states import Kiosk, Life, LifeTrigger, Protection, Screen, Verification
from device_emulator.core.errors import SnapshotError
from device_emulator.core.gauges import Network
from device_emulator.core.holder import Holder
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.messages import Errand
from device_emulator.core.randomness import Randomness
from device_emulator.core.states import PowerState
from mdm_server.wire.android_channel import StagingCredentials
from mdm_server.wire.android_provisioning import StagingExtras

VERSION = 1


def take(handheld: AndroidHandheld) -> dict[str, object]:
    """Return the state of a device in plain JSON types. It contains its secret."""
    machine = handheld.hardware
    return {
        "version": VERSION,
        "platform": "android",
        "number": handheld.randomness.number,
        "seed": handheld.randomness.seed,
        "hardware": {"model": machine.model.model, "serial_number": machine.serial_number, "imei": machine.imei},
        "system": asdict(handheld.system),
        "life": handheld.life.value,
        "screen": handheld.screen.value,
        "kiosk": handheld.kiosk.value,
        "kiosk_application": handheld.kiosk_application,
        "protection": handheld.protection.value,
        "protected_by": list(handheld.protected_by),
        "verification": handheld.verification.value,
        "power": handheld.power.value,
        "network": handheld.network.value,
        "passcode": handheld.passcode.snapshot(),
        "applications": list(handheld.applications),
        "extras": None if handheld.extras is None else asdict(handheld.extras),
        "starts_until": None if handheld.starts_until is None else handheld.starts_until.isoformat(),
        "enrollments": handheld.enrollments,
        "erasures": handheld.erasures,
        "management": None if handheld.management is None else handheld.management.snapshot(),
        "hub": None if handheld.hub is None else handheld.hub.snapshot(),
        "holder": None if handheld.holder is None else handheld.holder.snapshot(),
    }


def restore(
    snapshot: Mapping[str, Any], settings: AndroidSettings, *, clock: Clock, randomness: Randomness
) -> AndroidHandheld:
    """Return the device that `snapshot` describes; an enrolment that was under way has failed.

    Raises:
        SnapshotError: it is no snapshot of an Android, or one of a later version.

    """
    found = snapshot.get("platform"), snapshot.get("version")
    if found != ("android", VERSION):
        raise SnapshotError(f"expected a snapshot of an Android, of version {VERSION}, found {found}")
    try:
        facts = snapshot["hardware"]
        model = next(model for model in MODELS if model.model == facts["model"])
        hardware = AndroidHardware(model, facts["serial_number"], facts["imei"])
        handheld = AndroidHandheld(hardware, settings, clock=clock, randomness=randomness)
        _fill(handheld, snapshot)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise SnapshotError(f"expected the snapshot of an Android, found one that is damaged: {error!r}") from error
    if handheld.life is Life.ADDING_PROFILE:
        handheld.change_life(LifeTrigger.PROFILE_FAILED)
    return handheld


def _fill(handheld: AndroidHandheld, snapshot: Mapping[str, Any]) -> None:
    handheld.system = AndroidVersion(**snapshot["system"])
    handheld.life = Life(snapshot["life"])
    handheld.screen = Screen(snapshot["screen"])
    handheld.kiosk = Kiosk(snapshot["kiosk"])
    handheld.kiosk_application = snapshot["kiosk_application"]
    handheld.protection = Protection(snapshot["protection"])
    handheld.protected_by = tuple(snapshot["protected_by"])
    handheld.verification = Verification(snapshot["verification"])
    handheld.power = PowerState(snapshot["power"])
    handheld.network = Network(snapshot["network"])
    handheld.passcode = AndroidPasscode.restore(snapshot["passcode"])
    handheld.applications = tuple(snapshot["applications"])
    extras, until = snapshot["extras"], snapshot["starts_until"]
    handheld.extras = None if extras is None else StagingExtras(**extras)
    handheld.starts_until = None if until is None else datetime.fromisoformat(until)
    handheld.enrollments = int(snapshot["enrollments"])
    handheld.erasures = int(snapshot["erasures"])
    management, hub, holder = snapshot["management"], snapshot["hub"], snapshot["holder"]
    handheld.management = None if management is None else AndroidManagement.restore(management)
    handheld.hub = None if hub is None else HubApplication.restore(hub)
    handheld.holder = None if holder is None else Holder.restore(holder)


def ticket_as_json(ticket: Ticket | None) -> dict[str, object] | None:
    """Return what a device was about to enrol with, in plain JSON types."""
    if ticket is None:
        return None
    credentials = None if ticket.credentials is None else msgspec.to_builtins(ticket.credentials)
    return {"server_url": ticket.server_url, "token": ticket.token, "credentials": credentials}


def restore_errands(snapshot: Mapping[str, Any]) -> tuple[Ticket | None, frozenset[Errand]]:
    """Return what was under way, to be begun anew; what somebody wanted of the Hub they have to want again."""
    found = frozenset(Errand(errand) for errand in snapshot.get("errands", ())) - {Errand.HUB}
    ticket = snapshot.get("ticket")
    if ticket is None:
        return None, found - {Errand.ENROLL}
    credentials = ticket["credentials"]
    restored = None if credentials is None else msgspec.convert(credentials, StagingCredentials)
    return Ticket(ticket["server_url"], ticket["token"], restored), found
