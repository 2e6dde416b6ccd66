"""`device-emulator load --apple`: a fleet that is bought, activated, and led to its server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from device_emulator.core.randomness import Randomness
from device_emulator.fleet.population import hardware_of
from mdm_server.embed import Server, ServerSettings
from rigs.apple_customer import PASSWORD, USER, AppleCustomer, join_apple
from rigs.processes import EMULATOR, Ended, run_program

SEED = 910_000


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run our server with Apple beside it."""
    settings = ServerSettings(apple="127.0.0.1:0", apns="127.0.0.1:0", weak_passwords=True)
    async with Server.start(settings) as running:
        yield running


@pytest.fixture
async def customer(server: Server) -> AppleCustomer:
    """Be Apple's customer."""
    assert server.apple is not None
    return await join_apple(server.suite, server.apple)


@pytest.fixture
def trusted(server: Server, tmp_path: Path) -> Path:
    """Return the certificates of both, as devices need them."""
    assert server.apple_ca_file is not None
    file = tmp_path / "both.pem"
    file.write_bytes(server.ca_file.read_bytes() + server.apple_ca_file.read_bytes())
    return file


async def load(server: Server, trusted: Path, *arguments: str, devices: int = 2) -> Ended:
    """Run a fleet through Setup Assistant."""
    return await run_program(
        *(*EMULATOR, "load", "--apple", str(server.apple_url), "--ca", str(trusted), "--devices", str(devices)),
        *("--seed", str(SEED), "--keys", "primes", "--timeout", "30", *arguments),
    )


async def test_a_fleet_enrols_out_of_its_boxes(server: Server, customer: AppleCustomer, trusted: Path) -> None:
    """The numbers that `serials` prints are bought, and the same fleet enrols: supervised, and in its user's name."""
    printed = await run_program(*EMULATOR, "serials", "--devices", "2", "--seed", str(SEED))
    await customer.own(printed.output.split())
    ended = await load(server, trusted, "--user", f"{USER}:{PASSWORD}")
    assert (ended.exit_code, ended.errors) == (0, ""), ended
    assert "activation" in ended.output
    enrolled = (await server.store.counts()).enrollments
    assert enrolled == {"Enrolled": 2}
    assert server.apple is not None
    assert [str(each.profile_status) for each in server.apple.business_manager.devices(customer.organization)] == [
        "pushed",
        "pushed",
    ]


async def test_who_is_nobodys_device_does_not_enrol(server: Server, customer: AppleCustomer, trusted: Path) -> None:
    """One of two is the company's; the other is set up without management, and the run says so."""
    await customer.own([hardware_of(Randomness(SEED, 0), 0).serial_number])
    ended = await load(server, trusted, "--user", f"{USER}:{PASSWORD}")
    assert ended.exit_code == 1
    assert "devices enrolled: 1 of 2" in ended.output
    assert "found that it is nobody's there" in ended.output


async def test_somebody_nobody_knows_gets_no_profile(server: Server, customer: AppleCustomer, trusted: Path) -> None:
    """The wrong password ends in Setup Assistant, with the reason in the report."""
    await customer.own([hardware_of(Randomness(SEED, 0), 0).serial_number])
    ended = await load(server, trusted, "--user", f"{USER}:wrong", devices=1)
    assert ended.exit_code == 1
    assert "setup.credentials" in ended.output
    assert (await server.store.counts()).enrollments == {}


async def test_a_way_in_is_one_way() -> None:
    """--url and --apple together are bad input, in one line."""
    ended = await run_program(
        *EMULATOR, "load", "--url", "https://localhost:1/enroll", "--apple", "https://localhost:2"
    )
    assert ended.exit_code == 2
    assert "expected one of --url URL, --profile FILE and --apple URL, found --url and --apple" in ended.errors
