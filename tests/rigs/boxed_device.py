"""A device of the company's, still in its box, and whoever takes it out: what it says in Setup Assistant."""

from __future__ import annotations

import base64
import random
from datetime import datetime
from typing import Any

from certs.authority import Authority
from certs.identity import Identity
from certs.names import hardware_name
from certs.signed_data import sign
from mdm_server.service.answer import Answer
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.wire import plist
from rigs.service import ServiceDevice
from rigs.staging_office import StagingOffice


def vendor_since(now: datetime) -> Authority:
    """Return an authority in Apple's place."""
    return Authority.create(clock=lambda: now, random_bytes=random.Random(77).randbytes, organization="vendor TEST")


class Box:
    """One device, with the identity that it got when it was activated."""

    def __init__(self, office: StagingOffice, vendor: Authority, number: int = 1) -> None:
        self.office = office
        self.device: ServiceDevice = office.rig.device(number)
        self.born: Identity = vendor.issue_identity(hardware_name(self.device.udid, self.device.serial_number))

    def describe(self, signer: Identity | None = None, *, when: datetime | None = None, **keys: object) -> bytes:
        """Return the device's MachineInfo, signed with the key it was born with unless told otherwise."""
        info = {
            "UDID": self.device.udid,
            "SERIAL": self.device.serial_number,
            "PRODUCT": "iPhone15,2",
            "VERSION": "21F90",
            "OS_VERSION": "17.5",
            "MDM_CAN_REQUEST_SOFTWARE_UPDATE": True,
            **keys,
        }
        known = {name: value for name, value in info.items() if value != ""}
        return sign(plist.dumps(known), signer or self.born, when=when or self.office.rig.clock())

    async def ask(self, typed: tuple[str, str] | None = None, body: bytes | None = None, **facts: Any) -> Answer:
        """Ask for the enrolment profile, as somebody or as nobody."""
        authorization = None if typed is None else "Basic " + base64.b64encode(":".join(typed).encode()).decode()
        asked = self.office.rig.facts(**{"method": "POST", "authorization": authorization, **facts})
        return await self.office.rig.suite.hub.setup_assistant.answer(asked, self.describe() if body is None else body)

    async def open_page(self, **facts: Any) -> Answer:
        """Open the page to sign in on, as the web view of Setup Assistant does."""
        header = base64.b64encode(self.describe()).decode()
        asked = self.office.rig.facts(**{"method": "GET", "device_info": header, **facts})
        return await self.office.rig.suite.hub.web_sign_in.answer(asked, b"")

    async def assigned(self, **order: Any) -> Box:
        """Give the device a DEP profile."""
        saved = await self.office.staging.program.save(ProfileOrder(**{"name": "corporate", **order}))
        await self.office.staging.program.assign(self.device.serial_number, saved.id)
        return self
