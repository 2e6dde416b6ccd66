"""Rows 1 to 9 of the interoperation checklist: what foreign clients send to /mdm and /checkin, over real sockets."""

from __future__ import annotations

import base64
import plistlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rigs import foreign_pkcs7 as pkcs7
from rigs import oracles
from rigs.foreign_clients import CHECK_IN_TYPE, FleetClient, Mdmb, NanomdmDevice
from rigs.foreign_messages import document
from rigs.go_http import Answer, http_request
from rigs.server_thread import ServerThread, server_thread

NewKey = Callable[[], rsa.RSAPrivateKey]
INFORMATION = {"Queries": ["DeviceName", "SerialNumber"]}


# --- row 1: PUT and POST, one address or two -------------------------------------------------------------------------


def test_row_1_mdmb_puts_everything_to_one_address(lenient: ServerThread, mdmb: Mdmb) -> None:
    """A profile without CheckInURL: mdmb PUTs check-ins and reports to ServerURL, and takes its command."""
    mdmb.mdm.pop("CheckInURL", None)
    mdmb.enroll()
    command = lenient.order(mdmb.udid, "DeviceInformation", **INFORMATION)
    assert mdmb.connect() == {command: "DeviceInformation"}
    assert lenient.state(mdmb.udid, command) == "Acknowledged"


def test_row_1_micromdm_splits_check_ins_from_commands(lenient: ServerThread, mdmb: Mdmb) -> None:
    """Two addresses, as micromdm's profiles have them: check-ins to one, reports to the other."""
    mdmb.mdm |= {"CheckInURL": f"{lenient.plain}/checkin", "ServerURL": f"{lenient.plain}/mdm"}
    mdmb.enroll()
    assert mdmb.connect() == {}
    assert lenient.device(mdmb.udid)["status"] == "Enrolled"


def test_row_1_fleet_posts_everything_to_server_url(lenient: ServerThread, fleet: FleetClient) -> None:
    """POST where devices PUT, check-ins too; over TLS that the client does not verify."""
    fleet.enroll()
    lenient.order(fleet.udid, "DeviceInformation", **INFORMATION)
    lenient.order(fleet.udid, "SecurityInfo")
    assert fleet.connect() == ["DeviceInformation", "SecurityInfo"]


def test_row_1_mdmb_speaks_tls_too(lenient: ServerThread, new_mdmb: Callable[[], Mdmb]) -> None:
    """The same over TLS, with a verified server: nothing depends on the plain listener."""
    device = new_mdmb()
    device.tls = lenient.tls
    device.install(lenient.profile(base_url=lenient.url))
    device.enroll()
    assert lenient.device(device.udid)["status"] == "Enrolled"


# --- row 2: the plist decides, the Content-Type is a hint ------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type", [None, "", "text/xml", "application/x-apple-aspen-mdm", f"{CHECK_IN_TYPE}; charset=UTF-8"]
)
def test_row_2_a_check_in_is_known_by_its_message_type(mdmb: Mdmb, content_type: str | None) -> None:
    """Absent, empty, wrong or adorned: an Authenticate is one because the plist says so."""
    mdmb.get_identity()
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = document(MessageType="Authenticate", UDID=mdmb.udid, SerialNumber=mdmb.serial, Topic=mdmb.mdm["Topic"])
    assert mdmb.put(mdmb.mdm["ServerURL"], body, headers).status == 200


@pytest.mark.parametrize("content_type", [None, "", CHECK_IN_TYPE])
def test_row_2_a_report_is_known_by_its_status(lenient: ServerThread, mdmb: Mdmb, content_type: str | None) -> None:
    """No Content-Type, as from mdmb, or an empty one, as from Fleet; even a check-in's does not mislead us."""
    mdmb.enroll()
    command = lenient.order(mdmb.udid, "DeviceInformation", **INFORMATION)
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = mdmb.put(mdmb.mdm["ServerURL"], document(UDID=mdmb.udid, Status="Idle"), headers)
    assert plistlib.loads(answer.body)["CommandUUID"] == command


# --- row 3: XML and binary -------------------------------------------------------------------------------------------


def test_row_3_binary_plists_are_read_as_well(lenient: ServerThread, mdmb: Mdmb) -> None:
    """Every message in binary: nanomdm's SQL stores would refuse the results."""
    mdmb.get_identity()
    topic = mdmb.mdm["Topic"]

    def send(**message: object) -> Answer:
        body = plistlib.dumps({"UDID": mdmb.udid, **message}, fmt=plistlib.FMT_BINARY)
        return mdmb.put(mdmb.mdm["ServerURL"], body, {})

    assert send(MessageType="Authenticate", Topic=topic, SerialNumber=mdmb.serial).status == 200
    assert send(MessageType="TokenUpdate", Topic=topic, PushMagic="magic", Token=b"token").status == 200
    command = lenient.order(mdmb.udid, "DeviceInformation", **INFORMATION)
    assert send(Status="Idle").body
    result = {"QueryResponses": {"DeviceName": "binary"}}
    assert send(Status="Acknowledged", CommandUUID=command, **result).status == 200
    assert lenient.state(mdmb.udid, command) == "Acknowledged"


# --- row 4: every kind of Mdm-Signature ------------------------------------------------------------------------------


def _files(device: Mdmb, folder: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    certificate, private = folder / "device.pem", folder / "device.key"
    certificate.write_bytes(device.certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def _openssl_signature(body: bytes, files: Sequence[Path], *options: str) -> bytes:
    certificate, key = files
    fixed = ("cms", "-sign", "-binary", "-outform", "DER", "-signer", certificate, "-inkey", key)
    return oracles.run("openssl", *fixed, *options, stdin=body).stdout


def _send(device: Mdmb, body: bytes, signature: bytes | str) -> Answer:
    text = signature if isinstance(signature, str) else base64.b64encode(signature).decode()
    return http_request("PUT", device.mdm["ServerURL"], headers={"Mdm-Signature": text}, body=body)


@pytest.fixture(scope="session")
def rsa_device(
    lenient: ServerThread, new_key: NewKey, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Mdmb, Path, Path]:
    """Return an enrolled device with an RSA identity, and its certificate and key as files for openssl."""
    device = Mdmb(new_key(), new_key())
    device.install(lenient.profile())
    device.enroll()
    return device, *_files(device, tmp_path_factory.mktemp("rsa"), device.device_key)


@pytest.fixture(scope="session")
def ec_device(
    lenient: ServerThread, new_key: NewKey, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Mdmb, Path, Path]:
    """Return an enrolled device with a P-256 identity, and its certificate and key as files for openssl."""
    key = ec.generate_private_key(ec.SECP256R1())
    device = Mdmb(key, new_key())  # type: ignore[arg-type] # mdmb itself knows RSA only
    device.install(lenient.profile())
    device.get_identity()
    files = _files(device, tmp_path_factory.mktemp("ec"), key)
    topic = device.mdm["Topic"]
    for message in (
        document(MessageType="Authenticate", UDID=device.udid, SerialNumber=device.serial, Topic=topic),
        document(MessageType="TokenUpdate", UDID=device.udid, PushMagic="m", Token=b"t", Topic=topic),
    ):
        assert _send(device, message, _openssl_signature(message, files)).status == 200
    return device, *files


@pytest.mark.parametrize("attached", [(), ("-nodetach",)], ids=["detached", "attached"])
@pytest.mark.parametrize("attributes", [(), ("-noattr",)], ids=["with attributes", "without"])
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("kind", ["rsa_device", "ec_device"])
def test_row_4_openssls_signatures_of_every_kind_are_accepted(
    request: pytest.FixtureRequest, kind: str, digest: str, attributes: tuple[str, ...], attached: tuple[str, ...]
) -> None:
    """Detached or attached, SHA-1 to SHA-512, RSA or ECDSA, with or without signed attributes."""
    device, *files = request.getfixturevalue(kind)
    body = document(UDID=device.udid, Status="Idle")
    answer = _send(device, body, _openssl_signature(body, files, "-md", digest, *attributes, *attached))
    assert (answer.status, answer.content_length) == (200, 0), answer.body


@pytest.mark.parametrize("options", [("-stream",), ("-stream", "-nodetach"), ("-keyid",)], ids=["ber", "ber+", "keyid"])
def test_row_4_indefinite_lengths_and_key_identifiers_are_read(
    rsa_device: tuple[Mdmb, Path, Path], options: tuple[str, ...]
) -> None:
    """BER as real devices may write it, and a signer named by the identifier of its key."""
    device, *files = rsa_device
    body = document(UDID=device.udid, Status="Idle")
    answer = _send(device, body, _openssl_signature(body, files, *options))
    assert answer.status == 200, answer.body


def test_row_4_white_space_in_the_base64_is_tolerated(rsa_device: tuple[Mdmb, Path, Path]) -> None:
    """A header folded by whoever wrote it: spaces inside and around do not matter."""
    device, *files = rsa_device
    body = document(UDID=device.udid, Status="Idle")
    text = base64.b64encode(_openssl_signature(body, files)).decode()
    folded = "  ".join(text[start : start + 64] for start in range(0, len(text), 64))
    assert _send(device, body, f" {folded} ").status == 200


@pytest.mark.parametrize("attached", [(), ("-nodetach",)], ids=["detached", "attached"])
def test_row_4_the_body_of_the_request_is_what_counts(
    lenient: ServerThread, rsa_device: tuple[Mdmb, Path, Path], attached: tuple[str, ...]
) -> None:
    """One signature, another body: refused. zentral and commandment would take it, none of the peers tests it."""
    device, *files = rsa_device
    signature = _openssl_signature(document(UDID=device.udid, Status="Idle"), files, *attached)
    command = lenient.order(device.udid, "SecurityInfo")
    forged = document(UDID=device.udid, Status="Acknowledged", CommandUUID=command)
    assert _send(device, forged, signature).status == 400
    assert lenient.state(device.udid, command) == "Queued"
    mdmb_reports = device.connect()
    assert mdmb_reports == {command: "SecurityInfo"}


def test_row_4_two_signers_are_one_too_many(
    rsa_device: tuple[Mdmb, Path, Path], ec_device: tuple[Mdmb, Path, Path]
) -> None:
    """Both certificates are ours and both signatures hold, but nobody could say who is speaking."""
    device, *files = rsa_device
    _, certificate, key = ec_device
    body = document(UDID=device.udid, Status="Idle")
    both = _openssl_signature(body, files, "-signer", str(certificate), "-inkey", str(key))
    assert _send(device, body, both).status == 400


def test_row_4_a_strict_server_takes_no_sha_1(tmp_path: Path, new_mdmb: Callable[[], Mdmb], new_key: NewKey) -> None:
    """The leniency is a leniency: without --compat mdmb gets no certificate, and SHA-1 proves nothing; 400 for both."""
    with server_thread(tmp_path) as strict:
        device = new_mdmb()
        device.install(strict.profile())
        with pytest.raises(ValueError, match="Insufficient data"):
            device.get_identity()
        device.certificate = pkcs7.self_signed(new_key(), "nobody")
        assert device.report(Status="Idle").status == 400
        assert strict.api("GET", "/server")["counts"]["certificates"] == 0
        events = [(event["event"], event["reason"]) for event in strict.api("GET", "/events")["events"]]
        assert events[-2:] == [("scep.message", "digest"), ("auth.cms", "digest")]


# --- row 5: 400, never 401 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    ["", "no base64!", base64.b64encode(b"no CMS").decode(), base64.b64encode(bytes.fromhex("3080")).decode()],
    ids=["empty", "no base64", "no CMS", "cut short"],
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_row_5_a_bad_signature_is_400(lenient: ServerThread, method: str, signature: str) -> None:
    """401 would end the management of a real device."""
    body = document(UDID="0", Status="Idle")
    answer = http_request(method, f"{lenient.plain}/mdm", headers={"Mdm-Signature": signature}, body=body)
    assert answer.status == 400


def test_row_5_a_strangers_signature_is_400(lenient: ServerThread, fleet: FleetClient) -> None:
    """The mathematics hold, but we never issued that certificate."""
    fleet.enroll()
    body = document(**fleet.identifiers, Status="Idle")
    stranger = pkcs7.sign(body, fleet.key, pkcs7.self_signed(fleet.key, "stranger"))
    headers = {"Mdm-Signature": base64.b64encode(stranger).decode()}
    answer = http_request("POST", f"{lenient.plain}/mdm", headers=headers, body=body)
    assert answer.status == 400
    assert lenient.device(fleet.udid)["status"] == "Enrolled"


# --- row 6: nothing is nothing, and says so --------------------------------------------------------------------------


def test_row_6_every_empty_answer_has_its_content_length(lenient: ServerThread, mdmb: Mdmb) -> None:
    """Fleet's client takes only ContentLength == 0 for "no command"; that goes for GetBootstrapToken as well."""
    mdmb.get_identity()
    topic = mdmb.mdm["Topic"]
    answers = {
        "Authenticate": mdmb.authenticate(),
        "TokenUpdate": mdmb.token_update(),
        "Idle": mdmb.report(Status="Idle"),
        "GetBootstrapToken": mdmb.check_in(MessageType="GetBootstrapToken", Topic=topic),
        "late": mdmb.report(Status="Acknowledged", CommandUUID="nobody knows it"),
        "CheckOut": mdmb.check_in(MessageType="CheckOut", Topic=topic),
    }
    found = {name: (answer.status, answer.content_length, answer.body) for name, answer in answers.items()}
    assert found == dict.fromkeys(answers, (200, 0, b""))
    assert not any("transfer-encoding" in answer.headers for answer in answers.values())
    assert lenient.device(mdmb.udid)["status"] == "Unenrolled"


def test_row_6_fleet_asks_for_a_bootstrap_token_there_is_not(fleet: FleetClient) -> None:
    """Fleet decodes whatever is not of length 0 as a plist."""
    fleet.enroll()
    assert fleet.send(CHECK_IN_TYPE, MessageType="GetBootstrapToken") is None


# --- row 7: UDID wins ------------------------------------------------------------------------------------------------


def test_row_7_fleet_names_both_identifiers_and_stays_a_device(lenient: ServerThread, fleet: FleetClient) -> None:
    """Where micromdm takes EnrollmentID and loses the device record, we take UDID, as nanomdm does."""
    fleet.enroll()
    device = lenient.device(fleet.udid)
    assert (device["kind"], device["udid"]) == ("device", fleet.udid)
    assert device["serial_number"] == fleet.serial


def test_row_7_fleet_without_a_udid_is_a_user_enrolment(lenient: ServerThread, new_key: NewKey) -> None:
    """BYOD: EnrollmentID alone names the enrolment."""
    device = FleetClient(new_key())
    device.fetch_with_post(f"{lenient.url}/enroll")
    device.get_identity()
    alone = {name: value for name, value in device.identifiers.items() if name != "UDID"}
    for message in (
        {"MessageType": "Authenticate", "Model": "iPhone14,6"},
        {"MessageType": "TokenUpdate", "PushMagic": "m", "Token": b"t", "NotOnConsole": "false"},
    ):
        body = document(**alone, **message)
        signature = base64.b64encode(pkcs7.sign(body, device.key, device.certificate)).decode()
        headers = {"Mdm-Signature": signature, "Content-Type": CHECK_IN_TYPE}
        assert http_request("POST", f"{lenient.plain}/mdm", headers=headers, body=body).status == 200
    assert lenient.device(str(alone["EnrollmentID"]))["kind"] == "user_enrollment_device"


def test_row_7_nanomdms_udid_is_no_uuid(lenient: ServerThread, new_key: NewKey) -> None:
    """32 letters; three keys in Authenticate; a new token every time it is asked."""
    device = NanomdmDevice(new_key(), new_key())
    device.install(lenient.profile())
    device.enroll()
    assert device.token_update().status == 200
    found = lenient.device(device.udid)
    assert (found["udid"], found["status"], found["can_be_pushed"]) == (device.udid, "Enrolled", True)


# --- row 8: strings that mean truth values, and keys that are missing ------------------------------------------------


def test_row_8_fleets_not_on_console_is_the_string_false(lenient: ServerThread, fleet: FleetClient) -> None:
    """The word is coerced; AwaitingConfiguration, a real truth value, is kept."""
    fleet.enroll()
    assert lenient.device(fleet.udid)["awaiting_configuration"] is True


def test_row_8_mdmb_has_no_not_on_console(mdmb: Mdmb) -> None:
    """Apple's schema requires it, mdmb leaves it out."""
    mdmb.get_identity()
    assert mdmb.authenticate().status == 200
    assert mdmb.token_update().status == 200


# --- row 9: nothing is found by its push token -----------------------------------------------------------------------


def test_row_9_mdmbs_devices_share_one_token(lenient: ServerThread, new_mdmb: Callable[[], Mdmb]) -> None:
    """Three devices, one token and magic: each keeps its own record, queue and answers."""
    profile = lenient.profile()
    devices = [new_mdmb() for _ in range(3)]
    for device in devices:
        device.install(profile)
        device.enroll()
    kinds = ["DeviceInformation", "SecurityInfo", "ProfileList"]
    fields = [INFORMATION, {}, {}]
    orders = [
        lenient.order(device.udid, kind, **field) for device, kind, field in zip(devices, kinds, fields, strict=True)
    ]
    taken = [device.connect() for device in devices]
    assert taken == [{order: kind} for order, kind in zip(orders, kinds, strict=True)]
