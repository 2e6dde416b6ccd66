"""Calls to other people's HTTP servers, on aiohttp (mdm_server.service.calling.Caller)."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import aiohttp
from yarl import URL

from mdm_server.service.calling import Called, CallFailedError

DEADLINE = 30.0
"""Seconds from the call to the last byte of its answer."""
CONNECT_DEADLINE = 5.0
MAX_BYTES = 8 * 1024 * 1024
"""No answer that anybody here asks for is longer."""


class HttpCaller:
    """Keeps connections open between calls; TLS is verified, answers are bounded in time and size.

    Whoever makes one closes it. What is not HTTPS is called as it is asked for: a simulated service on the same host.
    """

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        deadline: float = DEADLINE,
        connect_deadline: float = CONNECT_DEADLINE,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Trust the authorities in `ca_pem` and no other, or those that this host trusts."""
        self._tls = ssl.create_default_context(cadata=ca_pem)
        self._deadline = aiohttp.ClientTimeout(total=deadline, connect=connect_deadline)
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Called:
        """Make one call; raises CallFailedError. Redirects are answers like any other."""
        try:
            # The address goes out as it was signed, so nothing may spell it in another way.
            async with self._open().request(
                method,
                URL(url, encoded=True),
                headers={"Accept-Encoding": "identity", **headers},
                data=body or None,
                allow_redirects=False,
            ) as response:
                received = await self._receive(response)
                return Called(
                    response.status, {name.lower(): text for name, text in response.headers.items()}, received
                )
        except TimeoutError as error:
            raise CallFailedError("timeout") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise CallFailedError("tls.untrusted", str(error.certificate_error)) from error
        except aiohttp.ClientSSLError as error:
            raise CallFailedError("tls", str(error)) from error
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, ConnectionRefusedError)
            raise CallFailedError("connect.refused" if refused else "connect", str(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CallFailedError("broken", str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections; harmless when repeated."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, which belongs to the loop that runs now."""
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._tls)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._deadline, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def _receive(self, response: aiohttp.ClientResponse) -> bytes:
        received = bytearray()
        async for chunk in response.content.iter_any():
            received += chunk
            if len(received) > self._max_bytes:
                raise CallFailedError("body.size", f"expected at most {self._max_bytes} bytes")
        return bytes(received)
