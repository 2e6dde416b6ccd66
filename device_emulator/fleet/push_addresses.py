"""Which device listens for which push token, where pushes are delivered by a call."""

from __future__ import annotations

from collections.abc import Callable


class PushAddresses:
    """Delivers a push to the device that listens for its token, by calling `push(number, magic)`.

    While nobody listens for a token one push is kept for it, and more of them coalesce, as at the server's courier: a
    device is pushed before it has heard that it is enrolled.
    """

    def __init__(self, push: Callable[[int, str], None]) -> None:
        self._push = push
        self._owners: dict[bytes, int] = {}
        self._tokens: dict[int, bytes] = {}
        self._kept: dict[bytes, str] = {}

    def listen(self, number: int, token: bytes | None) -> None:
        """Deliver to this device whatever comes for its token from now on, and what was kept for it."""
        self.forget(number)
        if token is None:
            return
        self._tokens[number] = token
        self._owners[token] = number
        magic = self._kept.pop(token, None)
        if magic is not None:
            self._push(number, magic)

    def forget(self, number: int) -> bytes | None:
        """Deliver nothing more to this device, and return the token that it listened for."""
        token = self._tokens.pop(number, None)
        if token is not None:
            del self._owners[token]
        return token

    def deliver(self, token: bytes, magic: str) -> None:
        """Deliver a push, or keep it."""
        number = self._owners.get(token)
        if number is None:
            self._kept[token] = magic
        else:
            self._push(number, magic)
