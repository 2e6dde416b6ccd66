"""What the command line says when it cannot do what it was told: one line, and the exit code that fits."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from rigs import foreign_pkcs7 as pkcs7
from rigs.processes import Ended
from rigs.server_thread import ServerThread

EmulateHere = Callable[..., Ended]


def _says(ended: Ended, exit_code: int, *words: str) -> None:
    """See that a command failed as it should: nothing done, one line on standard error with what matters in it."""
    assert ended.exit_code == exit_code, ended
    assert ended.output == ""
    assert ended.errors.startswith("device-emulator: ")
    assert ended.errors.count("\n") == 1, ended.errors
    assert not [word for word in words if word not in ended.errors], ended.errors


@pytest.mark.parametrize("both", [False, True])
def test_one_way_in_and_one_only(emulate_here: EmulateHere, tmp_path: Path, both: bool) -> None:
    """Neither --url nor --profile, or both of them."""
    (tmp_path / "profile").touch()
    arguments = ("--url", "https://x/enroll", "--profile", tmp_path / "profile") if both else ()
    _says(emulate_here("load", *arguments), 2, "--url", "--profile")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "--profile", "missing"), ("--profile", "missing", "does not exist")),
        (("load", "--profile", "junk"), ("junk", "expected an enrolment profile")),
        (("load", "--profile", "plist"), ("plist", "expected an enrolment profile", "SCEP")),
        (("load", "--profile", "folder"), ("--profile", "directory")),
        (("load", "--url", "ftp://example.test/"), ("http://", "ftp://example.test/")),
        (("load", "--url", "https://example.test:port/"), ("port",)),
        (("load", "--url", "https://127.0.0.1:1/", "--ca", "missing"), ("--ca", "does not exist")),
        (("load", "--url", "https://127.0.0.1:1/", "--ca", "junk"), ("junk", "expected certificates in PEM")),
        (("load", "--url", "https://127.0.0.1:1/", "--profile-ca", "junk"), ("junk", "expected certificates in PEM")),
        (("load", "--url", "https://127.0.0.1:1/", "--devices", "0"), ("--devices", "0")),
        (("load", "--url", "https://127.0.0.1:1/", "--proof", "word"), ("--proof", "word", "signature")),
        (("load", "--url", "https://127.0.0.1:1/", "--report", "junk"), ("--report", "junk")),
        (("load", "--url", "https://127.0.0.1:1/", "--json", "nowhere/x"), ("--json", "no folder")),
        (("load", "--url", "https://127.0.0.1:1/", "--fleet", "nowhere/x"), ("--fleet", "no folder")),
        (("load", "--url", "https://127.0.0.1:1/", "--fleet", "folder"), ("--fleet", "directory")),
        (("connect", "--fleet", "missing"), ("missing", "load --fleet")),
        (("checkout", "--fleet", "junk"), ("junk, line 1", "JSON")),
        (("devices", "--fleet", "plist"), ("plist, line 1", "JSON")),
        (("keys", "make", "--count", "0"), ("--count",)),
        (("enrol",), ("enrol",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_line_and_2(
    emulate_here: EmulateHere, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Before anything is done: what was expected, what was found, and in which flag or file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk").write_text("junk")
    (tmp_path / "plist").write_bytes(b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>')
    _says(emulate_here(*arguments), 2, *words)


def test_a_target_that_is_not_there_is_3(emulate_here: EmulateHere) -> None:
    """A port on which nobody listens."""
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        _says(emulate_here("load", "--url", f"http://127.0.0.1:{port}/enroll"), 3, str(port), "refused")


def test_a_server_that_is_not_trusted_is_3(
    server: ServerThread, emulate_here: EmulateHere, tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Without --ca, and with that of somebody else; the line says how to go on."""
    url, other = f"{server.url}/enroll", pkcs7.SmallAuthority.create(rsa_keys[2], "another CA TEST")
    _says(emulate_here("load", "--url", url), 3, "not trusted", "--ca FILE")
    (tmp_path / "other.pem").write_bytes(other.certificate.public_bytes(Encoding.PEM))
    _says(emulate_here("load", "--url", url, "--ca", "other.pem"), 3, "not trusted", "other.pem")


def test_a_server_without_tls_is_3(server: ServerThread, emulate_here: EmulateHere) -> None:
    """https:// to the plain listener."""
    url = server.plain.replace("http:", "https:")
    _says(emulate_here("load", "--url", f"{url}/enroll"), 3, "TLS")


def test_a_page_that_is_no_profile_is_1(server: ServerThread, load_here: EmulateHere) -> None:
    """The server is there and gives out something else: the run fails, it does not break."""
    for page in ("ca.pem", "nowhere"):
        ended = load_here("--url", f"{server.plain}/{page}", devices=1)
        assert (ended.exit_code, ended.errors) == (1, "")
        assert "profile: profile." in ended.output
