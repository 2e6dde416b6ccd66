from __future__ import annotations

from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from device_emulator.transport.contract import Outcome
from device_emulator.transport.faulty import ANSWER_LOST, REQUEST_LOST, Fault, FaultyTransport


class Line:
    """A transport that answers everything, and remembers what it carried."""

    def __init__(self) -> None:
        self.carried: list[tuple[int, int]] = []
        self.hung_up: list[int] = []
        self.closed = False

    async def send(self, device: int, request: Request) -> Outcome:
        """Carry it."""
        self.carried.append((device, request.number))
        return ResponseArrived(request.number, 200, {}, b"")

    async def hang_up(self, device: int) -> None:
        """Hang up."""
        self.hung_up.append(device)

    async def close(self) -> None:
        """Close."""
        self.closed = True


def message(number: int, kind: RequestKind = RequestKind.TOKEN_UPDATE) -> Request:
    """Return a message of a kind."""
    return Request(number, kind, "PUT", "https://mdm.test", {}, b"", None)


async def test_without_faults_everything_is_carried() -> None:
    """Nothing is counted, nothing is lost."""
    line = Line()
    transport = FaultyTransport(line)
    assert await transport.send(3, message(1)) == ResponseArrived(1, 200, {}, b"")
    await transport.hang_up(3)
    await transport.close()
    assert (line.carried, line.hung_up, line.closed, transport.struck) == ([(3, 1)], [3], True, [])


async def test_a_fault_strikes_the_nth_message_of_its_kind_from_its_device_once() -> None:
    """All others get through, before and after."""
    line = Line()
    transport = FaultyTransport(line)
    fault = Fault(3, "token_update", REQUEST_LOST, nth=2)
    transport.add(fault)
    sent = [(3, message(1)), (4, message(2)), (3, message(3, RequestKind.IDLE)), (3, message(4)), (3, message(5))]
    outcomes = [await transport.send(device, request) for device, request in sent]
    assert [isinstance(outcome, RequestFailed) for outcome in outcomes] == [False, False, False, True, False]
    assert line.carried == [(3, 1), (4, 2), (3, 3), (3, 5)]
    assert line.hung_up == [3]
    assert transport.struck == [fault]


async def test_a_lost_answer_has_reached_the_server() -> None:
    """The device cannot tell the one from the other."""
    line = Line()
    transport = FaultyTransport(line)
    transport.add(Fault(3, "token_update", ANSWER_LOST, nth=1))
    assert await transport.send(3, message(1)) == RequestFailed(1, "disconnected")
    assert line.carried == [(3, 1)]
