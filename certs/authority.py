"""The certificate authority: who vouches for devices, servers, profiles, and for SCEP's own messages.

```
root ──► issuing ──► device, server and profile-signing certificates
             └─────► registration (RSA-2048): opens and signs SCEP messages
```

An elliptic-curve key cannot open a SCEP message, which is encrypted to a certificate with RSA key transport
(RFC 8894 §3.1). Hence the RSA registration authority beside an elliptic-curve issuing authority, which signs five times
as fast as an RSA one.

Some SCEP clients (mdmb, Fleet's) take exactly one certificate for authority, recipient and signer in one. For them
`single=True` lets an RSA issuing authority register too. Its price: the key that signs certificates also works on
every message that a stranger sends, and issuing costs 0.9 ms instead of 0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from certs import authority_files
from certs.errors import CertsError
from certs.identity import Identity
from certs.issuance import BACK_DATING, LIFETIMES, Usage, Wanted, sign_authority, sign_leaf
from certs.keys import KeyKind, PrivateKey, PublicKey, generate_key
from certs.names import general_name, name_of

__all__ = ["Authority", "Usage"]

Clock = Callable[[], datetime]
RandomBytes = Callable[[int], bytes]

AUTHORITY_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True)
class Authority:
    """A root, an issuing authority, a SCEP registration authority and a profile signer, ready to issue."""

    root: Identity
    issuing: Identity
    registration: Identity
    profile_signer: Identity
    clock: Clock = field(repr=False, compare=False)
    random_bytes: RandomBytes = field(repr=False, compare=False)

    @classmethod
    def create(
        cls,
        *,
        clock: Clock,
        random_bytes: RandomBytes,
        organization: str = "mdmsim TEST",
        issuing_key: KeyKind = KeyKind.P_256,
        single: bool = False,
    ) -> Authority:
        """Make a new authority, in memory.

        Args:
            clock: tells the time, aware.
            random_bytes: where serial numbers come from.
            organization: the O of every subject; says TEST, so that nobody takes it for a real one.
            issuing_key: the kind of key of the root and of the issuing authority.
            single: the issuing authority is its own registration authority; needs an RSA issuing key.

        """
        if single and issuing_key is KeyKind.P_256:
            raise CertsError(
                "a single certificate has to open SCEP messages: expected an RSA issuing key, "
                f"found {issuing_key}; use {KeyKind.RSA_2048}"
            )
        maker = _Maker(clock, random_bytes, organization)
        root = maker.authority("Root CA", issuing_key, issuer=None, path_length=1)
        issuing = maker.authority("Issuing CA", issuing_key, issuer=root, path_length=0, registers=single)
        leaf_key = KeyKind.P_256 if issuing_key is KeyKind.P_256 else KeyKind.RSA_2048
        registration = issuing if single else maker.leaf("SCEP RA", KeyKind.RSA_2048, issuing, Usage.REGISTRATION)
        profile_signer = maker.leaf("Profile Signing", leaf_key, issuing, Usage.PROFILE_SIGNING)
        return cls(root, issuing, registration, profile_signer, clock, random_bytes)

    @classmethod
    def load(cls, directory: Path, *, clock: Clock, random_bytes: RandomBytes) -> Authority:
        """Read an authority from its directory.

        Raises:
            AuthorityError: it is missing, incomplete, damaged, reached through a link, or was readable by others.

        """
        saved = authority_files.load(directory)
        return cls(saved.root, saved.issuing, saved.registration, saved.profile_signer, clock, random_bytes)

    def save(self, directory: Path) -> None:
        """Write the authority into a new directory, all of it or nothing.

        Raises:
            AuthorityError: the directory exists and holds something, or cannot be made.

        """
        saved = authority_files.Saved(self.root, self.issuing, self.registration, self.profile_signer)
        authority_files.save(saved, directory, suffix=self.random_bytes(8).hex())

    @property
    def is_single(self) -> bool:
        """Whether the issuing authority is its own registration authority."""
        return self.registration.certificate == self.issuing.certificate

    @property
    def ca_certificates(self) -> tuple[x509.Certificate, ...]:
        """The authorities' certificates, the issuing one first and the root last."""
        return (self.issuing.certificate, self.root.certificate)

    @property
    def scep_certificates(self) -> tuple[x509.Certificate, ...]:
        """What GetCACert answers (RFC 8894 §3.5.1): one certificate, or the registration authority's and its chain."""
        if self.is_single:
            return (self.issuing.certificate,)
        return (self.registration.certificate, *self.ca_certificates)

    def new_serial(self) -> int:
        """Draw a serial number: positive, unpredictable, and at most 20 bytes long (RFC 5280 §4.1.2.2)."""
        return _serial(self.random_bytes)

    def issue(
        self,
        public_key: PublicKey,
        subject: x509.Name,
        *,
        usage: Usage = Usage.DEVICE,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        serial: int | None = None,
        alternative_names: Sequence[x509.GeneralName] = (),
    ) -> x509.Certificate:
        """Sign a certificate.

        What is not given is chosen: valid since ten minutes ago, for as long as the usage has it but no longer than the
        issuing authority, under a new serial number. What is given is taken as it is.
        """
        now = self.clock()
        latest = self.issuing.certificate.not_valid_after_utc
        wanted = Wanted(
            subject=subject,
            public_key=public_key,
            serial=self.new_serial() if serial is None else serial,
            not_before=now - BACK_DATING if not_before is None else not_before,
            not_after=min(now + LIFETIMES[usage], latest) if not_after is None else not_after,
        )
        return sign_leaf(wanted, self.issuing, usage, alternative_names)

    def issue_identity(
        self,
        subject: x509.Name,
        *,
        usage: Usage = Usage.DEVICE,
        key: PrivateKey | None = None,
        alternative_names: Sequence[x509.GeneralName] = (),
    ) -> Identity:
        """Sign a certificate for a key, a new P-256 one if none is given, and return both with the chain."""
        private = key or generate_key(KeyKind.P_256)
        certificate = self.issue(private.public_key(), subject, usage=usage, alternative_names=alternative_names)
        return Identity(private, certificate, (self.issuing.certificate,))

    def issue_server(self, hostnames: Sequence[str], *, key: PrivateKey | None = None) -> Identity:
        """Issue a TLS server's identity for host names and addresses; the first is also its common name."""
        if not hostnames:
            raise CertsError("expected at least one host name for a server certificate, found none")
        subject = name_of(hostnames[0], _organization(self.issuing.certificate))
        names = [general_name(hostname) for hostname in hostnames]
        return self.issue_identity(subject, usage=Usage.SERVER, key=key, alternative_names=names)


@dataclass(frozen=True)
class _Maker:
    """Makes the members of a new authority."""

    clock: Clock
    random_bytes: RandomBytes
    organization: str

    def authority(
        self, role: str, kind: KeyKind, *, issuer: Identity | None, path_length: int, registers: bool = False
    ) -> Identity:
        key = generate_key(kind)
        wanted = self._wanted(role, key, AUTHORITY_LIFETIME)
        certificate = sign_authority(
            wanted,
            issuer.key if issuer else key,
            issuer.certificate if issuer else None,
            path_length=path_length,
            registers=registers,
        )
        return Identity(key, certificate)

    def leaf(self, role: str, kind: KeyKind, issuer: Identity, usage: Usage) -> Identity:
        key = generate_key(kind)
        certificate = sign_leaf(self._wanted(role, key, LIFETIMES[usage]), issuer, usage)
        return Identity(key, certificate, (issuer.certificate,))

    def _wanted(self, role: str, key: PrivateKey, lifetime: timedelta) -> Wanted:
        now = self.clock()
        return Wanted(
            subject=name_of(f"{self.organization} {role}", self.organization),
            public_key=key.public_key(),
            serial=_serial(self.random_bytes),
            # A day, so that a device whose clock is behind trusts an authority that was made a minute ago.
            not_before=now - timedelta(days=1),
            not_after=now + lifetime,
        )


def _serial(random_bytes: RandomBytes) -> int:
    return int.from_bytes(random_bytes(20), "big") >> 1 or 1


def _organization(certificate: x509.Certificate) -> str | None:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else None
