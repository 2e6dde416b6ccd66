from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certs import signed_data
from certs.authority import Authority
from certs.identity import Identity
from mdm_server.wire import plist
from mdm_server.wire.errors import ProfileError
from mdm_server.wire.mobileconfig import (
    OpenedProfile,
    Payload,
    Profile,
    build_profile,
    open_document,
    open_profile,
    parse_profile,
    sign_profile,
)
from rigs import oracles

WIFI = Payload(
    "com.apple.wifi.managed", "org.example.wifi", "P-1", "Wi-Fi", content={"SSID_STR": "x", "AutoJoin": True}
)
PROFILE = Profile(
    identifier="org.example.profile",
    uuid="T-1",
    display_name="Example",
    organization="mdmsim TEST",
    description="For tests",
    payloads=(WIFI, Payload("com.apple.mobiledevice.passwordpolicy", "org.example.passcode", "P-2")),
    removal_disallowed=True,
    scope="System",
    removal_date=datetime(2027, 1, 1, tzinfo=UTC),
    duration_until_removal=3600.0,
)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Return an authority, made once: its registration key costs 60 ms."""
    return Authority.create(
        clock=lambda: datetime(2026, 6, 1, 12, tzinfo=UTC), random_bytes=lambda count: b"\x17" * count
    )


def opened(data: bytes, authority: Authority, at: datetime) -> OpenedProfile:
    """Open a profile as a device does that trusts this authority."""
    return open_profile(data, roots=[authority.root.certificate], at=at)


def test_a_profile_is_read_as_it_was_built() -> None:
    """Everything a profile says about itself survives, dates with their zone."""
    document = plist.dumps(build_profile(PROFILE))
    assert parse_profile(document) == PROFILE
    assert parse_profile(document).raw == document
    assert parse_profile(plist.dumps(build_profile(PROFILE), binary=True)) == PROFILE


def test_what_a_profile_leaves_out_means_apples_default() -> None:
    """A profile may be removed, has no scope and never expires unless it says so."""
    minimal = {"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": "i", "PayloadUUID": "u"}
    profile = parse_profile(plist.dumps(minimal))
    assert profile == Profile(identifier="i", uuid="u")
    assert (profile.removal_disallowed, profile.payloads, profile.removal_date) == (False, (), None)


def test_a_payload_keeps_its_own_keys_and_nothing_else() -> None:
    """The keys all payloads have are attributes, the others are its content, PayloadContent among them."""
    plain = {"PayloadType": "t", "PayloadIdentifier": "i", "PayloadUUID": "u", "PayloadContent": b"der", "Own": 1}
    top = build_profile(replace(PROFILE, payloads=())) | {"PayloadContent": [plain]}
    (payload,) = parse_profile(plist.dumps(top)).payloads
    assert payload == Payload("t", "i", "u", content={"PayloadContent": b"der", "Own": 1})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"PayloadType": "Profile Service"}, "expected Configuration as PayloadType, found 'Profile Service'"),
        ({"PayloadType": 1}, "expected Configuration as PayloadType, found 1"),
        ({"PayloadIdentifier": ""}, "expected a string as PayloadIdentifier"),
        ({"PayloadUUID": 5}, "expected a string as PayloadUUID, found int"),
        ({"PayloadContent": {}}, "expected an array of dictionaries as PayloadContent"),
        ({"PayloadContent": ["x"]}, "expected an array of dictionaries as PayloadContent"),
        ({"PayloadContent": [{}]}, "expected a string as PayloadType, found nothing"),
        ({"PayloadRemovalDisallowed": "maybe"}, "expected a boolean as PayloadRemovalDisallowed"),
        ({"RemovalDate": "tomorrow"}, "expected a date as RemovalDate"),
        ({"PayloadScope": "Planet"}, "expected System or User as scope, found 'Planet'"),
    ],
)
def test_a_malformed_profile_is_refused(change: dict[str, object], complaint: str) -> None:
    """What is wrong is named by Apple's key."""
    document = plist.dumps(build_profile(PROFILE) | change)
    with pytest.raises(ProfileError, match=complaint) as caught:
        parse_profile(document)
    assert caught.value.code == "profile.malformed"


@pytest.mark.parametrize("data", [b"", b"OK", b"<plist><dict>", b"bplist00", plist.dumps([1])])
def test_what_is_no_profile_at_all_is_refused(data: bytes) -> None:
    """A fault of the property list is a fault of the profile."""
    with pytest.raises(ProfileError) as caught:
        parse_profile(data)
    assert caught.value.code == "profile.malformed"


def test_an_encrypted_profile_is_not_supported() -> None:
    """It says so, rather than installing nothing."""
    with pytest.raises(ProfileError) as caught:
        parse_profile(plist.dumps({"PayloadType": "Configuration", "IsEncrypted": True}))
    assert caught.value.code == "profile.unsupported"


@pytest.mark.parametrize("payloads", [(WIFI, WIFI), (replace(WIFI, uuid=PROFILE.uuid),)])
def test_a_uuid_may_not_name_two_payloads(payloads: tuple[Payload, ...]) -> None:
    """Two payloads with one UUID, or the profile's own, are refused in building and in reading."""
    with pytest.raises(ProfileError, match="expected each PayloadUUID once"):
        build_profile(replace(PROFILE, payloads=payloads))
    document = build_profile(PROFILE) | {"PayloadContent": [payload.to_plist() for payload in payloads]}
    with pytest.raises(ProfileError, match="expected each PayloadUUID once"):
        parse_profile(plist.dumps(document))


def test_an_unsigned_profile_is_opened_as_such(authority: Authority, now: datetime) -> None:
    """Without a signature there is no signer, and the caller decides what that is worth."""
    for binary in (False, True):
        result = opened(plist.dumps(build_profile(PROFILE), binary=binary), authority, now)
        assert (result.profile, result.signer, result.signed) == (PROFILE, None, False)


def test_a_signed_profile_says_who_signed_it(authority: Authority, now: datetime) -> None:
    """A profile signed by the authority's profile signer opens for whoever trusts the root."""
    xml = plist.dumps(build_profile(PROFILE))
    result = opened(sign_profile(xml, authority.profile_signer, now), authority, now)
    assert result.profile == PROFILE
    assert result.profile.raw == xml
    assert result.signer == authority.profile_signer.certificate
    assert result.signed


def test_openssl_verifies_a_signed_profile(authority: Authority, now: datetime, tmp_path: Path) -> None:
    """The signature and its chain hold for a judge who knows only the root."""
    xml = plist.dumps(build_profile(PROFILE))
    (tmp_path / "signed").write_bytes(sign_profile(xml, authority.profile_signer, now))
    (tmp_path / "root.pem").write_bytes(Identity(authority.root.key, authority.root.certificate).pem())
    seconds = str(int(now.timestamp()))
    arguments = ["-inform", "DER", "-in", tmp_path / "signed", "-CAfile", tmp_path / "root.pem", "-binary"]
    done = oracles.run("openssl", "cms", "-verify", *arguments, "-purpose", "any", "-attime", seconds)
    assert done.stdout == xml


def test_a_signature_that_does_not_hold_is_refused(authority: Authority, now: datetime) -> None:
    """A changed byte in what was signed, or bytes that are no CMS at all, are profile.signature."""
    signed = sign_profile(plist.dumps(build_profile(PROFILE)), authority.profile_signer, now)
    for bad in (signed.replace(b"Example", b"Exbmple"), signed[:-1], b"\x30\x03\x02\x01\x00", b"OK", b""):
        for roots in (None, [authority.root.certificate]):
            with pytest.raises(ProfileError) as caught:
                open_profile(bad, roots=roots, at=now)
            assert caught.value.code == "profile.signature"


def test_an_untrusted_signer_is_refused_unless_nobody_minds(authority: Authority, now: datetime) -> None:
    """Another authority's signature is valid and worth nothing; `roots=None` says that any will do."""
    stranger = Authority.create(clock=lambda: now, random_bytes=lambda count: b"\x18" * count)
    signed = sign_profile(plist.dumps(build_profile(PROFILE)), stranger.profile_signer, now)
    with pytest.raises(ProfileError) as caught:
        opened(signed, authority, now)
    assert caught.value.code == "profile.untrusted"
    assert open_profile(signed, roots=None, at=now).signer == stranger.profile_signer.certificate


def test_an_expired_signer_is_refused(authority: Authority, now: datetime) -> None:
    """The moment of opening counts, not that of signing."""
    signed = sign_profile(plist.dumps(build_profile(PROFILE)), authority.profile_signer, now)
    with pytest.raises(ProfileError) as caught:
        opened(signed, authority, now + timedelta(days=365 * 50))
    assert caught.value.code == "profile.untrusted"


def test_a_weak_digest_is_refused_unless_asked_for(
    authority: Authority, now: datetime, random_bytes: Callable[[int], bytes]
) -> None:
    """SHA-1 signatures hold only for a caller that says so."""
    xml = plist.dumps(build_profile(PROFILE))
    signed = signed_data.sign(xml, authority.profile_signer, when=now, digest="sha1")
    with pytest.raises(ProfileError) as caught:
        opened(signed, authority, now)
    assert caught.value.code == "profile.signature"
    digests = signed_data.LEGACY_DIGESTS
    assert open_profile(signed, roots=[authority.root.certificate], at=now, digests=digests).signed


def test_a_signature_around_something_else_is_malformed(authority: Authority, now: datetime) -> None:
    """A signature says who, not what: its content must still be a profile."""
    signed = sign_profile(b"hello", authority.profile_signer, now)
    assert open_document(signed, roots=None, at=now).content == b"hello"
    with pytest.raises(ProfileError) as caught:
        opened(signed, authority, now)
    assert caught.value.code == "profile.malformed"


def test_a_profile_of_megabytes_can_be_signed_and_opened(authority: Authority, now: datetime) -> None:
    """Profiles with fonts and icons in them are long; 8 MiB is the end."""
    font = Payload("com.apple.font", "org.example.font", "P-9", content={"Font": b"\x00" * 3_000_000})
    xml = plist.dumps(build_profile(replace(PROFILE, payloads=(font,))))
    assert opened(sign_profile(xml, authority.profile_signer, now), authority, now).profile.payloads == (font,)
    with pytest.raises(ProfileError, match="expected at most 8388608 bytes"):
        open_profile(b"\x30" * (8 << 20 | 1), roots=None, at=now)
