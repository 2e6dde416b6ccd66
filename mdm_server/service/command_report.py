"""A device reports on its last command and is given the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.service.answer import NOTHING, PLIST, Answer
from mdm_server.service.check_in import channel_of
from mdm_server.service.device_identity import PresentedCertificate
from mdm_server.service.request_facts import RequestFacts
from mdm_server.store import records
from mdm_server.store.contract import Store
from mdm_server.store.records import AnswerEffect, ReportOutcome
from mdm_server.wire.results import CommandResult, Status

REMEMBERED_QUERIES = (
    "BatteryLevel",
    "BuildVersion",
    "DeviceCapacity",
    "DeviceName",
    "IMEI",
    "IsSupervised",
    "MEID",
    "Model",
    "ModelName",
    "OSVersion",
    "ProductName",
    "WiFiMAC",
)
"""The DeviceInformation answers that describe a device to its administrator."""


class CommandReports:
    """Records a report and takes the next command off the queue, in one transaction."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def answer(self, facts: RequestFacts, presented: PresentedCertificate, report: CommandResult) -> Answer:
        """Return the next command's plist, or 200 without a body when there is none.

        A late, repeated or unknown answer is recorded and harmless: the first terminal result stays.
        """
        occasion = facts.occasion(self._clock())
        answer = None
        if report.status is not Status.IDLE and report.command_uuid is not None:
            answer = records.Answer(report.command_uuid, report.status, report.raw)
        outcome = await self._store.commands.report_and_next(
            channel_of(report.enrollment), answer, presented.fingerprint, occasion
        )
        await self._learn(report, outcome, occasion)
        return NOTHING if outcome.command is None else Answer(outcome.command.raw, PLIST)

    async def _learn(self, report: CommandResult, outcome: ReportOutcome, occasion: records.Occasion) -> None:
        """Remember what an answer to DeviceInformation says of the device; the answer itself is durable already."""
        answered = outcome.answered
        if (
            answered is None
            or answered.request_type != "DeviceInformation"
            or outcome.effect is not AnswerEffect.RECORDED
            or report.status is not Status.ACKNOWLEDGED
        ):
            return
        queried = report.values.get("QueryResponses")
        if not isinstance(queried, dict):
            return
        details = {
            name: queried[name]
            for name in REMEMBERED_QUERIES
            if isinstance(queried.get(name), str | int | float | bool) and len(str(queried[name])) <= 1024
        }
        supervised = queried.get("IsSupervised")
        await self._store.enrollments.describe(
            report.enrollment.device,
            details,
            occasion,
            supervised=supervised if isinstance(supervised, bool) else None,
        )
