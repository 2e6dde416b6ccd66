"""Applications: installing, removing, listing.

Nothing is downloaded. The person of an unsupervised device agrees to whatever is asked, by the time of the next query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from device_emulator.core.answers.answerer import SEALED, Answer, Condition, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed, malformed
from device_emulator.core.answers.sightings import ApplicationInstalled, ApplicationRemoved, InvitationShown
from device_emulator.core.answers.urls import path_over_https
from device_emulator.core.applications import CATALOGUE, Application
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command
from mdm_server.wire.plist import PlistDict, PlistValue

REMOVE_WITH_MANAGEMENT = 1
WITH_LICENCE = 1  # Options.PurchaseMethod: volume purchasing, which works even where the App Store is switched off
SOURCES = ("iTunesStoreID", "Identifier", "ManifestURL")


@answerer(
    "InstallApplication",
    Fidelity.SIMPLIFIED,
    "nothing is downloaded, and the person agrees at once; the App Store is a catalogue of ten, and unknown numbers "
    "become made-up applications",
    not_now=SEALED,
)
def install_application(handheld: Handheld, command: Command) -> Answer:
    """Install an application, update the one that is managed, or take over the one its person installed."""
    fields = command.fields
    if sum(key in fields for key in SOURCES) != 1:
        return malformed(f"expected exactly one of {', '.join(SOURCES)}")
    licensed = fields.get("Options", {}).get("PurchaseMethod") == WITH_LICENCE
    allowed = handheld.profiles.restrictions().get("allowAppInstallation", True)
    if not allowed and not licensed and "ManifestURL" not in fields:
        text = "Installing applications is restricted."
        return failed(ErrorCode.APP_INSTALLATION_DISABLED, text, RejectionReason="AppStoreDisabled")
    wanted = look_up(command)
    if isinstance(wanted, Answer):
        return wanted
    present = handheld.applications.find(wanted.identifier)
    if present is not None and not present.is_managed and fields.get("ChangeManagementState") != "Managed":
        text = f"“{wanted.identifier}” is installed already, by the person."
        return failed(ErrorCode.APP_ALREADY_INSTALLED, text, RejectionReason="AppAlreadyInstalled")
    handheld.applications.install(_managed(present or wanted, command))
    handheld.emit(ApplicationInstalled(wanted.identifier))
    return Answer(values={"Identifier": wanted.identifier, "State": _state(handheld, present)})


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
    return replace(
        application,
        is_managed=True,
        removed_with_management=bool(fields.get("ManagementFlags", 0) & REMOVE_WITH_MANAGEMENT),
        configuration=fields.get("Configuration", application.configuration),
        attributes=fields.get("Attributes", application.attributes),
    )


def _state(handheld: Handheld, present: Application | None) -> str:
    """Return how far the application had come when the device answered; a person has to agree unless supervised."""
    if handheld.is_supervised:
        return "Queued" if present is None else "Updating" if present.is_managed else "Managed"
    return "Prompting" if present is None else "PromptingForUpdate" if present.is_managed else "PromptingForManagement"


@answerer("ApplyRedemptionCode", Fidelity.SIMPLIFIED, "no purchase here ever waits for a code", not_now=SEALED)
def apply_redemption_code(handheld: Handheld, command: Command) -> Answer:
    """Say that nothing waits for the code."""
    identifier = command.fields["Identifier"]
    if not _is_managed(handheld, identifier):
        return failed(ErrorCode.APP_NOT_MANAGED, f"“{identifier}” is not managed.")
    return failed(ErrorCode.NOT_WAITING_FOR_REDEMPTION, f"“{identifier}” does not wait for a redemption code.")


@answerer("RemoveApplication", Fidelity.REAL, "only what is managed", not_now=SEALED)
def remove_application(handheld: Handheld, command: Command) -> Answer:
    """Remove a managed application."""
    identifier = command.fields["Identifier"]
    if not _is_managed(handheld, identifier):
        return failed(ErrorCode.APP_NOT_MANAGED, f"“{identifier}” is not managed.")
    handheld.applications.remove(identifier)
    handheld.emit(ApplicationRemoved(identifier))
    return Answer()


def _is_managed(handheld: Handheld, identifier: str) -> bool:
    application = handheld.applications.find(identifier)
    return application is not None and application.is_managed


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
    wanted, items = command.fields.get("Identifiers"), command.fields.get("Items")
    managed_only = command.fields.get("ManagedAppsOnly", False)
    listed = [
        _described(application, items)
        for application in handheld.applications
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
    "Installing": lambda application: False,
    "AppStoreVendable": lambda application: application.store_id is not None,
    "DeviceBasedVPP": lambda application: application.is_managed and application.store_id is not None,
    "BetaApp": lambda application: False,
    "AdHocCodeSigned": lambda application: False,
    "HasUpdateAvailable": lambda application: False,
    "IsAppClip": lambda application: False,
}


def _described(application: Application, items: list[str] | None) -> PlistDict:
    names = PROPERTIES if items is None else [name for name in PROPERTIES if name in items]
    return {name: PROPERTIES[name](application) for name in names}


def external_version(application: Application) -> int:
    """Return the number the App Store has for this version; 0 for an application that is not from there."""
    return 0 if application.store_id is None else application.store_id % 1_000_000 + 860_000_000
