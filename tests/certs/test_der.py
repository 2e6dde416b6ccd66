from __future__ import annotations

import random

import pytest
from asn1crypto import parser
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.authority import Authority
from certs.der import is_one_element, scan
from certs.errors import DerError
from certs.identity import Identity
from certs.keys import private_key_der, public_key_der
from certs.names import name_of
from certs.request import build_request
from rigs.pace import at_most


def element(identifier: int, contents: bytes) -> bytes:
    """Write an element with the shortest length, as DER has it."""
    size = len(contents)
    if size < 0x80:
        return bytes([identifier, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([identifier, 0x80 | len(length)]) + length + contents


def nested(depth: int) -> bytes:
    """Write sequences inside each other."""
    der = b""
    for _ in range(depth):
        der = element(0x30, der)
    return der


# What each is, and the word by which the refusal is known. All of them are at most 64 KiB.
ZOO = {
    "nothing": (b"", "found the end"),
    "a tag and no length": (b"\x30", "found the end"),
    "a length that is cut": (b"\x30\x82\x01", "rest of a length"),
    "contents that are cut": (b"\x30\x05\x02\x01", "5 bytes of contents, found 2"),
    "a child longer than its parent": (b"\x30\x03\x02\x05\x00", "5 bytes of contents"),
    "a huge length": (b"\x30\x84\xff\xff\xff\xff", "bytes of contents"),
    "a length of 126 bytes": (b"\x30\xfe" + b"\xff" * 126, "length of at most 4 bytes"),
    "a reserved length": (b"\x30\xff" + b"\x00" * 127, "length of at most 4 bytes"),
    "a length in too many bytes": (b"\x04\x81\x01\x00", "shortest form"),
    "a length with a leading zero": (b"\x04\x82\x00\x80" + b"\x00" * 128, "shortest form"),
    "an indefinite length": (b"\x30\x80\x00\x00", "definite length"),
    "a high tag": (b"\x1f\x81\x00\x00", "below 31"),
    "a tag of 64 KiB": (b"\x3f" + b"\xff" * 65_533 + b"\x01\x00", "below 31"),
    "a tag of 60 KiB, wrapped": (element(0x30, b"\x1f" + b"\xff" * 60_000 + b"\x01\x00"), "below 31"),
    "an object identifier of 60 KiB": (element(0x30, element(0x06, b"\xff" * 60_000)), "object identifier"),
    "a serial of 64 KiB": (element(0x30, element(0x02, b"\x7f" * 65_000)), "integer"),
    "33 sequences inside each other": (nested(33), "nested"),
    "16,000 sequences inside each other": (nested(16_000), "nested"),
    "20,000 empty elements": (element(0x30, b"\x05\x00" * 20_000), "elements"),
    "something behind": (b"\x30\x00\x00", "1 bytes after it"),
    "a constructed integer": (b"\x22\x03\x02\x01\x00", "primitive"),
    "a primitive sequence": (b"\x10\x02\x05\x00", "constructed"),
    "a stray end of contents": (element(0x30, b"\x00\x00"), "end-of-contents"),
    "too many bytes": (element(0x04, b"\x00" * 65_536), "at most 65536 bytes"),
}

BER = {
    "an indefinite length that nothing ends": (b"\x30\x80\x05\x00", "found the end"),
    "a primitive indefinite length": (b"\x04\x80\x00\x00", "constructed elements only"),
    "30,000 indefinite lengths": (b"\x30\x80" * 30_000, "nested"),
    "an end that closes nothing": (b"\x30\x80\x00\x00\x00\x00", "2 bytes after it"),
    "an end in a definite element": (element(0x30, b"\x00\x00"), "end-of-contents"),
    "an indefinite one reaching out of a definite one": (b"\x30\x80\x30\x02\x30\x80\x00\x00\x00\x00", "end"),
}


def position_of_refusal(data: bytes, *, allow_indefinite: bool = False) -> int | None:
    """Return where the scan stops at something that it refuses, or None if it refuses nothing."""
    try:
        scan(data, allow_indefinite=allow_indefinite)
    except DerError as error:
        return error.position
    return None


def refuse_at_once(data: bytes, word: str, *, allow_indefinite: bool = False) -> None:
    """Expect a refusal that says this word and costs less than 20 ms."""
    with at_most(0.020, "refusing"), pytest.raises(DerError, match=word) as caught:
        scan(data, allow_indefinite=allow_indefinite)
    assert 0 <= caught.value.position <= len(data)


@pytest.mark.parametrize("name", ZOO)
def test_what_no_honest_sender_writes_is_refused_at_once(name: str) -> None:
    """T-36: refused within 20 ms, with the position and the reason."""
    refuse_at_once(*ZOO[name])


@pytest.mark.parametrize("name", BER)
def test_ber_has_its_limits_too(name: str) -> None:
    """T-36: where indefinite lengths are allowed, they have to end, in the right place, and not too deep."""
    refuse_at_once(*BER[name], allow_indefinite=True)


@pytest.mark.parametrize("name", ["a tag of 64 KiB", "33 sequences inside each other", "a serial of 64 KiB"])
def test_leniency_lets_nothing_dangerous_through(name: str) -> None:
    """What costs time or stack is refused in BER as in DER."""
    refuse_at_once(*ZOO[name], allow_indefinite=True)


def test_what_we_make_passes(authority: Authority, device_rsa: Identity, device_p256: Identity) -> None:
    """Certificates, keys and requests are no strangers to the scan."""
    for identity in (device_rsa, device_p256, authority.root, authority.registration):
        scan(identity.der)
        scan(private_key_der(identity.key))
        scan(public_key_der(identity.key))
        scan(build_request(identity.key, name_of("device"), challenge="secret"))


def test_ber_passes_where_it_is_allowed() -> None:
    """OpenSSL's `-stream` writes indefinite lengths inside each other, and long forms where short ones would do."""
    inner = b"\x24\x80" + element(0x04, b"ab") + element(0x04, b"cd") + b"\x00\x00"
    outer = b"\x30\x80" + inner + b"\x02\x81\x01\x05" + b"\x30\x00" + b"\x00\x00"
    scan(outer, allow_indefinite=True)
    with pytest.raises(DerError):
        scan(outer)


def test_the_caller_may_set_other_limits() -> None:
    """A profile is larger than a certificate."""
    large = element(0x30, element(0x04, b"\x00" * 200_000))
    scan(large, max_bytes=1 << 20)
    scan(nested(40), max_depth=40)
    scan(element(0x30, b"\x05\x00" * 9_000), max_elements=9_001)
    with pytest.raises(DerError, match="at most 3 elements"):
        scan(element(0x30, b"\x05\x00" * 3), max_elements=3)


def test_a_typical_certificate_takes_far_less_than_a_millisecond(device_rsa: Identity) -> None:
    """The scan runs before every parse, so it has to be cheap."""
    der = device_rsa.der
    with at_most(0.001 * 100, "scanning a hundred times"):
        for _ in range(100):
            scan(der)


_LEAVES = st.builds(element, st.sampled_from([0x02, 0x04, 0x0C, 0x13, 0x80, 0x9E]), st.binary(min_size=1, max_size=300))
_TREES = st.recursive(
    _LEAVES,
    lambda children: st.builds(
        element, st.sampled_from([0x30, 0x31, 0xA0, 0xBE]), st.lists(children, max_size=4).map(b"".join)
    ),
    max_leaves=40,
)


@given(tree=_TREES)
def test_every_well_formed_tree_passes(tree: bytes) -> None:
    """Nothing is refused but what the rules name."""
    scan(tree, allow_indefinite=False)
    scan(tree, allow_indefinite=True)


@given(tree=_TREES, cut=st.integers(min_value=1))
def test_no_tree_passes_when_it_is_cut(tree: bytes, cut: int) -> None:
    """A message that lost its end is refused."""
    with pytest.raises(DerError):
        scan(tree[: -(cut % len(tree) or 1)])


@given(noise=st.binary(max_size=200))
def test_noise_is_refused_with_a_position_or_is_something_that_asn1crypto_reads(noise: bytes) -> None:
    """Nothing but DerError escapes, and what passes is one whole element in another reader's eyes too."""
    position = position_of_refusal(noise)
    if position is not None:
        assert 0 <= position <= len(noise)
    else:
        _, _, _, header, contents, trailer = parser.parse(noise, strict=True)
        assert header + contents + trailer == noise


def test_no_flipped_bit_of_a_certificate_costs_time(device_rsa: Identity) -> None:
    """T-36: one bit changed anywhere costs the scan no more than the certificate itself."""
    der = device_rsa.certificate.public_bytes(Encoding.DER)
    chance = random.Random(36)
    for _ in range(300):
        flipped = bytearray(der)
        flipped[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
        with at_most(0.020, "scanning"):
            position = position_of_refusal(bytes(flipped), allow_indefinite=True)
        assert 0 <= (position or 0) <= len(der)


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"\x31\x00", True),
        (b"\x31\x02\xff\xff", True),
        (b"\x31\x81\x80" + bytes(128), True),
        (b"", False),
        (b"\x31", False),
        (b"\x31\x01", False),
        (b"\x31\x00\x00", False),
        (b"\x30\x00", False),
        (b"\x31\x81\x00", False),
        (b"\x31\x80\x00\x00", False),
    ],
)
def test_one_element_is_told_from_everything_else(data: bytes, *, is_one: bool) -> None:
    """The tag, the length in DER and the end must fit; what is inside does not matter."""
    assert is_one_element(data, 0x31) is is_one
