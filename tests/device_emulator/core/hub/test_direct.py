"""Direct Enrollment: enrolled, unmanaged or refused."""

from __future__ import annotations

import pytest

from device_emulator.core.events import HubRefused, HubStepAnswered
from device_emulator.core.hub.direct import DirectOutcome, enroll_directly
from device_emulator.core.hub.login import Login
from device_emulator.core.messages import RequestFailed, RequestKind, ResponseArrived
from mdm_server.wire.hub import DeviceReply, HubDevice
from rigs.play_hub import HUB, INSTALL_URL, PlayHub, Somebody, device_refuses

ADA = Login(user_name="ada", password="engine")


def test_a_qualified_user_gets_a_link(somebody: Somebody, handset: HubDevice) -> None:
    """Enrolled at once."""
    hub = PlayHub(DeviceReply(result="Enrolled", install_url=INSTALL_URL))
    outcome = hub.hold(enroll_directly(somebody, HUB, handset, ADA))
    assert outcome == DirectOutcome(INSTALL_URL)
    assert not outcome.is_unmanaged
    (draft,), (message,) = hub.drafts, hub.messages
    assert draft.url == f"{HUB}/DeviceServices/WorkspaceOne/enroll"
    assert draft.kind is RequestKind.DIRECT_ENROLLMENT
    assert (message["Username"], message["Device"]["Identifier"]) == ("ada", handset.identifier)
    assert somebody.events == [HubStepAnswered("direct")]


def test_an_unqualified_user_is_let_in_without_management(somebody: Somebody, handset: HubDevice) -> None:
    """Neither a link nor a refusal."""
    hub = PlayHub(DeviceReply(result="Unmanaged"))
    outcome = hub.hold(enroll_directly(somebody, HUB, handset, ADA))
    assert outcome == DirectOutcome()
    assert outcome.is_unmanaged


def test_a_staging_user_is_sent_to_the_hub(somebody: Somebody, handset: HubDevice) -> None:
    """A refusal with its own code."""
    hub = PlayHub(device_refuses("STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", "Use Intelligent Hub", result="Refused"))
    outcome = hub.hold(enroll_directly(somebody, HUB, handset, ADA))
    assert (outcome.code, outcome.text) == ("STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", "Use Intelligent Hub")
    assert somebody.events[-1] == HubRefused(outcome.code, outcome.text, "direct")


def test_to_be_let_in_to_nothing_is_no_answer(somebody: Somebody, handset: HubDevice) -> None:
    """Enrolled, but by no link."""
    outcome = PlayHub(DeviceReply(result="Enrolled")).hold(enroll_directly(somebody, HUB, handset, ADA))
    assert outcome.code == "hub.not_an_answer"


@pytest.mark.parametrize("reply", [RequestFailed(0, "tls.untrusted", retryable=False), ResponseArrived(0, 200)])
def test_without_an_answer_it_is_a_refusal_too(
    reply: RequestFailed | ResponseArrived, somebody: Somebody, handset: HubDevice
) -> None:
    """The app's own."""
    outcome = PlayHub(reply).hold(enroll_directly(somebody, HUB, handset, ADA))
    assert outcome.code.startswith("hub.")
    assert not outcome.is_unmanaged
