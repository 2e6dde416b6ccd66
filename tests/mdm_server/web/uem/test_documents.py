from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.domain.refusal import Refusal
from mdm_server.web.uem.documents import DEEPEST, MOST_FIELDS, Folded, folded, read_document, shaped


class Registration(Folded, frozen=True):
    """A shape to read."""

    serial_number: str
    platform_id: int | None = None
    is_migration: bool = False


@pytest.mark.parametrize(
    "body",
    [
        b'{"SerialNumber": "C02X", "PlatformId": 2}',
        b'{"serialNumber": "C02X", "platformId": "2"}',
        b'{"serial_number": "C02X", "platform_id": 2}',
        b'\r\n {"SERIALNUMBER": "C02X", "PLATFORMID": 2, "FriendlyName": "nobody asked"}',
        b"SerialNumber=C02X&PlatformId=2",
        b"SerialNumber=C02X&PlatformId=2&IsMigration=false&Udid=&FriendlyName=a+phone",
    ],
)
def test_one_document_in_many_spellings(body: bytes) -> None:
    """JSON or form, whatever the spelling of the keys; keys without a meaning are passed over."""
    assert shaped(read_document(body), Registration) == Registration(serial_number="C02X", platform_id=2)


def test_no_body_is_an_empty_document() -> None:
    """PATCH and POST come with Content-Length 0."""
    assert read_document(b"") == read_document(b" \r\n") == {}


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"{", "JSON"),
        (b'{"a": \xff}', "JSON"),
        (b"[1]", "a JSON array"),
        (b"no form", "a form"),
        (b"a=\xff", "a form"),
        (b"&".join(b"a%d=1" % number for number in range(MOST_FIELDS + 1)), "a form"),
        (b'{"a":' * (DEEPEST + 2) + b"1" + b"}" * (DEEPEST + 2), "levels"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, hint: str) -> None:
    """Whatever comes, there is one clear error."""
    with pytest.raises(Refusal, match=hint) as refused:
        read_document(body)
    assert refused.value.code == "api.invalid"


def test_what_does_not_fit_is_refused_by_name() -> None:
    """The error names the key, and says what it should be."""
    with pytest.raises(Refusal, match=r"int.*platformid"):
        shaped({"serialnumber": "C02X", "platformid": "two"}, Registration)
    with pytest.raises(Refusal, match="serialnumber"):
        shaped({}, Registration)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(body: bytes) -> None:
    """Nothing that a client sends ends in anything else."""
    try:
        document = read_document(body)
    except Refusal:
        return
    assert all(key == folded(key) for key in document)
