"""Passwords: what is kept of them, and what checking one costs."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import cast

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.service.running import Result, run_inline
from mdm_server.service.staging.passwords import (
    AT_A_TIME,
    CHEAP,
    LANES,
    LONGEST_PASSWORD,
    MOST_WAITING,
    STRONG,
    Cost,
    Passwords,
)

ONE_MOMENT = Cost(iterations=2, memory_kib=8192)


@pytest.fixture
def passwords() -> Passwords:
    """Return passwords at a price that tests can afford."""
    return Passwords(CHEAP, random.Random(3).randbytes, run_inline)


async def test_a_password_is_recognised_by_its_hash_and_no_other_is(passwords: Passwords) -> None:
    """The right password is right, whatever it is made of; a wrong one is wrong."""
    for password in ("secret", "", "Füße und 🚲", "\ud800"):
        recorded = await passwords.hash(password)
        assert await passwords.verify(password, recorded)
        assert not await passwords.verify(password + "x", recorded)


async def test_what_is_kept_names_its_algorithm_and_its_cost_and_never_repeats(passwords: Passwords) -> None:
    """A hash says how it was made, so that it can be checked after the cost has changed; two of one password differ."""
    first, second = await passwords.hash("secret"), await passwords.hash("secret")
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert first != second
    dearer = Passwords(Cost(2, 16), random.Random(4).randbytes, run_inline)
    assert await dearer.verify("secret", first)


async def test_nobody_has_no_password_at_all(passwords: Passwords) -> None:
    """Without a recorded hash every password is wrong, the empty one too."""
    assert not await passwords.verify("", None)
    assert not await passwords.verify("secret", None)
    assert not await passwords.verify("secret", "not a hash")


async def test_a_password_longer_than_any_is_wrong_even_when_its_beginning_is_right(passwords: Passwords) -> None:
    """What lies beyond the longest password is not hashed, and not forgiven either."""
    longest = "x" * LONGEST_PASSWORD
    recorded = await passwords.hash(longest)
    assert await passwords.verify(longest, recorded)
    assert not await passwords.verify(longest + "y", recorded)


async def test_to_look_for_nobody_costs_as_much_as_a_wrong_password() -> None:
    """The time a refusal takes does not tell whether there is such a user."""
    passwords = Passwords(ONE_MOMENT, random.Random(3).randbytes, run_inline)
    recorded = await passwords.hash("secret")

    async def cost(hash_on_record: str | None) -> float:
        started = time.thread_time()
        for _ in range(5):
            await passwords.verify("wrong", hash_on_record)
        return time.thread_time() - started

    somebody, nobody = await cost(recorded), await cost(None)
    assert 0.5 < nobody / somebody < 2


def test_the_strong_cost_is_what_owasp_recommends() -> None:
    """Argon2id with m=46 MiB, t=1 and p=1; several lanes would let two hashes at once wait for each other."""
    assert (STRONG.iterations, STRONG.memory_kib, LANES) == (1, 47104, 1)


async def test_strong_hashes_at_once_come_to_an_end() -> None:
    """Two at a time on threads, a queue behind them: all are answered."""
    passwords = Passwords(STRONG, random.Random(3).randbytes, asyncio.to_thread)
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(passwords.verify("guess", None) for _ in range(8))) == [False] * 8


async def test_few_are_hashed_at_a_time_and_a_crowd_is_sent_away() -> None:
    """Two hashes at once, a bounded queue behind them, and 503 for everybody else (T-64)."""
    release, running, most = asyncio.Event(), [0], [0]

    async def slowly(work: Callable[[], Result], /) -> Result:
        running[0] += 1
        most[0] = max(most[0], running[0])
        await release.wait()
        running[0] -= 1
        return cast("Result", False)

    passwords = Passwords(STRONG, random.Random(3).randbytes, slowly)
    logins = [asyncio.create_task(passwords.verify("guess", None)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await passwords.verify("guess", None)
    assert refused.value.status == 503
    release.set()
    assert await asyncio.gather(*logins) == [False] * MOST_WAITING
    assert most[0] == AT_A_TIME
    assert not await passwords.verify("guess", None)


async def test_a_crowd_whose_passwords_cost_nothing_is_let_in(passwords: Passwords) -> None:
    """What is bounded is the work: of cheap hashes, thousands may wait."""
    assert await asyncio.gather(*(passwords.verify("guess", None) for _ in range(300))) == [False] * 300
