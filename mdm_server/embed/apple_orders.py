"""The words of whoever deals with Apple's services in the same process: what is bought, and what is let go wrong.

`server.apple.business_manager.order(organization, [NewDevice(serial_number="DMPXXXXXXXXX")], server=uuid)`: the
services are in `server.apple`, and this is what they are told.
"""

from __future__ import annotations

from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.faults import Fault
from mdm_server.clouds.apple.journal import Entry, Service
from mdm_server.clouds.apple.services import AppleServices

__all__ = ["AppleServices", "BusinessManagerError", "Entry", "Fault", "NewDevice", "Service"]
