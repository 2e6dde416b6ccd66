"""Files that hold secrets: made for their owner alone, and refused when somebody else could have read them.

A mode is set on the open file, so no umask widens it; a file is made with O_EXCL and opened with O_NOFOLLOW, so nobody
plants a link in its place.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from certs.errors import CertsError

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
_OTHERS = 0o077


def make_directory(path: Path) -> None:
    """Make a directory that only its owner may enter. It must not exist."""
    path.mkdir(mode=DIRECTORY_MODE)
    path.chmod(DIRECTORY_MODE)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, durably. It must not exist."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, FILE_MODE)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def sync_directory(path: Path) -> None:
    """Make what was created, renamed or removed in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, error: type[CertsError]) -> bytes:
    """Read a file that nobody but its owner may read.

    Raises:
        CertsError: of the type handed in, if it is missing, a link, no regular file, or open to others.

    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        found = "a symbolic link" if path.is_symlink() else (problem.strerror or "nothing readable")
        raise error(f"{path}: expected a regular file, found: {found}; restore it from your backup") from problem
    with os.fdopen(descriptor, "rb") as file:
        _check(path, os.fstat(descriptor), expected=FILE_MODE, error=error)
        return file.read()


def check_file(path: Path, error: type[CertsError]) -> int:
    """Check a file as `read_private` does, without reading it; return its size.

    Raises:
        CertsError: of the type handed in, if it is not so.

    """
    status = _status(path, error, "a regular file")
    _check(path, status, expected=FILE_MODE, error=error)
    return status.st_size


def check_directory(path: Path, error: type[CertsError]) -> None:
    """Check that a directory is one, is no link, and is closed to everybody but its owner.

    Raises:
        CertsError: of the type handed in, if it is not so.

    """
    status = _status(path, error, "a directory")
    if not stat.S_ISDIR(status.st_mode):
        raise error(f"{path}: expected a directory, found a file; give another path")
    _check(path, status, expected=DIRECTORY_MODE, error=error)


def _status(path: Path, error: type[CertsError], expected: str) -> os.stat_result:
    try:
        status = path.lstat()
    except OSError as problem:
        raise error(f"{path}: expected {expected}, found: {problem.strerror}; give another path") from problem
    if stat.S_ISLNK(status.st_mode):
        raise error(f"{path}: expected {expected}, found a symbolic link; give the path that it points to")
    return status


def _check(path: Path, status: os.stat_result, *, expected: int, error: type[CertsError]) -> None:
    if expected == FILE_MODE and not stat.S_ISREG(status.st_mode):
        raise error(f"{path}: expected a regular file, found something else; restore it from your backup")
    mode = stat.S_IMODE(status.st_mode)
    if mode & _OTHERS:
        raise error(
            f"{path}: expected mode {expected:04o}, found {mode:04o}: others could have read the keys; make a new "
            f"authority or pool, or, if you are sure that nobody did, `chmod {expected:o} {path}`"
        )
    if status.st_uid not in {os.geteuid(), 0}:
        raise error(f"{path}: expected it to belong to user {os.geteuid()}, found user {status.st_uid}; `chown` it")
