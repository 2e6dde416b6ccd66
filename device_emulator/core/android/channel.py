"""What an Android says to its server, and how it understands the answers."""

from __future__ import annotations

from dataclasses import replace

from device_emulator.core.android.management import AndroidManagement
from device_emulator.core.conversation import OK, Draft
from device_emulator.core.errors import ExchangeError
from device_emulator.core.messages import RequestKind, ResponseArrived
from mdm_server.wire.android_channel import (
    CONTENT_TYPE,
    GONE,
    ChannelError,
    CommandResult,
    Empty,
    EnrollReply,
    EnrollRequest,
    ErrorReply,
    StatusReport,
    SyncReply,
    acknowledgement_url,
    device_url,
    encode,
    parse,
)

AGENT = "Agent/1.0 mdmsim"
NOT_AN_ANSWER = "android.not_an_answer"


def enroll(url: str, request: EnrollRequest) -> Draft:
    """Ask to be enrolled."""
    return _draft(RequestKind.ANDROID_ENROLL, url, encode(request))


def synchronize(management: AndroidManagement, report: StatusReport) -> Draft:
    """Say how the device is, and ask what holds and what is to be done."""
    url = device_url(management.server_url, management.device, "sync")
    return prove(management, _draft(RequestKind.ANDROID_SYNC, url, encode(report)))


def acknowledge(management: AndroidManagement, operation: str, result: CommandResult) -> Draft:
    """Say what became of a command."""
    url = acknowledgement_url(management.server_url, management.device, operation)
    return prove(management, _draft(RequestKind.ANDROID_ACKNOWLEDGE, url, encode(result)))


def unenroll(management: AndroidManagement) -> Draft:
    """Say good-bye."""
    url = device_url(management.server_url, management.device, "unenroll")
    return prove(management, _draft(RequestKind.ANDROID_UNENROLL, url, encode(Empty())))


def prove(management: AndroidManagement, draft: Draft) -> Draft:
    """Add what proves which device sends a request."""
    return replace(draft, headers={**draft.headers, "Authorization": management.authorization})


def enrolled(response: ResponseArrived) -> EnrollReply | ErrorReply:
    """Read the answer to the request to be enrolled; what cannot be read is a refusal, too."""
    if response.status != OK:
        return refusal(response)
    try:
        return parse(response.body, EnrollReply)
    except ChannelError as error:
        return ErrorReply(code=NOT_AN_ANSWER, text=error.detail)


def synchronized(response: ResponseArrived) -> SyncReply:
    """Read the answer to a report.

    Raises:
        ExchangeError: it cannot be read.

    """
    try:
        return parse(response.body, SyncReply)
    except ChannelError as error:
        raise ExchangeError(NOT_AN_ANSWER, error.detail) from error


def refusal(response: ResponseArrived) -> ErrorReply:
    """Read a refusal; one in other words than the channel's is told by its status."""
    try:
        return parse(response.body, ErrorReply)
    except ChannelError:
        return ErrorReply(code=f"http.{response.status}", text=f"The server answered with {response.status}.")


def says_gone(response: ResponseArrived) -> bool:
    """Say whether the server tells the device that it manages it no longer."""
    return response.status == GONE


def _draft(kind: RequestKind, url: str, body: bytes) -> Draft:
    return Draft(kind, "POST", url, {"Content-Type": CONTENT_TYPE, "User-Agent": AGENT}, body)
