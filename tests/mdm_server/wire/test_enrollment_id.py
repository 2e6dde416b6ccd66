from __future__ import annotations

import pytest

from mdm_server.wire.enrollment_id import SHARED_IPAD_USER_ID, EnrollmentKind, Sender, Udid
from mdm_server.wire.errors import SchemaError


@pytest.mark.parametrize(
    ("keys", "kind", "key", "parent"),
    [
        ({"UDID": "U"}, EnrollmentKind.DEVICE, "U", None),
        ({"UDID": "U", "EnrollmentID": "E"}, EnrollmentKind.DEVICE, "U", None),
        ({"UDID": "U", "EnrollmentID": "E", "EnrollmentUserID": "EU"}, EnrollmentKind.DEVICE, "U", None),
        ({"UDID": "U", "UserID": "G", "UserShortName": "jane"}, EnrollmentKind.USER, "U:G", "U"),
        (
            {"UDID": "U", "UserID": SHARED_IPAD_USER_ID, "UserShortName": "jane@example.org"},
            EnrollmentKind.SHARED_IPAD,
            "U:jane@example.org",
            "U",
        ),
        ({"EnrollmentID": "E"}, EnrollmentKind.USER_ENROLLMENT_DEVICE, "E", None),
        ({"EnrollmentID": "E", "EnrollmentUserID": "EU"}, EnrollmentKind.USER_ENROLLMENT_USER, "E:EU", "E"),
        ({"UDID": "", "EnrollmentID": "E"}, EnrollmentKind.USER_ENROLLMENT_DEVICE, "E", None),
    ],
)
def test_the_keys_present_say_which_enrolment_speaks(
    keys: dict[str, str], kind: EnrollmentKind, key: str, parent: str | None
) -> None:
    """Checklist 7 and nanomdm's rule: UDID wins, a user makes a channel of its own, Shared iPad goes by short name."""
    enrollment = Sender.from_plist(keys).enrollment
    assert (enrollment.kind, enrollment.id, enrollment.parent) == (kind, key, parent)
    assert enrollment.is_user_channel is (parent is not None)
    assert enrollment.device == (parent or key)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"UserID": "G"},
        {"EnrollmentUserID": "EU"},
        {"UDID": "A:B"},
        {"EnrollmentID": "A:B"},
        {"UDID": "a\nb"},
        {"UDID": "\x1b[31mU"},
        {"UDID": "U\u202e"},
        {"UDID": "U" * 256},
        {"UDID": "U", "UserID": "G" * 256},
        {"UDID": "U", "UserID": "G\n"},
        {"UDID": "U", "UserID": SHARED_IPAD_USER_ID},
        {"UDID": "U", "UserID": SHARED_IPAD_USER_ID, "UserShortName": ""},
    ],
)
def test_an_identifier_that_could_mislead_is_refused(keys: dict[str, str]) -> None:
    """T-39: no identifier is a key that could be another's, or that a log or a table cannot show."""
    with pytest.raises(SchemaError):
        Sender.from_plist(keys)


def test_a_sender_is_written_as_it_was_read() -> None:
    """Only the keys that are present are written."""
    keys = {"UDID": "U", "UserID": "G", "UserLongName": "Jane Doe"}
    assert Sender.from_plist(keys).to_plist() == keys
    assert Sender(udid=Udid("U")).to_plist() == {"UDID": "U"}
