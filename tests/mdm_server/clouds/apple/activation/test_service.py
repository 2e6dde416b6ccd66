"""Activation: who gets an identity, who is told what, who stays locked out, and what can be made to go wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from certs.authority import Authority
from certs.keys import KeyKind, generate_key
from certs.names import hardware_of, name_of
from certs.request import build_request
from certs.trust import Purpose, verify_chain
from mdm_server.clouds.apple.activation.factory import GUESSES_FORGOTTEN_AFTER, MOST_GUESSES, Factory
from mdm_server.clouds.apple.activation.service import Activation
from mdm_server.clouds.apple.business_manager.records import ActivationLock, LockKind
from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.clouds.call import Call, Reply
from mdm_server.wire import activation as wire
from mdm_server.wire.activation import ActivationReply, ActivationRequest, ActivationState, CloudConfiguration
from mdm_server.wire.activation import FindMyReport as Report
from mdm_server.wire.activation_lock import escrow_key, format_bypass_code
from mdm_server.wire.dep import DepProfile
from rigs.ledgers import ledger_of

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
SERIAL, UDID = "F2LXK1ABCD", "00008101-000000000000001E"
PROFILE = DepProfile(profile_name="corporate", url="https://mdm.test/enroll/dep", devices=(SERIAL, "OTHER"))
CLOUD = CloudConfiguration(profile=PROFILE, profile_uuid="P", organization_name="Example", server_uuid="M")
CODE = bytes(range(16))


class Portal:
    """Business Manager, as far as activation knows it."""

    def __init__(self) -> None:
        self.configurations: dict[str, CloudConfiguration] = {}
        self.locks: dict[str, ActivationLock] = {}
        self.pushed: list[str] = []

    def cloud_configuration(self, serial_number: str) -> CloudConfiguration | None:
        """Return what was put there."""
        return self.configurations.get(serial_number)

    def profile_pushed(self, serial_number: str) -> None:
        """Remember who was told."""
        self.pushed.append(serial_number)

    def activation_lock(self, serial_number: str) -> ActivationLock | None:
        """Return the lock of a device."""
        return self.locks.get(serial_number)

    def set_activation_lock(self, serial_number: str, lock: ActivationLock | None) -> None:
        """Lock a device, or unlock it."""
        if lock is None:
            self.locks.pop(serial_number, None)
        else:
            self.locks[serial_number] = lock


class Bench:
    """Activation with a portal beside it, and a clock to turn."""

    def __init__(self, authority: Authority) -> None:
        self.now = START
        self.authority = authority
        self.portal = Portal()
        self.journal = Journal(self.clock)
        self.faults = Faults(self.clock, random.Random(1), self.journal)
        self.ledger = ledger_of(self)
        self.random_bytes: Callable[[int], bytes] = random.Random(2).randbytes
        self.activation = self.opened()

    def opened(self) -> Activation:
        """Return activation as it is after a restart."""
        factory = Factory(self.ledger)
        return Activation(
            self.portal, factory, self.authority, self.faults, self.clock, self.random_bytes, self.journal
        )

    def clock(self) -> datetime:
        """Return the time."""
        return self.now

    def post(self, path: str, body: bytes, method: str = "POST") -> Reply:
        """Send something to Apple."""
        return self.activation.answer(Call(method=method, url=f"https://apple.test{path}", path=path, body=body))

    def ask(self, **changes: Any) -> Reply:
        """Ask to be activated."""
        return self.post(wire.ACTIVATION, wire.encode_request(request(**changes)))

    def activate(self, **changes: Any) -> ActivationReply:
        """Ask to be activated, and read the reply."""
        reply = self.ask(**changes)
        assert reply.status == 200, reply.body
        return wire.parse_reply(reply.body)

    def tell(self, **changes: Any) -> int:
        """Tell of Find My; return the status."""
        said: dict[str, Any] = {"udid": UDID, "serial_number": SERIAL, **changes}
        return self.post(wire.ACTIVATION_LOCK, wire.encode_report(Report(**said))).status


def request(**changes: Any) -> ActivationRequest:
    """Return the request of the device of these tests."""
    said: dict[str, Any] = {
        "udid": UDID,
        "serial_number": SERIAL,
        "product": "iPhone17,3",
        "os_version": "18.1",
        "build": "22B83",
        "certificate_request": csr(),
    }
    return ActivationRequest(**said | changes)


def csr() -> bytes:
    """Return a request with a key of its own."""
    return build_request(generate_key(KeyKind.P_256), name_of("whatever it likes"))


@pytest.fixture(scope="module")
def apple() -> Authority:
    """Return an authority in Apple's place."""
    return Authority.create(clock=lambda: START, random_bytes=random.Random(3).randbytes, organization="Apple TEST")


@pytest.fixture
def bench(apple: Authority) -> Iterator[Bench]:
    """Return activation, ready."""
    bench = Bench(apple)
    yield bench
    bench.ledger.close()


def test_a_device_is_given_a_certificate_that_says_which_one_it_is(bench: Bench) -> None:
    """UDID and serial number are in the subject, whatever the request says; the chain leads to Apple."""
    reply = bench.activate()
    leaf, issuer = map(x509.load_der_x509_certificate, reply.certificate_chain)
    assert (reply.state, hardware_of(leaf.subject)) == (ActivationState.ACTIVATED, (UDID, SERIAL))
    verify_chain(
        leaf, intermediates=[issuer], roots=[bench.authority.root.certificate], at=START, purpose=Purpose.CLIENT
    )


def test_a_device_of_nobodys_is_activated_and_told_of_no_server(bench: Bench) -> None:
    """It is set up like any other that somebody has bought for themselves."""
    assert bench.activate().cloud_configuration is None
    assert bench.portal.pushed == []


def test_a_device_of_an_organization_is_told_its_profile_and_that_is_on_record(bench: Bench) -> None:
    """But not which other devices have the same."""
    bench.portal.configurations[SERIAL] = CLOUD
    told = bench.activate().cloud_configuration
    assert told is not None
    assert (told.profile.url, told.organization_name, told.profile.devices) == (PROFILE.url, "Example", ())
    assert bench.portal.pushed == [SERIAL]
    assert bench.journal.entries()[-1].details == {"serial": SERIAL, "udid": UDID, "server": "M", "profile": "P"}


@pytest.mark.parametrize("twin", [{"udid": "ANOTHER"}, {"serial_number": "ANOTHER"}])
def test_serial_number_and_udid_belong_together_for_ever(bench: Bench, twin: dict[str, str]) -> None:
    """Whoever was activated first has both; after a restart too, and the first is activated again at any time."""
    bench.portal.configurations |= {SERIAL: CLOUD, "ANOTHER": CLOUD}
    bench.activate()
    bench.activation = bench.opened()
    refused = bench.ask(**twin)
    assert (refused.status, bench.portal.pushed) == (403, [SERIAL])
    assert b"found another device's" in refused.body
    assert bench.activate().state is ActivationState.ACTIVATED


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", b"expected an XML or binary property list"),
        (wire.encode_report(Report(udid="U", serial_number="S")), b"expected a string as ProductType"),
        (wire.encode_request(request(certificate_request=b"no request")), b"can be given a certificate"),
        (wire.encode_request(request(udid="U" * 65)), b"can be given a certificate"),
    ],
)
def test_what_is_no_device_is_told_what_is_wrong(bench: Bench, body: bytes, expected: bytes) -> None:
    """400 with a sentence; nothing of it is on record."""
    reply = bench.post(wire.ACTIVATION, body)
    assert reply.status == 400
    assert expected in reply.body
    assert not Factory(bench.ledger).knows(UDID, SERIAL)


def test_nobody_else_may_have_the_key_of_an_authority(bench: Bench) -> None:
    """Who sends Apple's own key back holds it, or has found a way around the proof: neither is a device."""
    stolen = build_request(bench.authority.issuing.key, name_of("x"))
    assert bench.ask(certificate_request=stolen).status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/activation", 405), ("PUT", "/activation-lock", 405), ("POST", "/", 404)]
)
def test_other_addresses_and_methods_are_refused(bench: Bench, method: str, path: str, status: int) -> None:
    """There are two addresses, and both are posted to."""
    assert bench.post(path, wire.encode_request(request()), method).status == status


def test_a_locked_device_is_told_so_and_nothing_else(bench: Bench) -> None:
    """No certificate and no profile: only the message of whoever has lost it."""
    bench.portal.configurations[SERIAL] = CLOUD
    bench.portal.locks[SERIAL] = ActivationLock(
        kind=LockKind.ORGANIZATION, escrow_key=escrow_key(CODE), message="Mine."
    )
    for typed in (None, "wrong", format_bypass_code(bytes(16))):
        reply = bench.activate(unlock=typed)
        assert reply == ActivationReply(state=ActivationState.LOCKED, lock_message="Mine.")
    assert bench.portal.pushed == []


def test_the_bypass_code_opens_the_lock_for_good(bench: Bench) -> None:
    """However it is typed; the next activation needs none."""
    bench.portal.locks[SERIAL] = ActivationLock(kind=LockKind.ORGANIZATION, escrow_key=escrow_key(CODE).upper())
    assert bench.activate(unlock=format_bypass_code(CODE).lower()).state is ActivationState.ACTIVATED
    assert bench.activate().state is ActivationState.ACTIVATED


def test_a_person_locks_a_device_and_opens_it_with_the_password(bench: Bench) -> None:
    """The code of its escrow key would do as well, until it is cleared."""
    bench.activate()
    assert bench.tell(account="ann@example.com", password="pw-ann", escrow_key=escrow_key(CODE)) == 200
    assert bench.activate(unlock="pw-bob").state is ActivationState.LOCKED
    assert bench.tell(account="ann@example.com") == 200
    assert bench.activate(unlock=format_bypass_code(CODE)).state is ActivationState.LOCKED
    assert bench.activate(unlock="pw-ann").state is ActivationState.ACTIVATED
    assert bench.portal.locks == {}


def test_a_persons_lock_is_taken_off_with_their_password_only(bench: Bench) -> None:
    """Neither signing out nor signing somebody else in gets around it."""
    bench.activate()
    bench.tell(account="ann", password="pw-ann")
    assert [bench.tell(), bench.tell(account="bob", password="pw-bob"), bench.tell(password="wrong")] == [403] * 3
    assert bench.activate().state is ActivationState.LOCKED
    assert (bench.tell(password="pw-ann"), bench.portal.locks) == (200, {})


def test_an_organizations_lock_stays_whoever_signs_in(bench: Bench) -> None:
    """What a device tells of Find My does not touch it."""
    bench.activate()
    lock = ActivationLock(kind=LockKind.ORGANIZATION, escrow_key=escrow_key(CODE))
    bench.portal.locks[SERIAL] = lock
    assert (bench.tell(account="ann", password="pw"), bench.tell()) == (200, 200)
    assert bench.portal.locks[SERIAL] == lock


@pytest.mark.parametrize("who", [{"udid": "ANOTHER"}, {"serial_number": "ANOTHER"}])
def test_nobody_locks_a_device_that_is_not_theirs(bench: Bench, who: dict[str, str]) -> None:
    """A report is of a device that was activated, under both its names."""
    bench.activate()
    assert bench.tell(account="mallory", password="pw", **who) == 403
    assert bench.portal.locks == {}


def test_guessing_ends_soon_and_waiting_helps(bench: Bench) -> None:
    """After ten wrong codes even the right one has to wait; that it is locked is still said to whoever types none."""
    bench.portal.locks[SERIAL] = ActivationLock(kind=LockKind.ORGANIZATION, escrow_key=escrow_key(CODE))
    for number in range(MOST_GUESSES):
        assert bench.ask(unlock=f"guess {number}").status == 200
    reply = bench.ask(unlock=format_bypass_code(CODE))
    assert (reply.status, reply.headers["Retry-After"]) == (429, "3600")
    assert bench.activate().state is ActivationState.LOCKED
    bench.now += GUESSES_FORGOTTEN_AFTER + timedelta(seconds=1)
    assert bench.activate(unlock=format_bypass_code(CODE)).state is ActivationState.ACTIVATED


def test_an_activation_that_comes_to_nothing_leaves_nothing(bench: Bench) -> None:
    """Where Business Manager fails on the way, the serial number is as free as it was."""

    def fail(serial_number: str) -> CloudConfiguration | None:
        raise OSError(serial_number)

    bench.portal.cloud_configuration = fail  # type: ignore[method-assign]
    with pytest.raises(OSError, match=SERIAL):
        bench.ask()
    assert not Factory(bench.ledger).knows(UDID, SERIAL)


@pytest.mark.parametrize(("response", "status"), [("unavailable", 503), ("refused", 403)])
def test_activation_fails_as_often_as_somebody_arranged(bench: Bench, response: str, status: int) -> None:
    """Twice, and then no more; nothing is left behind by it."""
    bench.faults.add(Fault(name="down", service=Service.ACTIVATION, point="activate", response=response, count=2))
    assert [bench.ask().status for _ in range(3)] == [status, status, 200]


def test_activation_is_late_by_arrangement(bench: Bench) -> None:
    """The answer is the right one, later."""
    bench.faults.add(Fault(name="slow", service=Service.ACTIVATION, point="activate", response="delayed", delay=2.5))
    assert (bench.ask().delay, bench.ask().delay) == (2.5, 0.0)


def test_no_secret_is_in_the_journal(bench: Bench) -> None:
    """Neither code nor password, right or wrong."""
    bench.activate()
    bench.tell(account="ann", password="pw-ann", escrow_key=escrow_key(CODE))
    bench.activate(unlock="pw-wrong")
    bench.activate(unlock=format_bypass_code(CODE))
    written = str(bench.journal.entries())
    for secret in ("pw-ann", "pw-wrong", escrow_key(CODE), format_bypass_code(CODE)):
        assert secret not in written
