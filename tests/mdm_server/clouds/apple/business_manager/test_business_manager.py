"""The portal: organizations, their servers and devices, and what a device is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.identity import Identity
from certs.scep.client import self_signed
from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.records import ActivationLock, AddedBy, LockKind, NewDevice
from mdm_server.wire.dep import DepProfile, ProfileStatus
from mdm_server.wire.server_token import open_token
from rigs.dep_service import NOON, SmallApple

PHONE = NewDevice(serial_number="PHONE1")
PROFILE = DepProfile(profile_name="Phones", url="https://mdm.test/enroll/dep")


def holder(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, now: datetime) -> Identity:
    """Return a key with its certificate."""
    return self_signed(key, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mdm")]), when=now)


def test_a_server_token_opens_the_api_for_its_server(rsa_keys: list[rsa.RSAPrivateKey], now: datetime) -> None:
    """It is made for the certificate that was uploaded, is good for a year, and ends the one before."""
    apple = SmallApple()
    before = apple.client()
    identity = holder(rsa_keys[0], now)
    token = open_token(apple.manager.server_token(apple.server, identity.certificate), identity)
    assert token.access_token_expiry == NOON + timedelta(days=365)
    assert apple.client(token).ask("GET", "/account")["server_uuid"] == apple.server
    assert before.open_session().status == 401


def test_a_certificate_that_cannot_decrypt_ends_nothing(now: datetime) -> None:
    """The server keeps the token that it has."""
    apple = SmallApple()
    client = apple.client()
    certificate = holder(ec.generate_private_key(ec.SECP256R1()), now).certificate
    with pytest.raises(BusinessManagerError) as refused:
        apple.manager.server_token(apple.server, certificate)
    assert refused.value.code == "abm.certificate"
    assert client.open_session().status == 200


def test_devices_are_the_organizations_at_once() -> None:
    """With what was ordered written on their cards; serial numbers are kept in capitals."""
    apple = SmallApple()
    tablet = NewDevice(serial_number=" tab1 ", model="iPad", device_family="iPad", os="iPadOS", color="BLUE")
    apple.manager.order(apple.organization, [tablet, PHONE], server=apple.server)
    device = apple.manager.device("Tab1")
    assert device is not None
    assert (device.serial_number, device.model, device.os, device.color) == ("TAB1", "iPad", "iPadOS", "BLUE")
    assert (device.organization, device.server) == (apple.organization, apple.server)
    assert (device.profile_status, device.added_by) == (ProfileStatus.EMPTY, AddedBy.ORDER)
    assert [each.serial_number for each in apple.manager.devices(apple.organization)] == ["PHONE1", "TAB1"]
    assert apple.manager.devices(apple.another()[0]) == []


def test_an_order_may_take_its_time() -> None:
    """The devices are there from the moment at which they arrive."""
    apple = SmallApple()
    apple.manager.order(apple.organization, [PHONE], server=apple.server, arrives_at=NOON + timedelta(hours=1))
    apple.clock.move(minutes=59)
    assert apple.manager.device("PHONE1") is None
    apple.clock.move(minutes=1)
    assert apple.manager.device("PHONE1") is not None


@pytest.mark.parametrize("serial", ["", " ", "A B", "A-1", "Ä1", "A" * 65])
def test_what_is_no_serial_number_cannot_be_ordered(serial: str) -> None:
    """And nothing else of the order comes."""
    apple = SmallApple()
    with pytest.raises(BusinessManagerError) as refused:
        apple.manager.order(apple.organization, [PHONE, NewDevice(serial_number=serial)])
    assert refused.value.code == "abm.serial_invalid"
    assert apple.manager.device("PHONE1") is None


def test_a_device_is_in_one_organization() -> None:
    """Neither twice in one order, nor in two organizations, by whatever way; nothing of such an order comes."""
    apple = SmallApple()
    other, server = apple.another()
    apple.manager.order(apple.organization, [PHONE])
    new = NewDevice(serial_number="NEW1")
    attempts: list[Callable[[], object]] = [
        lambda: apple.manager.order(other, [new, PHONE]),
        lambda: apple.manager.order(other, [new, new]),
        lambda: apple.manager.add_by_configurator(PHONE, other, server),
        lambda: apple.manager.order(other, [PHONE], arrives_at=NOON + timedelta(days=1)),
    ]
    for attempt in attempts:
        with pytest.raises(BusinessManagerError) as refused:
            attempt()
        assert refused.value.code == "abm.serial_taken"
    assert apple.manager.devices(other) == []


def test_a_device_that_was_let_go_can_be_another_organizations() -> None:
    """It comes there as if it were new."""
    apple = SmallApple()
    other, server = apple.another()
    apple.manager.order(apple.organization, [PHONE], server=apple.server)
    apple.manager.program.define(1, DepProfile(profile_name="P", url="https://mdm.test/", devices=("PHONE1",)))
    apple.manager.release(["PHONE1"])
    assert apple.manager.device("PHONE1") is None
    apple.manager.order(other, [PHONE], server=server)
    device = apple.manager.device("PHONE1")
    assert device is not None
    assert (device.organization, device.server, device.profile_uuid) == (other, server, None)


def test_devices_are_assigned_and_taken_away() -> None:
    """A profile stays behind: it was the old server's."""
    apple = SmallApple()
    second = apple.manager.add_server(apple.organization, "Second").uuid
    apple.manager.order(apple.organization, [PHONE])
    placed = []
    for server in (apple.server, second, None, None):
        apple.manager.assign(["phone1"], server)
        device = apple.manager.device("PHONE1")
        assert device is not None
        assert device.profile_uuid is None
        placed.append(device.server)
        if server == apple.server:
            apple.manager.program.define(1, DepProfile(profile_name="P", url="https://m.test/", devices=("PHONE1",)))
    assert placed == [apple.server, second, None, None]


def test_whoever_is_unknown_is_named_so_and_nothing_happens() -> None:
    """Organizations, servers, servers of other organizations, devices."""
    apple = SmallApple()
    _, foreign = apple.another()
    manager = apple.manager
    manager.order(apple.organization, [PHONE], server=apple.server)
    manager.order(apple.organization, [NewDevice(serial_number="BARE1")])
    attempts: list[tuple[str, Callable[[], object]]] = [
        ("abm.organization_unknown", lambda: manager.add_server("nobody", "MDM")),
        ("abm.organization_unknown", lambda: manager.order("nobody", [NewDevice(serial_number="A1")])),
        ("abm.organization_unknown", lambda: manager.agree_to_terms("nobody")),
        ("abm.organization_unknown", lambda: manager.offer_betas("nobody", None)),
        ("abm.server_unknown", lambda: manager.order(apple.organization, [], server="nowhere")),
        ("abm.server_unknown", lambda: manager.order(apple.organization, [], server=foreign)),
        ("abm.server_unknown", lambda: manager.assign(["PHONE1"], foreign)),
        ("abm.serial_unknown", lambda: manager.assign(["PHONE1", "NOBODY1"], None)),
        ("abm.serial_unknown", lambda: manager.release(["PHONE1", "NOBODY1"])),
        ("abm.serial_unknown", lambda: manager.describe("NOBODY1", asset_tag="x")),
        ("abm.serial_unknown", lambda: manager.leave("NOBODY1")),
        ("abm.serial_unknown", lambda: manager.migrate("NOBODY1", None)),
        ("abm.server_unknown", lambda: manager.migrate("BARE1", NOON)),
    ]
    for code, attempt in attempts:
        with pytest.raises(BusinessManagerError) as refused:
            attempt()
        assert refused.value.code == code
        assert str(refused.value).startswith(code)
    assert not apple.told("device_released") + apple.told("device_assigned")
    device = manager.device("PHONE1")
    assert device is not None
    assert device.server == apple.server


def test_a_device_that_configurator_added_may_be_left_for_thirty_days() -> None:
    """After that only its organization can let it go."""
    apple = SmallApple()
    devices = [
        apple.manager.add_by_configurator(NewDevice(serial_number=serial), apple.organization, apple.server)
        for serial in ("CART1", "CART2")
    ]
    assert {device.provisional_until for device in devices} == {NOON + timedelta(days=30)}
    assert {device.added_by for device in devices} == {AddedBy.CONFIGURATOR}
    apple.clock.move(days=29, hours=23)
    apple.manager.leave("CART1")
    assert apple.manager.device("CART1") is None
    apple.clock.move(hours=1)
    with pytest.raises(BusinessManagerError) as refused:
        apple.manager.leave("CART2")
    assert refused.value.code == "abm.not_provisional"
    assert apple.manager.device("CART2") is not None


def test_a_device_that_was_ordered_cannot_be_left() -> None:
    """There is no provisional period for what a reseller has brought."""
    apple = SmallApple()
    apple.manager.order(apple.organization, [PHONE])
    with pytest.raises(BusinessManagerError) as refused:
        apple.manager.leave("PHONE1")
    assert refused.value.code == "abm.not_provisional"


def test_a_device_is_told_what_its_organization_has_decided() -> None:
    """Once it is assigned to a server and that one has given it a profile; until then nothing."""
    apple = SmallApple()
    apple.manager.order(apple.organization, [PHONE])
    told = [apple.manager.cloud_configuration("PHONE1")]
    apple.manager.assign(["PHONE1"], apple.server)
    told.append(apple.manager.cloud_configuration("PHONE1"))
    assert told == [None, None]
    assert apple.manager.cloud_configuration("NOBODY1") is None
    uuid, _ = apple.manager.program.define(1, PROFILE)
    apple.manager.program.assign(1, uuid, ["PHONE1"])
    configuration = apple.manager.cloud_configuration("phone1")
    assert configuration is not None
    assert configuration.profile.url == PROFILE.url
    assert (configuration.profile_uuid, configuration.server_uuid) == (uuid, apple.server)
    assert configuration.organization_name == "Example"


def test_a_profile_that_was_pushed_is_noted_once() -> None:
    """With the moment, and for the MDM server to hear of it; a device without one has none to note."""
    apple = SmallApple()
    client = apple.client()
    apple.manager.order(apple.organization, [PHONE], server=apple.server)
    apple.manager.profile_pushed("PHONE1")
    uuid, _ = apple.manager.program.define(1, PROFILE)
    apple.manager.program.assign(1, uuid, ["PHONE1"])
    for _ in range(2):
        apple.clock.move(minutes=1)
        apple.manager.profile_pushed("phone1")
    details = client.ask("POST", "/devices", {"devices": ["PHONE1"]})["devices"]["PHONE1"]
    assert (details["profile_status"], details["profile_push_time"]) == ("pushed", "2026-06-01T12:01:00Z")
    assert len(apple.told("profile_pushed")) == 1


def test_an_activation_lock_is_kept_until_it_is_taken_away() -> None:
    """A person's stays with the device wherever it goes; an organization's goes with the organization."""
    apple = SmallApple()
    person = ActivationLock(kind=LockKind.PERSON, account="anna@example.com", password_digest="d", message="Hello")
    apple.manager.order(apple.organization, [PHONE])
    assert apple.manager.activation_lock("PHONE1") is None
    apple.manager.set_activation_lock("phone1", person)
    apple.manager.release(["PHONE1"])
    assert apple.manager.activation_lock("PHONE1") == person
    apple.manager.order(apple.organization, [PHONE])
    apple.manager.set_activation_lock("PHONE1", ActivationLock(kind=LockKind.ORGANIZATION, escrow_key="ab"))
    apple.manager.release(["PHONE1"])
    assert apple.manager.activation_lock("PHONE1") is None
    apple.manager.set_activation_lock("PHONE1", person)
    apple.manager.set_activation_lock("PHONE1", None)
    assert apple.manager.activation_lock("PHONE1") is None
    assert "escrow" not in repr(ActivationLock(kind=LockKind.ORGANIZATION, escrow_key="ab"))


def test_organizations_and_servers_are_listed() -> None:
    """With what is known of them."""
    apple = SmallApple()
    school = apple.manager.add_organization("A school", type="edu", admin_id="head@school.example")
    server = apple.manager.add_server(school.id, "School's MDM")
    assert [each.name for each in apple.manager.organizations()] == ["A school", "Example"]
    assert apple.manager.organizations()[0] == school
    assert apple.manager.servers()[-1] == server
    assert apple.manager.discovery_url(server.uuid) is None
    assert apple.manager.discovery_url("nowhere") is None


def test_every_change_is_in_the_journal() -> None:
    """In the order in which it happened."""
    apple = SmallApple()
    apple.manager.order(apple.organization, [PHONE], server=apple.server)
    apple.manager.assign(["PHONE1"], None)
    apple.manager.release(["PHONE1"])
    apple.manager.withdraw_terms(apple.organization)
    apple.manager.agree_to_terms(apple.organization)
    events = [entry.event for entry in apple.journal.entries()]
    assert events == [
        "organization_added",
        "server_added",
        "devices_ordered",
        "device_assigned",
        "device_released",
        "terms_withdrawn",
        "terms_agreed",
    ]
