"""`device-emulator load`: enrol and exercise a fleet against any MDM that gives out an enrolment profile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from certs.errors import UNREADABLE_X509
from certs.keys import KeyKind
from device_emulator.cli import options
from device_emulator.cli.failure import CommandFailed, ExitCode, exit_code
from device_emulator.cli.fleet_run import FleetRun, RunSettings
from device_emulator.cli.reaching import reach
from device_emulator.cli.running import run
from device_emulator.core.actions import OpenEnrollmentLink, OpenProfile, PersonAction, SetUp
from device_emulator.core.activation import AppleAddress, SettingUp
from device_emulator.core.messages import Errand, Prompted
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.settings import DeviceSettings, PlistFormat, ProofOfIdentity
from device_emulator.fleet import fleet_file
from device_emulator.fleet.keys import KeyChoice, choose_keys
from device_emulator.fleet.loop import wall_clock
from device_emulator.fleet.population import Population
from device_emulator.report.verdict import Expectation, all_of
from mdm_server.wire.enrollment_profile import read_enrollment_profile
from mdm_server.wire.errors import WireError
from mdm_server.wire.mobileconfig import open_profile


@dataclass(frozen=True, slots=True)
class Target:
    """What the people of the fleet open, and where that leads."""

    action: PersonAction
    url: str


@click.command(short_help="Enrol and exercise a fleet at any MDM server.")
@click.option("--url", help="The enrolment link: every device fetches its own profile there.")
@click.option("--profile", type=options.FILE, help="An enrolment profile that all devices install.")
@click.option("--apple", help="Where Apple is: every device is activated there, and led to its server.")
@click.option("--user", help="NAME:PASSWORD that people type in Setup Assistant, where a server asks; with --apple.")
@click.option("--devices", type=click.IntRange(1, 1_000_000), default=24, show_default=True, help="How many devices.")
@options.together(options.concurrency, options.seed, options.report, options.fleet_file, options.ca)
@click.option("--profile-ca", type=options.FILE, help="Only install profiles signed under these certificates (PEM).")
@options.together(options.proof, options.key_kind, options.keys, options.key_pool, options.plist_format)
@click.option("--http-method", type=click.Choice(["PUT", "POST"]), default="PUT", show_default=True)
@options.together(options.legacy_algorithms, options.courier, options.poll)
@options.setting("--arrival-rate", type=click.FloatRange(min=0.001), help="Devices a second, as a Poisson process.")
@click.option("--connects", type=click.IntRange(0), default=1, show_default=True, help="Questions a device asks after.")
@click.option("--duration", type=click.FloatRange(0), default=0.0, help="Then stay awake for so many seconds.")
@options.together(options.timeout, options.as_json)
def load(**given: Any) -> int:
    """Enrol a fleet at an MDM server, ours or another's, and let every device ask for its commands.

    \b
    device-emulator load --url https://localhost:8443/enroll --ca state/ca.pem --devices 100 --seed 7
    device-emulator load --profile enroll.mobileconfig --devices 500 --arrival-rate 20 --report out/
    mdm-server apple order ORGANIZATION --server SERVER $(device-emulator serials --devices 100 --seed 7)
    device-emulator load --apple https://localhost:8445 --user ada:secret --ca both.pem --devices 100 --seed 7
    """  # noqa: D301
    ways = [name for name in ("url", "profile", "apple") if given[name] is not None]
    if len(ways) != 1:
        found = " and ".join(f"--{name}" for name in ways) or "none of them"
        raise click.UsageError(f"expected one of --url URL, --profile FILE and --apple URL, found {found}")
    return run(_load(given))


async def _load(given: dict[str, Any]) -> int:
    target = _target(given)
    keys = choose_keys(KeyChoice(given["keys"]), directory=given["key_pool"], count=given["devices"])
    population = Population(
        count=given["devices"], seed=given["seed"], settings=_settings(given), both_proofs=given["proof"] == "both"
    )
    await reach(target.url, given["ca"])
    fleet = FleetRun(
        population.devices(clock=wall_clock, keys=keys),
        RunSettings(
            command="load",
            target=target.url,
            seed=given["seed"],
            ca_file=given["ca"],
            concurrency=given["concurrency"],
            poll=given["poll"],
            courier=given["courier"],
            arrival_rate=given["arrival_rate"],
            report=given["report"],
            json_file=given["json_file"],
        ),
        keys,
    )
    async with fleet:
        try:
            await _lead(fleet, target, given)
        except asyncio.CancelledError:
            fleet.interrupted = True
    if given["fleet"] is not None:
        kept = {number: fleet.devices[number] for number in sorted(fleet.enrollment.enrolled)}
        fleet_file.save(given["fleet"], seed=given["seed"], keys=keys, devices=kept)
        fleet.narrator.say(f"{given['fleet']}: {len(kept)} enrolled devices kept")
    summary = fleet.finish(_expectations(fleet, given["devices"]), notes=_examples(fleet))
    return exit_code(summary)


async def _lead(fleet: FleetRun, target: Target, given: dict[str, Any]) -> None:
    count, seconds = given["devices"], given["timeout"]
    enrollment = fleet.enrollment
    starting = asyncio.create_task(enrollment.start(range(count), target.action))
    await fleet.lead(
        "Enrolling", count, count=lambda: enrollment.ended, ended=lambda: enrollment.ended == count, seconds=seconds
    )
    await starting
    await fleet.waking.ready()
    enrolled = sorted(enrollment.enrolled)
    for turn in range(1, given["connects"] + 1):
        fleet.loop.happen_to_all(enrolled, Prompted(Errand.SESSION))
        await fleet.lead(
            f"Asking for commands, turn {turn}",
            turn * len(enrolled),
            count=lambda: fleet.tally.sessions["finished"],
            # A session that a failing server broke off is no end: the device tries again.
            ended=lambda: fleet.loop.has_finished(enrolled),
            seconds=seconds,
        )
    if given["duration"]:
        fleet.narrator.say(f"Staying awake for {given['duration']:g} s")
        await fleet.loop.until(lambda: False, seconds=given["duration"])


def _expectations(fleet: FleetRun, devices: int) -> list[Expectation]:
    endings = fleet.last_sessions
    expectations = [all_of("devices enrolled", len(fleet.enrollment.enrolled), devices)]
    if endings:
        finished = sum(ending == "finished" for ending in endings.values())
        expectations.append(all_of("devices whose last session ended as it should", finished, len(endings)))
    return expectations


def _examples(fleet: FleetRun) -> list[str]:
    """Tell one failure of each kind in full: what the server said to it is often all that needs to be known."""
    examples: dict[tuple[str, str], str] = {}
    for number, failure in sorted(fleet.enrollment.failed.items()):
        examples.setdefault((failure.stage, failure.reason), f"device {number}, {failure.stage}: {failure.detail}")
    return list(examples.values())


def _target(given: dict[str, Any]) -> Target:
    if given["url"] is not None:
        return Target(OpenEnrollmentLink(given["url"]), given["url"])
    if given["apple"] is not None:
        name, _, password = (given["user"] or "").partition(":")
        answers = SetupAnswers(user_name=name or None, password=password or None)
        return Target(SetUp(SettingUp(answers=answers)), given["apple"])
    document = given["profile"].read_bytes()
    try:
        opened = open_profile(document, roots=None, at=wall_clock())
        return Target(OpenProfile(document), read_enrollment_profile(opened.profile).mdm.server_url)
    except WireError as error:
        raise CommandFailed(
            ExitCode.BAD_INPUT, f"{given['profile']}: expected an enrolment profile (SCEP and MDM payloads): {error}"
        ) from error


def _settings(given: dict[str, Any]) -> DeviceSettings:
    both = given["proof"] == "both"
    return DeviceSettings(
        profile_roots=read_certificates(given["profile_ca"]),
        proof=ProofOfIdentity.AS_PROFILE_SAYS if both else ProofOfIdentity(given["proof"]),
        key_kind=KeyKind(given["key_kind"]),
        plist_format=PlistFormat(given["plist_format"]),
        http_method=given["http_method"],
        legacy_algorithms=given["legacy_algorithms"],
        apple=None if given["apple"] is None else AppleAddress(given["apple"].rstrip("/")),
    )


def read_certificates(path: Path | None) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file; none where there is no file."""
    if path is None:
        return ()
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except UNREADABLE_X509 as error:
        raise CommandFailed(
            ExitCode.BAD_INPUT, f"{path}: expected certificates in PEM, found none that can be read"
        ) from error
