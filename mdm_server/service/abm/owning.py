"""What an owner does with devices through Apple: locks one to the organization, or gives it up for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.clients import AbmClients
from mdm_server.service.abm.finding import the_token
from mdm_server.service.abm.pages import forget_device
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.running import Runner
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import Staging, StagingRoom, StagingView
from mdm_server.wire.activation_lock import LENGTH, escrow_key, format_bypass_code
from mdm_server.wire.dep import ResponseStatus


class AbmOwning:
    """Locks devices and disowns them. Raises Refusal `abm.refused`, `abm.unreachable`, `abm.token`, `abm.no_url`."""

    def __init__(
        self,
        staging: Staging,
        clients: AbmClients,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        run: Runner,
    ) -> None:
        self._staging = staging
        self._clients = clients
        self._clock = clock
        self._random_bytes = random_bytes
        self._run = run

    async def lock(self, serial_number: str, message: str | None = None, facts: RequestFacts = INTERNAL) -> str:
        """Lock a device to the organization; return the code that opens it, which is kept nowhere.

        Raises Refusal `api.not_found` for a device that Apple does not have for us.
        """
        token, device = await self._staging.read(lambda view: _found(view, serial_number))
        code = self._random_bytes(LENGTH)
        key = await self._run(lambda: escrow_key(code))
        reply = await self._clients.of(token).activation_lock(device, key, message)
        _expect_success(reply.response_status)
        await self._tell(JournalCode.ABM_LOCKED, device, token, facts)
        return format_bypass_code(code)

    async def disown(self, serial_number: str, facts: RequestFacts = INTERNAL) -> None:
        """Give a device up: the organization has it no more, and cannot get it back from here."""
        token, device = await self._staging.read(lambda view: _found(view, serial_number))
        reply = await self._clients.of(token).disown([device])
        _expect_success(reply.devices.get(device, ResponseStatus.FAILED))
        await self._tell(JournalCode.ABM_DISOWNED, device, token, facts)

    async def _tell(self, code: JournalCode, serial_number: str, token: AbmToken, facts: RequestFacts) -> None:
        def work(room: StagingRoom) -> None:
            room.journal.tell(code, serial=serial_number, server=token.server_name)
            if code is JournalCode.ABM_DISOWNED:
                forget_device(room, token, serial_number)

        await self._staging.transact(work, facts.occasion(self._clock()))


def _found(view: StagingView, serial_number: str) -> tuple[AbmToken, str]:
    """Return who has a device, and its serial number as Apple spells it."""
    for number in view.abm.holding(serial_number):
        device = view.abm.device(number, serial_number)
        if device is not None:
            return the_token(view, number), device.serial_number
    raise Refusal("api.not_found", reason="abm_device")


def _expect_success(status: str) -> None:
    if status != ResponseStatus.SUCCESS:
        raise Refusal("abm.refused", reason=status.lower())
