"""The words in which the service says no."""

from __future__ import annotations

import pytest

from mdm_server.wire.dep_errors import DepErrorCode, error_code


@pytest.mark.parametrize("code", list(DepErrorCode))
@pytest.mark.parametrize("wrapping", ["%s", '"%s"', '{"code": "%s"}', "\n%s\n"])
def test_a_word_is_found_however_it_is_wrapped(code: DepErrorCode, wrapping: str) -> None:
    """Bare as Apple writes it, quoted as depsim does, or in JSON."""
    assert error_code((wrapping % code.value).encode()) is code


def test_a_body_may_say_nothing() -> None:
    """A proxy's error page is none of the words."""
    assert error_code(b"<html>Bad gateway</html>\xff") is None


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (DepErrorCode.INVALID_CURSOR, 400),
        (DepErrorCode.UNAUTHORIZED, 401),
        (DepErrorCode.T_C_NOT_SIGNED, 403),
        (DepErrorCode.INVALID_METHOD, 405),
        (DepErrorCode.TOO_MANY_REQUESTS, 429),
    ],
)
def test_a_word_has_its_status(code: DepErrorCode, status: int) -> None:
    """A bad request, unless it is something else."""
    assert code.status == status
