"""The key pool on disk: one file of keys, one file that says where each begins.

```
keys.der     PKCS#8 DER, one key after the other
keys.index   16 bytes a key: offset (8), length (4), CRC-32 of the key (4), big-endian
lock         held while somebody appends
```

A key is there once its line in the index is: it is written after the key itself. What a crash leaves after the last
whole line, in either file, counts for nothing, and the next key is written over it. A thousand keys open with one read
of 16 KB.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path

from certs.errors import KeyPoolError
from certs.keys import generate_rsa_key, private_key_der
from certs.private_files import FILE_MODE, check_directory, check_file, make_directory, read_private, sync_directory

Progress = Callable[[int, int], None]

_LINE = struct.Struct(">QII")
_MAX_KEY_BYTES = 8192


class KeyStore:
    """The files of a key pool."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._keys = directory / "keys.der"
        self._index = directory / "keys.index"
        self._lines: bytes | None = None

    def count(self) -> int:
        """Return how many keys there are now."""
        self._lines = self._read_index()
        return len(self._lines) // _LINE.size

    def read(self, number: int) -> bytes:
        """Return the DER of a key, checked against its CRC."""
        have = len(self._lines or b"") // _LINE.size
        if number >= have:
            have = self.count()
        if not 0 <= number < have:
            raise KeyPoolError(
                f"{self._directory}: expected a key with the number {number}, found {have} keys; "
                f"fill the pool to at least {number + 1}"
            )
        offset, length, checksum = _LINE.unpack_from(self._lines or b"", number * _LINE.size)
        try:
            descriptor = os.open(self._keys, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise KeyPoolError(f"{self._keys}: expected the keys, found: {error.strerror}; fill the pool") from error
        try:
            der = os.pread(descriptor, min(length, _MAX_KEY_BYTES), offset)
        finally:
            os.close(descriptor)
        if len(der) != length or zlib.crc32(der) != checksum:
            raise KeyPoolError(
                f"{self._keys}: expected key {number} as it was written, found it altered at byte {offset}; "
                f"delete {self._directory} and fill it again"
            )
        return der

    def fill(self, count: int, progress: Progress | None) -> None:
        """Make keys in threads and append them until there are so many."""
        try:
            self._prepare()
            with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="key-pool") as threads:
                self._fill(count, progress, threads)
            self._sync()
        except OSError as error:
            raise KeyPoolError(
                f"{self._directory}: expected to write the key pool, found: {error.strerror}; "
                "give a directory that you may write, on a disk with room"
            ) from error

    def _fill(self, count: int, progress: Progress | None, threads: ThreadPoolExecutor) -> None:
        workers = os.cpu_count() or 1
        running: set[Future[bytes]] = set()
        have = self.count()
        while have < count:
            while len(running) < min(workers, count - have):
                running.add(threads.submit(_make_key))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            have = self._append([future.result() for future in done], count)
            if progress is not None:
                progress(min(have, count), count)

    def _prepare(self) -> None:
        if not self._directory.is_symlink() and not self._directory.exists():
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # another process was faster
                make_directory(self._directory)
        check_directory(self._directory, KeyPoolError)
        with self._locked():
            for path in (self._keys, self._index):
                os.close(_open(path))

    def _append(self, keys: list[bytes], limit: int) -> int:
        """Append keys, but none beyond the limit; return how many there are then."""
        with self._locked():
            have = self.count()
            lines = self._lines or b""
            offset, length, _ = _LINE.unpack_from(lines, len(lines) - _LINE.size) if lines else (0, 0, 0)
            wanted = keys[: max(0, limit - have)]
            new_lines = []
            end = offset + length
            for der in wanted:
                new_lines.append(_LINE.pack(end, len(der), zlib.crc32(der)))
                end += len(der)
            _write_at(self._keys, offset + length, b"".join(wanted))
            _write_at(self._index, len(lines), b"".join(new_lines))
            return have + len(wanted)

    def _read_index(self) -> bytes:
        if not self._directory.is_symlink() and not self._directory.exists():
            return b""
        check_directory(self._directory, KeyPoolError)
        if not self._index.exists():
            return b""
        lines = read_private(self._index, KeyPoolError)
        lines = lines[: len(lines) - len(lines) % _LINE.size]
        if lines:
            self._check_end(lines)
        return lines

    def _check_end(self, lines: bytes) -> None:
        """Check that the keys' file is as long as the index says: what goes missing goes missing at the end."""
        offset, length, _ = _LINE.unpack_from(lines, len(lines) - _LINE.size)
        found = check_file(self._keys, KeyPoolError)
        if length > _MAX_KEY_BYTES or found < offset + length:
            raise KeyPoolError(
                f"{self._keys}: expected at least {offset + length} bytes as the index has it, found {found}; "
                f"delete {self._directory} and fill it again"
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = _open(self._directory / "lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _sync(self) -> None:
        for path in (self._keys, self._index):
            descriptor = _open(path)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_directory(self._directory)


def _make_key() -> bytes:
    return private_key_der(generate_rsa_key())


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)


def _write_at(path: Path, offset: int, data: bytes) -> None:
    """Write at an offset, over whatever a crash may have left there."""
    descriptor = _open(path)
    with os.fdopen(descriptor, "r+b") as file:
        file.seek(offset)
        file.write(data)
