"""People who hold devices and use the Hub: the bytes of its requests, without sockets, and devices that enrol by it."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mdm_server.service.answer import Answer
from mdm_server.store.records import JournalEvent
from mdm_server.wire.hub import (
    DeviceLogin,
    DeviceReply,
    HubDevice,
    HubHeader,
    HubReply,
    HubRequest,
    NextStepType,
    Step,
    encode,
    parse_device_reply,
    parse_reply,
)
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, ServiceRig

GROUP = "MDMSIM"
ANSWERS = {
    NextStepType.CREDENTIALS: Step.CREDENTIALS,
    NextStepType.CAPTCHA: Step.CREDENTIALS,
    NextStepType.TOKEN: Step.GROUP,
    NextStepType.GROUP_SELECT: Step.GROUP_SELECTOR,
    NextStepType.STAGING_CHOICE: Step.STAGING_CHOICE,
    NextStepType.ON_BEHALF_USER: Step.ON_BEHALF_USER,
    NextStepType.OWNERSHIP: Step.OWNERSHIP,
    NextStepType.TERMS_OF_USE: Step.TERMS_OF_USE,
    NextStepType.INSTALL: Step.INSTALL_URL,
}
"""The step that answers each question."""


def captcha_in(picture: str) -> str:
    """Read the digits of a CAPTCHA."""
    drawing = base64.b64decode(picture.partition(",")[2]).decode()
    found = re.search(r">(\d+)</text>", drawing)
    assert found is not None, drawing
    return found[1]


@dataclass
class Hub:
    """The Hub on one device, and the person in front of it."""

    rig: ServiceRig
    device: ServiceDevice
    type: str = "2"
    os_version: str = "17.5"
    channel: str = ""
    session: str = ""
    work_profile: bool = False

    def describe(self) -> HubDevice:
        """Return what the app says about its device."""
        return HubDevice(
            identifier=self.device.udid,
            serial_number=self.device.serial_number,
            type=self.type,
            os_version=self.os_version,
            product=self.device.product_name,
            afw_provisioning_mode="WorkProfile" if self.work_profile else "",
        )

    # --- the wizard --------------------------------------------------------------------------------------------------

    def ask(self, step: Step, **fields: Any) -> Awaitable[Answer]:
        """Send one request of the wizard."""
        header = HubHeader(session_id=self.session, channel=self.channel)
        request = HubRequest(header=header, device=self.describe(), **fields)
        facts = self.rig.facts(method="POST", peer=self.device.peer)
        return self.rig.suite.hub.door.wizard(step)(facts, encode(request))

    async def say(self, step: Step, **fields: Any) -> HubReply:
        """Send one request of the wizard and read the answer."""
        reply = parse_reply((await self.ask(step, **fields)).body)
        self.session = reply.header.session_id or self.session
        return reply

    async def begin(self, group_id: str = GROUP) -> HubReply:
        """Type a Group ID, or a token, on the first page."""
        self.session = ""
        return await self.say(Step.GROUP, group_id=group_id)

    async def log_in(self, username: str, password: str | None = None, **fields: Any) -> HubReply:
        """Type credentials; a password nobody names is the user's, which the tests derive from the name."""
        return await self.say(Step.CREDENTIALS, username=username, password=password or password_of(username), **fields)

    async def walk(self, username: str = "", *, group_id: str = GROUP, **answers: Any) -> HubReply:
        """Go through the wizard to its end: an install URL, or a refusal."""
        answers = {"username": username, "password": password_of(username), **answers}
        on_behalf = answers.pop("on_behalf", "")
        token = answers.pop("token", "")
        reply = await self.begin(group_id)
        for _ in range(12):
            if reply.refused or reply.next_step.install_url:
                return reply
            step = ANSWERS[NextStepType(reply.next_step.type)]
            given = dict(answers)
            if step is Step.ON_BEHALF_USER:
                given["username"] = on_behalf
            if step is Step.GROUP:
                given["group_id"] = token
            if reply.next_step.captcha_image:
                given["captcha_value"] = captcha_in(reply.next_step.captcha_image)
            reply = await self.say(step, **given)
        raise AssertionError(f"the wizard does not end: {reply}")

    async def enroll(self, username: str = "", **answers: Any) -> ServiceDevice:
        """Go through the wizard, install what is behind its URL, and check in."""
        reply = await self.walk(username, **answers)
        assert not reply.refused, reply.status
        await self.install(reply.next_step.install_url)
        return self.device

    async def install(self, install_url: str) -> None:
        """Fetch the enrolment profile of a session, and enrol with it."""
        self.device.identity = None
        await self.device.enroll(await self.fetch(install_url))

    async def fetch(self, install_url: str) -> bytes:
        """Fetch the enrolment profile of a session."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(install_url).query).items()}
        facts = self.rig.facts(method="GET", query=query)
        return (await self.rig.suite.enroll.answer(facts, b"")).body

    # --- on a device that is enrolled --------------------------------------------------------------------------------

    def ask_enrolled(self, username: str, password: str | None = None, **fields: Any) -> Awaitable[Answer]:
        """Log in to the Hub of the enrolled device."""
        typed = password_of(username) if password is None else password
        body = encode(DeviceLogin(device=self.describe(), username=username, password=typed, **fields))
        return self.rig.suite.hub.door.login(self.device.facts_for(body, method="POST"), body)

    async def take(self, username: str, password: str | None = None, **fields: Any) -> DeviceReply:
        """Log in to the Hub of the enrolled device, and read the answer."""
        return parse_device_reply((await self.ask_enrolled(username, password, **fields)).body)

    async def give_back(self) -> DeviceReply:
        """Log out of the Hub of the enrolled device."""
        body = encode(DeviceLogin(device=self.describe()))
        answer = await self.rig.suite.hub.door.logout(self.device.facts_for(body, method="POST"), body)
        return parse_device_reply(answer.body)

    async def status(self) -> DeviceReply:
        """Ask whose the enrolled device is."""
        body = encode(DeviceLogin(device=self.describe()))
        answer = await self.rig.suite.hub.door.status(self.device.facts_for(body, method="POST"), body)
        return parse_device_reply(answer.body)

    # --- the Workspace ONE app ---------------------------------------------------------------------------------------

    def ask_direct(self, username: str, password: str | None = None, **fields: Any) -> Awaitable[Answer]:
        """Log in to the Workspace ONE app."""
        typed = password_of(username) if password is None else password
        body = encode(DeviceLogin(device=self.describe(), username=username, password=typed, **fields))
        return self.rig.suite.hub.door.direct_enrollment(self.rig.facts(method="POST"), body)

    async def direct(self, username: str, password: str | None = None, **fields: Any) -> DeviceReply:
        """Log in to the Workspace ONE app, and read the answer."""
        return parse_device_reply((await self.ask_direct(username, password, **fields)).body)

    # --- refusals ----------------------------------------------------------------------------------------------------

    async def refused(self, code: str, request: Awaitable[Answer], username: str = "") -> JournalEvent:
        """Assert that a request is refused with a code, and changes nothing (R0); return what was journaled of it."""
        secrets = [password_of(username)] if username else []
        return await assert_rejected(self.rig.store, request, status=200, event=f"hub.refused:{code}", secrets=secrets)


def password_of(username: str) -> str:
    """Return the password of a user of the tests."""
    return f"secret of {username.casefold()}"
