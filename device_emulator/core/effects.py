"""What configuration profiles do to a device: restrictions, a passcode policy, trusted roots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mdm_server.wire.mobileconfig import Profile

MDM = "com.apple.mdm"
SCEP = "com.apple.security.scep"
RESTRICTIONS = "com.apple.applicationaccess"
PASSCODE_POLICY = "com.apple.mobiledevice.passwordpolicy"
ROOT_CERTIFICATE = "com.apple.security.root"

# Of other payloads only the summary that ProfileList shows is kept: they change nothing that can be observed here.
EFFECTIVE_TYPES = frozenset({RESTRICTIONS, PASSCODE_POLICY})


def enrolls(profile: Profile) -> bool:
    """Say whether a profile puts the device under management."""
    return any(payload.type == MDM for payload in profile.payloads)


@dataclass(frozen=True, slots=True)
class PasscodePolicy:
    """What a passcode must be like (com.apple.mobiledevice.passwordpolicy); the strictest of all installed ones."""

    required: bool = False
    minimum_length: int = 0
    alphanumeric: bool = False
    simple_allowed: bool = True
    maximum_failed_attempts: int | None = None


def strictest(policies: Iterable[Mapping[str, Any]]) -> PasscodePolicy:
    """Return the one policy that satisfies all of them, as iOS does."""
    payloads = list(policies)
    attempts = [int(payload["maxFailedAttempts"]) for payload in payloads if "maxFailedAttempts" in payload]
    return PasscodePolicy(
        required=any(payload.get("forcePIN", False) for payload in payloads),
        minimum_length=max((int(payload.get("minLength", 0)) for payload in payloads), default=0),
        alphanumeric=any(payload.get("requireAlphanumeric", False) for payload in payloads),
        simple_allowed=all(payload.get("allowSimple", True) for payload in payloads),
        maximum_failed_attempts=min(attempts, default=None),
    )


def most_restrictive(payloads: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the restrictions in force: `allow…` is true only if all say so, `force…` as soon as one does.

    https://developer.apple.com/documentation/devicemanagement/restrictions
    """
    merged: dict[str, Any] = {}
    for payload in payloads:
        for key, value in payload.items():
            if key not in merged or not isinstance(value, bool):
                merged[key] = value
            elif key.startswith("force"):
                merged[key] = merged[key] or value
            else:
                merged[key] = merged[key] and value
    return merged
