"""All use cases, wired to each other once: composition roots and tests start from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certs.authority import Authority
from mdm_server.service.abm.use_cases import AbmUseCases, open_abm
from mdm_server.service.administration import Administration
from mdm_server.service.calling import Caller
from mdm_server.service.check_in import CheckIns
from mdm_server.service.command_report import CommandReports
from mdm_server.service.commanding import Commanding
from mdm_server.service.device_channel import DeviceChannel
from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.enroll import Enroll
from mdm_server.service.invitations import Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.profile_service import ProfileServiceEnrollment
from mdm_server.service.profiles import Profiles
from mdm_server.service.push import Pusher, PushSender
from mdm_server.service.running import Runner, run_inline
from mdm_server.service.scep import ScepService
from mdm_server.service.scep_issuance import ScepIssuance
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.administration import StagingAdministration, administer_staging
from mdm_server.service.staging.android_use_cases import AndroidUseCases, open_android
from mdm_server.service.staging.hub_use_cases import HubUseCases, open_hub
from mdm_server.service.staging.passwords import Passwords
from mdm_server.service.staging.waking import Waker
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class ServiceSuite:
    """The service room, ready to be asked."""

    settings: ServiceSettings
    journal: Journal
    device_channel: DeviceChannel
    scep: ScepService
    enroll: Enroll
    profile_service: ProfileServiceEnrollment
    invitations: Invitations
    profiles: Profiles
    commanding: Commanding
    administration: Administration
    staging: StagingAdministration
    hub: HubUseCases
    android: AndroidUseCases
    abm: AbmUseCases
    pusher: Pusher


def assemble(
    store: Store,
    authority: Authority,
    settings: ServiceSettings,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
    sender: PushSender,
    run: Runner = run_inline,
    limiter: GuessLimiter | None = None,
    caller: Caller | None = None,
) -> ServiceSuite:
    """Wire the use cases together.

    `random_bytes` makes secrets: hand in `secrets.token_bytes` outside tests. `run` takes RSA work off the event loop:
    hand in `asyncio.to_thread` where others share the loop. `sender` delivers the pushes,
    `caller` calls Apple.
    """
    pusher = Pusher(store, sender, clock)
    journal = Journal(store, clock)
    identity = DeviceIdentity(authority, settings, journal, clock)
    issuance = ScepIssuance(store, authority, settings, identity, clock, run)
    invitations = Invitations(store, authority, settings, clock, random_bytes, run)
    profiles = Profiles(store, authority, clock, run)
    commanding = Commanding(store, profiles, pusher, clock, random_bytes)
    passwords = Passwords(settings.password_cost, random_bytes, run)
    waker = Waker(store, store.staging, pusher, sender)
    abm = open_abm(store.staging, settings, caller, run, clock=clock, random_bytes=random_bytes)
    staging = administer_staging(
        store, settings, passwords, commanding, waker, abm.sync.settle, clock=clock, random_bytes=random_bytes
    )
    hub = open_hub(
        store, settings, passwords, identity, waker, journal, invitations, clock=clock, random_bytes=random_bytes
    )
    return ServiceSuite(
        settings=settings,
        journal=journal,
        device_channel=DeviceChannel(
            identity, CheckIns(store, settings, pusher, clock), CommandReports(store, clock), journal, run
        ),
        scep=ScepService(
            authority, settings, issuance, journal, limiter or GuessLimiter(clock), clock, random_bytes, run
        ),
        enroll=Enroll(invitations, hub.completion, settings, journal, clock),
        profile_service=ProfileServiceEnrollment(
            store, invitations, authority, settings, identity, journal, clock, run
        ),
        invitations=invitations,
        profiles=profiles,
        commanding=commanding,
        administration=Administration(store, pusher, clock),
        staging=staging,
        hub=hub,
        android=open_android(store, hub.wizard, staging.wipes, waker, journal, clock=clock, random_bytes=random_bytes),
        abm=abm,
        pusher=pusher,
    )
