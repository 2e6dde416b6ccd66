"""What the server may ask about the applications it manages. Those it does not manage are passed over in silence."""

from __future__ import annotations

from dataclasses import replace

from device_emulator.core import managing_applications
from device_emulator.core.answers.answerer import SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.applications import PREVENT_BACKUP, REMOVE_WITH_MANAGEMENT, external_version
from device_emulator.core.application_states import ApplicationState
from device_emulator.core.applications import Application
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command
from mdm_server.wire.plist import PlistDict


def asked_for(handheld: Handheld, command: Command) -> list[Application]:
    """Return the managed applications that the command names, or all where it may leave the names out."""
    wanted = command.fields.get("Identifiers")
    return [each for each in handheld.applications.managed if wanted is None or each.identifier in wanted]


@answerer(
    "ManagedApplicationList",
    Fidelity.SIMPLIFIED,
    "states on the way, and news that are told once; no purchase is validated, and an update asks nobody to sign in",
)
def managed_application_list(handheld: Handheld, command: Command) -> Answer:
    """Tell how the managed applications are, and how far the ordered ones have come."""
    managing_applications.catch_up(handheld)
    wanted = command.fields.get("Identifiers")
    known = {each.identifier: each for each in handheld.applications.managed}
    known |= {each.application.identifier: each.application for each in handheld.applications.orders}
    listed = {
        identifier: _status(application, managing_applications.tell(handheld, identifier))
        for identifier, application in known.items()
        if wanted is None or identifier in wanted
    }
    return Answer(values={"ManagedApplicationList": listed})


def _status(application: Application, state: ApplicationState) -> PlistDict:
    return {
        "Status": state.value,
        "ManagementFlags": REMOVE_WITH_MANAGEMENT * application.removed_with_management
        | PREVENT_BACKUP * application.prevents_backup,
        "HasConfiguration": application.configuration is not None,
        "HasFeedback": application.feedback is not None,
        "IsValidated": True,
        "ExternalVersionIdentifier": external_version(application),
    }


@answerer("ManagedApplicationAttributes", Fidelity.REAL, "what InstallApplication or Settings set", not_now=SEALED)
def managed_application_attributes(handheld: Handheld, command: Command) -> Answer:
    """Read the attributes back."""
    listed: list[PlistDict] = []
    for each in asked_for(handheld, command):
        attributes = {} if each.attributes is None else {"Attributes": dict(each.attributes)}
        listed.append({"Identifier": each.identifier, **attributes})
    return Answer(values={"ApplicationAttributes": listed})


@answerer("ManagedApplicationConfiguration", Fidelity.REAL, "what InstallApplication or Settings set", not_now=SEALED)
def managed_application_configuration(handheld: Handheld, command: Command) -> Answer:
    """Read the configuration back."""
    listed: list[PlistDict] = []
    for each in asked_for(handheld, command):
        configuration = {} if each.configuration is None else {"Configuration": dict(each.configuration)}
        listed.append({"Identifier": each.identifier, **configuration})
    return Answer(values={"ApplicationConfigurations": listed})


@answerer("ManagedApplicationFeedback", Fidelity.SIMPLIFIED, "no application here says anything", not_now=SEALED)
def managed_application_feedback(handheld: Handheld, command: Command) -> Answer:
    """Collect the feedback, and delete it if asked to."""
    listed: list[PlistDict] = []
    for each in asked_for(handheld, command):
        feedback = {} if each.feedback is None else {"Feedback": dict(each.feedback)}
        listed.append({"Identifier": each.identifier, **feedback})
        if feedback and command.fields.get("DeleteFeedback", False):
            handheld.applications.install(replace(each, feedback=None))
    return Answer(values={"ManagedApplicationFeedback": listed})
