"""The administration of staging, wired once: people, expectations, devices, and the wipes that end it all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.service.abm.inventory import Messenger
from mdm_server.service.commanding import Commanding
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.adopting import Adoption
from mdm_server.service.staging.android_commands import AndroidCommands
from mdm_server.service.staging.device_actions import DeviceActions
from mdm_server.service.staging.device_commands import DeviceCommands
from mdm_server.service.staging.enrollment_program import EnrollmentProgram
from mdm_server.service.staging.explaining import Explaining
from mdm_server.service.staging.groups import Groups
from mdm_server.service.staging.lists import Lists
from mdm_server.service.staging.passwords import Passwords
from mdm_server.service.staging.reassigning import Reassigning
from mdm_server.service.staging.registrations import Registrations
from mdm_server.service.staging.users import Users
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import Wipes
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class StagingAdministration:
    """What administrators of staging can ask for."""

    groups: Groups
    users: Users
    registrations: Registrations
    lists: Lists
    program: EnrollmentProgram
    wipes: Wipes
    devices: DeviceActions
    assignments: Reassigning
    commands: DeviceCommands
    explaining: Explaining


def administer_staging(
    store: Store,
    settings: ServiceSettings,
    passwords: Passwords,
    commanding: Commanding,
    waker: Waker,
    tell_apple: Messenger,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
) -> StagingAdministration:
    """Wire the use cases together."""
    staging = store.staging
    wipes = Wipes(staging, waker, clock, random_bytes)
    adoption = Adoption(store, random_bytes)
    androids = AndroidCommands(staging, wipes, waker, clock, random_bytes)
    return StagingAdministration(
        groups=Groups(staging, clock, random_bytes),
        users=Users(staging, passwords, waker, clock, random_bytes),
        registrations=Registrations(staging, adoption, waker, clock, random_bytes),
        lists=Lists(staging, adoption, wipes, waker, tell_apple, clock),
        program=EnrollmentProgram(staging, tell_apple, clock, random_bytes),
        wipes=wipes,
        devices=DeviceActions(staging, wipes, waker, clock),
        assignments=Reassigning(store, waker, settings, clock, random_bytes),
        commands=DeviceCommands(staging, commanding, androids, wipes, waker),
        explaining=Explaining(store),
    )
