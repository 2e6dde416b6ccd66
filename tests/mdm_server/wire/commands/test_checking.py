from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mdm_server.wire.commands import COMMANDS, Platform, ProblemKind, check_fields
from mdm_server.wire.commands.spec import CommandSpec, dictionary, each, integer, item, real


def problems(request_type: str, fields: dict[str, Any]) -> list[tuple[str, ProblemKind]]:
    """Return what is wrong with a request's keys, in a form that is easy to compare."""
    return [(problem.path, problem.kind) for problem in check_fields(COMMANDS[request_type], fields)]


@pytest.mark.parametrize(
    ("request_type", "fields"),
    [
        ("DeviceLock", {}),
        ("DeviceLock", {"Message": "Please call", "PhoneNumber": "+49 30 1"}),
        ("ClearPasscode", {"UnlockToken": b"token"}),
        ("DeviceInformation", {"Queries": ["UDID", "OSVersion"]}),
        ("InstallApplication", {"iTunesStoreID": 361309726, "Configuration": {"any": {"thing": [1]}}}),
        ("EraseDevice", {"ReturnToService": {"Enabled": True}}),
        ("Settings", {"Settings": [{"Item": "DeviceName", "DeviceName": "x"}, {"Item": "Bluetooth", "Enabled": True}]}),
        ("ScheduleOSUpdate", {"Updates": [{"InstallAction": "Default", "ProductVersion": "26.1"}]}),
    ],
)
def test_a_request_as_apple_describes_it_has_no_problem(request_type: str, fields: dict[str, Any]) -> None:
    """A request with the right keys and values passes."""
    assert problems(request_type, fields) == []


@pytest.mark.parametrize(
    ("request_type", "fields", "expected"),
    [
        ("ClearPasscode", {}, [("UnlockToken", ProblemKind.MISSING)]),
        ("ClearPasscode", {"UnlockToken": "text"}, [("UnlockToken", ProblemKind.WRONG_TYPE)]),
        ("DeviceLock", {"Message": 7}, [("Message", ProblemKind.WRONG_TYPE)]),
        ("InstallApplication", {"iTunesStoreID": True}, [("iTunesStoreID", ProblemKind.WRONG_TYPE)]),
        ("InstallApplication", {"ManagementFlags": 2}, [("ManagementFlags", ProblemKind.NOT_ALLOWED)]),
        ("DeviceInformation", {"Queries": "UDID"}, [("Queries", ProblemKind.WRONG_TYPE)]),
        ("DeviceInformation", {"Queries": ["UDID", 3]}, [("Queries[1]", ProblemKind.WRONG_TYPE)]),
        ("DeviceInformation", {"Queries": ["Shoes"]}, [("Queries[0]", ProblemKind.UNKNOWN)]),
        ("EraseDevice", {"ReturnToService": {}}, [("ReturnToService.Enabled", ProblemKind.MISSING)]),
        ("ShutDownDevice", {"Gently": True}, [("Gently", ProblemKind.UNKNOWN)]),
        ("Settings", {"Settings": [{"Item": "DeviceName"}]}, [("Settings[0].DeviceName", ProblemKind.MISSING)]),
        ("Settings", {"Settings": [{"Item": "Shoes"}]}, [("Settings[0].Item", ProblemKind.UNKNOWN)]),
        ("Settings", {"Settings": [{"Enabled": True}]}, [("Settings[0].Item", ProblemKind.MISSING)]),
        ("Settings", {"Settings": [{"Item": 5}]}, [("Settings[0].Item", ProblemKind.WRONG_TYPE)]),
        ("Settings", {"Settings": ["DeviceName"]}, [("Settings[0]", ProblemKind.WRONG_TYPE)]),
    ],
)
def test_every_kind_of_mistake_is_named_with_its_place(
    request_type: str, fields: dict[str, Any], expected: list[tuple[str, ProblemKind]]
) -> None:
    """A missing key, a wrong type, a value not allowed and an unknown key are each reported where they are."""
    assert problems(request_type, fields) == expected


def test_what_a_device_would_ignore_is_only_a_note() -> None:
    """An unknown key is a note and a missing one is not."""
    (unknown,) = check_fields(COMMANDS["DeviceLock"], {"Colour": "red"})
    (missing,) = check_fields(COMMANDS["RemoveProfile"], {})

    assert unknown.is_note
    assert not missing.is_note


def test_a_platform_does_not_mind_the_keys_of_another() -> None:
    """A PIN of the wrong type is malformed to a Mac and unknown to an iPhone, and so is a Mac's setting."""
    spec, fields = COMMANDS["DeviceLock"], {"PIN": 123456}
    assert [p.kind for p in check_fields(spec, fields, Platform.MACOS)] == [ProblemKind.WRONG_TYPE]
    assert [p.kind for p in check_fields(spec, fields, Platform.IOS)] == [ProblemKind.UNKNOWN]

    settings = {"Settings": [{"Item": "HostName"}]}
    assert [p.kind for p in check_fields(COMMANDS["Settings"], settings, Platform.MACOS)] == [ProblemKind.MISSING]
    assert [p.kind for p in check_fields(COMMANDS["Settings"], settings, Platform.IOS)] == [ProblemKind.UNKNOWN]


def test_a_problem_reads_as_a_sentence_and_quotes_little() -> None:
    """The text has place, expectation and finding, and does not repeat a long or binary value."""
    (problem,) = check_fields(COMMANDS["RemoveProfile"], {"Identifier": b"\xff" * 5000})

    assert str(problem) == "Identifier: wrong type; expected a string, found bytes of 5000"


def test_bounds_and_open_dictionaries_are_checked() -> None:
    """A number has to lie in its range, and each value of an open dictionary has to have its shape."""
    spec = CommandSpec("X", "", fields=(real("Share", range=(0, 1)), dictionary("By", each(item(integer("Count"))))))

    assert [p.path for p in check_fields(spec, {"Share": 1.5, "By": {"a": {"Count": 1}, "b": {"Count": "1"}}})] == [
        "Share",
        "By.b.Count",
    ]


def test_a_whole_number_serves_as_a_real_and_a_date_is_not_a_string() -> None:
    """Plists write 1 where 1.0 is meant; a date has a type of its own."""
    spec = CommandSpec("X", "", fields=(real("Share"),))

    assert check_fields(spec, {"Share": 1}) == []
    assert problems("RemoveProfile", {"Identifier": datetime(2026, 1, 1, tzinfo=UTC)}) == [
        ("Identifier", ProblemKind.WRONG_TYPE)
    ]
