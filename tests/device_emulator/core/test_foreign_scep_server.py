"""A device gets its identity from a SCEP server that nobody here wrote: Debian's `scepserver` (micromdm/scep)."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from certs.authority import Authority
from certs.keys import KeyKind
from device_emulator.core.device import Device
from device_emulator.core.events import EnrollmentFailed, EnrollmentStage
from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from device_emulator.core.states import LifeState
from rigs import oracles
from rigs.play_server import LINK, SCEP_URL, MovingClock, PlayServer, play

PATIENCE = 20.0
OURS = {RequestKind.PROFILE, RequestKind.AUTHENTICATE, RequestKind.TOKEN_UPDATE, RequestKind.IDLE}


class WithForeignScep(PlayServer):
    """Our server for everything but SCEP, which goes over a socket to somebody else's."""

    port = 0

    def answer(self, request: Request) -> ResponseArrived | RequestFailed:
        """Send SCEP requests over the wire."""
        if request.kind in OURS:
            return super().answer(request)
        self.requests.append(request)
        target = urlsplit(request.url)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            path = f"{target.path}?{target.query}"
            connection.request(request.method, path, request.body or None, dict(request.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return ResponseArrived(request.number, response.status, headers, response.read())


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start the foreign server, and return its port."""
    depot = tmp_path_factory.mktemp("scep") / "depot"
    oracles.run("scepserver", "ca", "-init", "-depot", depot, "-keySize", "2048")
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            number = probe.getsockname()[1]
        if (process := _start(depot, number)) is not None:
            break
    else:
        pytest.fail("expected scepserver to listen, found that it never did")
    try:
        yield number
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _start(depot: Path, number: int) -> subprocess.Popen[bytes] | None:
    """Start the server on a port; None if somebody else was quicker to take it."""
    command = [oracles.require("scepserver"), "-depot", str(depot), "-port", str(number), "-challenge", "secret"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
            return process
        time.sleep(0.02)
    process.kill()
    process.wait()
    return None


@pytest.fixture
def today() -> MovingClock:
    """Return a clock that agrees with the foreign server's."""
    return MovingClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def foreign(port: int, today: MovingClock) -> WithForeignScep:
    """Return the server."""
    server = WithForeignScep(Authority.create(clock=today, random_bytes=random.Random(1).randbytes), today)
    server.port = port
    return server


@pytest.fixture
def make_foreigner(make_device: Callable[..., Device], today: MovingClock) -> Callable[..., Device]:
    """Return a maker of devices that live today."""

    def make(number: int, **settings: object) -> Device:
        device = make_device(number, profile_roots=(), **settings)
        device.handheld.clock = today
        return device

    return make


def test_a_device_enrols_with_somebody_elses_scep(
    make_foreigner: Callable[..., Device], foreign: WithForeignScep
) -> None:
    """The server answers with SHA-1 and single DES whatever it was asked with: the device must read old algorithms."""
    device = make_foreigner(1, legacy_algorithms=True)
    events = play(device, foreign, LINK)
    assert device.life is LifeState.ENROLLED, events[-1]
    certificate = x509.load_der_x509_certificate(device.handheld.keychain.certificate or b"")
    assert "scep-ca" in certificate.issuer.rfc4514_string()
    assert device.handheld.hardware.serial_number in certificate.subject.rfc4514_string()
    assert all(request.url.startswith(SCEP_URL) for request in foreign.requests if request.kind not in OURS)


def test_a_device_that_reads_no_old_algorithms_says_so(
    make_foreigner: Callable[..., Device], foreign: WithForeignScep
) -> None:
    """Strict by default."""
    events = play(make_foreigner(3), foreign, LINK)
    (failed,) = [event for event in events if isinstance(event, EnrollmentFailed)]
    assert (failed.stage, failed.reason) == (EnrollmentStage.IDENTITY, "scep.digest")


def test_a_server_for_rsa_alone_refuses_another_key(
    make_foreigner: Callable[..., Device], foreign: WithForeignScep
) -> None:
    """Debian's version certifies RSA keys only; the device says that it was refused."""
    events = play(make_foreigner(2, key_kind=KeyKind.P_256, legacy_algorithms=True), foreign, LINK)
    (failed,) = [event for event in events if isinstance(event, EnrollmentFailed)]
    assert (failed.stage, failed.reason) == (EnrollmentStage.IDENTITY, "scep.refused")


def test_a_wrong_challenge_is_refused(make_foreigner: Callable[..., Device], foreign: WithForeignScep) -> None:
    """The server's FAILURE is understood."""
    device = make_foreigner(4, legacy_algorithms=True)
    foreign.sign = False
    wrong = foreign.profile().replace(b"<string>secret</string>", b"<string>guessed</string>")
    foreign.script(RequestKind.PROFILE, (200, wrong))
    events = play(device, foreign, LINK)
    (failed,) = [event for event in events if isinstance(event, EnrollmentFailed)]
    assert (failed.stage, failed.reason) == (EnrollmentStage.IDENTITY, "scep.refused")
