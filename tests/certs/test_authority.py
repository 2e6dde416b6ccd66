from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certs import authority_files
from certs.authority import Authority, Usage
from certs.errors import AuthorityError, CertsError
from certs.identity import Identity, certificates_to_pem
from certs.keys import KeyKind, generate_key
from certs.names import common_name, name_of
from rigs import oracles

KEY_FILES = ["root.pem", "issuing.pem", "registration.pem", "profile-signer.pem"]


def load(directory: Path, authority: Authority) -> Authority:
    """Load an authority with the clock of another."""
    return Authority.load(directory, clock=authority.clock, random_bytes=authority.random_bytes)


@pytest.fixture
def directory(authority: Authority, tmp_path: Path) -> Path:
    """Return the directory of a saved authority."""
    authority.save(tmp_path / "ca")
    return tmp_path / "ca"


@pytest.fixture(params=[0, 0o777], ids=["as open as can be", "as closed as can be"])
def odd_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let files be made with other modes than anybody wants."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def single() -> Authority:
    """Return an authority whose one certificate does everything that SCEP wants."""
    clock = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    return Authority.create(
        clock=lambda: clock, random_bytes=random.Random(2).randbytes, issuing_key=KeyKind.RSA_2048, single=True
    )


def openssl_accepts(authority: Authority, identity: Identity, purpose: str, folder: Path) -> None:
    """Let OpenSSL verify a certificate against the root."""
    (folder / "root.pem").write_bytes(certificates_to_pem([authority.root.certificate]))
    (folder / "chain.pem").write_bytes(certificates_to_pem([authority.issuing.certificate]))
    (folder / "leaf.pem").write_bytes(certificates_to_pem([identity.certificate]))
    oracles.run(
        "openssl", "verify", "-x509_strict", "-purpose", purpose, "-attime", str(int(authority.clock().timestamp())),
        "-CAfile", folder / "root.pem", "-untrusted", folder / "chain.pem", folder / "leaf.pem",
    )  # fmt: skip


@pytest.mark.parametrize("which", ["authority", "single"])
def test_openssl_accepts_what_we_issue(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every usage, for its purpose, by the strict rules."""
    authority: Authority = request.getfixturevalue(which)
    device = authority.issue_identity(name_of("device"), key=generate_key(KeyKind.P_256))
    openssl_accepts(authority, device, "sslclient", tmp_path)
    openssl_accepts(authority, authority.issue_server(["localhost", "127.0.0.1"]), "sslserver", tmp_path)
    openssl_accepts(authority, authority.profile_signer, "smimesign", tmp_path)
    if not authority.is_single:
        openssl_accepts(authority, authority.registration, "any", tmp_path)


def test_openssl_reads_what_a_device_certificate_is_for(device_rsa: Identity, device_p256: Identity) -> None:
    """ClientAuth for both; only an RSA key may encipher keys (RFC 5480 §3)."""
    for identity, enciphers in ((device_rsa, True), (device_p256, False)):
        text = oracles.run("openssl", "x509", "-inform", "DER", "-noout", "-text", stdin=identity.der).stdout.decode()
        assert "TLS Web Client Authentication" in text
        assert "CA:FALSE" in text
        assert ("Digital Signature, Key Encipherment" in text) is enciphers


def test_a_certificate_is_valid_since_ten_minutes_ago(authority: Authority, device_rsa: Identity) -> None:
    """A client whose clock is behind ours, or that signs in the same second, finds it valid."""
    assert device_rsa.certificate.not_valid_before_utc == authority.clock() - timedelta(minutes=10)
    assert device_rsa.certificate.not_valid_after_utc == authority.clock() + timedelta(days=365)


def test_a_servers_certificate_is_not_longer_valid_than_apple_allows(authority: Authority) -> None:
    """At most 825 days, or devices refuse it."""
    server = authority.issue_server(["mdm.example", "::1"]).certificate
    assert server.not_valid_after_utc - server.not_valid_before_utc < timedelta(days=825)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mdm.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["::1"]
    with pytest.raises(CertsError, match="at least one host name"):
        authority.issue_server([])


def test_what_is_given_is_taken_as_it_is(authority: Authority, now: datetime) -> None:
    """A certificate can be wrong on purpose, and a serial number known before the certificate is made."""
    serial = authority.new_serial()
    certificate = authority.issue(
        generate_key(KeyKind.P_256).public_key(),
        name_of("device"),
        usage=Usage.DEVICE,
        not_before=now - timedelta(days=9),
        not_after=now - timedelta(days=8),
        serial=serial,
        alternative_names=[x509.DNSName("device.example")],
    )
    assert certificate.serial_number == serial
    assert certificate.not_valid_after_utc == now - timedelta(days=8)
    assert 0 < serial < 1 << 159


def test_nothing_outlives_the_authority_by_default(authority: Authority) -> None:
    """A certificate that is valid when its issuer is not is valid for nobody."""
    old = authority.issuing.certificate.not_valid_after_utc - timedelta(days=3)
    late = Authority(
        authority.root,
        authority.issuing,
        authority.registration,
        authority.profile_signer,
        lambda: old,
        authority.random_bytes,
    )
    assert late.issue_identity(name_of("device")).certificate.not_valid_after_utc == old + timedelta(days=3)


def test_every_subject_says_test(authority: Authority) -> None:
    """Nobody shall take them for real ones."""
    members = (authority.root, authority.issuing, authority.registration, authority.profile_signer)
    assert all("TEST" in (common_name(member.certificate.subject) or "") for member in members)


def test_one_certificate_can_be_authority_recipient_and_signer(single: Authority, authority: Authority) -> None:
    """Mdmb and Fleet's client take exactly one certificate from GetCACert."""
    assert single.is_single
    assert single.scep_certificates == (single.issuing.certificate,)
    usage = single.issuing.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.key_encipherment
    assert usage.key_cert_sign
    assert not authority.is_single
    assert authority.scep_certificates == (authority.registration.certificate, *authority.ca_certificates)


def test_a_single_certificate_needs_a_key_that_can_decrypt(
    clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]
) -> None:
    """The refusal says which key to use."""
    with pytest.raises(CertsError, match="use rsa-2048"):
        Authority.create(clock=clock, random_bytes=random_bytes, single=True)


@pytest.mark.parametrize("which", ["authority", "single"])
def test_an_authority_is_read_as_it_was_saved(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """And issues under the same root."""
    authority: Authority = request.getfixturevalue(which)
    authority.save(tmp_path / "deep" / "ca")
    read = load(tmp_path / "deep" / "ca", authority)
    assert read == authority
    assert read.is_single == authority.is_single
    read.issue_identity(name_of("device")).certificate.verify_directly_issued_by(authority.issuing.certificate)


@pytest.mark.usefixtures("odd_umask")
def test_only_the_owner_may_read_it_whatever_the_umask(authority: Authority, tmp_path: Path) -> None:
    """T-19: 0700 and 0600, and nothing left beside."""
    authority.save(tmp_path / "ca")
    assert stat.S_IMODE((tmp_path / "ca").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "ca").iterdir()}
    assert modes == dict.fromkeys([*KEY_FILES, "ca.pem"], 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["ca"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
@pytest.mark.parametrize("name", KEY_FILES)
def test_a_file_that_others_could_have_read_is_refused(
    name: str, mode: int, directory: Path, authority: Authority
) -> None:
    """T-19: what was expected, what was found, what to do; and the exit code of a bad configuration."""
    (directory / name).chmod(mode)
    with pytest.raises(AuthorityError, match=f"{name}: expected mode 0600, found {mode:04o}.*chmod 600") as caught:
        load(directory, authority)
    assert caught.value.exit_code == 78


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o755, 0o777])
def test_a_directory_that_others_could_have_entered_is_refused(
    mode: int, directory: Path, authority: Authority
) -> None:
    """T-19: whoever may write there may swap a file."""
    directory.chmod(mode)
    with pytest.raises(AuthorityError, match=f"expected mode 0700, found {mode:04o}"):
        load(directory, authority)


@pytest.mark.parametrize("name", KEY_FILES)
def test_a_link_is_not_followed(name: str, directory: Path, authority: Authority) -> None:
    """T-19: neither a linked file nor a linked directory."""
    (directory / name).rename(directory / "elsewhere")
    (directory / name).symlink_to(directory / "elsewhere")
    with pytest.raises(AuthorityError, match="a symbolic link"):
        load(directory, authority)
    (directory.parent / "link").symlink_to(directory)
    with pytest.raises(AuthorityError, match="a symbolic link"):
        load(directory.parent / "link", authority)


def test_a_link_is_not_written_through(authority: Authority, tmp_path: Path) -> None:
    """T-19: nobody chooses for us where the keys go."""
    (tmp_path / "target").mkdir()
    (tmp_path / "ca").symlink_to(tmp_path / "target")
    with pytest.raises(AuthorityError, match="give a path where nothing is"):
        authority.save(tmp_path / "ca")
    assert not list((tmp_path / "target").iterdir())


@pytest.mark.parametrize("name", KEY_FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "noise", "pipe", "another authority's"])
def test_a_damaged_authority_is_refused(
    name: str, damage: str, directory: Path, authority: Authority, single: Authority, tmp_path: Path
) -> None:
    """In one line that names the file."""
    path = directory / name
    path.unlink()
    if damage == "pipe":
        os.mkfifo(path, 0o600)
    elif damage != "missing":
        foreign = single.profile_signer.pem() if name != "root.pem" else single.root.pem()
        path.touch(0o600)
        path.write_bytes({"empty": b"", "noise": b"\xff\x00noise"}.get(damage, foreign))
    with pytest.raises(AuthorityError, match=r"expected .* found") as caught:
        load(directory, authority)
    assert str(directory) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_authority_is_never_overwritten(directory: Path, authority: Authority, single: Authority) -> None:
    """Its keys are the only ones that its devices trust."""
    with pytest.raises(AuthorityError, match="give a path where nothing is"):
        single.save(directory)
    assert load(directory, authority) == authority
    assert [path.name for path in directory.parent.iterdir()] == [directory.name]


def test_an_empty_directory_is_taken(authority: Authority, tmp_path: Path) -> None:
    """Somebody made the place beforehand; its mode is ours all the same."""
    (tmp_path / "ca").mkdir(0o755)
    authority.save(tmp_path / "ca")
    assert load(tmp_path / "ca", authority) == authority


@pytest.mark.parametrize("written", range(5))
def test_a_failure_half_way_leaves_nothing(
    written: int, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-19: a full disk after any of the files; the next attempt finds the place free."""
    write, left = authority_files.write_new, iter(range(written))

    def until_the_disk_is_full(path: Path, data: bytes) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(authority_files, "write_new", until_the_disk_is_full)
    with pytest.raises(AuthorityError, match="No space left on device"):
        authority.save(tmp_path / "ca")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    authority.save(tmp_path / "ca")


def test_a_killed_process_leaves_no_half_authority(authority: Authority, tmp_path: Path) -> None:
    """T-19: killed between two files, there is no authority, what is left is private, and a new one can be made."""
    program = """
import os, sys, pathlib, datetime
from certs import authority_files
from certs.authority import Authority
write = authority_files.write_new
def die_at_the_third(path, data, written=[]):
    written.append(path)
    if len(written) == 3:
        os._exit(9)
    write(path, data)
authority_files.write_new = die_at_the_third
now = datetime.datetime.now(datetime.UTC)
Authority.create(clock=lambda: now, random_bytes=os.urandom).save(pathlib.Path(sys.argv[1]))
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "ca"], timeout=60, check=False)
    assert done.returncode == 9
    with pytest.raises(AuthorityError, match="expected a directory, found: No such file"):
        load(tmp_path / "ca", authority)
    (partial,) = tmp_path.iterdir()
    assert partial.name.startswith(".ca.partial-")
    assert stat.S_IMODE(partial.stat().st_mode) == 0o700
    authority.save(tmp_path / "ca")
    assert load(tmp_path / "ca", authority) == authority


def test_a_file_is_no_authority(authority: Authority, tmp_path: Path) -> None:
    """And nothing can be made below one."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuthorityError, match="found a file"):
        load(tmp_path / "file", authority)
    with pytest.raises(AuthorityError, match="expected to make a new directory"):
        authority.save(tmp_path / "file" / "ca")
