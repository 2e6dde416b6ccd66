"""Commands for managed books."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, array, integer, item, string, words
from mdm_server.wire.commands.support import FORBIDDEN, AccessRight, Channel, only, since

COMMANDS = (
    CommandSpec(
        "InstallMedia",
        "Installs a book, from the store or from a URL.",
        only(
            rights=AccessRight.MANAGE_APPLICATIONS,
            iOS="8.0",
            macOS=since("10.9", channels=Channel.USER, user_enrollment=FORBIDDEN),
        ),
        fields=(
            integer("iTunesStoreID"),
            string("MediaURL", only(iOS=since())),
            string("MediaType", required=True, choices=("Book",)),
            string("PersistentID", only(iOS=since())),
            string("Kind", only(iOS=since()), choices=("pdf", "epub", "ibooks")),
            string("Version", only(iOS=since())),
            string("Author", only(iOS=since())),
            string("Title", only(iOS=since())),
        ),
        answers=(
            integer("iTunesStoreID"),
            string("MediaURL", only(iOS=since())),
            string("PersistentID", only(iOS=since())),
            string("MediaType"),
            string(
                "State",
                choices=words("""
                    Queued PromptingForLogin Updating Installing Managed ManagedButUninstalled
                    Installed Uninstalled Failed Unknown
                    """),
            ),
            string(
                "RejectionReason",
                choices=words("""
                    CouldNotVerifyITunesStoreID PurchaseNotFound AppStoreDisabled WrongMediaType
                    DownloadInvalid EnterpriseBooksNotSupportedInMultiUser
                    """),
            ),
        ),
    ),
    CommandSpec(
        "ManagedMediaList",
        "Lists the books under management.",
        only(iOS=since("8.0", rights=AccessRight.MANAGE_APPLICATIONS)),
        answers=(
            array(
                "Books",
                item(
                    integer("iTunesStoreID", required=True),
                    string("State"),
                    string("PersistentID"),
                    string("Kind"),
                    string("Version"),
                    string("Author"),
                    string("Title"),
                ),
                required=True,
            ),
        ),
    ),
    CommandSpec(
        "RemoveMedia",
        "Takes a managed book away; succeeds even if it was never there.",
        only(iOS=since("8.0", rights=AccessRight.MANAGE_APPLICATIONS)),
        fields=(
            string("MediaType", required=True, choices=("Book",)),
            string("iTunesStoreID"),
            string("PersistentID"),
        ),
    ),
)
