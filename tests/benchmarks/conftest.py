"""The benchmarks are not part of what is installed: here they are found in the checkout, behind the installed rooms."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
