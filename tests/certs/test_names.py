from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certs.errors import CertsError
from certs.names import (
    common_name,
    format_name,
    general_name,
    hardware_name,
    hardware_of,
    name_from_subject,
    name_of,
    parse_name,
    subject_from_name,
)


def test_apples_array_becomes_a_name() -> None:
    """The order is kept, and dotted types are taken as they are."""
    subject = [[["C", "DE"]], [["O", "Example, Inc."]], [["CN", "device"], ["2.5.4.5", "F2L"]]]
    name = name_from_subject(subject)
    assert format_name(name) in {
        r"CN=device+2.5.4.5=F2L,O=Example\, Inc.,C=DE",
        r"2.5.4.5=F2L+CN=device,O=Example\, Inc.,C=DE",
    }
    assert [len(relative) for relative in subject_from_name(name)] == [1, 1, 2]


@given(
    values=st.lists(
        st.tuples(
            st.sampled_from(["CN", "O", "OU", "L", "ST", "1.2.3.4"]),
            # At most 64 bytes of UTF-8, which is where X.520 ends a common name.
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=16),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_an_array_survives_the_way_there_and_back(values: list[tuple[str, str]]) -> None:
    """Whatever a device is called."""
    subject = [[[kind, value]] for kind, value in values]
    assert subject_from_name(name_from_subject(subject)) == subject


def test_text_survives_the_way_there_and_back() -> None:
    """RFC 4514, from the last relative name to the first."""
    name = parse_name(r"CN=device-1,OU=a\+b,O=Example")
    assert format_name(name) == r"CN=device-1,OU=a\+b,O=Example"
    assert subject_from_name(name) == [[["O", "Example"]], [["OU", "a+b"]], [["CN", "device-1"]]]
    assert name_of("device-1", "Example") == parse_name("CN=device-1,O=Example")


def test_the_common_name_is_the_most_specific_one() -> None:
    """A name may have several, or none."""
    assert common_name(parse_name("CN=leaf,CN=group,O=Example")) == "leaf"
    assert common_name(parse_name("O=Example")) is None


@pytest.mark.parametrize(
    "subject",
    [
        "CN=device",
        [["CN", "device"]],
        [[["CN"]]],
        [[["CN", "device", "more"]]],
        [[["CN", 5]]],
        [[[]]],
        [[]],
        [[["shoe size", "42"]]],
        [[["C", "Germany"]]],
        [[["CN", ""]]],
        [[["CN", "x" * 65]]],
        {"CN": "device"},
        None,
    ],
    ids=repr,
)
def test_an_array_of_another_shape_is_refused(subject: object) -> None:
    """A wrong shape, type or value: one clear error."""
    with pytest.raises(CertsError, match="expected"):
        name_from_subject(subject)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "device", "CN", "=", "CN=a,", "shoe size=42", "CN=\\"])
def test_text_that_is_no_name_is_refused(text: str) -> None:
    """With an example of what is expected."""
    with pytest.raises(CertsError, match="CN=device,O=Example"):
        parse_name(text)


def test_a_host_is_an_address_or_a_dns_name() -> None:
    """Certificates tell the two apart, and so do we."""
    assert isinstance(general_name("127.0.0.1"), x509.IPAddress)
    assert isinstance(general_name("::1"), x509.IPAddress)
    assert general_name("mdm.example.com") == x509.DNSName("mdm.example.com")
    with pytest.raises(CertsError, match="expected a host name"):
        general_name("münchen.example")


def test_hardware_has_a_name_of_two_parts() -> None:
    """What was written is read, in text too."""
    name = hardware_name("00008101-000000000000001E", "F2LXK1ABCD")
    assert hardware_of(name) == ("00008101-000000000000001E", "F2LXK1ABCD")
    assert format_name(name) == "CN=00008101-000000000000001E,2.5.4.5=F2LXK1ABCD"


@pytest.mark.parametrize(
    "subject", [[[["CN", "U"]]], [[["2.5.4.5", "S"]]], [[["CN", "U"]], [["CN", "V"]], [["2.5.4.5", "S"]]]]
)
def test_any_other_name_is_no_hardwares(subject: list[list[list[str]]]) -> None:
    """A name with a part missing, or one too many, speaks for no device."""
    assert hardware_of(name_from_subject(subject)) is None


@pytest.mark.parametrize(("udid", "serial_number"), [("", "S"), ("U", ""), ("U" * 65, "S"), ("U", "S" * 65)])
def test_hardware_without_a_proper_name_has_none(udid: str, serial_number: str) -> None:
    """Nothing, and more than X.520 allows."""
    with pytest.raises(CertsError, match="expected a"):
        hardware_name(udid, serial_number)
