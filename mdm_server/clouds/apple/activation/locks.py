"""Activation Lock: what keeps whoever found a device from using it, and what opens it.

A person's lock begins when Find My is switched on and ends with the account's password; an organization's is set by its
MDM server through the device API. Either is opened by the bypass code that belongs to its escrow key.
https://support.apple.com/guide/deployment/depf4ec8c3e2/web
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from mdm_server.clouds.apple.business_manager.records import ActivationLock, LockKind
from mdm_server.wire.activation import FindMyReport
from mdm_server.wire.activation_lock import opens

_COST = 2**12
"""Some ten milliseconds; only who is typed at pays it."""
_SALT_BYTES = 16


class LockRegistry(Protocol):
    """Where the locks are kept."""

    def activation_lock(self, serial_number: str, /) -> ActivationLock | None:
        """Return the lock of a device."""
        ...

    def set_activation_lock(self, serial_number: str, lock: ActivationLock | None, /) -> None:
        """Lock a device, or take its lock away."""
        ...


class Locks:
    """Judges what is typed at a locked device, and what devices tell of Find My."""

    def __init__(self, registry: LockRegistry, random_bytes: Callable[[int], bytes]) -> None:
        self._registry = registry
        self._random_bytes = random_bytes

    def against(self, serial_number: str, typed: str | None) -> ActivationLock | None:
        """Return the lock that keeps a device from being activated; what opens it takes it away for good."""
        lock = self._registry.activation_lock(serial_number)
        if lock is None or typed is None or not _is_opened(lock, typed):
            return lock
        self._registry.set_activation_lock(serial_number, None)
        return None

    def take(self, report: FindMyReport) -> bool:
        """Do what a device tells; False where that would open a person's lock without their password.

        An organization's lock stays as it is, whoever signs in.
        """
        lock = self._registry.activation_lock(report.serial_number)
        if lock is not None and lock.kind is LockKind.ORGANIZATION:
            return True
        if lock is not None and not _may_change(lock, report):
            return False
        if report.account is None:
            if lock is not None:
                self._registry.set_activation_lock(report.serial_number, None)
            return True
        kept = lock if lock is not None and lock.account == report.account else ActivationLock(kind=LockKind.PERSON)
        digest = kept.password_digest if report.password is None else self._digest(report.password)
        changed = replace(kept, account=report.account, escrow_key=report.escrow_key, password_digest=digest)
        self._registry.set_activation_lock(report.serial_number, changed)
        return True

    def _digest(self, password: str) -> str:
        return digest_of(password, self._random_bytes(_SALT_BYTES))


def digest_of(password: str, salt: bytes) -> str:
    """Return what a password is recognized by: a salt and scrypt (RFC 7914), both in hex."""
    return f"{salt.hex()}:{hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=8, p=1).hex()}"


def _is_opened(lock: ActivationLock, typed: str) -> bool:
    """Say whether what was typed is the bypass code, or the password of the account that locked the device."""
    if lock.escrow_key is not None and opens(typed, lock.escrow_key):
        return True
    return _is_password(lock, typed)


def _is_password(lock: ActivationLock, typed: str) -> bool:
    if lock.password_digest is None:
        return False
    salt, _, _ = lock.password_digest.partition(":")
    return hmac.compare_digest(digest_of(typed, bytes.fromhex(salt)), lock.password_digest)


def _may_change(lock: ActivationLock, report: FindMyReport) -> bool:
    """Say whether a report may change a person's lock: its own account's, or with that one's password.

    A lock whose password was never told can be changed by the device that closed it.
    """
    if lock.password_digest is None:
        return True
    if report.password is not None:
        return _is_password(lock, report.password)
    return report.account == lock.account
