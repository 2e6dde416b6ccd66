"""Applications: installing, removing, listing.

Nothing is downloaded, but it takes its time; on an unsupervised device the person is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from device_emulator.core import managing_applications
from device_emulator.core.answers.answerer import SEALED, Answer, Condition, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed, malformed
from device_emulator.core.answers.sightings import InvitationShown
from device_emulator.core.answers.urls import path_over_https
from device_emulator.core.application_states import ApplicationState
from device_emulator.core.applications import CATALOGUE, PAID, Application
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command
from mdm_server.wire.plist import PlistDict, PlistValue

REMOVE_WITH_MANAGEMENT, PREVENT_BACKUP = 1, 4  # ManagementFlags
WITH_LICENCE = 1  # Options.PurchaseMethod: volume purchasing
ARRIVING = frozenset({ApplicationState.INSTALLING, ApplicationState.UPDATING})
SOURCES = ("iTunesStoreID", "Identifier", "ManifestURL")


@answerer(
    "InstallApplication",
    Fidelity.SIMPLIFIED,
    "nothing is downloaded, but queueing and installing take their time; in silence on a supervised device, else the "
    "person is asked, and agrees after a while unless told otherwise; without a licence somebody has to be signed in "
    "at the App Store, which is a catalogue of ten (two of them cost something, and take a redemption code instead), "
    "and unknown numbers become made-up applications",
    not_now=SEALED,
)
def install_application(handheld: Handheld, command: Command) -> Answer:
    """Install an application, update the one that is managed, or take over the one its person installed.

    What forbids the person to install applications does not bind the server (Apple's schema, since iOS 10).
    """
    fields = command.fields
    if sum(key in fields for key in SOURCES) != 1:
        return malformed(f"expected exactly one of {', '.join(SOURCES)}")
    managing_applications.catch_up(handheld)
    wanted = look_up(command)
    if isinstance(wanted, Answer):
        return wanted
    present = handheld.applications.find(wanted.identifier)
    if managing_applications.is_on_the_way(handheld, wanted.identifier):
        text = f"“{wanted.identifier}” is on its way already."
        return failed(ErrorCode.APP_ALREADY_QUEUED, text, RejectionReason="AppAlreadyQueued")
    if present is not None and not present.is_managed and fields.get("ChangeManagementState") != "Managed":
        text = f"“{wanted.identifier}” is installed already, by the person."
        return failed(ErrorCode.APP_ALREADY_INSTALLED, text, RejectionReason="AppAlreadyInstalled")
    licensed = fields.get("Options", {}).get("PurchaseMethod") == WITH_LICENCE
    state = managing_applications.order(
        handheld,
        _managed(present or wanted, command),
        needs_code=wanted.identifier in PAID and not licensed,
        needs_account="ManifestURL" not in fields and not licensed,
    )
    return Answer(values={"Identifier": wanted.identifier, "State": state.value})


def look_up(command: Command) -> Application | Answer:
    """Return the application that the command means, or why there is none."""
    fields = command.fields
    if "ManifestURL" in fields:
        return _from_manifest(fields["ManifestURL"])
    number, identifier = fields.get("iTunesStoreID"), fields.get("Identifier")
    for each in CATALOGUE:
        if number == each.store_id or identifier == each.identifier:
            return each
    if identifier is not None:
        return _made_up(identifier, None)
    if number is None or number <= 0:
        text = f"The App Store has no application {number}."
        return failed(ErrorCode.UNKNOWN_STORE_ID, text, RejectionReason="CouldNotVerifyAppID")
    return _made_up(f"example.store.app{number}", number)


def _from_manifest(url: str) -> Application | Answer:
    path = path_over_https(url)
    if path is None:
        return failed(ErrorCode.URL_IS_NOT_HTTPS, "The manifest's URL does not begin with https.")
    return _made_up(f"example.inhouse.{path.stem or 'application'}", None)


def _made_up(identifier: str, number: int | None) -> Application:
    return Application(
        identifier=identifier,
        name=identifier.rpartition(".")[2],
        version="1000",
        short_version="1.0",
        bundle_size=50_000_000,
        store_id=number,
    )


def _managed(application: Application, command: Command) -> Application:
    fields = command.fields
    flags = fields.get("ManagementFlags", 0)
    return replace(
        application,
        is_managed=True,
        removed_with_management=bool(flags & REMOVE_WITH_MANAGEMENT),
        prevents_backup=bool(flags & PREVENT_BACKUP),
        configuration=fields.get("Configuration", application.configuration),
        attributes=fields.get("Attributes", application.attributes),
    )


@answerer(
    "ApplyRedemptionCode",
    Fidelity.SIMPLIFIED,
    "the store takes every code; it belongs to an application of the two that cost something",
    not_now=SEALED,
)
def apply_redemption_code(handheld: Handheld, command: Command) -> Answer:
    """Redeem the code that an application waits for."""
    managing_applications.catch_up(handheld)
    identifier = command.fields["Identifier"]
    match managing_applications.state_of(handheld, identifier):
        case ApplicationState.NEEDS_REDEMPTION:
            managing_applications.redeem(handheld, identifier)
            return Answer()
        case ApplicationState.UNMANAGED:
            return failed(ErrorCode.APP_NOT_MANAGED, f"“{identifier}” is not managed.")
    return failed(ErrorCode.NOT_WAITING_FOR_REDEMPTION, f"“{identifier}” does not wait for a redemption code.")


@answerer("RemoveApplication", Fidelity.REAL, "only what is managed, or on its way to be", not_now=SEALED)
def remove_application(handheld: Handheld, command: Command) -> Answer:
    """Remove a managed application, or give up what was ordered."""
    managing_applications.catch_up(handheld)
    identifier = command.fields["Identifier"]
    if not managing_applications.is_managed(handheld, identifier):
        return failed(ErrorCode.APP_NOT_MANAGED, f"“{identifier}” is not managed.")
    managing_applications.remove(handheld, identifier)
    return Answer()


@answerer("ValidateApplications", Fidelity.SIMPLIFIED, "every application here is always valid", not_now=SEALED)
def validate_applications(handheld: Handheld, command: Command) -> Answer:
    """Agree to validate."""
    return Answer()


@answerer(
    "InviteToProgram",
    Fidelity.SIMPLIFIED,
    "the person sees the invitation and does nothing",
    not_now=SEALED | Condition.SETUP_ASSISTANT,
)
def invite_to_program(handheld: Handheld, command: Command) -> Answer:
    """Show the invitation."""
    if path_over_https(command.fields["InvitationURL"]) is None:
        return Answer(values={"InvitationResult": "InvalidInvitationURL"})
    handheld.emit(InvitationShown(command.fields["ProgramID"]))
    return Answer(values={"InvitationResult": "Acknowledged"})


@answerer("InstalledApplicationList", Fidelity.REAL, "the person's applications and the managed ones")
def installed_application_list(handheld: Handheld, command: Command) -> Answer:
    """List the applications: all, or those asked for, with all their properties, or those asked for."""
    managing_applications.catch_up(handheld)
    wanted, items = command.fields.get("Identifiers"), command.fields.get("Items")
    managed_only = command.fields.get("ManagedAppsOnly", False)
    arriving = [each.application for each in handheld.applications.orders if each.state in ARRIVING]
    present = {each.identifier: each for each in (*handheld.applications, *arriving)}
    listed = [
        _described(application, items, installing=application in arriving)
        for application in present.values()
        if (wanted is None or application.identifier in wanted) and (application.is_managed or not managed_only)
    ]
    return Answer(values={"InstalledApplicationList": listed})


PROPERTIES: dict[str, Callable[[Application], PlistValue]] = {
    "Identifier": lambda application: application.identifier,
    "Name": lambda application: application.name,
    "Version": lambda application: application.version,
    "ShortVersion": lambda application: application.short_version,
    "BundleSize": lambda application: application.bundle_size,
    "DynamicSize": lambda application: application.dynamic_size,
    "ExternalVersionIdentifier": lambda application: external_version(application),
    "IsValidated": lambda application: True,
    "AppStoreVendable": lambda application: application.store_id is not None,
    "DeviceBasedVPP": lambda application: application.is_managed and application.store_id is not None,
    "BetaApp": lambda application: False,
    "AdHocCodeSigned": lambda application: False,
    "HasUpdateAvailable": lambda application: False,
    "IsAppClip": lambda application: False,
}


def _described(application: Application, items: list[str] | None, *, installing: bool) -> PlistDict:
    values = {name: value(application) for name, value in PROPERTIES.items()} | {"Installing": installing}
    return values if items is None else {name: value for name, value in values.items() if name in items}


def external_version(application: Application) -> int:
    """Return the number the App Store has for this version; 0 for an application that is not from there."""
    return 0 if application.store_id is None else application.store_id % 1_000_000 + 860_000_000
