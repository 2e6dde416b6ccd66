"""ContentCachingInformation."""

from __future__ import annotations

from mdm_server.wire.commands.spec import (
    CommandSpec,
    anything,
    array,
    boolean,
    date,
    dictionary,
    each,
    flag,
    integer,
    item,
    real,
    string,
    words,
)
from mdm_server.wire.commands.support import FORBIDDEN, AccessRight, only, since

DETAILS = dictionary(
    "details",
    flag("ac-power"),
    integer("cache-size"),
    dictionary(
        "capabilities",
        flag("im"),
        flag("ns"),
        flag("pc"),
        flag("query-parameters"),
        flag("sc"),
        flag("ur"),
    ),
    flag("is-portable"),
    dictionary("local-network", integer("speed"), flag("wired")),
    required=True,
)
"""What the cache knows of another one, parent or peer."""

COMMANDS = (
    CommandSpec(
        "ContentCachingInformation",
        "Reports what a Mac's content cache holds and whom it serves.",
        only(macOS=since("10.15.4", rights=AccessRight.QUERY_NETWORK, user_enrollment=FORBIDDEN)),
        answers=(
            dictionary(
                "StatusResponse",
                flag("Activated"),
                flag("Active"),
                integer("ActualCacheUsed"),
                dictionary(
                    "AlertsForPeerFilterRanges",
                    each(
                        item(
                            string(
                                "className", required=True, choices=("AssetCacheUnfriendlyPeersInFilterRangeAlert",)
                            ),
                            date("postDate", required=True),
                            integer("peerFilterRangeIndex", required=True),
                            array("addresses", string(), required=True),
                        )
                    ),
                ),
                array(
                    "Alerts",
                    item(
                        string(
                            "className",
                            required=True,
                            choices=words("""
                                AssetCacheLowSpaceAlert AssetCacheNoSpaceAlert
                                AssetCacheRegistrationRejectedAlert
                                AssetCacheRegistrationUnavailableAlert
                                AssetCacheResourceMissingAlert
                                """),
                        ),
                        date("postDate", required=True),
                        integer("cacheLimit"),
                        integer("reservedVolumeSpace"),
                        string("resource"),
                        string("pathPreventingAccess"),
                    ),
                ),
                dictionary("CacheDetails", each(integer())),
                integer("CacheFree"),
                integer("CacheLimit"),
                string("CacheStatus", choices=("LOWSPACE", "OK")),
                integer("CacheUsed"),
                flag("DataMigrationCompleted"),
                dictionary(
                    "DataMigrationError",
                    string("domain", required=True),
                    integer("code", required=True),
                    dictionary("userInfo", anything()),
                ),
                real("DataMigrationProgress", range=(0.0, 1.0)),
                real("MaxCachePressureLast1Hour", range=(0.0, 1.0)),
                array(
                    "Parents",
                    item(
                        string("address", required=True),
                        dictionary(
                            "alert",
                            string(
                                "className",
                                required=True,
                                choices=("AssetCacheParentCycleAlert", "AssetCacheParentDepthAlert"),
                            ),
                            date("postDate", required=True),
                            array("addresses", string(), required=True),
                        ),
                        DETAILS,
                        string("guid", required=True),
                        boolean("healthy", required=True),
                        integer("port", required=True),
                        string("version", required=True),
                    ),
                ),
                array(
                    "Peers",
                    item(
                        string("address", required=True),
                        dictionary(
                            "alert",
                            string(
                                "className",
                                required=True,
                                choices=("AssetCachePeerCycleAlert", "AssetCacheUnfriendlyPeerAlert"),
                            ),
                            date("postDate", required=True),
                            array("addresses", string()),
                            string("peerAddress"),
                        ),
                        DETAILS,
                        boolean("friendly", required=True),
                        string("guid", required=True),
                        boolean("healthy", required=True),
                        integer("port", required=True),
                        string("version", required=True),
                    ),
                ),
                integer("PersonalCacheFree"),
                integer("PersonalCacheLimit"),
                integer("PersonalCacheUsed"),
                integer("Port"),
                array("PrivateAddresses", string()),
                string("PublicAddress"),
                string("RegistrationError"),
                integer("RegistrationResponseCode"),
                date("RegistrationStarted"),
                integer("RegistrationStatus", choices=(-1, 0, 1)),
                flag("RestrictedMedia"),
                string("ServerGUID"),
                string("StartupStatus", choices=words("FAILED MIGRATING_DATA OK PENDING")),
                integer("TetheratorStatus", choices=(-1, 0, 1)),
                date("TotalBytesAreSince"),
                integer("TotalBytesDropped"),
                integer("TotalBytesImported"),
                integer("TotalBytesReturnedToChildren"),
                integer("TotalBytesReturnedToClients"),
                integer("TotalBytesReturnedToPeers"),
                integer("TotalBytesStoredFromOrigin"),
                integer("TotalBytesStoredFromParents"),
                integer("TotalBytesStoredFromPeers"),
                required=True,
            ),
        ),
    ),
)
