"""The keychain: where keys come from, and what is remembered of them."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.keys import KeyKind
from device_emulator.core.keychain import Keychain
from device_emulator.core.preferences import Preference, Preferences


class Source:
    """A key source that counts how often it is asked."""

    def __init__(self, keys: list[rsa.RSAPrivateKey], kind: Any = "pool") -> None:
        self.kind = kind
        self.asked: list[int] = []
        self._keys = keys

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return key number `index`."""
        self.asked.append(index)
        return self._keys[index]


def test_a_pooled_key_is_remembered_by_its_number(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """It is asked for again when it was let go, and only then."""
    source = Source(rsa_keys)
    keychain = Keychain(source)
    key = keychain.make_key(KeyKind.RSA_2048, index=2)
    assert keychain.key is key
    keychain.let_go()
    assert keychain.key is rsa_keys[2]
    assert keychain.key is rsa_keys[2]
    assert source.asked == [2, 2]
    assert keychain.snapshot()["key"] is None
    assert Keychain.restore(keychain.snapshot(), source).key is rsa_keys[2]


@pytest.mark.parametrize(("kind", "index"), [(KeyKind.P_256, 2), (KeyKind.P_256, None)])
def test_another_key_is_remembered_itself(kind: KeyKind, index: int | None, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A pool holds RSA keys; the device makes its P-256 key, and keeps it."""
    source = Source(rsa_keys)
    keychain = Keychain(source)
    key = keychain.make_key(kind, index=index)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert source.asked == []
    keychain.let_go()
    again = keychain.key
    assert again is not None
    assert again.public_key() == key.public_key()
    assert keychain.identity is None
    assert keychain.validity is None


def test_a_source_that_makes_keys_on_the_spot_is_not_a_pool(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Asked twice for number 0 it would give two keys; so the device makes its own, and keeps it."""
    source = Source(rsa_keys, "fresh")
    keychain = Keychain(source)
    key = keychain.make_key(KeyKind.RSA_2048, index=0)
    keychain.let_go()
    again = keychain.key
    assert again is not None
    assert again.public_key() == key.public_key()
    assert source.asked == []
    keychain.clear()
    assert keychain.key is None


def test_only_what_departs_from_the_defaults_is_kept() -> None:
    """A preference nobody set has its default, or none."""
    preferences = Preferences()
    assert preferences.value(Preference.BLUETOOTH) is True
    assert preferences.value(Preference.WALLPAPER) is None
    preferences.change(Preference.BLUETOOTH, False)
    preferences.change(Preference.WALLPAPER, b"png")
    assert Preferences(preferences.changed()).changed() == {Preference.BLUETOOTH: False, Preference.WALLPAPER: b"png"}
