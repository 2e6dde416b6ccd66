"""Return to Service against the whole server: from one person's hands to the next's, and nobody touches the device."""

from __future__ import annotations

from device_emulator.core.actions import OpenEnrollmentLink, SetPasscode
from device_emulator.core.events import DeviceErased, Enrolled
from device_emulator.core.return_to_service import WIFI
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.setting_up.events import ActivationFailed, PaneShown
from device_emulator.core.states import LifeState
from mdm_server.wire import plist
from mdm_server.wire.mobileconfig import Payload, Profile, build_profile
from rigs.apple_world import AppleWorld, apple_world

ADA = AppleAccount(name="ada@icloud.example", password="analytical")


def wifi() -> bytes:
    """Return a profile with a network."""
    payload = Payload(WIFI, "office.wifi", "office-1", content={"SSID_STR": "Office"})
    return plist.dumps(build_profile(Profile(identifier="office", uuid="office-0", payloads=(payload,))))


async def enrollment_profile(here: AppleWorld) -> bytes:
    """Return what the enrolment link leads to."""
    server = here.world.server
    answer = await server.answer("GET", here.world.enrollment_url, {}, b"", peer="administrator")
    return answer.body


async def erase(here: AppleWorld, **wanted: object) -> list[object]:
    """Erase the device, return it to service, and return what could be seen from then on."""
    before = len(here.seen)
    await here.command("EraseDevice", ReturnToService={"Enabled": True, **wanted})
    return [event for event in here.seen[before:] if isinstance(event, DeviceErased | Enrolled | PaneShown)]


async def test_an_organizations_device_is_back_without_a_hand_on_it() -> None:
    """It asks Apple, asks its server as a device of that organization, and is supervised and managed as before."""
    async with apple_world() as here:
        await here.buy(supervised=True)
        await here.set_up(apple_account=ADA)
        await here.do(SetPasscode("135790"))
        first = here.handheld.keychain.certificate
        assert (here.device.life, here.handheld.is_supervised) == (LifeState.ENROLLED, True)

        seen = await erase(here, WiFiProfileData=wifi())

        assert [type(event) for event in seen] == [DeviceErased, Enrolled]
        handheld = here.handheld
        assert (here.device.life, handheld.is_supervised) == (LifeState.ENROLLED, True)
        assert (handheld.passcode.is_set, handheld.apple_account) == (False, None)
        assert handheld.profiles.find("office") is not None
        assert handheld.keychain.certificate != first
        assert (await here.command("DeviceInformation", Queries=["DeviceName"])).answer_status == "Acknowledged"


async def test_any_device_is_back_with_the_profile_that_came_along() -> None:
    """A device of nobody's enrols with it, as often as it is erased."""
    async with apple_world() as here:
        await here.set_up()
        await here.do(OpenEnrollmentLink(here.world.enrollment_url))
        for _ in range(2):
            seen = await erase(here, WiFiProfileData=wifi(), MDMProfileData=await enrollment_profile(here))
            assert [type(event) for event in seen] == [DeviceErased, Enrolled]
            assert (here.device.life, here.handheld.is_supervised) == (LifeState.ENROLLED, False)


async def test_a_device_without_the_profile_it_needs_stays_as_it_is() -> None:
    """The server hears an error, and the device was not erased."""
    async with apple_world() as here:
        await here.set_up()
        await here.do(OpenEnrollmentLink(here.world.enrollment_url))
        assert await erase(here, WiFiProfileData=wifi()) == []
        assert here.answers()[-1] == "Error"
        assert here.device.life is LifeState.ENROLLED


async def test_an_activation_lock_stops_the_return() -> None:
    """Whoever is there has to type what opens it; then the device is set up as any other."""
    async with apple_world() as here:
        await here.set_up(apple_account=ADA)
        await here.do(OpenEnrollmentLink(here.world.enrollment_url))
        profile = await enrollment_profile(here)
        assert await erase(here, WiFiProfileData=wifi(), MDMProfileData=profile) == [DeviceErased()]
        failed = [event.reason for event in here.seen if isinstance(event, ActivationFailed)]
        assert failed == ["activation.locked"]
        assert here.device.life is LifeState.SETUP_ASSISTANT
        await here.set_up(unlock=ADA.password)
        assert here.device.life is LifeState.IN_USE
