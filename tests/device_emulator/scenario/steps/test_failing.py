"""A failure is arranged for in the words of Apple's service, and told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from device_emulator.scenario.checking import Script
from device_emulator.scenario.errors import DocumentError
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.offices import Failure
from rigs.pretend_stage import PretendStage

Write = Callable[..., Script]


async def test_a_failure_is_counted_and_told(write: Write, stage: PretendStage) -> None:
    """Once, unless something else is said."""
    step = "fail: {service: apns, point: push, response: delayed, count: 2, delay: 60}"
    [deed] = [came async for came in write(step).steps[0].step.perform(stage)]
    assert isinstance(deed, Deed)
    wanted = Failure(service="apns", point="push", response="delayed", count=2, delay=60.0)
    assert stage.portal.orders == [("fail", wanted)]
    assert deed.sentence == "Apple's apns will answer push with delayed, 1 minute late, 2 times"


def test_only_services_of_apples_fail(write: Write) -> None:
    """The server itself has `inject-fault`."""
    with pytest.raises(DocumentError, match="activation"):
        write("fail: {service: activatoin, point: activate, response: unavailable}")
