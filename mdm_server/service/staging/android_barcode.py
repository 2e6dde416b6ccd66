"""Enrolling with the credentials in a provisioning code: the Hub's wizard, with nobody in front of a screen.

The server leads itself through its own wizard, so that a code is judged by the same guards in the same order as a
person is, and fails where a person would be asked something (a CAPTCHA above all, §2.3).
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import EntryChannel
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.hub import Hub
from mdm_server.wire.android_channel import EnrollRequest, Hardware, ManagementMode, StagingCredentials
from mdm_server.wire.hub import DeviceType, HubDevice, HubHeader, HubReply, HubRequest, NextStepType, Step

AGENT = "com.airwatch.androidagent"
MOST_STEPS = 8
"""Questions that a wizard without a screen may ask before it is taken to go round in circles."""


class BarcodeStaging:
    """Turns the credentials in a code into the one-time token that the wizard ends with."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def token(self, facts: RequestFacts, request: EnrollRequest, credentials: StagingCredentials) -> str:
        """Return the token.

        Raises:
            Refusal: the wizard said no; it has journaled that already.

        """
        device = hub_device(request.hardware, request.management_mode)
        header = HubHeader(channel=EntryChannel.BARCODE)
        step = Step.GROUP
        for _ in range(MOST_STEPS):
            message = HubRequest(
                header=header,
                device=device,
                group_id=credentials.group_id if step is Step.GROUP else "",
                username=credentials.user_name if step is Step.CREDENTIALS else "",
                password=credentials.password if step is Step.CREDENTIALS else "",
            )
            reply = await self._hub.answer(facts, step, message)
            if reply.refused:
                raise Refusal(reply.status.reason)
            if reply.next_step.install_url:
                return parse_qs(urlsplit(reply.next_step.install_url).query)["token"][0]
            header = HubHeader(session_id=reply.header.session_id, channel=EntryChannel.BARCODE)
            step = _next(reply)
        raise Refusal("CREATE_MDM_ERROR", reason="endless")


def hub_device(hardware: Hardware, mode: ManagementMode) -> HubDevice:
    """Return what the Hub on such a device would say of it."""
    return HubDevice(
        identifier=hardware.identifier,
        serial_number=hardware.serial_number or "",
        imei=hardware.imei or "",
        type=DeviceType.ANDROID,
        os_version=hardware.os_version,
        model=hardware.model,
        product=hardware.model,
        bundle_identifier=AGENT,
        afw_provisioning_mode="WorkProfile" if mode is ManagementMode.WORK_PROFILE else "",
    )


def _next(reply: HubReply) -> Step:
    """Return the step that answers a question, as far as a code can answer one; nobody is named on whose behalf."""
    match reply.next_step.type:
        case NextStepType.CREDENTIALS:
            return Step.CREDENTIALS
        case NextStepType.ON_BEHALF_USER:
            return Step.ON_BEHALF_USER
        case NextStepType.INSTALL:
            return Step.INSTALL_URL
    raise Refusal("CREATE_MDM_ERROR", reason="asked")
