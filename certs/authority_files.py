"""An authority on disk: a directory of mode 0700 with one PEM file per identity, mode 0600.

It is written beside its place and then renamed into it, so a crash leaves either a whole authority or none. What a
crash may leave is a directory called `.NAME.partial-…` beside it, as private as the real one, for you to delete.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.x509 import KeyUsage

from certs.errors import AuthorityError, CertsError
from certs.identity import Identity, certificates_to_pem, identity_from_pem, identity_to_pem
from certs.known_certificate import extension_of
from certs.private_files import check_directory, make_directory, read_private, sync_directory, write_new

ROOT_FILE = "root.pem"
ISSUING_FILE = "issuing.pem"
REGISTRATION_FILE = "registration.pem"
PROFILE_SIGNER_FILE = "profile-signer.pem"
CA_FILE = "ca.pem"
"""The root's certificate without its key: what a client is given to trust."""


@dataclass(frozen=True)
class Saved:
    """The four identities of an authority. A single authority has the same one as issuing and registration."""

    root: Identity
    issuing: Identity
    registration: Identity
    profile_signer: Identity


def save(authority: Saved, directory: Path, *, suffix: str) -> None:
    """Write an authority into a directory that does not exist yet, or is empty.

    Raises:
        AuthorityError: there is something already, or it cannot be written.

    """
    partial = directory.with_name(f".{directory.name}.partial-{suffix}")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        make_directory(partial)
        try:
            _write(authority, partial)
            # rename(2) replaces an empty directory and nothing else, and follows no link.
            partial.rename(directory)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        sync_directory(directory.parent)
    except OSError as error:
        raise AuthorityError(
            f"{directory}: expected to make a new directory for the authority, found: {error.strerror}; "
            "give a path where nothing is, in a directory that you may write"
        ) from error


def load(directory: Path) -> Saved:
    """Read an authority.

    Raises:
        AuthorityError: it is missing, incomplete, damaged, reached through a link, or was readable by others.

    """
    check_directory(directory, AuthorityError)
    root = _read(directory / ROOT_FILE)
    issuing = _read(directory / ISSUING_FILE)
    usage = extension_of(issuing.certificate, KeyUsage)
    single = usage is not None and usage.key_encipherment
    registration = issuing if single else _read(directory / REGISTRATION_FILE)
    profile_signer = _read(directory / PROFILE_SIGNER_FILE)
    for issuer, name, issued in [
        (root, ISSUING_FILE, issuing),
        (issuing, PROFILE_SIGNER_FILE, profile_signer),
        *([] if single else [(issuing, REGISTRATION_FILE, registration)]),
    ]:
        _check_issued(directory / name, issuer, issued)
    return Saved(root, issuing, registration, profile_signer)


def _write(authority: Saved, directory: Path) -> None:
    write_new(directory / ROOT_FILE, identity_to_pem(authority.root))
    write_new(directory / ISSUING_FILE, identity_to_pem(authority.issuing))
    if authority.registration.certificate != authority.issuing.certificate:
        write_new(directory / REGISTRATION_FILE, identity_to_pem(authority.registration))
    write_new(directory / PROFILE_SIGNER_FILE, identity_to_pem(authority.profile_signer))
    write_new(directory / CA_FILE, certificates_to_pem([authority.root.certificate]))
    sync_directory(directory)


def _read(path: Path) -> Identity:
    try:
        return identity_from_pem(read_private(path, AuthorityError))
    except AuthorityError:
        raise
    except CertsError as error:
        raise AuthorityError(f"{path}: {error}; restore it from your backup or make a new authority") from error


def _check_issued(path: Path, issuer: Identity, issued: Identity) -> None:
    try:
        issued.certificate.verify_directly_issued_by(issuer.certificate)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise AuthorityError(
            f"{path}: expected a certificate signed by {issuer.certificate.subject.rfc4514_string()}, found another's; "
            "restore the whole directory from your backup or make a new authority"
        ) from error
