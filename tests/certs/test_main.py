from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from certs.__main__ import main
from certs.identity import identity_from_pem
from rigs import oracles


def run(*arguments: str | Path) -> Result:
    """Run a command as a person would."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="python -m certs")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a new authority."""
    done = run("init", tmp_path / "ca")
    assert done.exit_code == 0, done.output
    return tmp_path / "ca"


def test_an_identity_is_issued_that_openssl_accepts(directory: Path, tmp_path: Path) -> None:
    """From nothing to a verified certificate in three commands."""
    assert (
        run("issue", directory, "--subject", "CN=device-1,O=Example", "--out", tmp_path / "device.pem").exit_code == 0
    )
    chain = run("export", directory, "--what", "chain")
    (tmp_path / "chain.pem").write_bytes(chain.stdout_bytes)
    oracles.run(
        "openssl", "verify", "-purpose", "sslclient", "-CAfile", tmp_path / "chain.pem", tmp_path / "device.pem"
    )
    assert (tmp_path / "device.pem").stat().st_mode & 0o777 == 0o600


def test_an_identity_may_go_to_the_next_program(directory: Path) -> None:
    """Without `--out` the PEM is all that is printed."""
    done = run("issue", directory, "--subject", "CN=localhost", "--usage", "server", "--name", "127.0.0.1")
    identity = identity_from_pem(done.stdout_bytes)
    names = identity.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_show_shows_certificates_and_never_a_key(directory: Path, tmp_path: Path) -> None:
    """The whole authority, a PEM file, a DER file."""
    run("issue", directory, "--subject", "CN=device-1", "--out", tmp_path / "device.pem", "--key", "rsa-2048")
    run("export", directory, "--what", "issuing", "--der", "--out", tmp_path / "issuing.cer")
    shown = [run("show", path) for path in (directory, tmp_path / "device.pem", tmp_path / "issuing.cer")]
    assert all(result.exit_code == 0 and "PRIVATE" not in result.output for result in shown)
    assert [result.output.count("sha256") for result in shown] == [4, 2, 1]
    assert "RSA 2048" in shown[1].output


def test_the_root_is_exported_as_it_is_in_the_directory(directory: Path) -> None:
    """Which is the file that clients are given."""
    assert run("export", directory).stdout_bytes == (directory / "ca.pem").read_bytes()


def test_a_single_rsa_authority_can_be_made(tmp_path: Path) -> None:
    """And an elliptic-curve one cannot be single."""
    assert run("init", tmp_path / "rsa", "--issuing-key", "rsa-2048", "--single").exit_code == 0
    refused = run("init", tmp_path / "ec", "--single")
    assert refused.exit_code == 2
    assert "use rsa-2048" in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["init", "{ca}"], "give a path where nothing is"),
        (["issue", "{ca}", "--subject", "device"], "expected a name such as CN=device,O=Example"),
        (["issue", "{ca}", "--subject", "CN=d", "--usage", "server"], "expected --name HOST"),
        (["issue", "{ca}", "--subject", "CN=d", "--out", "{ca}/root.pem"], "give another path"),
        (["issue", "{ca}/nowhere", "--subject", "CN=d"], "does not exist"),
        (["show", "{ca}/nowhere"], "No such file"),
        (["show", "{noise}"], "expected a certificate in PEM or DER"),
        (["export", "{ca}", "--what", "chain", "--der"], "leave --der out"),
        (["export", "{ca}", "--out", "{ca}/no/where"], "give another path"),
        (["export", "{ca}", "--what", "key"], "'key' is not one of"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    arguments: list[str], said: str, directory: Path, tmp_path: Path
) -> None:
    """What was expected, what was found, what to do; and never a traceback."""
    (tmp_path / "noise").write_bytes(b"\x00noise")
    result = run(*(argument.format(ca=directory, noise=tmp_path / "noise") for argument in arguments))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("Error: ") == 1
    assert isinstance(result.exception, SystemExit)


def test_an_authority_that_others_could_have_read_is_exit_code_78(directory: Path) -> None:
    """T-19: the code of a configuration that must not be used."""
    (directory / "root.pem").chmod(0o644)
    result = run("issue", directory, "--subject", "CN=device")
    assert result.exit_code == 78
    assert "chmod 600" in result.stderr


@pytest.mark.parametrize("command", [[], ["init"], ["issue"], ["show"], ["export"]])
def test_help_shows_an_example(command: list[str]) -> None:
    """The example is what people read first."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "python -m certs" in result.output.split("Example", 1)[1]


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    """`python -m certs` is how the README calls it."""
    done = subprocess.run(
        [sys.executable, "-m", "certs", "init", tmp_path / "ca"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ca.pem" in done.stdout
