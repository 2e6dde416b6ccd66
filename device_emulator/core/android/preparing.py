"""Preparing a device that scanned a code: the network, the admin application, and what may go wrong on the way there.

Which failure costs a factory reset is AOSP's rule (ManagedProvisioning, `getRequireFactoryReset`): everything after the
network does, on a device that is to be the organization's. The application itself is not downloaded; but the checksum
of the Hub's signature is known, so that a code with another one fails as it would after the download.
"""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.android import holding
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.gauges import Network
from mdm_server.wire.android_provisioning import (
    HUB_COMPONENT,
    HUB_SIGNATURE_CHECKSUM,
    TEXT,
    Download,
    ProvisioningCode,
    decode_checksum,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a device could not be prepared, what its person reads, and whether it is reset."""

    code: str
    text: str
    resets: bool


NO_NETWORK = Failure("provisioning.no_network", "Couldn't connect to Wi-Fi.", resets=False)
WRONG_CHECKSUM = Failure("provisioning.wrong_checksum", "Couldn't use the admin app: checksum error.", resets=True)
OTHER_AGENT = Failure("provisioning.other_agent", TEXT, resets=True)
NO_SERVER = Failure("provisioning.no_server", TEXT, resets=False)


def prepare(handheld: AndroidHandheld, code: ProvisioningCode) -> Failure | None:
    """Join the network that the code names, and get its application; return what went wrong."""
    if code.wifi is not None:
        holding.change_network(handheld, Network.WIFI)
    if handheld.network is Network.NONE:
        return NO_NETWORK
    if code.component != HUB_COMPONENT:
        # Some other agent would take over from here; this device has none but the Hub.
        return OTHER_AGENT
    if code.download is not None and not _is_genuine(code.download):
        return WRONG_CHECKSUM
    return None if code.staging is not None else NO_SERVER


def _is_genuine(download: Download) -> bool:
    """Compare the signature's checksum; that of the package comes first, and cannot be compared here."""
    if download.package_checksum:
        return True
    return download.signature_checksum == decode_checksum(HUB_SIGNATURE_CHECKSUM)
