"""All use cases, wired to each other once: composition roots and tests start from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certs.authority import Authority
from mdm_server.service.administration import Administration
from mdm_server.service.commanding import Commanding
from mdm_server.service.device_channel import DeviceChannel
from mdm_server.service.enroll import Enroll
from mdm_server.service.invitations import Invitations
from mdm_server.service.journal import Journal
from mdm_server.service.profile_service import ProfileServiceEnrollment
from mdm_server.service.profiles import Profiles
from mdm_server.service.courier import Courier
from mdm_server.service.push import PushSender
from mdm_server.service.running import Runner, run_inline
from mdm_server.service.scep import ScepService
from mdm_server.service.settings import ServiceSettings
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
    courier: Courier


def assemble(
    store: Store,
    authority: Authority,
    settings: ServiceSettings,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
    run: Runner = run_inline,
    sender: PushSender | None = None,
) -> ServiceSuite:
    """Wire the use cases together. `random_bytes` makes secrets: hand in `secrets.token_bytes` outside tests."""
    raise NotImplementedError
