from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from device_emulator.core import leaving
from device_emulator.core.answers.sightings import ApplicationInstalled, ApplicationRemoved, InvitationShown
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from mdm_server.wire.results import Status
from rigs.managed_device import ask

STORE_ID = 361309726


def managed(handheld: Handheld) -> dict[str, dict[str, Any]]:
    """Return the managed applications as the server sees them."""
    listed: dict[str, dict[str, Any]] = ask(handheld, "ManagedApplicationList").values["ManagedApplicationList"]
    return listed


@pytest.mark.parametrize(
    "source",
    [{"iTunesStoreID": STORE_ID}, {"Identifier": "com.example.app"}, {"ManifestURL": "https://example.com/tool.plist"}],
)
def test_an_application_is_installed_managed_and_removed(iphone: Handheld, source: dict[str, Any]) -> None:
    """From the store, by identifier or by manifest: it is there, it is managed, and it can be taken away."""
    reply = ask(iphone, "InstallApplication", **source, ManagementFlags=1, Configuration={"server": "x"})
    identifier = reply.values["Identifier"]
    assert (reply.status, reply.values["State"]) == (Status.ACKNOWLEDGED, "Queued")
    assert managed(iphone)[identifier]["Status"] == "Managed"
    assert (managed(iphone)[identifier]["ManagementFlags"], managed(iphone)[identifier]["HasConfiguration"]) == (
        1,
        True,
    )
    (listed,) = ask(iphone, "InstalledApplicationList", ManagedAppsOnly=True).values["InstalledApplicationList"]
    assert listed["Identifier"] == identifier

    assert ask(iphone, "RemoveApplication", Identifier=identifier).status is Status.ACKNOWLEDGED

    assert managed(iphone) == {}
    seen = [each for each in iphone.take_events() if isinstance(each, ApplicationInstalled | ApplicationRemoved)]
    assert seen == [ApplicationInstalled(identifier), ApplicationRemoved(identifier)]


@pytest.mark.parametrize("source", [{}, {"iTunesStoreID": 1, "Identifier": "x"}])
def test_an_application_comes_from_exactly_one_place(iphone: Handheld, source: dict[str, Any]) -> None:
    """None or two of the three sources make a malformed command."""
    assert ask(iphone, "InstallApplication", **source).status is Status.COMMAND_FORMAT_ERROR


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({"iTunesStoreID": 0}, 12023),
        ({"ManifestURL": "http://example.com/a.plist"}, 12034),
        ({"ManifestURL": "https://["}, 12034),
    ],
)
def test_an_application_that_cannot_be_found_is_an_error(iphone: Handheld, source: dict[str, Any], code: int) -> None:
    """The App Store has no such number, and manifests come over https only."""
    assert ask(iphone, "InstallApplication", **source).error_chain[0].code == code


def test_an_application_of_the_person_is_taken_over_only_if_asked_for(iphone: Handheld) -> None:
    """Without ChangeManagementState it is installed already; with it, it becomes managed."""
    own = next(iter(iphone.applications)).identifier

    refused = ask(iphone, "InstallApplication", Identifier=own)
    assert (refused.error_chain[0].code, refused.values) == (12025, {"RejectionReason": "AppAlreadyInstalled"})

    assert (
        ask(iphone, "InstallApplication", Identifier=own, ChangeManagementState="Managed").values["State"] == "Managed"
    )
    assert set(managed(iphone)) == {own}


def test_an_unsupervised_device_asks_its_person(make: Callable[..., Handheld]) -> None:
    """The answer's state is Prompting: somebody has to agree."""
    reply = ask(make(supervised=False), "InstallApplication", iTunesStoreID=STORE_ID)

    assert reply.values["State"] == "Prompting"


def test_where_installing_is_restricted_only_licensed_applications_come(iphone: Handheld) -> None:
    """allowAppInstallation=false closes the App Store, but not to volume purchasing."""
    payload = InstalledPayload("com.apple.applicationaccess", "p", "u", content={"allowAppInstallation": False})
    iphone.profiles.install(InstalledProfile(identifier="r", uuid="U", payloads=(payload,), is_managed=True))

    assert ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID).error_chain[0].code == 12031
    licensed = ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID, Options={"PurchaseMethod": 1})
    assert licensed.status is Status.ACKNOWLEDGED


def test_only_managed_applications_are_removed_or_redeemed(iphone: Handheld) -> None:
    """The person's applications are not the server's business, and nothing ever waits for a code."""
    own = next(iter(iphone.applications)).identifier
    assert ask(iphone, "RemoveApplication", Identifier=own).error_chain[0].code == 12029
    assert ask(iphone, "ApplyRedemptionCode", Identifier=own, RedemptionCode="C").error_chain[0].code == 12029

    identifier = ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID).values["Identifier"]
    assert ask(iphone, "ApplyRedemptionCode", Identifier=identifier, RedemptionCode="C").error_chain[0].code == 12028


def test_the_list_of_applications_can_be_narrowed(iphone: Handheld) -> None:
    """By identifier and by property."""
    first, *_ = iphone.applications

    reply = ask(iphone, "InstalledApplicationList", Identifiers=[first.identifier], Items=["Name", "Version"])

    assert reply.values["InstalledApplicationList"] == [{"Name": first.name, "Version": first.version}]
    everything = ask(iphone, "InstalledApplicationList").values["InstalledApplicationList"]
    assert [each["Identifier"] for each in everything] == [each.identifier for each in iphone.applications]


def test_configuration_and_attributes_are_read_back(iphone: Handheld) -> None:
    """Settings sets and takes away what InstallApplication began; what is not managed is passed over."""
    ask(iphone, "InstallApplication", Identifier="com.example.app", Attributes={"Removable": False})
    ask(
        iphone,
        "Settings",
        Settings=[{"Item": "ApplicationConfiguration", "Identifier": "com.example.app", "Configuration": {"a": 1}}],
    )
    names = {"Identifiers": ["com.example.app", "com.example.other"]}

    assert ask(iphone, "ManagedApplicationConfiguration", **names).values == {
        "ApplicationConfigurations": [{"Identifier": "com.example.app", "Configuration": {"a": 1}}]
    }
    assert ask(iphone, "ManagedApplicationAttributes", **names).values == {
        "ApplicationAttributes": [{"Identifier": "com.example.app", "Attributes": {"Removable": False}}]
    }

    ask(iphone, "Settings", Settings=[{"Item": "ApplicationConfiguration", "Identifier": "com.example.app"}])
    assert managed(iphone)["com.example.app"]["HasConfiguration"] is False


def test_feedback_is_collected_and_deleted_if_asked_to(iphone: Handheld) -> None:
    """Reading leaves the feedback there; DeleteFeedback takes it away after it was read."""
    ask(iphone, "InstallApplication", Identifier="com.example.app")
    iphone.applications.install(replace(iphone.applications.managed[0], feedback={"errors": 3}))

    replies = [
        ask(iphone, "ManagedApplicationFeedback", Identifiers=["com.example.app"], DeleteFeedback=delete).values
        for delete in (False, True, False)
    ]

    found = [reply["ManagedApplicationFeedback"][0].get("Feedback") for reply in replies]
    assert found == [{"errors": 3}, {"errors": 3}, None]


def test_with_management_go_the_applications_that_were_to(iphone: Handheld) -> None:
    """ManagementFlags 1 removes an application with the management profile; without it, it stays, unmanaged."""
    ask(iphone, "InstallApplication", Identifier="com.example.goes", ManagementFlags=1)
    ask(iphone, "InstallApplication", Identifier="com.example.stays")

    leaving.end_management(iphone, "test")

    assert iphone.applications.find("com.example.goes") is None
    stays = iphone.applications.find("com.example.stays")
    assert stays is not None
    assert not stays.is_managed


def test_an_invitation_is_shown_if_its_url_is_one(iphone: Handheld) -> None:
    """InvitationResult says what is wrong without being an error."""
    program = {"ProgramID": "com.apple.cloudvpp"}

    assert ask(iphone, "InviteToProgram", **program, InvitationURL="shoes").values == {
        "InvitationResult": "InvalidInvitationURL"
    }
    assert ask(iphone, "InviteToProgram", **program, InvitationURL="https://example.com/i").values == {
        "InvitationResult": "Acknowledged"
    }
    assert iphone.take_events() == [InvitationShown("com.apple.cloudvpp")]
