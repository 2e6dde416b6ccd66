from __future__ import annotations

import math
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from certs import key_store
from certs.errors import KeyPoolError
from certs.key_pool import FreshKeys, KeyPool, PrimePool, RsaKeySource
from certs.keys import private_key_der
from rigs.pace import at_most


@pytest.fixture
def quick(rsa_keys: list[rsa.RSAPrivateKey], monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Let the pool be filled with the session's keys over and over, because making keys costs 60 ms each."""
    made: list[bytes] = []
    ready = [private_key_der(key) for key in rsa_keys]

    def make() -> bytes:
        made.append(ready[len(made) % len(ready)])
        return made[-1]

    monkeypatch.setattr(key_store, "_make_key", make)
    return made


@pytest.fixture
def pool(quick: list[bytes], tmp_path: Path) -> KeyPool:
    """Return a pool of five keys."""
    pool = KeyPool(tmp_path / "pool")
    pool.fill(5)
    return pool


def modulus(key: rsa.RSAPrivateKey) -> int:
    """Return what tells RSA keys apart."""
    return key.public_key().public_numbers().n


def test_a_pool_really_makes_keys(tmp_path: Path) -> None:
    """Two different ones, of 2048 bits, valid in OpenSSL's eyes."""
    pool = KeyPool(tmp_path / "pool")
    pool.fill(2)
    keys = [pool.key(0), pool.key(1)]
    assert {key.key_size for key in keys} == {2048}
    assert modulus(keys[0]) != modulus(keys[1])
    for key in keys:
        serialization.load_der_private_key(private_key_der(key), None)  # validates


def test_a_key_keeps_its_number(pool: KeyPool, tmp_path: Path) -> None:
    """In this process and in the next, and when more keys are made."""
    before = [modulus(pool.key(index)) for index in range(5)]
    KeyPool(tmp_path / "pool").fill(9)
    again = KeyPool(tmp_path / "pool")
    assert [modulus(again.key(index)) for index in range(5)] == before
    assert again.count() == pool.count() == 9
    assert pool.key(8)


def test_filling_goes_on_where_it_stopped(pool: KeyPool, quick: list[bytes]) -> None:
    """What is there is not made again, and progress is told key by key."""
    seen: list[tuple[int, int]] = []
    pool.fill(8, lambda have, wanted: seen.append((have, wanted)))
    assert seen[-1] == (8, 8)
    assert [have for have, _ in seen] == sorted(have for have, _ in seen)
    made = len(quick)
    pool.fill(3)
    assert len(quick) == made
    assert pool.count() == 8


def test_an_interrupted_run_keeps_what_it_made(quick: list[bytes], tmp_path: Path) -> None:
    """Ctrl-C after the fourth key: at least four keys are there, and they are whole."""

    def interrupt(have: int, _: int) -> None:
        if have >= 4:
            raise KeyboardInterrupt

    pool = KeyPool(tmp_path / "pool")
    with pytest.raises(KeyboardInterrupt):
        pool.fill(100, interrupt)
    assert 4 <= pool.count() < 100
    assert all(pool.key(index) for index in range(pool.count()))


@pytest.mark.parametrize("where", ["keys.der", "keys.index"])
def test_what_a_crash_left_behind_counts_for_nothing(where: str, pool: KeyPool, tmp_path: Path) -> None:
    """Half a key without its line, or half a line: both are as if they had never been."""
    with (tmp_path / "pool" / where).open("ab") as file:
        file.write(b"\x30\x82\x04")
    again = KeyPool(tmp_path / "pool")
    assert again.count() == 5
    again.fill(7)
    assert again.count() == 7
    assert len({private_key_der(again.key(index)) for index in range(7)}) == 4, "the session's four keys in turn"


def test_several_may_fill_one_pool(quick: list[bytes], tmp_path: Path) -> None:
    """Together they make what is missing, and no more is kept."""
    threads = [threading.Thread(target=KeyPool(tmp_path / "pool").fill, args=(40,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool = KeyPool(tmp_path / "pool")
    assert pool.count() == 40
    assert all(pool.key(index) for index in range(40))


def test_two_processes_may_fill_one_pool(tmp_path: Path) -> None:
    """Two programs started at once end with exactly the keys that were asked for, all of them whole."""
    program = "import sys, pathlib; from certs.key_pool import KeyPool; KeyPool(pathlib.Path(sys.argv[1])).fill(6)"
    running = [subprocess.Popen([sys.executable, "-c", program, tmp_path / "pool"]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    pool = KeyPool(tmp_path / "pool")
    assert pool.count() == 6
    assert len({modulus(pool.key(index)) for index in range(6)}) == 6


def test_a_pool_is_private(pool: KeyPool, tmp_path: Path) -> None:
    """0700 and 0600."""
    assert stat.S_IMODE((tmp_path / "pool").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pool").iterdir()} == {0o600}


@pytest.mark.parametrize("name", [".", "keys.der", "keys.index"])
def test_a_pool_that_others_could_have_read_is_refused(name: str, pool: KeyPool, tmp_path: Path) -> None:
    """What was expected, what was found, what to do."""
    (tmp_path / "pool" / name).chmod(0o755)
    with pytest.raises(KeyPoolError, match=r"expected mode 0[67]00, found 0755"):
        pool.count()


def test_a_linked_pool_is_refused(pool: KeyPool, tmp_path: Path) -> None:
    """Neither read nor written through a link."""
    (tmp_path / "link").symlink_to(tmp_path / "pool")
    for verb in (lambda: KeyPool(tmp_path / "link").count(), lambda: KeyPool(tmp_path / "link").fill(6)):
        with pytest.raises(KeyPoolError, match="a symbolic link"):
            verb()


def test_a_key_that_is_not_there_is_refused(pool: KeyPool, tmp_path: Path) -> None:
    """With how many there are, and how many to make."""
    with pytest.raises(KeyPoolError, match="found 5 keys; fill the pool to at least 13"):
        pool.key(12)
    with pytest.raises(KeyPoolError):
        pool.key(-1)
    with pytest.raises(KeyPoolError, match="found 0 keys"):
        KeyPool(tmp_path / "nowhere").key(0)


def test_an_altered_key_is_refused(pool: KeyPool, tmp_path: Path) -> None:
    """A flipped bit in a key that nothing else would check: the others stay usable."""
    path = tmp_path / "pool" / "keys.der"
    data = bytearray(path.read_bytes())
    data[700] ^= 1
    path.write_bytes(data)
    with pytest.raises(KeyPoolError, match="expected key 0 as it was written"):
        pool.key(0)
    assert pool.key(1)


@pytest.mark.parametrize("damage", ["shortened", "missing", "noise in the index"])
def test_a_damaged_pool_is_refused(damage: str, pool: KeyPool, tmp_path: Path) -> None:
    """One line that says to delete it and to fill it again."""
    keys, index = tmp_path / "pool" / "keys.der", tmp_path / "pool" / "keys.index"
    if damage == "shortened":
        os.truncate(keys, 2000)
    elif damage == "missing":
        keys.unlink()
    else:
        index.write_bytes(b"\xff" * 80)
    with pytest.raises(KeyPoolError, match="expected"):
        KeyPool(tmp_path / "pool").count()


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Below a file there is no directory."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeyPoolError, match="expected to write the key pool"):
        KeyPool(tmp_path / "file" / "pool").fill(1)


def test_a_thousand_keys_open_at_once(quick: list[bytes], tmp_path: Path) -> None:
    """Opening reads the index only; a key is read when it is asked for."""
    pool = KeyPool(tmp_path / "pool")
    pool.fill(2)
    line = (tmp_path / "pool" / "keys.index").read_bytes()[:16]
    (tmp_path / "pool" / "keys.index").write_bytes(line * 1000)
    with at_most(0.020, "opening"):
        pool = KeyPool(tmp_path / "pool")
        assert pool.count() == 1000
        assert pool.key(999)


def test_primes_give_many_different_valid_keys(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Eight primes, twenty-eight keys; OpenSSL validates them, and they sign."""
    pool = PrimePool.from_keys(rsa_keys)
    assert pool.count() == 28
    moduli = [modulus(pool.key(index)) for index in range(28)]
    assert len(set(moduli)) == 28
    assert {number.bit_length() for number in moduli} == {2048}
    for index in (0, 9, 27):
        serialization.load_der_private_key(private_key_der(pool.key(index)), None)  # validates


def test_a_prime_pools_keys_are_the_same_every_time(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """And more primes change none of them."""
    small, large = PrimePool.from_keys(rsa_keys[:2]), PrimePool.from_keys(rsa_keys)
    for index in range(small.count()):
        assert small.key(index).private_numbers() == large.key(index).private_numbers()


def test_a_prime_pools_keys_are_not_secret(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Why it has to be asked for: two keys betray each other."""
    pool = PrimePool.from_keys(rsa_keys)
    shared = math.gcd(modulus(pool.key(0)), modulus(pool.key(1)))
    assert 1 < shared < modulus(pool.key(0))


def test_a_prime_pool_has_an_end(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """The refusal says how many primes there would have to be."""
    pool = PrimePool.from_keys(rsa_keys[:2])
    with pytest.raises(KeyPoolError, match="expected a key number below 6, found 6: 5 primes are needed, 4 are here"):
        pool.key(6)
    with pytest.raises(KeyPoolError):
        pool.key(-1)


def test_primes_that_would_give_weak_keys_are_refused(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Too small, or the same one twice, which would make a square."""
    p = rsa_keys[0].private_numbers().p
    for primes in ([p, p], [p, 65537], [p, (1 << 1023) + 1]):
        with pytest.raises(KeyPoolError, match="expected"):
            PrimePool(primes)


def test_as_few_primes_are_made_as_will_do(rsa_keys: list[rsa.RSAPrivateKey], monkeypatch: pytest.MonkeyPatch) -> None:
    """Four primes have six pairs, and that is enough for five keys."""
    ready: Iterator[rsa.RSAPrivateKey] = iter(rsa_keys)
    monkeypatch.setattr("certs.key_pool.generate_rsa_key", lambda: next(ready))
    assert PrimePool.generate(5).count() == 6
    assert len(list(ready)) == 2


def test_every_source_says_what_it_is(pool: KeyPool, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Reports say how the keys of a run were made."""
    sources: list[RsaKeySource] = [pool, PrimePool.from_keys(rsa_keys), FreshKeys()]
    assert [source.kind for source in sources] == ["pool", "primes", "fresh"]
    assert all(source.key(0).key_size == 2048 for source in sources)
    assert modulus(sources[2].key(0)) != modulus(sources[2].key(0)), "fresh keys are new every time"
