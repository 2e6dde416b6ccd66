from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_emulator.core import snapshots
from device_emulator.core.answers.answerer import Answer
from device_emulator.core.answers.dispatch import conditions
from device_emulator.core.answers.registry import ANSWERERS
from device_emulator.core.handheld import Handheld
from mdm_server.wire import plist
from mdm_server.wire.commands import (
    ALL_RIGHTS,
    ANY_KEY,
    COMMANDS,
    Field,
    Kind,
    Mode,
    Platform,
    check_fields,
    may_run,
    on_platform,
)
from mdm_server.wire.enrollment_id import CommandUuid, Sender, Udid
from mdm_server.wire.results import CommandResult, Status, parse_result
from rigs.managed_device import IPAD, IPHONE, PASSCODE, Clock, ask, managed_device
from rigs.plain_commands import plain_fields, plain_value

MOMENT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NAMES = sorted(COMMANDS)
SITUATIONS = list(
    itertools.product((IPHONE, IPAD), (True, False), (0, ALL_RIGHTS), (None, "unlocked", "locked"), (False, True))
)

# Where devices differ from the letter of the schema, and we from the schema like devices.
KNOWN_DIFFERENCES = {
    ("ManagedApplicationList", "UnusedRedemptionCode"): "only an application bought with a code has one",
    ("ManagedMediaList", "iTunesStoreID"): "a book from a URL has no number in the store",
    ("Restrictions", "ProfileRestrictions"): "only there if it was asked for",
    ("Settings", "Settings"): "an array, though the schema says dictionary",
}


def device_in(situation: tuple[Any, ...]) -> Handheld:
    """Return a device in a situation."""
    model, supervised, rights, passcode, on_call = situation
    handheld = managed_device(
        Clock(MOMENT),
        model=model,
        supervised=supervised,
        rights=rights,
        passcode=None if passcode is None else PASSCODE,
        locked=passcode == "locked",
    )
    handheld.on_call = on_call
    return handheld


def state(handheld: Handheld) -> dict[str, object]:
    """Return everything that can change about a device."""
    return snapshots.take(handheld)


def assert_well_formed(handheld: Handheld, request_type: str, reply: Answer) -> None:
    """Check that an answer can be sent, is read back as it was, and has the keys that the table gives it."""
    result = CommandResult(
        sender=Sender(udid=Udid(handheld.hardware.udid)),
        status=reply.status,
        command_uuid=CommandUuid("command-1"),
        error_chain=reply.error_chain,
        values=dict(reply.values),
    )
    for binary in (False, True):
        read = parse_result(plist.loads_dict(plist.dumps(result.to_plist(), binary=binary), limits=plist.RESULT))
        assert (read.status, read.error_chain) == (reply.status, reply.error_chain)
    assert bool(reply.error_chain) == (reply.status in {Status.ERROR, Status.COMMAND_FORMAT_ERROR})
    assert all(link.domain.endswith("ErrorDomain") and link.code and link.description for link in reply.error_chain)
    if reply.status is Status.ACKNOWLEDGED:
        assert undocumented(request_type, reply.values) == []


def undocumented(request_type: str, values: Mapping[str, Any]) -> list[str]:
    """Return how an answer departs from the keys that the table gives it on iOS."""
    spec = COMMANDS[request_type]
    on_ios = on_platform(Platform.IOS, spec.answers, spec.support)
    return [
        str(problem)
        for problem in check_fields(replace(spec, fields=on_ios), values)
        if (request_type, problem.path.rpartition(".")[2].partition("[")[0]) not in KNOWN_DIFFERENCES
    ]


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Return a strategy for the values a key may have."""
    match field.kind:
        case Kind.DICTIONARY:
            return keys_of(field.fields)
        case Kind.ARRAY:
            return st.lists(st.one_of([values_of(shape) for shape in field.fields]), max_size=3)
        case Kind.ANY:
            return st.one_of(st.booleans(), TEXT)
    if field.choices:
        return st.sampled_from(field.choices)
    if field.known:
        return st.sampled_from([*field.known, "Nonsense"])
    return PLAIN[field.kind]


def keys_of(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for dictionaries with the given keys."""
    required = {field.name: values_of(field) for field in fields if field.required and field.name != ANY_KEY}
    optional = {
        "a key" if field.name == ANY_KEY else field.name: values_of(field) for field in fields if not field.required
    }
    optional["NoSuchKey"] = st.one_of(TEXT, st.integers(0, 9))
    return st.fixed_dictionaries(required, optional=optional)


# Text and numbers that mean something to some command are drawn as often as those that mean nothing.
TEXT = st.one_of(
    st.sampled_from(["https://example.com/book.epub", "http://[", "com.example.management", "example.chat.pigeon", ""]),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=12),
)
PLAIN: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: TEXT,
    Kind.INTEGER: st.one_of(st.sampled_from([0, 1, 900000003]), st.integers(-(2**63), 2**63 - 1)),
    Kind.REAL: st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATA: st.one_of(
        st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"<?xml version='1.0'?><plist/>"]), st.binary(max_size=40)
    ),
    Kind.DATE: st.just(MOMENT),
}


def test_every_request_type_has_an_answerer_and_no_other() -> None:
    """The table of answers and the table of commands name the same sixty-six commands."""
    assert set(ANSWERERS) == set(COMMANDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_command_is_answered_in_every_situation(name: str) -> None:
    """On iPhone and iPad, supervised or not, with rights or none, locked, on a call: one answer, and a right one.

    A command that the table forbids is an Error and changes nothing; one that the device's state puts off gets NotNow
    and changes nothing; what is to happen afterwards can happen.
    """
    fields = plain_fields(name)
    for situation in SITUATIONS:
        handheld = device_in(situation)
        before, due = state(handheld), conditions(handheld) & ANSWERERS[name].not_now

        reply = ask(handheld, name, **fields)

        assert_well_formed(handheld, name, reply)
        forbidden = may_run(COMMANDS[name], handheld.situation) is not None
        if forbidden:
            assert reply.status is Status.ERROR
        elif due:
            assert reply.status is Status.NOT_NOW
        if forbidden or due:
            assert (state(handheld), handheld.take_events(), reply.afterwards) == (before, [], None)
        if reply.afterwards is not None:
            reply.afterwards(handheld)


SUPERVISED_ONLY = [
    name for name in NAMES if Platform.IOS in COMMANDS[name].support and COMMANDS[name].support[Platform.IOS].supervised
]


def test_some_commands_are_for_supervised_devices_alone() -> None:
    """Those that people know for it are among them."""
    known = {"EnableLostMode", "ScheduleOSUpdate", "RestartDevice", "ShutDownDevice", "StopMirroring"}
    assert known < set(SUPERVISED_ONLY)


@pytest.mark.parametrize("name", SUPERVISED_ONLY)
@pytest.mark.parametrize("model", [IPHONE, IPAD])
def test_an_unsupervised_twin_refuses_what_is_for_supervised_devices(name: str, model: Any) -> None:
    """Error 12007, not authorised, and nothing is changed; the supervised twin has no such objection."""
    fields, clock = plain_fields(name), Clock(MOMENT)
    twins = {supervised: managed_device(clock, model=model, supervised=supervised) for supervised in (True, False)}
    before = state(twins[False])

    reply = ask(twins[False], name, **fields)

    assert (reply.status, reply.values, reply.afterwards) == (Status.ERROR, {}, None)
    (link,) = reply.error_chain
    support = COMMANDS[name].support[Platform.IOS]
    elsewhere = support.shared_ipad.mode is Mode.REQUIRED or support.requires_dep
    assert (link.code, link.domain) == (12007, "MCMDMErrorDomain")
    assert elsewhere or "needs a supervised device" in link.description
    assert (state(twins[False]), twins[False].take_events()) == (before, [])
    allowed = ask(twins[True], name, **fields)
    assert all("needs a supervised device" not in each.description for each in allowed.error_chain)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_well_formed_command_gets_one_well_formed_answer(name: str, data: st.DataObject) -> None:
    """Whatever the keys hold, the device answers with what the schema knows, and never trips over it."""
    handheld = device_in(data.draw(st.sampled_from(SITUATIONS), label="situation"))
    fields = data.draw(keys_of(COMMANDS[name].fields), label="fields")
    before = state(handheld)

    reply = ask(handheld, name, **fields)

    assert_well_formed(handheld, name, reply)
    if reply.status in {Status.ERROR, Status.COMMAND_FORMAT_ERROR, Status.NOT_NOW}:
        assert state(handheld) == before
    if reply.afterwards is not None:
        reply.afterwards(handheld)


@pytest.mark.parametrize("name", [name for name in NAMES if any(field.required for field in COMMANDS[name].fields)])
def test_a_command_without_a_key_it_needs_is_malformed(name: str) -> None:
    """CommandFormatError comes before every other consideration, names the key, and changes nothing."""
    needed = [field for field in COMMANDS[name].fields if field.required]
    for situation in SITUATIONS[::7]:
        for missing in needed:
            handheld = device_in(situation)
            before = state(handheld)
            fields = {field.name: plain_value(field) for field in needed if field is not missing}

            reply = ask(handheld, name, **fields)

            assert reply.status is Status.COMMAND_FORMAT_ERROR
            assert missing.name in reply.error_chain[0].description
            assert state(handheld) == before
