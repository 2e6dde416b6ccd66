from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from mdm_server.wire.commands import ANY_KEY, COMMANDS, AccessRight, Channel, Field, Mode, Platform, PlatformSupport
from mdm_server.wire.commands.support import EVERY_PLATFORM, SharedIPad
from rigs.oracles import apple_schema

Schema = Mapping[str, Any]
Supports = Mapping[Platform, PlatformSupport]

RIGHTS = {
    "AllowInspection": AccessRight.INSPECT_PROFILES,
    "AllowInstallationRemoval": AccessRight.CHANGE_PROFILES,
    "AllowPasscodeRemovalAndLock": AccessRight.LOCK_AND_PASSCODE,
    "DeviceLockAndRemovePasscode": AccessRight.LOCK_AND_PASSCODE,
    "AllowDeviceErase": AccessRight.ERASE,
    "AllowQueryDeviceInformation": AccessRight.QUERY_DEVICE,
    "AllowQueryNetworkInformation": AccessRight.QUERY_NETWORK,
    "AllowProvisioningInspection": AccessRight.INSPECT_PROVISIONING,
    "AllowProvisioningInstallationRemoval": AccessRight.CHANGE_PROVISIONING,
    "AllowQueryApplications": AccessRight.INSPECT_APPLICATIONS,
    "QueryInstalledApps": AccessRight.INSPECT_APPLICATIONS,
    "AllowQueryRestrictions": AccessRight.QUERY_RESTRICTIONS,
    "AllowQuerySecurity": AccessRight.QUERY_SECURITY,
    "AllowSettings": AccessRight.CHANGE_SETTINGS,
    "AllowAppInstallation": AccessRight.MANAGE_APPLICATIONS,
    "Special Case": AccessRight(0),  # DeviceInformation: each query has its own
    "None": AccessRight(0),
    "n/a": AccessRight(0),
}
KNOWS_USER_ENROLLMENT = {Platform.IOS, Platform.MACOS, Platform.VISIONOS}


@cache
def schemas(folder: Path) -> Mapping[str, Schema]:
    """Return Apple's schema of every command, by request type."""
    loaded = (yaml.safe_load(path.read_text("utf-8")) for path in sorted((folder / "mdm" / "commands").glob("*.yaml")))
    return {schema["payload"]["requesttype"]: schema for schema in loaded}


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> Schema:
    """Return Apple's schema of the request type the test is about."""
    return schemas(apple_schema())[request.param]


def channels(inherited: Channel, said: Schema) -> Channel:
    """Return the channels a schema object names, keeping what it does not mention."""
    device = said.get("devicechannel", Channel.DEVICE in inherited)
    user = said.get("userchannel", Channel.USER in inherited)
    return (Channel.DEVICE if device else Channel(0)) | (Channel.USER if user else Channel(0))


def shared_ipad(inherited: SharedIPad, said: Schema) -> SharedIPad:
    """Return what a schema says about Shared iPads; where they are forbidden, channels mean nothing."""
    mode = Mode(said.get("mode", inherited.mode))
    return SharedIPad(mode) if mode is Mode.FORBIDDEN else SharedIPad(mode, channels(inherited.channels, said))


def supports(inherited: Supports, said: Schema | None) -> Supports:
    """Return the platforms of a schema's `supportedOS`, laid over those of the object around it (docs/schema.md)."""
    found = {}
    for platform, support in inherited.items():
        here = (said or {}).get(platform.value, {})
        if here.get("introduced") == "n/a":
            continue
        enrollment = here.get("userenrollment", {}) if platform in KNOWS_USER_ENROLLMENT else {}
        found[platform] = PlatformSupport(
            introduced=here.get("introduced", support.introduced),
            deprecated=here.get("deprecated", support.deprecated),
            removed=here.get("removed", support.removed),
            access_rights=RIGHTS[here["accessrights"]] if "accessrights" in here else support.access_rights,
            supervised=here.get("supervised", support.supervised),
            channels=channels(support.channels, here),
            requires_dep=here.get("requiresdep", support.requires_dep),
            user_enrollment=Mode(enrollment.get("mode", support.user_enrollment)),
            shared_ipad=shared_ipad(support.shared_ipad, here.get("sharedipad", {})),
        )
    return found


def comparable(found: Supports) -> dict[str, tuple[object, ...]]:
    """Return platforms in a form that leaves out what a platform cannot have."""
    return {
        platform.value: (
            *(support.introduced, support.deprecated, support.removed, support.access_rights, support.supervised),
            *(support.channels, support.requires_dep),
            support.user_enrollment if platform in KNOWS_USER_ENROLLMENT else None,
            support.shared_ipad if platform is Platform.IOS else None,
        )
        for platform, support in found.items()
    }


def apple_keys(keys: list[Schema], inherited: Supports, path: str) -> Iterator[tuple[str, object]]:
    """Yield, path by path, what Apple says of each key."""
    for key in keys:
        is_open = key["key"].startswith("ANY") or key["key"] == "Category Name"
        yield from apple_key(key, inherited, f"{path}{ANY_KEY if is_open else key['key']}", in_container=is_open)


def apple_key(
    key: Schema, inherited: Supports, path: str, *, in_container: bool = False
) -> Iterator[tuple[str, object]]:
    """Yield what Apple says of one key, and of those in it; the presence of a place-holder key means nothing."""
    here = supports(inherited, key.get("supportedOS"))
    kind = key["type"].strip("<>")
    bounds = key.get("range")
    yield (
        path,
        {
            "type": kind,
            "required": key.get("presence") == "required" and not in_container,
            "choices": frozenset(key.get("rangelist", ())),
            "range": (bounds["min"], bounds["max"]) if bounds else None,
            "default": key.get("default"),
            "platforms": comparable(here),
        },
    )
    inner = key.get("subkeys", [])
    if kind == "dictionary":
        yield from apple_keys(inner, here, f"{path}.")
    elif kind == "array" and len(inner) == 1:
        yield from apple_key(inner[0], here, f"{path}[]", in_container=True)
    elif kind == "array":
        for shape in inner:
            yield from apple_key(shape, here, f"{path}[{shape['key']}]", in_container=True)
    else:
        for value in inner:  # a string whose known values are listed like keys
            yield f"{path}={value['key']}", comparable(supports(here, value.get("supportedOS")))


def our_keys(fields: tuple[Field, ...], inherited: Supports, path: str) -> Iterator[tuple[str, object]]:
    """Yield, path by path, what our table says of each key."""
    for field in fields:
        yield from our_key(field, inherited, f"{path}{field.name}", in_container=field.name == ANY_KEY)


def our_key(
    field: Field, inherited: Supports, path: str, *, in_container: bool = False
) -> Iterator[tuple[str, object]]:
    """Yield what our table says of one key, and of those in it."""
    here = field.availability.within(inherited)
    yield (
        path,
        {
            "type": field.kind.value,
            "required": field.required and not in_container,
            "choices": frozenset(field.choices),
            "range": field.range,
            "default": field.default,
            "platforms": comparable(here),
        },
    )
    if field.kind.value == "dictionary":
        yield from our_keys(field.fields, here, f"{path}.")
    elif field.kind.value == "array" and len(field.fields) == 1:
        yield from our_key(field.item, here, f"{path}[]", in_container=True)
    elif field.kind.value == "array":
        for shape in field.fields:
            yield from our_key(shape, here, f"{path}[{shape.name}]", in_container=True)
    for value in field.known.values():
        yield f"{path}={value.name}", comparable(value.availability.within(here))


def test_the_table_has_every_request_type_of_the_schema_and_no_other() -> None:
    """The table and the schema name the same sixty-six commands."""
    assert set(COMMANDS) == set(schemas(apple_schema()))
    assert len(COMMANDS) == 66


@pytest.mark.parametrize(("name", "schema"), [(name, name) for name in sorted(COMMANDS)], indirect=["schema"])
def test_a_row_has_the_platforms_and_conditions_of_the_schema(name: str, schema: Schema) -> None:
    """Versions, rights, supervision, channels, DEP, user enrolment and Shared iPad are as Apple publishes them."""
    said = {platform.value: {"introduced": "n/a"} for platform in Platform} | schema["payload"]["supportedOS"]

    assert comparable(COMMANDS[name].support) == comparable(supports(EVERY_PLATFORM, said))


@pytest.mark.parametrize(("name", "schema"), [(name, name) for name in sorted(COMMANDS)], indirect=["schema"])
def test_a_row_has_the_keys_of_the_schema(name: str, schema: Schema) -> None:
    """Every key of the request, however deep, has the type, presence, values and platforms Apple publishes."""
    support = COMMANDS[name].support

    assert dict(our_keys(COMMANDS[name].fields, support, "")) == dict(
        apple_keys(schema.get("payloadkeys") or [], support, "")
    )


@pytest.mark.parametrize(("name", "schema"), [(name, name) for name in sorted(COMMANDS)], indirect=["schema"])
def test_a_row_has_the_answer_keys_of_the_schema(name: str, schema: Schema) -> None:
    """Every key of the answer, however deep, has the type, presence, values and platforms Apple publishes."""
    support = COMMANDS[name].support
    ours = dict(our_keys(COMMANDS[name].answers, support, ""))
    apples = dict(apple_keys(schema.get("responsekeys") or [], support, ""))
    if name == "DeviceInformation":
        # One row there is a question and its answer, and Apple gives the conditions with the question alone.
        for keys in (ours, apples):
            for path, said in keys.items():
                assert isinstance(said, dict), path
                said.pop("platforms")

    assert ours == apples


def test_no_summary_is_a_sentence_of_the_schema() -> None:
    """The summaries are ours: none of them occurs in Apple's descriptions."""
    texts = [schema["description"] for schema in schemas(apple_schema()).values()]

    assert [spec.summary for spec in COMMANDS.values() if any(spec.summary.rstrip(".") in text for text in texts)] == []
