"""`mdm-server apple`: what a customer of Apple does, from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.keys import generate_rsa_key
from certs.names import name_of
from rigs.apple_server import AppleRig, running_apple
from rigs.command_line import Run, run_cli

TOPIC = "com.apple.mgmt.External.6d646d73-696d-4000-8000-00000000000a"


@pytest.fixture
async def apple() -> AsyncIterator[AppleRig]:
    """Run Apple alone."""
    async with running_apple() as rig:
        yield rig


async def customer(apple: AppleRig, *arguments: str) -> Run:
    """Run a command at that Apple."""
    return await asyncio.to_thread(run_cli, "apple", *arguments, "--sim-url", str(apple.server.sim_url))


async def test_an_organization_buys_devices_for_its_server(apple: AppleRig) -> None:
    """Each command prints what the next one needs, and nothing else."""
    organization = (await customer(apple, "organization", "Example Inc.")).output.strip()
    server = (await customer(apple, "server", organization, "Some MDM")).output.strip()
    made_up = (await customer(apple, "order", organization, "--count", "3", "--server", server)).output.split()
    assert len(set(made_up)) == 3
    assert (await customer(apple, "order", organization, "C02AAAAAAAAA")).output == ""
    listed = json.loads((await customer(apple, "devices", organization, "--json")).output)
    assert {each["serial_number"] for each in listed} == {*made_up, "C02AAAAAAAAA"}
    assert (await customer(apple, "assign", "C02AAAAAAAAA", server)).exit_code == 0
    assert (await customer(apple, "release", made_up[0])).exit_code == 0
    table = (await customer(apple, "devices", organization)).output
    assert made_up[0] not in table
    assert table.count(server) == 3


async def test_status_shows_where_apple_is_and_what_to_do_next(apple: AppleRig) -> None:
    """Empty states say which command fills them."""
    empty = (await customer(apple, "status")).output
    assert apple.server.url in empty
    assert "mdm-server apple organization NAME" in empty
    await customer(apple, "organization", "Example Inc.")
    assert "Example Inc." in (await customer(apple, "status")).output


async def test_a_push_certificate_is_written_to_a_file(apple: AppleRig, tmp_path: Path) -> None:
    """Request in, certificate and its issuer out."""
    key = generate_rsa_key(2048)
    request = x509.CertificateSigningRequestBuilder().subject_name(name_of("push")).sign(key, hashes.SHA256())
    (tmp_path / "push.csr").write_bytes(request.public_bytes(Encoding.PEM))
    output = tmp_path / "push.pem"
    run = await customer(
        apple, "push-certificate", str(tmp_path / "push.csr"), "--topic", TOPIC, "--output", str(output)
    )
    assert run.exit_code == 0
    assert len(x509.load_pem_x509_certificates(output.read_bytes())) == 2


async def test_failures_are_arranged_and_called_off(apple: AppleRig) -> None:
    """In the service's own words, counted, and listed until they have happened."""
    run = await customer(apple, "fault", "dep", "get_account", "not_found", "--count", "2")
    assert run.output == "dep-get_account-1\n"
    assert "get_account" in (await customer(apple, "faults")).output
    assert "get_account" in (await customer(apple, "status")).output
    await customer(apple, "faults", "--clear")
    assert (await customer(apple, "faults")).output == "Nothing is going to fail.\n"


async def test_the_journal_is_written_out_to_its_end(apple: AppleRig) -> None:
    """One JSON object a line, in order."""
    await customer(apple, "organization", "Example Inc.")
    lines = (await customer(apple, "journal")).output.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["organization_added"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("order", "nobody", "C02AAAAAAAAA"), 2, "abm.organization_unknown"),
        (("order", "nobody"), 2, "either serial numbers or --count"),
        (("token", "nobody", "/nowhere/mdm.pem"), 2, "CERTIFICATE: expected a file that can be read"),
        (("push-certificate", "/nowhere/push.csr", "--topic", TOPIC), 2, "REQUEST: expected a file"),
        (("fault", "mail", "x", "y"), 2, "'mail' is not one of"),
    ],
)
async def test_bad_input_is_one_line(apple: AppleRig, arguments: tuple[str, ...], code: int, said: str) -> None:
    """What was expected and what was found, and the exit code for bad input."""
    run = await customer(apple, *arguments)
    assert run.exit_code == code
    assert run.is_one_line, run
    assert said in run.errors


async def test_nobody_there_is_said_so() -> None:
    """A second port that does not answer is exit code 3."""
    run = await asyncio.to_thread(run_cli, "apple", "status", "--sim-url", "http://127.0.0.1:1")
    assert (run.exit_code, run.is_one_line) == (3, True)
