"""How a device behaves; one object is shared by a whole fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from cryptography import x509

from certs.keys import KeyKind
from device_emulator.core.activation import AppleAddress


class PlistFormat(StrEnum):
    """How a device writes its property lists. Real devices write XML."""

    XML = "xml"
    BINARY = "binary"
    BIPLIST = "biplist"


class ProofOfIdentity(StrEnum):
    """How a device proves who it is: as the profile's SignMessage says, or one way whatever it says."""

    AS_PROFILE_SAYS = "profile"
    SIGNATURE = "signature"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How a device tries again after a failure that may pass: exponential back-off with full jitter.

    A server's Retry-After is obeyed up to `ceiling`. During enrolment `attempts` failures in a row end it; an enrolled
    device never gives up, it goes on at the ceiling.
    """

    first: timedelta = timedelta(seconds=1)
    factor: float = 2.0
    ceiling: timedelta = timedelta(minutes=5)
    attempts: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take that are not done at once, on the device's clock.

    Attributes:
        update_download: the download of a system update over Wi-Fi.
        update_install: preparing it, before the device restarts as another version.
        reminder: the time between two questions whether the update may be installed.
        application_queue: from an order, or a person's consent, to the begin of a download.
        application_install: downloading and installing an application.
        consent: how long a question stands before its person agrees to it; None: only when they are told to.

    """

    update_download: timedelta = timedelta(minutes=10)
    update_install: timedelta = timedelta(minutes=5)
    reminder: timedelta = timedelta(days=1)
    application_queue: timedelta = timedelta(seconds=5)
    application_install: timedelta = timedelta(seconds=30)
    consent: timedelta | None = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """What is true of every device of a fleet, unless it is given settings of its own.

    Attributes:
        profile_roots: who may sign the profiles; an untrusted signer is refused. Empty: any intact signature will do.
        require_signed_profile: refuse an unsigned enrolment profile, which a person would be warned about and install.
        proof: how the device proves its identity to the MDM server.
        key_kind: what kind of key its identity gets.
        plist_format: how it writes property lists.
        http_method: PUT as real devices do, or POST as some simulated ones do.
        digest, cipher: of the SCEP messages it writes; what the server cannot do falls back to what it can.
        legacy_algorithms: also read SHA-1 signatures and DES envelopes, which old SCEP servers answer with.
        scep_polls, scep_poll_every: how often, and how patiently, it asks for a certificate that is PENDING.
        poll: ask for commands at this interval; None: wait for a push.
        renew_before: renew the identity this long before it expires; None: never.
        supervised: the device is supervised.
        apple: where Apple activates the device; None: nobody does, and no organization can claim it.
        user_channel: after enrolment ask for a user channel (UserAuthenticate), as shared devices do.
        bootstrap_token: after enrolment ask for the bootstrap token, and leave one where there is none.
        commands_per_session: end a session that does not end by itself.
        start_up: how long the device takes to start.
        pace: how long updates and installations take, and people to make up their minds.
    """

    profile_roots: tuple[x509.Certificate, ...] = ()
    require_signed_profile: bool = False
    proof: ProofOfIdentity = ProofOfIdentity.AS_PROFILE_SAYS
    key_kind: KeyKind = KeyKind.RSA_2048
    plist_format: PlistFormat = PlistFormat.XML
    http_method: str = "PUT"
    digest: str = "sha256"
    cipher: str = "aes-128-cbc"
    legacy_algorithms: bool = False
    scep_polls: int = 20
    scep_poll_every: timedelta = timedelta(seconds=10)
    poll: timedelta | None = None
    renew_before: timedelta | None = timedelta(days=14)
    supervised: bool = False
    apple: AppleAddress | None = None
    user_channel: bool = False
    bootstrap_token: bool = False
    commands_per_session: int = 1000
    start_up: timedelta = timedelta(seconds=30)
    pace: Pace = field(default_factory=Pace)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
