"""What it means for a management server that Apple is beside it."""

from __future__ import annotations

from dataclasses import replace

from mdm_server.clouds.apple.services import AppleServices
from mdm_server.service.settings import ServiceSettings


def believing(settings: ServiceSettings, services: AppleServices | None, abm_url: str | None) -> ServiceSettings:
    """Have a management server believe Apple about devices, and ask it for them."""
    if services is None:
        return replace(settings, abm_url=abm_url)
    authorities = (*settings.device_authorities, services.authority.root.certificate)
    return replace(settings, device_authorities=authorities, abm_url=abm_url)
