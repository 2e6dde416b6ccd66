"""An MDM server's part in the device enrolment API, written for the tests from what is known of the API alone.

It imports nothing of ours: it signs with its own few lines of OAuth, so that two readings of the protocol judge each
other. It gives no more than a careful client would: it opens a new session when it is told to, takes any token that an
answer brings, repeats what failed on the way, and begins anew when its cursor is no good any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

JSON = "application/json;charset=UTF8"
PATIENCE = 25
"""How often one call is made before the client gives up."""


class LostError(Exception):
    """No answer came."""


@dataclass(frozen=True)
class Answer:
    """What came back; the names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.body)

    def says(self, word: str) -> bool:
        """Say whether a word is in the body, which is how every client finds out what is wrong."""
        return word.encode() in self.body


class Wire(Protocol):
    """Makes a call (LostError)."""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Make it."""


class RefusedError(Exception):
    """The service said no, for good."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"{answer.status}: {answer.body[:200]!r}")


def oauth_header(secrets: Mapping[str, str], method: str, url: str, *, nonce: str, timestamp: int) -> str:
    """Sign a request as RFC 5849 says, with nothing but the standard library."""
    parts = urlsplit(url)
    oauth = {
        "oauth_consumer_key": secrets["consumer_key"],
        "oauth_token": secrets["access_token"],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_nonce": nonce,
        "oauth_version": "1.0",
    }
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in [*oauth.items(), *parse_qsl(parts.query)])
    base_url = f"{parts.scheme}://{parts.netloc}{parts.path}"
    base = "&".join(_encoded(part) for part in (method, base_url, "&".join(f"{name}={value}" for name, value in pairs)))
    key = f"{_encoded(secrets['consumer_secret'])}&{_encoded(secrets['access_secret'])}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    oauth["oauth_signature"] = base64.b64encode(digest).decode()
    return "OAuth " + ", ".join(f'{name}="{_encoded(value)}"' for name, value in oauth.items())


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


@dataclass
class DepClient:
    """One MDM server.

    `secrets` are those of its server token; `nonce` and `timestamp` make what its signatures need.
    """

    url: str
    secrets: Mapping[str, str]
    wire: Wire
    nonce: Callable[[], str]
    timestamp: Callable[[], int]
    agent: str = "walker/1.0"
    session: str | None = None
    sessions_opened: int = 0
    calls: int = 0

    def call(self, method: str, path: str, content: Any = None) -> Answer:
        """Make a call until there is an answer that is about the call itself."""
        for _ in range(PATIENCE):
            answer = self._attempt(method, path, content)
            if answer is not None:
                return answer
        raise AssertionError(f"{method} {path} failed {PATIENCE} times")

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """Make a call that has to succeed, and return what it brings."""
        answer = self.call(method, path, content)
        if answer.status != 200:
            raise RefusedError(answer)
        return answer.json() if answer.body else None

    def open_session(self) -> Answer:
        """Sign once."""
        url = f"{self.url}/session"
        header = oauth_header(self.secrets, "GET", url, nonce=self.nonce(), timestamp=self.timestamp())
        answer = self.wire("GET", url, self._headers({"Authorization": header}), b"")
        if answer.status == 200:
            self.session = answer.json()["auth_session_token"]
            self.sessions_opened += 1
        return answer

    def once(self, method: str, path: str, content: Any = None) -> Answer:
        """Make a call exactly once, in the session that there is."""
        self.calls += 1
        headers = {} if self.session is None else {"X-ADM-Auth-Session": self.session}
        body = b"" if content is None else json.dumps(content).encode()
        answer = self.wire(method, f"{self.url}{path}", self._headers(headers), body)
        self.session = answer.headers.get("x-adm-auth-session", self.session)
        return answer

    def _attempt(self, method: str, path: str, content: Any) -> Answer | None:
        """Return an answer, or None where the same should be tried again."""
        try:
            if self.session is None and self.open_session().status != 200:
                return None
            answer = self.once(method, path, content)
        except LostError:
            return None
        if answer.status == 401 or (answer.status == 403 and answer.says("FORBIDDEN")):
            self.session = None
            return None
        return None if answer.status == 429 or answer.status >= 500 else answer

    def _headers(self, more: Mapping[str, str]) -> Mapping[str, str]:
        fixed = {"Content-Type": JSON, "Accept": JSON, "X-Server-Protocol-Version": "8", "User-Agent": self.agent}
        return {**fixed, **more}


@dataclass
class Walker:
    """Keeps a picture of the devices by fetching once and syncing ever after."""

    client: DepClient
    limit: int = 100
    picture: dict[str, dict[str, Any]] = field(default_factory=dict)
    cursor: str | None = None
    is_fetching: bool = True
    begun_anew: int = 0

    def step(self) -> bool:
        """Take one page, and say whether there is more to be taken."""
        path = "/server/devices" if self.is_fetching else "/devices/sync"
        content: dict[str, Any] = {"limit": self.limit}
        if self.cursor is not None:
            content["cursor"] = self.cursor
        answer = self.client.call("POST", path, content)
        if answer.status == 400 and (answer.says("INVALID_CURSOR") or answer.says("EXPIRED_CURSOR")):
            self.picture, self.cursor, self.is_fetching = {}, None, True
            self.begun_anew += 1
            return True
        if answer.status == 400 and answer.says("EXHAUSTED_CURSOR") and self.is_fetching:
            self.is_fetching = False
            return True
        if answer.status != 200:
            raise RefusedError(answer)
        page = answer.json()
        self._take(page["devices"])
        self.cursor = page["cursor"]
        if self.is_fetching and not page["more_to_follow"]:
            self.is_fetching = False
            return True
        return bool(page["more_to_follow"])

    def walk(self) -> None:
        """Go on until there is nothing more."""
        while self.step():
            pass

    def _take(self, devices: Sequence[dict[str, Any]]) -> None:
        for device in devices:
            if device.get("op_type") == "deleted":
                self.picture.pop(device["serial_number"], None)
            else:
                self.picture[device["serial_number"]] = device
