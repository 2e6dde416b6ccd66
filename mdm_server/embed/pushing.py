"""Who wakes the devices of a management server: the courier beside it, or Apple's push service."""

from __future__ import annotations

from contextlib import AsyncExitStack

from certs.authority import Authority
from certs.errors import CertsError
from certs.identity import Identity, certificates_to_pem, identity_from_pem
from certs.keys import KeyKind, generate_key
from mdm_server.clouds.apple.push.certificates import push_certificate
from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.embed.settings import ServerSettings
from mdm_server.embed.start_error import ExitCode, start_error
from mdm_server.outbound.apns import ApnsSender, ApnsSettings
from mdm_server.outbound.courier import CourierSender, SortingSender
from mdm_server.service.push import PushSender


def push_identity(authority: Authority, topic: str) -> Identity:
    """Return a new push certificate for a topic, with its key."""
    key = generate_key(KeyKind.P_256)
    return Identity(key, push_certificate(authority, key.public_key(), topic), (authority.issuing.certificate,))


def open_apns(
    settings: ServerSettings,
    apple: AppleServices | None,
    played_at: str | None,
    topic: str,
    trusted: str | None,
    closing: AsyncExitStack,
) -> ApnsSender | None:
    """Return what pushes by way of Apple: the one that is played here, or the one that the settings name.

    Raises:
        ServerStartError: there is an address of a push service, and no push certificate to show there.

    """
    url = settings.apns_url or played_at
    if url is None:
        return None
    if settings.apns_url is None and apple is not None:
        identity = push_identity(apple.authority, topic)
        trusted = certificates_to_pem([apple.authority.root.certificate]).decode()
    else:
        identity = _read_identity(settings)
    sender = ApnsSender(ApnsSettings(identity=identity, url=url, ca_pem=trusted))
    closing.push_async_callback(sender.close)
    return sender


def sender_of(apns: ApnsSender | None, courier: Courier) -> PushSender:
    """Return the way that pushes go."""
    beside = CourierSender(courier)
    return beside if apns is None else SortingSender(apns, beside)


def _read_identity(settings: ServerSettings) -> Identity:
    path, found = settings.apns_identity, "none"
    if path is not None:
        try:
            return identity_from_pem(path.read_bytes())
        except (OSError, CertsError, ValueError) as error:
            found = f"{error.strerror if isinstance(error, OSError) else error} ({path})"
    raise start_error(
        ExitCode.BAD_SETTING,
        "apns-identity",
        expected="a push certificate and its key, in one PEM file, to go with apns-url",
        found=found,
        remedy="`mdm-server apple push-certificate` gets one from the simulated Apple",
    )
