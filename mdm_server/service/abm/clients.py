"""Who calls for which token: a session is kept as long as its token is the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from mdm_server.domain.abm.tokens import AbmToken, TokenState
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.client import AbmClient
from mdm_server.service.calling import Caller
from mdm_server.wire.server_token import ServerToken

_decode = msgspec.json.Decoder(ServerToken).decode


class AbmClients:
    """Makes clients, one for each token."""

    def __init__(
        self,
        caller: Caller | None,
        url: str | None,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._caller = caller
        self._url = url
        self._clock = clock
        self._random_bytes = random_bytes
        self._clients: dict[int, tuple[bytes, AbmClient]] = {}

    def of(self, token: AbmToken) -> AbmClient:
        """Return the client of a token.

        Raises Refusal `abm.no_url`, and `abm.token` for one that is not uploaded yet, or too old.
        """
        state = token.state(self._clock())
        if token.secrets is None or state is not TokenState.ACTIVE:
            raise Refusal("abm.token", reason="expired" if state is TokenState.EXPIRED else "not_uploaded")
        secrets, client = self._clients.get(token.id, (b"", None))
        if client is None or secrets != token.secrets:
            client = self.with_secrets(_decode(token.secrets))
            self._clients[token.id] = (token.secrets, client)
        return client

    def with_secrets(self, secrets: ServerToken) -> AbmClient:
        """Return a client that nobody keeps, for a token that is being looked at."""
        if self._caller is None or self._url is None:
            raise Refusal("abm.no_url")
        return AbmClient(self._caller, secrets, self._url, self._clock, self._random_bytes)
