"""A company whose MDM server is ours, at an Apple that is played beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.users import UserOrder
from mdm_server.service.suite import ServiceSuite

USER, PASSWORD = "ada", "correct horse"


@dataclass(frozen=True)
class AppleCustomer:
    """What the company has: an organization at Apple, a server there, and a token here."""

    suite: ServiceSuite
    portal: BusinessManager
    organization: str
    server: str
    token: int

    async def save_profile(self, name: str = "corporate", **said: Any) -> int:
        """Save a DEP profile, and return its number."""
        return (await self.suite.staging.program.save(ProfileOrder(name=name, token=self.token, **said))).id

    async def own(self, serial_numbers: Sequence[str], **said: Any) -> None:
        """Buy devices, and assign a new DEP profile to them."""
        self.portal.order(
            self.organization, [NewDevice(serial_number=each) for each in serial_numbers], server=self.server
        )
        await self.suite.abm.sync.run(self.token)
        profile = await self.save_profile(**said)
        for serial_number in serial_numbers:
            await self.suite.staging.program.assign(serial_number, profile)


async def join_apple(suite: ServiceSuite, apple: AppleServices) -> AppleCustomer:
    """Found a company with somebody who works there, and take Apple's token to our server."""
    portal = apple.business_manager
    organization = portal.add_organization("Example Inc.").id
    server = portal.add_server(organization, "mdmsim").uuid
    token = (await suite.abm.tokens.new("stores")).id
    certificate = await suite.abm.tokens.certificate(token)
    sealed = portal.server_token(server, x509.load_pem_x509_certificate(certificate.encode()))
    await suite.abm.tokens.upload(token, sealed)
    await suite.staging.users.create(UserOrder(user_name=USER, password=PASSWORD))
    return AppleCustomer(suite, portal, organization, server, token)
