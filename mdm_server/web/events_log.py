"""The room's log: one JSON object an event, through the standard library's logging.

Whoever embeds the server decides where it goes: without a handler on `logging.getLogger("mdm_server")`, or above it,
nothing is printed. The command line prints it on standard error.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

logging.getLogger("mdm_server").addHandler(logging.NullHandler())

log: Any = structlog.wrap_logger(
    logging.getLogger("mdm_server.web"),
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without the values of variables: among them are tokens and passwords.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
