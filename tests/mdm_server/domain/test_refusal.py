"""Refusals: one table, and nothing in it that would unenrol a device."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mdm_server.domain.refusal import REFUSALS, Refusal
from mdm_server.domain.staging.refusals import STAGING_REFUSALS

ROOT = Path(__file__).resolve().parents[3]
DEVICE_FAMILIES = (
    "auth.", "checkin.", "courier.", "ddm.", "enroll.", "limit.", "parse.", "scep.", "state.", "store.",
)  # fmt: skip
RAISED = {"Refusal", "DetailedRefusal", "CertificateRefused", "Explained"}


@pytest.mark.parametrize("code", list(REFUSALS))
def test_every_refusal_says_what_happened_and_what_to_do(code: str) -> None:
    """Two sentences that a person can read, a client error or one of 501 to 503, a well-formed code."""
    kind = REFUSALS[code]
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", code) or code in STAGING_REFUSALS
    assert kind.text.endswith(".")
    assert kind.remedy.endswith(".")
    assert 400 <= kind.status < 500 or kind.status in (501, 502, 503)


@pytest.mark.parametrize(
    "code", [code for code in REFUSALS if code.startswith(DEVICE_FAMILIES) or code in STAGING_REFUSALS]
)
def test_no_device_is_ever_told_401_or_403(code: str) -> None:
    """Real devices take either as "you are unenrolled" (I-08)."""
    assert REFUSALS[code].status not in (401, 403)


def test_every_code_that_is_raised_anywhere_is_in_the_table() -> None:
    """A Refusal with an unknown code would be a KeyError at the worst moment."""
    unknown = []
    for path in (ROOT / "mdm_server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED):
                continue
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and first.value not in REFUSALS:
                unknown.append(f"{path.relative_to(ROOT)}:{node.lineno} {first.value}")
    assert unknown == []


def test_a_refusal_carries_its_kind_and_a_reason_for_the_journal() -> None:
    """The reason narrows the code; the sentence has both."""
    refusal = Refusal("auth.cert_invalid", reason="expired", retry_after=3)
    assert (refusal.status, refusal.event, refusal.retry_after) == (400, "auth.cert_invalid:expired", 3)
    assert str(refusal) == f"{refusal.text} (expired) {refusal.remedy}"
    assert Refusal("auth.missing").event == "auth.missing"


def test_an_unknown_code_is_a_programming_error() -> None:
    """There is no default."""
    with pytest.raises(KeyError):
        Refusal("no.such")
