"""What arranged failures are called."""

from __future__ import annotations

import pytest

from mdm_server.clouds.apple.dep.fault_words import Mishap, is_known, meaning
from mdm_server.wire.dep import DepErrorCode, ResponseStatus


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("bad_request", DepErrorCode.BAD_REQUEST),
        ("bad_request_invalid_cursor", DepErrorCode.INVALID_CURSOR),
        ("forbidden", DepErrorCode.FORBIDDEN),
        ("forbidden_t_c_not_signed", DepErrorCode.T_C_NOT_SIGNED),
        ("unauthorized", DepErrorCode.UNAUTHORIZED),
        ("too_many_requests", DepErrorCode.TOO_MANY_REQUESTS),
        ("invalid_method", DepErrorCode.INVALID_METHOD),
        ("expired_cursor", DepErrorCode.EXPIRED_CURSOR),
        ("unavailable", DepErrorCode.SERVICE_UNAVAILABLE),
        ("not_accessible", ResponseStatus.NOT_ACCESSIBLE),
        ("not_found", ResponseStatus.NOT_FOUND),
        ("failed", ResponseStatus.FAILED),
        ("throttled", ResponseStatus.THROTTLED),
        ("lost", Mishap.LOST),
        ("cut", Mishap.CUT),
        ("delayed", Mishap.DELAYED),
    ],
)
def test_a_word_has_its_meaning(word: str, meant: object) -> None:
    """depsim's, and ours."""
    assert is_known(word)
    assert meaning(word) is meant


@pytest.mark.parametrize("word", ["", "explode", "bad_request_", "bad_request_explode", "SUCCESS"])
def test_a_word_that_nobody_knows_is_a_bad_request(word: str) -> None:
    """Whoever arranges it can be told before."""
    assert not is_known(word)
    assert meaning(word) is DepErrorCode.BAD_REQUEST
