"""Somebody at the portal of Apple Business Manager, for servers on sockets."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.x509 import load_pem_x509_certificate

from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.embed import Server


@dataclass(frozen=True)
class Portal:
    """An organization with one MDM server."""

    manager: BusinessManager
    organization: str
    server: str

    @classmethod
    def of(cls, server: Server) -> Portal:
        """Enter an organization, and our server."""
        assert server.apple is not None
        manager = server.apple.business_manager
        organization = manager.add_organization("Example").id
        return cls(manager, organization, manager.add_server(organization, "Stores").uuid)

    def p7m(self, certificate: str) -> bytes:
        """Take a certificate, and give a token."""
        return self.manager.server_token(self.server, load_pem_x509_certificate(certificate.encode()))

    def order(self, *serial_numbers: str) -> None:
        """Buy devices."""
        devices = [NewDevice(serial_number=each) for each in serial_numbers]
        self.manager.order(self.organization, devices, server=self.server)

    def profile_of(self, serial_number: str) -> str | None:
        """Return the name of the profile that Apple would give a device."""
        configuration = self.manager.cloud_configuration(serial_number)
        return None if configuration is None else configuration.profile.profile_name
