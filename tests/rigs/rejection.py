"""R0, the refusal rule of the design, as one assertion."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterator
from contextlib import contextmanager

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer
from mdm_server.store.contract import Store
from mdm_server.store.records import JournalEvent
from rigs.pace import at_most

MOST_SECONDS = 0.25
"""What refusing may cost in CPU time of this thread: that the machine is busy is not the server's fault."""


async def assert_rejected(
    store: Store, request: Awaitable[Answer], *, status: int, event: str, secrets: Collection[str | bytes] = ()
) -> JournalEvent:
    """Assert that a request is refused as rule R0 has it, and return the event that it left.

    The status is the one expected (SCEP refuses inside a 200), the state is what it was, no more than 250 ms went by,
    and the journal has exactly one entry of that code (`code`, or `code:reason`), in which none of `secrets` appears.
    """
    digest = await store.state_digest()
    newest = await store.journal.list(limit=1, newest_first=True)
    last = newest[0].sequence if newest else 0
    with at_most(MOST_SECONDS, "refusing"):
        try:
            answered = (await request).status
        except Refusal as refusal:
            answered = refusal.status
    assert answered == status, f"expected status {status}, found {answered}"
    assert await store.state_digest() == digest, "a refused request changed the state"
    written = await store.journal.list(after=last)
    code, _, reason = event.partition(":")
    matching = [entry for entry in written if entry.code == code and (not reason or entry.reason == reason)]
    found = [f"{entry.code}:{entry.reason}" for entry in written]
    assert len(matching) == 1, f"expected one event {event}, found {found}"
    text = repr(written)
    for secret in secrets:
        spelled = [secret] if isinstance(secret, str) else [secret.hex(), repr(secret)[2:-1]]
        assert not [each for each in spelled if each in text], "a secret is in the journal"
    return matching[0]


@contextmanager
def about(case: object) -> Iterator[None]:
    """Say which case of a table it was, if something in the block fails."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"case: {case}")
        raise
