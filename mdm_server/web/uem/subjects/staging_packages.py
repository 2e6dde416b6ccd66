"""Staging packages: their addresses are reserved (501). A provisioning code comes from `/api/v1/android-codes`."""

from __future__ import annotations

from mdm_server.domain.refusal import Refusal
from mdm_server.web.uem.calls import Asked, Calls, Reply

staging_packages = Calls("Staging packages")


@staging_packages.post("mdm/staging")
@staging_packages.put("mdm/staging")
@staging_packages.get("mdm/staging/{package}")
@staging_packages.delete("mdm/staging/{package}")
@staging_packages.get("mdm/staging/{package}/sideload")
@staging_packages.post("mdm/staging/androidwork/qrcodeenrollment", 1, 2)
async def not_here(asked: Asked) -> Reply:
    """Say that this server makes no packages: rugged devices and PDF files are not simulated."""
    raise Refusal("api.not_implemented", reason="staging_packages")
