"""A session: the device says that it is idle, gets a command, reports, gets the next, until the answer is empty.

https://developer.apple.com/documentation/devicemanagement/sending-mdm-commands-to-a-device
What other servers do here, and a device must survive, is listed test by test in tests/…/test_session.py.
"""

from __future__ import annotations

from device_emulator.core import channel, leaving
from device_emulator.core.answers.answerer import Answer
from device_emulator.core.answers.dispatch import answer
from device_emulator.core.conversation import OK, Conversation, Draft, TemporaryError, once
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import CommandAnswered, CommandReceived, SessionEnded, SessionStarted
from device_emulator.core.handheld import Handheld
from device_emulator.core.messages import RequestKind, ResponseArrived
from mdm_server.wire.command import Command, CommandFormatError, parse_command
from mdm_server.wire.device_errors import DeviceErrorCode, parse_device_error
from mdm_server.wire.enrollment_id import CommandUuid
from mdm_server.wire.errors import WireError
from mdm_server.wire.results import Status

UNAUTHORIZED = 401
FORBIDDEN = 403
# A server that sends what was answered before, so often and nothing new between, would go on for ever.
REPEATS_BORNE = 3


class Session:
    """One session of a device; `put_off` says whether a command got NotNow, so that the device owes an answer."""

    def __init__(self, handheld: Handheld) -> None:
        self.handheld = handheld
        self.put_off = False
        self._answered: set[str] = set()
        self._repeats = 0
        self._kind = RequestKind.IDLE

    @property
    def commands(self) -> int:
        """How many commands the server sent."""
        return len(self._answered)

    def converse(self) -> Conversation[None]:
        """Ask for commands and answer them until the server has no more.

        Raises:
            ExchangeError: the server could not be asked, or did not take a report; ask again later.

        """
        self.handheld.emit(SessionStarted())
        response = yield from self._deliver(channel.idle(self.handheld))
        while True:
            ended = yield from self._next(response)
            if isinstance(ended, ResponseArrived):
                response = ended
            else:
                self.handheld.emit(ended)
                return

    def _deliver(self, draft: Draft) -> Conversation[ResponseArrived]:
        self._kind = draft.kind
        try:
            return (yield from once(draft))
        except ExchangeError as failure:
            self.handheld.emit(self._end(failure.reason, failure.detail))
            raise

    def _next(self, response: ResponseArrived) -> Conversation[ResponseArrived | SessionEnded]:
        """Answer what the server sent; return its response to that, or the end of the session."""
        if unrecognized(response):
            leaving.end_management(self.handheld, f"http.{response.status}")
            return self._end("unrecognized", "the server does not know this device any more")
        if response.status != OK:
            reason = f"http.{response.status}"
            self.handheld.emit(self._end(reason, f"expected 200 with a command or nothing, found {response.status}"))
            raise TemporaryError(reason, "the server did not take the report", self._kind, response)
        if not response.body:
            return self._end("finished")
        try:
            command = parse_command(response.body)
        except CommandFormatError as error:
            if error.command_uuid is None:
                return self._end("not_a_command", error.detail)
            command, reply = Command(error.command_uuid, "", {}), Answer(status=Status.COMMAND_FORMAT_ERROR)
        except WireError as error:
            return self._end("not_a_command", error.detail)
        else:
            self.handheld.emit(CommandReceived(command.command_uuid, command.request_type))
            reply = answer(self.handheld, command)
        return (yield from self._report(command, reply))

    def _report(self, command: Command, reply: Answer) -> Conversation[ResponseArrived | SessionEnded]:
        handheld, interruptions = self.handheld, self.handheld.interruptions
        self.put_off = self.put_off or reply.status is Status.NOT_NOW
        draft = channel.report(handheld, command.command_uuid, reply)
        self._repeats = self._repeats + 1 if command.command_uuid in self._answered else 0
        self._answered.add(command.command_uuid)
        try:
            response = yield from self._deliver(draft)
            if response.status == OK:
                handheld.emit(CommandAnswered(command.command_uuid, command.request_type, reply.status))
        finally:
            # A device erases, restarts or leaves whether or not its last word got through.
            if reply.afterwards is not None and interruptions == handheld.interruptions:
                reply.afterwards(handheld)
        if interruptions != handheld.interruptions or handheld.management is None or handheld.management.ending:
            return self._end("interrupted", f"{command.request_type} ended it")
        return self._stop_for_good_reason(command.command_uuid) or response

    def _stop_for_good_reason(self, command_uuid: CommandUuid) -> SessionEnded | None:
        if self._repeats >= REPEATS_BORNE:
            return self._end("command_repeated", f"expected something new, found {command_uuid} again")
        if len(self._answered) >= self.handheld.settings.commands_per_session:
            return self._end("too_many_commands", f"found {len(self._answered)} commands in one session")
        return None

    def _end(self, reason: str, detail: str = "") -> SessionEnded:
        return SessionEnded(len(self._answered), reason, detail)


def unrecognized(response: ResponseArrived) -> bool:
    """Say whether a response tells the device that it is not managed any more.

    401 does; so does Apple's replacement for it, a 403 whose body says `com.apple.unrecognized.device`.
    https://developer.apple.com/documentation/devicemanagement/errorcodeunrecognizeddevice
    """
    if response.status == UNAUTHORIZED:
        return True
    if response.status != FORBIDDEN:
        return False
    error = parse_device_error(response.body, response.headers.get("content-type"))
    return error is not None and error.code == DeviceErrorCode.UNRECOGNIZED_DEVICE
