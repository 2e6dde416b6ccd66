"""The leniencies this server can be asked for, each by name: `--compat NAME[,NAME]`.

Strict is the default, because a simulator that forgives teaches clients bad habits. A leniency is for a foreign tool
that cannot be changed; the names of such tools stand for the set of leniencies each of them needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from certs.key_strength import MINIMUM_RSA_BITS
from certs.signed_data import LEGACY_DIGESTS, SHA2


class Compat(StrEnum):
    """One leniency each; what it allows is in LENIENCIES."""

    SHA1 = "sha1"
    DES = "des"
    WEAK_KEYS = "weak-keys"
    ANY_SUBJECT = "any-subject"
    ANY_TOPIC = "any-topic"
    ANY_DEVICE_CA = "any-device-ca"
    OTA_WITHOUT_CHALLENGE = "ota-without-challenge"
    CA_CHAIN = "ca-chain"


LENIENCIES: dict[Compat, str] = {
    Compat.SHA1: "accept SHA-1 in `Mdm-Signature` and SCEP messages, which Go's pkcs7 library makes by default",
    Compat.DES: "decrypt SCEP requests encrypted with DES or 3DES; our own answers stay AES unless DES was used",
    Compat.WEAK_KEYS: "certify RSA keys from 1024 bits, which mdmb makes when the profile names no size",
    Compat.ANY_SUBJECT: "certify requests for another subject than the invitation's, which the certificate carries",
    Compat.ANY_TOPIC: "accept check-ins whose Topic is not the one in the enrolment profile",
    Compat.ANY_DEVICE_CA: "accept MachineInfo signed by a certificate that no configured device CA issued",
    Compat.OTA_WITHOUT_CHALLENGE: "accept profile-service attributes that do not return the CHALLENGE of phase one",
    Compat.CA_CHAIN: "answer GetCACert with the registration authority's certificate and its chain",
}

TOOLS: dict[str, frozenset[Compat]] = {
    "mdmb": frozenset({Compat.SHA1, Compat.DES, Compat.WEAK_KEYS}),
    "fleet": frozenset(
        {
            Compat.SHA1,
            Compat.DES,
            Compat.ANY_SUBJECT,
            Compat.ANY_TOPIC,
            Compat.ANY_DEVICE_CA,
            Compat.OTA_WITHOUT_CHALLENGE,
        }
    ),
    "scepclient": frozenset({Compat.SHA1, Compat.DES, Compat.ANY_SUBJECT}),
}

STRICT: frozenset[Compat] = frozenset()
WEAKEST_RSA_BITS = 1024


class CompatError(ValueError):
    """A name that is neither a leniency nor a tool."""


def parse_compat(names: Iterable[str]) -> frozenset[Compat]:
    """Return the leniencies that some names stand for; a name may itself be a comma-separated list."""
    chosen: set[Compat] = set()
    for name in (part.strip() for item in names for part in item.split(",")):
        if not name:
            continue
        if name in TOOLS:
            chosen |= TOOLS[name]
            continue
        try:
            chosen.add(Compat(name))
        except ValueError:
            known = ", ".join([*Compat, *TOOLS])
            raise CompatError(f"compat: expected one of {known}; found {name!r}") from None
    return frozenset(chosen)


def accepted_digests(compat: frozenset[Compat]) -> frozenset[str]:
    """Return the digests a foreign signature may use."""
    return LEGACY_DIGESTS if Compat.SHA1 in compat else SHA2


def minimum_rsa_bits(compat: frozenset[Compat]) -> int:
    """Return how long a device's RSA key has to be."""
    return WEAKEST_RSA_BITS if Compat.WEAK_KEYS in compat else MINIMUM_RSA_BITS
