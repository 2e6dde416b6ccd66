"""The use cases of the Hub, wired once: the wizard, logins on enrolled devices, Direct Enrollment, and their door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.invitations import Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.automated_enrollment.describing import Descriptions
from mdm_server.service.staging.automated_enrollment.door import AutomatedEnrollment
from mdm_server.service.staging.automated_enrollment.entrance import Entrance
from mdm_server.service.staging.automated_enrollment.ticket import Tickets
from mdm_server.service.staging.automated_enrollment.web_sign_in import WebSignIn
from mdm_server.service.staging.checking_out import CheckingOut
from mdm_server.service.staging.completion import Completion
from mdm_server.service.staging.credentials import CredentialCheck
from mdm_server.service.staging.device_proof import DeviceProof
from mdm_server.service.staging.direct_enrollment import DirectEnrollment
from mdm_server.service.staging.hub import Hub
from mdm_server.service.staging.hub_door import HubDoor
from mdm_server.service.staging.passwords import Passwords
from mdm_server.service.staging.sweeping import Sweep
from mdm_server.service.staging.waking import Waker
from mdm_server.store.contract import Store

GUESSES = 300
GUESSES_PER_MINUTE = 300.0
"""Wrong guesses of one peer: more than any fleet of forgetful people behind one address, fewer than a dictionary."""


@dataclass(frozen=True, slots=True)
class HubUseCases:
    """What devices and their people can ask for."""

    wizard: Hub
    checking_out: CheckingOut
    direct_enrollment: DirectEnrollment
    door: HubDoor
    completion: Completion
    setup_assistant: AutomatedEnrollment
    web_sign_in: WebSignIn
    sweep: Sweep


def open_hub(
    store: Store,
    settings: ServiceSettings,
    passwords: Passwords,
    identity: DeviceIdentity,
    waker: Waker,
    journal: Journal,
    invitations: Invitations,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
) -> HubUseCases:
    """Wire the use cases together."""
    credentials = CredentialCheck(passwords)
    wizard = Hub(store, credentials, settings, journal, clock, random_bytes)
    checking_out = CheckingOut(
        store, DeviceProof(store, identity), credentials, passwords, waker, settings, journal, clock, random_bytes
    )
    direct = DirectEnrollment(store, credentials, settings, clock, random_bytes)
    limiter = GuessLimiter(
        clock,
        burst=GUESSES,
        per_minute=GUESSES_PER_MINUTE,
        common_burst=10 * GUESSES,
        common_per_minute=10 * GUESSES_PER_MINUTE,
    )
    door = HubDoor(wizard, checking_out, direct, journal, limiter)
    completion = Completion(store, invitations, clock)
    entrance = Entrance(store, wizard, completion, Descriptions(settings, clock), journal, limiter)
    setup_assistant = AutomatedEnrollment(entrance, journal)
    web_sign_in = WebSignIn(entrance, Tickets(clock, random_bytes), settings, journal)
    sweep = Sweep(store.staging, checking_out, clock)
    return HubUseCases(wizard, checking_out, direct, door, completion, setup_assistant, web_sign_in, sweep)
