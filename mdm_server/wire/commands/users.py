"""Commands for the users of a Shared iPad or a Mac."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, array, boolean, flag, integer, item, string
from mdm_server.wire.commands.support import FORBIDDEN, NEVER, ONLY_SHARED, SHARED_USER, AccessRight, only, since, where

COMMANDS = (
    CommandSpec(
        "UserList",
        "Lists the accounts on a Shared iPad or a Mac.",
        only(user_enrollment=FORBIDDEN, iOS=since("9.3", shared=ONLY_SHARED), macOS=since("10.13", supervised=True)),
        answers=(
            array(
                "Users",
                item(
                    string("UserName", required=True),
                    string("FullName", where(iOS=NEVER), required=True),
                    integer("UID", where(iOS=NEVER), required=True),
                    string("UserGUID", where(iOS=NEVER), required=True),
                    boolean("IsLoggedIn", required=True),
                    boolean("HasDataToSync", only(iOS=since()), required=True),
                    integer("DataQuota", only(iOS=since()), required=True),
                    integer("DataUsed", only(iOS=since()), required=True),
                    boolean("MobileAccount", where(iOS=NEVER), required=True),
                    boolean("HasSecureToken", only(macOS="11.0"), required=True),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "DeleteUser",
        "Deletes one account, or all of them.",
        only(user_enrollment=FORBIDDEN, iOS=since("9.3", shared=ONLY_SHARED), macOS=since("10.13", supervised=True)),
        fields=(
            string("UserName"),
            flag("ForceDeletion", only(iOS=since())),
            flag("DeleteAllUsers", only(iOS="14.0")),
        ),
    ),
    CommandSpec(
        "LogOutUser",
        "Logs the present user of a Shared iPad out.",
        only(iOS=since("9.3", user_enrollment=FORBIDDEN, shared=ONLY_SHARED)),
    ),
    CommandSpec(
        "UnlockUserAccount",
        "Lets a Mac user in again after too many wrong passwords.",
        only(macOS=since("10.13", rights=AccessRight.LOCK_AND_PASSCODE, user_enrollment=FORBIDDEN)),
        fields=(string("UserName", required=True),),
    ),
    CommandSpec(
        "UserConfigured",
        "Lets a waiting Shared iPad user past the login screens.",
        only(iOS=since("17.0", supervised=True, dep=True, user_enrollment=FORBIDDEN, shared=SHARED_USER)),
    ),
)
