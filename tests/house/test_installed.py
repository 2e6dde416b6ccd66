"""`make test` judges what a user gets: the installed package, not the checkout."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif("MDMSIM_TEST_INSTALLED" not in os.environ, reason="only `make test` promises the installed package")
@pytest.mark.parametrize("package", ["certs", "mdm_server", "device_emulator"])
def test_the_package_under_test_is_the_installed_one(package: str) -> None:
    """Nothing is imported from the checkout by accident."""
    where = Path(importlib.import_module(package).__file__ or "").resolve()
    assert "site-packages" in where.parts, where
    assert not where.is_relative_to(ROOT / package)
