"""What can go wrong in the locksmith's room.

```
CertsError (ValueError)
├── DerError             bytes that are not acceptable DER; knows the position
├── CmsError             a CMS message that does not hold; knows the reason
│   └── EnvelopeError    an EnvelopedData that does not open; every way of failing looks the same
├── ScepError            a SCEP message that is answered with a failInfo; knows both
│   └── RequestRefused   a certificate request that we will not sign
├── ChainError           a certificate that we do not trust; knows the reason
├── AuthorityError       the authority's directory is not fit to be used; carries the exit code for a command line
└── KeyPoolError         the key pool's file is damaged, or does not hold what was asked of it
```

`reason` is a stable token such as `message_digest`: journals and tests key on it. The text is for people: what was
expected, what was found and, where there is a way out, what to do.
"""

from __future__ import annotations

from enum import IntEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

UNREADABLE_X509 = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for a stranger's certificate or request: not all of it is a ValueError."""

EX_CONFIG = 78
"""The exit code for a configuration that must not be used (sysexits.h)."""


class FailInfo(IntEnum):
    """Why a SCEP request failed (RFC 8894 §3.2.1.4)."""

    BAD_ALG = 0
    BAD_MESSAGE_CHECK = 1
    BAD_REQUEST = 2
    BAD_TIME = 3
    BAD_CERT_ID = 4


class CertsError(ValueError):
    """Anything that this room refuses."""


class DerError(CertsError):
    """Bytes that are not acceptable DER, and where they stop being so."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(f"{text} (at byte {position})")
        self.position = position


class CmsError(CertsError):
    """A CMS message that does not hold."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(text or f"the CMS message does not hold: {reason}")
        self.reason = reason


class EnvelopeError(CmsError):
    """An EnvelopedData that does not open."""


class ScepError(CertsError):
    """A SCEP message that must be answered with a failInfo."""

    def __init__(self, fail_info: FailInfo, reason: str, text: str = "") -> None:
        super().__init__(text or f"the SCEP message is refused: {reason}")
        self.fail_info = fail_info
        self.reason = reason


class RequestRefused(ScepError):  # noqa: N818 - a refusal is an answer, not a fault
    """A certificate request that we will not sign."""


class ChainError(CertsError):
    """A certificate that we do not trust."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(text or f"the certificate is not trusted: {reason}")
        self.reason = reason


class AuthorityError(CertsError):
    """An authority's directory that is not fit to be used."""

    exit_code = EX_CONFIG


class KeyPoolError(CertsError):
    """A key pool that is damaged, or does not hold what was asked of it."""
