"""New identifiers, from the source of randomness that was handed in."""

from __future__ import annotations

import uuid
from collections.abc import Callable


def new_uuid(random_bytes: Callable[[int], bytes]) -> str:
    """Return a random UUID (RFC 9562 §5.4) in lower case, as Workspace ONE writes it."""
    return str(uuid.UUID(bytes=random_bytes(16), version=4))
