"""The state directory: what is in it, who may read it, and who has it open.

STATE_DIR/            0700
  authority/          0700, keys 0600: the locksmith's
  ca.pem              the root certificate, for clients to trust
  state.sqlite        everything else
"""

from __future__ import annotations

import shutil
import ssl
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.errors import AuthorityError
from certs.identity import certificates_to_pem
from certs.keys import KeyKind
from mdm_server.embed.start_error import ExitCode, ServerStartError, start_error
from mdm_server.store.contract import Store
from mdm_server.store.errors import StateInUse, StateTooNew, StateUnreadable, StoreError
from mdm_server.store.sqlite import open_sqlite
from mdm_server.web.listener import tls_context

AUTHORITY = "authority"
CA_FILE = "ca.pem"
DATABASE = "state.sqlite"

_STORE_EXITS: dict[type[StoreError], ExitCode] = {
    StateInUse: ExitCode.STATE_IN_USE,
    StateTooNew: ExitCode.STATE_DAMAGED,
    StateUnreadable: ExitCode.STATE_DAMAGED,
}


class StateFolder:
    """A directory that is this server's own, or a temporary one that goes when the server goes."""

    def __init__(self, path: Path | None) -> None:
        self.is_temporary = path is None
        self.path = Path(tempfile.mkdtemp(prefix="mdmsim-")) if path is None else path
        if path is not None:
            _prepare(path)

    @property
    def ca_file(self) -> Path:
        """Where the root certificate is."""
        return self.path / CA_FILE

    @property
    def has_authority(self) -> bool:
        """Whether an authority was made here, be it fit to use or not."""
        directory = self.path / AUTHORITY
        return directory.exists() or directory.is_symlink()

    def open_store(self) -> Store:
        """Open the database; raises ServerStartError."""
        self._refuse_emptied(self.path / DATABASE)
        try:
            with _writing(self.path):
                return open_sqlite(self.path / DATABASE)
        except StoreError as error:
            raise ServerStartError(_STORE_EXITS.get(type(error), ExitCode.STATE_NOT_WRITABLE), str(error)) from error

    def _refuse_emptied(self, database: Path) -> None:
        """Refuse to begin anew in a file that something emptied: SQLite takes it for a new database."""
        if self.has_authority and database.is_file() and database.stat().st_size == 0:
            raise start_error(
                ExitCode.STATE_DAMAGED,
                str(database),
                expected="the database that goes with the authority beside it",
                found="an empty file",
                remedy="restore a backup, or delete the file to begin anew with the same authority",
            )

    def open_authority(
        self, kind: KeyKind, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]
    ) -> Authority:
        """Load the authority, or make one on the first start; raises ServerStartError."""
        directory = self.path / AUTHORITY
        try:
            if self.has_authority:
                authority = Authority.load(directory, clock=clock, random_bytes=random_bytes)
            else:
                single = kind is not KeyKind.P_256
                authority = Authority.create(clock=clock, random_bytes=random_bytes, issuing_key=kind, single=single)
                authority.save(directory)
        except AuthorityError as error:
            raise ServerStartError(error.exit_code, str(error)) from error
        with _writing(self.path):
            self.ca_file.write_bytes(authority.root.certificate.public_bytes(Encoding.PEM))
        return authority

    def close(self) -> None:
        """Take a temporary directory away."""
        if self.is_temporary:
            shutil.rmtree(self.path, ignore_errors=True)


def server_context(
    authority: Authority, folder: StateFolder, hostnames: tuple[str, ...], protocols: tuple[str, ...] = ("http/1.1",)
) -> ssl.SSLContext:
    """Make the TLS context, with a server certificate that lives as long as this process."""
    identity = authority.issue_server(hostnames)
    # Python's ssl reads keys from files only; this one exists for a moment, mode 0600, in a directory of mode 0700.
    with _writing(folder.path), tempfile.NamedTemporaryFile(dir=folder.path, suffix=".server.pem") as file:
        file.write(identity.pem())
        file.flush()
        return tls_context(Path(file.name), certificates_to_pem(authority.ca_certificates).decode(), protocols)


def _prepare(path: Path) -> None:
    """Make the directory, or see that an existing one can be written and is nobody else's to read."""
    with _writing(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077 and not any(path.iterdir()):
            path.chmod(0o700)
            mode = 0o700
    if mode & 0o077:
        raise start_error(
            ExitCode.STATE_UNSAFE,
            str(path),
            expected="a state directory that nobody else can read (mode 0700), or an empty one",
            found=f"mode {mode:04o}",
            remedy=f"`chmod 700 {path}`, or name a directory that does not exist yet",
        )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says about the state directory into a reason not to start."""
    try:
        yield
    except OSError as error:
        raise start_error(
            ExitCode.STATE_NOT_WRITABLE,
            str(path),
            expected="a state directory that can be written",
            found=(error.strerror or str(error)).lower(),
            remedy="make it writable, or name another one with --state-dir",
        ) from error
