"""Commands for configuration profiles, provisioning profiles and the certificates they bring."""

from __future__ import annotations

from mdm_server.wire.commands.spec import (
    CommandSpec,
    array,
    boolean,
    data,
    date,
    dictionary,
    each,
    flag,
    integer,
    item,
    string,
)
from mdm_server.wire.commands.support import (
    FORBIDDEN,
    NEVER,
    NOT_SHARED,
    SHARED_BOTH,
    AccessRight,
    Channel,
    only,
    since,
    where,
)

RESTRICTIONS = (
    dictionary("restrictedBool", each(item(boolean("value", required=True)))),
    dictionary("restrictedValue", each(item(integer("value", required=True)))),
    dictionary("intersection", each(item(array("values", string(), required=True)))),
    dictionary("union", each(item(array("values", string(), required=True)))),
)
"""Restrictions in force: the switches, the numbers, and the lists that several profiles narrow or widen."""

COMMANDS = (
    CommandSpec(
        "InstallProfile",
        "Installs a configuration profile, or replaces the one with the same identifier.",
        where(
            rights=AccessRight.CHANGE_PROFILES,
            iOS=since("4.0", shared=SHARED_BOTH),
            macOS=since("10.7", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(data("Payload", required=True),),
    ),
    CommandSpec(
        "RemoveProfile",
        "Removes a configuration profile and everything it brought.",
        where(
            rights=AccessRight.CHANGE_PROFILES,
            iOS=since("4.0", shared=SHARED_BOTH),
            macOS=since("10.7", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(string("Identifier", required=True),),
    ),
    CommandSpec(
        "ProfileList",
        "Lists the installed configuration profiles with their payloads.",
        where(
            rights=AccessRight.INSPECT_PROFILES,
            iOS=since("4.0", shared=SHARED_BOTH),
            macOS=since("10.7", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(flag("ManagedOnly", where(iOS="13.0", macOS="10.15", tvOS="13.0")),),
        answers=(
            array(
                "ProfileList",
                item(
                    string("PayloadUUID", required=True),
                    string("PayloadIdentifier", required=True),
                    integer("PayloadVersion"),
                    string("PayloadDisplayName"),
                    string("PayloadOrganization"),
                    string("PayloadDescription"),
                    flag("PayloadRemovalDisallowed"),
                    flag("HasRemovalPasscode"),
                    flag("IsEncrypted"),
                    array("SignerCertificates", data()),
                    flag("IsManaged", where(macOS=NEVER)),
                    string("Source", where(iOS="18.0", macOS="15.0", tvOS="18.0", visionOS="2.0", watchOS="11.0")),
                    array(
                        "PayloadContent",
                        item(
                            string("PayloadType", required=True),
                            integer("PayloadVersion", required=True),
                            string("PayloadIdentifier", required=True),
                            string("PayloadUUID", where(iOS="17.0", macOS="14.0", tvOS="17.0"), required=True),
                            string("PayloadDisplayName"),
                            string("PayloadDescription"),
                            string("PayloadOrganization"),
                        ),
                    ),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "InstallProvisioningProfile",
        "Installs the provisioning profile an in-house application runs under.",
        where(
            iOS=since("4.0", rights=AccessRight.CHANGE_PROVISIONING),
            macOS="11.0",
            tvOS=since("10.2", rights=AccessRight.CHANGE_PROVISIONING),
            visionOS=since("1.1", rights=AccessRight.CHANGE_PROVISIONING),
            watchOS=since("10.0", rights=AccessRight.CHANGE_PROVISIONING),
        ),
        fields=(data("ProvisioningProfile", required=True),),
    ),
    CommandSpec(
        "RemoveProvisioningProfile",
        "Removes a provisioning profile by its UUID.",
        where(
            iOS=since("4.0", rights=AccessRight.CHANGE_PROVISIONING),
            macOS="11.0",
            tvOS=since("10.2", rights=AccessRight.CHANGE_PROVISIONING),
            visionOS=since("1.1", rights=AccessRight.CHANGE_PROVISIONING),
            watchOS=since("10.0", rights=AccessRight.CHANGE_PROVISIONING),
        ),
        fields=(string("UUID", required=True),),
    ),
    CommandSpec(
        "ProvisioningProfileList",
        "Lists the provisioning profiles and when they expire.",
        where(
            iOS=since("4.0", rights=AccessRight.INSPECT_PROVISIONING),
            macOS="11.0",
            tvOS=since("10.2", rights=AccessRight.INSPECT_PROVISIONING),
            visionOS=since("1.1", rights=AccessRight.INSPECT_PROVISIONING),
            watchOS=since("10.0", rights=AccessRight.INSPECT_PROVISIONING),
        ),
        fields=(flag("ManagedOnly", where(iOS="13.0", tvOS="13.0")),),
        answers=(
            array(
                "ProvisioningProfileList",
                item(string("Name", required=True), string("UUID", required=True), date("ExpiryDate")),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "CertificateList",
        "Lists the certificates and identities in the keychain.",
        where(
            rights=AccessRight.INSPECT_PROFILES,
            iOS="4.0",
            macOS=since("10.7", channels=Channel.BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(flag("ManagedOnly", where(iOS="13.0", macOS="10.15", tvOS="13.0")),),
        answers=(
            array(
                "CertificateList",
                item(
                    string("CommonName", required=True),
                    boolean("IsIdentity", required=True),
                    data("Data", required=True),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "Restrictions",
        "Tells which restrictions are in force, altogether and profile by profile.",
        only(
            rights=AccessRight.QUERY_RESTRICTIONS,
            user_enrollment=FORBIDDEN,
            iOS=since("4.0", shared=SHARED_BOTH),
            tvOS="9.0",
            visionOS="1.1",
            watchOS="10.0",
        ),
        fields=(flag("ProfileRestrictions"),),
        answers=(
            dictionary("GlobalRestrictions", *RESTRICTIONS, required=True),
            dictionary("ProfileRestrictions", each(item(*RESTRICTIONS)), required=True),
        ),
    ),
    CommandSpec(
        "ClearRestrictionsPassword",
        "Removes the Screen Time passcode, and the limits a person set behind it.",
        only(iOS=since("8.0", supervised=True, user_enrollment=FORBIDDEN, shared=NOT_SHARED)),
    ),
)
