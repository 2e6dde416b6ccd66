from __future__ import annotations

import re
from html.parser import HTMLParser

from device_emulator.fleet.tally import Latency
from device_emulator.report.page import render_page


def _summary(**changes: object) -> dict[str, object]:
    latency = Latency()
    for milliseconds in (5, 10, 400):
        latency.record(milliseconds / 1000)
    return {
        "command": "load",
        "target": "https://localhost:1/<enroll>",
        "seed": 7,
        "started": "2026-06-01T12:00:00+00:00",
        "seconds": 2.0,
        "devices": {"iPhone": 2},
        "proofs": {"Mdm-Signature": 2},
        "keys": {"sentence": "2 made on the spot"},
        "woken_by": "push",
        "funnel": {"started": 2, "profile": 2, "profile_service": 0, "enrolled": 1},
        "enrollments_per_second": 0.5,
        "latency_ms": {"idle": latency.summary()},
        "answers": [{"command": "DeviceLock", "status": "Acknowledged", "count": 1}],
        "failures": {"identity: <script>": 1},
        "refusals": {},
        "retries": {},
        "expectations": [{"sentence": "devices enrolled", "found": "1 of 2", "passed": False}],
        "verdict": "fail",
        "notes": [],
    } | changes


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """It can be mailed, and opened in a train."""
    page = render_page(_summary())
    assert not re.search(r"""(src|href)\s*=|@import|url\(""", page)
    assert "http" not in page.replace("https://localhost:1", "")


def test_what_a_server_said_cannot_become_markup() -> None:
    """Reasons and addresses come from outside."""
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

    Tags().feed(render_page(_summary()))
    assert "script" not in tags
    assert "enroll" not in tags


def test_the_page_tells_the_same_as_the_summary() -> None:
    """Verdict, funnel, latency, expectation and trouble are all there."""
    page = render_page(_summary())
    for part in (">FAIL<", "devices enrolled", "1 of 2", "FAILED", "DeviceLock", "Idle", "400.", "seed 7"):
        assert part in page
    assert "profile service" not in page


def test_a_run_that_measured_nothing_still_has_a_page() -> None:
    """An interrupted run writes its report too."""
    page = render_page(_summary(latency_ms={}, answers=[], failures={}, funnel={"started": 0, "enrolled": 0}))
    assert "Nothing was measured." in page
