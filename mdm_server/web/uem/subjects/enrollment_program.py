"""Apple's Device Enrollment Program: its addresses are reserved, and every one of them says so (501)."""

from __future__ import annotations

from mdm_server.domain.refusal import Refusal
from mdm_server.web.uem.calls import Asked, Calls, Reply

enrollment_program = Calls("Device Enrollment Program")


@enrollment_program.get("mdm/dep/profiles/search")
@enrollment_program.post("mdm/dep/profiles")
@enrollment_program.get("mdm/dep/profiles/{profile}")
@enrollment_program.put("mdm/dep/profiles/{profile}")
@enrollment_program.delete("mdm/dep/profiles/{profile}")
@enrollment_program.put("mdm/dep/profiles/{profile}/devices/{serial}")
@enrollment_program.get("mdm/dep/groups/{group}/devices")
@enrollment_program.put("mdm/dep/groups/{group}/devices")
async def not_yet(asked: Asked) -> Reply:
    """Say that this server takes no part in the program yet."""
    raise Refusal("api.not_implemented", reason="dep")
