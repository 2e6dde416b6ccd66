"""A conversation of a managed Android: report, let hold what holds, do what is to be done, until nothing is left."""

from __future__ import annotations

from device_emulator.core.android import channel, commands, leaving, policies, user_sessions
from device_emulator.core.android.commands import Subject
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.management import AndroidManagement
from device_emulator.core.android.states import VerificationTrigger
from device_emulator.core.conversation import OK, Conversation, Draft, TemporaryError, once
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import CheckedOut, CommandAnswered, CommandReceived, SessionEnded, SessionStarted
from device_emulator.core.messages import ResponseArrived
from mdm_server.wire.android_channel import Command, CommandResult, SyncReply, encode, parse


class Sync:
    """One conversation."""

    def __init__(self, handheld: AndroidHandheld, management: AndroidManagement) -> None:
        self.handheld = handheld
        self.management = management
        self._done = 0

    def converse(self) -> Conversation[None]:
        """Report and do what is to be done until the server has nothing new.

        Raises:
            ExchangeError: the server could not be asked, or did not take a report; ask again later.

        """
        self.handheld.emit(SessionStarted())
        try:
            while (yield from self._round()):
                pass
        except ExchangeError as failure:
            self._end(failure.reason, failure.detail)
            raise

    def _round(self) -> Conversation[bool]:
        """Ask once and do what the answer says; return whether to ask again."""
        report = policies.status(self.handheld, self.management)
        response = yield from self._deliver(channel.synchronize(self.management, report))
        if response is None:
            return False
        reply = channel.synchronized(response)
        self.management.told = encode(report)
        self._let_hold(reply)
        # The server has taken note of whatever it does not ask for again.
        asked = {command.operation for command in reply.commands}
        self.management.results = {name: got for name, got in self.management.results.items() if name in asked}
        for command in reply.commands:
            if not (yield from self._do(command)):
                return False
        if reply.commands and self._done < self.handheld.settings.commands_per_session:
            return True
        self._end("finished")
        return False

    def _let_hold(self, reply: SyncReply) -> None:
        handheld = self.handheld
        held = reply.pending_verification
        handheld.change_verification(VerificationTrigger.HELD if held else VerificationTrigger.RELEASED)
        user_sessions.learn(handheld, self.management.server_url, reply.assignment)
        if reply.policy is not None:
            policies.apply(handheld, self.management, reply.policy)

    def _do(self, command: Command) -> Conversation[bool]:
        """Carry out a command, unless that is done already, and acknowledge it; return whether to go on."""
        handheld, subject = self.handheld, Subject(self.handheld, self.management)
        known = self.management.results.get(command.operation)
        if known is None:
            handheld.emit(CommandReceived(command.operation, command.type))
            known = self.management.results[command.operation] = encode(commands.carry_out(subject, command))
        result = parse(known, CommandResult)
        if (yield from self._deliver(channel.acknowledge(self.management, command.operation, result))) is None:
            return False
        self._done += 1
        handheld.emit(CommandAnswered(command.operation, command.type, result.outcome))
        if not commands.part(subject, command, result):
            return True
        self._end("interrupted", f"{command.type} ended it")
        return False

    def _deliver(self, draft: Draft) -> Conversation[ResponseArrived | None]:
        """Send a request; return the answer, or None if it says that the server manages this device no longer."""
        response = yield from once(draft)
        if channel.says_gone(response):
            reason = channel.refusal(response).code
            self._end("unrecognized", reason)
            leaving.end_management(self.handheld, reason)
            return None
        if response.status != OK:
            reason = channel.refusal(response).code
            raise TemporaryError(reason, f"expected 200, found {response.status}", draft.kind, response)
        return response

    def _end(self, reason: str, detail: str = "") -> None:
        self.handheld.emit(SessionEnded(self._done, reason, detail))


def say_good_bye(handheld: AndroidHandheld, management: AndroidManagement) -> Conversation[None]:
    """Tell the server, and end management in any case: it is a courtesy, not a condition."""
    try:
        response = yield from once(channel.unenroll(management))
        if response.status == OK:
            handheld.emit(CheckedOut())
    except ExchangeError:
        pass
    leaving.end_management(handheld, management.ending or "unenrolled")
