"""The device endpoint: one URL for check-ins and command reports, told apart by what the plist says.

The same use case serves /mdm and /checkin, PUT and POST, whatever the Content-Type (checklist rows 1 and 2).
"""

from __future__ import annotations

from mdm_server.service.answer import Answer
from mdm_server.service.check_in import CheckIns
from mdm_server.service.command_report import CommandReports
from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.journal import Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.running import Runner
from mdm_server.wire import inbound
from mdm_server.wire.checkin import CheckIn
from mdm_server.wire.results import CommandResult, Status

LARGE_BODY = 16 * 1024
"""Bytes; what is larger is not parsed where others wait. 20,000 values, all that a report may hold, take 130 ms in
180 KB of binary property list, so this much takes 12 at most; what devices send every day is below 4 KiB."""
REMEMBERED_IDLES = 10_000
SMALL_IDLE = 512
"""Bytes. A device says that it is idle in the same words every time, so they are parsed once; they take 300 bytes."""


class DeviceChannel:
    """Identifies, parses, and passes a request on to the use case it belongs to."""

    def __init__(
        self,
        identity: DeviceIdentity,
        check_ins: CheckIns,
        command_reports: CommandReports,
        journal: Journal,
        run: Runner,
    ) -> None:
        self._identity = identity
        self._check_ins = check_ins
        self._command_reports = command_reports
        self._journal = journal
        self._run = run
        self._idles: dict[bytes, CommandResult] = {}

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a device; raises Refusal, which has then been journaled.

        Nothing of the body is parsed before its signature holds: a stranger reaches the CMS parser and no further.
        """
        with self._journal.guard(facts) as exchange:
            presented = self._identity.identify(facts, body)
            exchange.certificate = presented.fingerprint
            message = self._idles.get(body) or await self._read(body)
            exchange.device = message.enrollment.device
            if isinstance(message, CommandResult):
                exchange.message = message.status
                return await self._command_reports.answer(facts, presented, message)
            exchange.message = message.message_type
            return await self._check_ins.answer(facts, presented, message)

    async def _read(self, body: bytes) -> CheckIn | CommandResult:
        """Parse a message, and remember an Idle: what its bytes mean follows from them alone."""
        if len(body) > LARGE_BODY:
            return await self._run(lambda: inbound.parse(body))
        message = inbound.parse(body)
        if len(body) <= SMALL_IDLE and isinstance(message, CommandResult) and message.status is Status.IDLE:
            if len(self._idles) >= REMEMBERED_IDLES:
                self._idles.clear()
            self._idles[body] = message
        return message
