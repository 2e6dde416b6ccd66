"""Commands about what the device shows elsewhere and who may look in: mirroring, remote desktop, cellular plans."""

from __future__ import annotations

from mdm_server.wire.commands.spec import CommandSpec, integer, string
from mdm_server.wire.commands.support import FORBIDDEN, only, since

COMMANDS = (
    CommandSpec(
        "RequestMirroring",
        "Offers the user to mirror the screen over AirPlay.",
        only(iOS="7.0", macOS="10.10"),
        fields=(
            string("DestinationName"),
            string("DestinationDeviceID"),
            integer("ScanTime"),
            string("Password"),
        ),
        answers=(string("MirroringResult"),),
    ),
    CommandSpec(
        "StopMirroring",
        "Ends AirPlay mirroring.",
        only(user_enrollment=FORBIDDEN, iOS=since("7.0", supervised=True), macOS="10.10"),
    ),
    CommandSpec(
        "EnableRemoteDesktop",
        "Switches Remote Desktop on.",
        only(macOS=since("10.14.4", supervised=True, user_enrollment=FORBIDDEN)),
    ),
    CommandSpec(
        "DisableRemoteDesktop",
        "Switches Remote Desktop off.",
        only(macOS=since("10.14.4", supervised=True, user_enrollment=FORBIDDEN)),
    ),
    CommandSpec(
        "RefreshCellularPlans",
        "Has the device fetch its eSIM plan from a carrier's server.",
        only(iOS=since("13.0", user_enrollment=FORBIDDEN)),
        fields=(string("eSIMServerURL", required=True),),
    ),
)
