"""Enrolment: by a provisioning code, through the Hub, and every way in which neither comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from device_emulator.core.actions import FinishSetupAssistant, GoOffline, HubEnroll, OpenProfile, ShutDown
from device_emulator.core.android.actions import FactoryReset, ScanCode, UnpinHub
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.events import CodeRefused, WorkProfileCreated
from device_emulator.core.android.hardware import PIE_RELEASE
from device_emulator.core.android.states import Kiosk, Life
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    HubRefused,
    PersonRefused,
    SetupAssistantFinished,
    SetupAssistantReached,
)
from device_emulator.core.messages import PersonActs, RequestFailed, RequestKind
from mdm_server.wire.android_channel import Empty, ManagementMode, ProvisioningMethod
from mdm_server.wire.android_provisioning import (
    HUB_COMPONENT,
    TEXT,
    Download,
    ProvisioningCode,
    Wifi,
    build,
    staging_code,
)
from rigs.android_server import DEVICE, EXTRAS, INTENT, SECRET, SERVER, STAGER, TOKEN, Act, AndroidServer

CODE = ProvisioningCode(component=HUB_COMPONENT, extras={"serverurl": SERVER})


def test_a_code_makes_a_new_device_the_organizations(android: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """Six taps and a code with everything in it: nobody types anything, and the agent knows the machine's numbers."""
    seen = act(android, ScanCode(staging_code(EXTRAS)))
    assert android.life is Life.MANAGED
    assert [event for event in seen if isinstance(event, Enrolled)] == [Enrolled(SERVER)]
    (request,) = server.enrolments
    assert request.credentials == STAGER
    assert request.token is None
    assert request.management_mode is ManagementMode.FULLY_MANAGED
    assert request.provisioning_method is ProvisioningMethod.QR_CODE
    assert (request.hardware.serial_number, request.hardware.imei) == ("3A091FDJH000X", "356938035643809")


def test_a_device_reports_as_soon_as_it_is_enrolled(managed: AndroidDevice, server: AndroidServer) -> None:
    """The first report follows the enrolment, the second says that the policy holds; then there is nothing to say."""
    assert [report.applied_policy for report in server.reports] == [None, 1]
    assert not managed.is_busy
    assert managed.deadline is None


def test_the_courier_wakes_a_device_by_what_only_both_ends_know(managed: AndroidDevice) -> None:
    """The token is a hash over name and secret, and no token is there before there is a secret."""
    management = managed.handheld.management
    assert management is not None
    assert (management.device, management.secret) == (DEVICE, SECRET)
    assert managed.push_token == management.wake_token
    assert managed.push_magic is not None


def test_the_hub_puts_a_work_profile_on_somebodys_own_device(
    android: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """Through the setup wizard, through the Hub's, and the token at its end is what enrols."""
    seen = act(android, HubEnroll(INTENT))
    assert android.life is Life.WORK_PROFILE
    assert any(isinstance(event, WorkProfileCreated) for event in seen)
    assert any(isinstance(event, SetupAssistantFinished) for event in seen)
    (request,) = server.enrolments
    assert (request.token, request.credentials) == (TOKEN, None)
    assert request.management_mode is ManagementMode.WORK_PROFILE
    assert request.provisioning_method is ProvisioningMethod.HUB


@pytest.mark.parametrize(("version", "known"), [(None, False), (PIE_RELEASE, True)])
def test_from_android_10_on_a_work_profile_does_not_know_its_machine(
    version: object, known: bool, make_android: Callable[..., AndroidDevice], act: Act, server: AndroidServer
) -> None:
    """Neither the wizard nor the enrolment carries serial number or IMEI there; before, both did."""
    device = make_android(version) if version is not None else make_android()
    act(device, HubEnroll(INTENT))
    (request,) = server.enrolments
    assert (request.hardware.serial_number is not None) is known
    assert (request.hardware.imei is not None) is known
    assert (b"3A091FDJH000X" in server.asked(RequestKind.HUB_WIZARD)[0].body) is known


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"https://example.com", "provisioning.json"),
        (b"{}", "provisioning.admin"),
        (build(ProvisioningCode(component=HUB_COMPONENT)), "provisioning.no_server"),
    ],
)
def test_a_code_that_android_refuses_leaves_the_device_in_its_wizard(
    payload: bytes, reason: str, android: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """The person reads that the device cannot be set up, and may scan another code."""
    seen = act(android, ScanCode(payload))
    assert CodeRefused(reason, TEXT) in seen
    assert android.life is Life.SETUP_WIZARD
    assert server.requests == []
    act(android, ScanCode(staging_code(EXTRAS)))
    assert android.life is Life.MANAGED


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (replace(CODE, component="com.example.agent/.Admin"), "provisioning.other_agent"),
        (
            replace(CODE, download=Download(location="https://x.example/a.apk", signature_checksum=b"other")),
            "provisioning.wrong_checksum",
        ),
    ],
)
def test_a_failure_behind_the_network_costs_a_factory_reset(
    code: ProvisioningCode, reason: str, android: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """AOSP's rule for a device that is to be the organization's: it begins again from its box."""
    seen = act(android, ScanCode(build(code)))
    assert [event.reason for event in seen if isinstance(event, CodeRefused)] == [reason]
    assert android.life is Life.FACTORY
    assert server.requests == []
    act(android, patience=60)
    assert android.life is Life.SETUP_WIZARD


def test_a_code_can_bring_its_own_network(android: AndroidDevice, act: Act) -> None:
    """Without one there is nothing to download from, which costs no reset; with one the device is set up."""
    act(android, GoOffline())
    seen = act(android, ScanCode(staging_code(EXTRAS)))
    assert [event.reason for event in seen if isinstance(event, CodeRefused)] == ["provisioning.no_network"]
    assert android.life is Life.SETUP_WIZARD
    act(android, ScanCode(staging_code(EXTRAS, wifi=Wifi(ssid="Depot"))))
    assert android.life is Life.MANAGED


def test_a_code_without_credentials_has_the_hub_ask(android: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """The Hub keeps the screen until somebody has typed what the code does not say; then it lets go."""
    act(android, ScanCode(staging_code(replace(EXTRAS, user_name=None))))
    assert (android.life, android.kiosk) == (Life.PROVISIONING, Kiosk.HUB_PINNED)
    assert server.requests == []
    act(android, HubEnroll(INTENT))
    assert (android.life, android.kiosk) == (Life.MANAGED, Kiosk.FREE)
    assert server.enrolments[0].management_mode is ManagementMode.FULLY_MANAGED


def test_wrong_credentials_in_a_code_leave_the_hub_on_the_screen(
    android: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """The person sees the server's words; the right ones, typed, free the device."""
    seen = act(android, ScanCode(staging_code(replace(EXTRAS, password="wrong"))))
    assert HubRefused("BAD_CREDENTIALS", "Invalid User Credentials", "enroll") in seen
    assert (android.life, android.kiosk) == (Life.PROVISIONING, Kiosk.HUB_PINNED)
    assert act(android, HubEnroll(replace(INTENT, password="wrong")))
    assert android.kiosk is Kiosk.HUB_PINNED
    act(android, HubEnroll(INTENT))
    assert android.life is Life.MANAGED


@pytest.mark.parametrize(
    ("extras", "password", "reason"),
    [
        (replace(EXTRAS, password="wrong"), None, "unpinning_not_allowed"),
        (replace(EXTRAS, password="wrong", allow_unpinning=True, unpin_password="1"), "2", "wrong_password"),
    ],
)
def test_a_pinned_hub_lets_go_only_of_who_may_go(
    extras: object, password: str | None, reason: str, android: AndroidDevice, act: Act
) -> None:
    """Without the flag nobody gets out; with a password whoever knows it, however often they have tried."""
    act(android, ScanCode(staging_code(extras)))  # type: ignore[arg-type]
    for _ in range(3):
        assert PersonRefused("UnpinHub", reason) in act(android, UnpinHub(password))
    assert android.kiosk is Kiosk.HUB_PINNED


def test_an_unpinned_hub_leaves_a_device_that_is_nobodys_yet(android: AndroidDevice, act: Act) -> None:
    """Who unpins it can reset the device, or open the Hub again."""
    act(android, ScanCode(staging_code(replace(EXTRAS, password="wrong", allow_unpinning=True))))
    act(android, UnpinHub())
    assert (android.life, android.kiosk) == (Life.PROVISIONING, Kiosk.FREE)
    act(android, FactoryReset(), patience=60)
    assert android.life is Life.SETUP_WIZARD


def test_no_server_means_no_work_profile(android: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """What cannot be reached at the end of the wizard leaves nothing on the device."""
    server.script(RequestKind.ANDROID_ENROLL, RequestFailed(0, "tls.untrusted", retryable=False))
    seen = act(android, HubEnroll(INTENT), patience=600)
    assert android.life is Life.UNMANAGED
    assert [event.reason for event in seen if isinstance(event, EnrollmentFailed)] == ["tls.untrusted"]
    assert android.handheld.management is None


def test_an_answer_that_is_none_is_a_refusal(android: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """A server that says yes and gives no secret has not enrolled anybody."""
    server.script(RequestKind.ANDROID_ENROLL, (200, Empty()))
    act(android, HubEnroll(INTENT))
    assert android.life is Life.UNMANAGED


def test_a_device_that_is_switched_off_meanwhile_gives_up(
    android: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """Nothing of half a work profile stays, and an answer that comes too late is nobody's."""
    android.handle(PersonActs(HubEnroll(INTENT)))
    (request,) = android.requests()
    while request.kind is not RequestKind.ANDROID_ENROLL:
        android.handle(server.answer(request))
        (request,) = android.requests()
    assert android.life is Life.ADDING_PROFILE
    seen = act(android, ShutDown(), server.answer(request))
    assert [event.reason for event in seen if isinstance(event, EnrollmentFailed)] == ["interrupted"]
    assert android.life is Life.UNMANAGED
    assert android.handheld.management is None


def test_the_hub_takes_one_wish_at_a_time(android: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """Somebody who opens it again while it is at work is told so, and the device is enrolled once."""
    android.handle(PersonActs(HubEnroll(INTENT)))
    (request,) = android.requests()
    assert PersonRefused("HubEnroll", "hub_busy") in act(android, HubEnroll(INTENT))
    act(android, server.answer(request))
    assert android.life is Life.WORK_PROFILE
    assert len(server.enrolments) == 1


def test_what_is_managed_already_is_not_enrolled_again(managed: AndroidDevice, act: Act) -> None:
    """Neither the Hub nor another code has anything to do with a device that belongs to somebody."""
    assert PersonRefused("HubEnroll", "already_managed") in act(managed, HubEnroll(INTENT))
    assert PersonRefused("ScanCode", "already_set_up") in act(managed, ScanCode(staging_code(EXTRAS)))


def test_what_only_an_iphone_knows_an_android_refuses(android: AndroidDevice, act: Act) -> None:
    """A configuration profile means nothing to it."""
    assert PersonRefused("OpenProfile", "other_platform") in act(android, OpenProfile(b""))


def test_a_new_device_greets_with_its_wizard(android: AndroidDevice, act: Act) -> None:
    """Once, when it is first looked at."""
    seen = act(android, FinishSetupAssistant())
    assert [type(event) for event in seen].count(SetupAssistantReached) == 1
    assert android.life is Life.UNMANAGED
