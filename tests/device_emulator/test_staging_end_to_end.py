"""People, devices and a server, over real TLS sockets: staged, claimed, shared, registered, locked out, set free."""

from __future__ import annotations

from device_emulator.core.actions import DirectEnroll, HandOver, HubEnroll, HubLogin, HubLogout, Prepare, RemoveProfile
from device_emulator.core.events import (
    Enrolled,
    HubLoginShown,
    HubRefused,
    HubSignedIn,
    HubSignedOut,
    PasscodeChanged,
    ProfileInstalled,
    ProfileRemoved,
    UnmanagedEntered,
)
from device_emulator.core.hub.intent import Channel
from device_emulator.core.person import Habits, Person
from device_emulator.fleet.configurator import Blueprint, Cart
from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceStagingType,
    EntryChannel,
    ListAttribute,
    ListKind,
)
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.user_settings import PROFILE_IDENTIFIER
from rigs.staged_fleet import PASSWORDS, PATIENCE, ROOT, StagedFleet, staged_fleet

ADA, GRACE = HubLogin("ada", PASSWORDS["ada"]), HubLogin("grace", PASSWORDS["grace"])


def refusal(fleet: StagedFleet, number: int) -> str:
    """Return the code of what the person read last."""
    return fleet.latest(number, HubRefused).code


async def test_a_staged_device_is_claimed_once() -> None:
    """Single User (Standard): the first qualified user has it for good; a second is turned away."""
    async with staged_fleet(1) as fleet:
        for user in ("ada", "grace"):
            await fleet.hire(user)
        await fleet.hire("stager", DeviceStagingType.STANDARD)
        await fleet.act(0, HubEnroll(fleet.intent("stager")))
        assert fleet.latest(0, HubLoginShown) == HubLoginShown("StagedUnclaimed")
        facts = await fleet.record(0)
        assert (facts.device.assignment.state, facts.person and facts.person.user_name) == (
            AssignmentState.STAGED_UNCLAIMED,
            "stager",
        )
        await fleet.act(0, ADA)
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")
        await fleet.until_seen(0, ProfileInstalled(PROFILE_IDENTIFIER))
        await fleet.act(0, GRACE)
        assert refusal(fleet, 0) == "ALREADY_CLAIMED"
        facts = await fleet.record(0)
        assert facts.user is not None
        assert (facts.device.assignment.state, facts.user.user_name) == (AssignmentState.ASSIGNED, "ada")


async def test_a_device_is_enrolled_on_behalf_of_its_user() -> None:
    """Single User (Advanced): it arrives ready, and the stager owns nothing."""
    async with staged_fleet(1) as fleet:
        await fleet.hire("ada")
        await fleet.hire("stager", DeviceStagingType.ADVANCED)
        await fleet.act(0, HubEnroll(fleet.intent("stager", on_behalf="nobody")))
        assert refusal(fleet, 0) == "STAGING_TARGET_INVALID"
        await fleet.act(0, HubEnroll(fleet.intent("stager", on_behalf="ada")))
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")
        facts = await fleet.record(0)
        assert facts.user is not None
        assert facts.user.user_name == "ada"


async def test_a_shared_device_goes_from_hand_to_hand() -> None:
    """Multi User: one at a time, the settings come and go with them, and the enrolment stays what it is."""
    async with staged_fleet(1) as fleet:
        for user in ("ada", "grace"):
            await fleet.hire(user)
        await fleet.hire("stager", DeviceStagingType.MULTI_STANDARD)
        await fleet.act(0, HubEnroll(fleet.intent("stager", staging="Multi")))
        assert fleet.latest(0, HubLoginShown) == HubLoginShown("MultiIdle")
        await fleet.act(0, ADA)
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "CheckedOut")
        await fleet.until_seen(0, ProfileInstalled(PROFILE_IDENTIFIER))
        await fleet.act(0, GRACE)
        assert refusal(fleet, 0) == "CHECKED_OUT"
        assert (await fleet.record(0)).device.status is EnrollmentStatus.ENROLLED
        await fleet.act(0, HubLogout())
        assert fleet.latest(0, HubSignedOut) == HubSignedOut("ada")
        await fleet.until_seen(0, ProfileRemoved(PROFILE_IDENTIFIER))
        await fleet.until_seen(0, PasscodeChanged(present=False))
        await fleet.settle()
        await fleet.act(0, GRACE)
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("grace", "CheckedOut")
        facts = await fleet.record(0)
        assert facts.user is not None
        assert (facts.device.status, facts.user.user_name) == (EnrollmentStatus.ENROLLED, "grace")


async def test_a_registered_device_locks_out_the_wrong_user_and_then_everybody() -> None:
    """Until the administrator sets it free, its owner is refused too; nothing of either attempt stays on the device."""
    async with staged_fleet(1) as fleet:
        for user in ("ada", "grace"):
            await fleet.hire(user)
        await fleet.register(0, "ada")
        for user in ("grace", "ada"):
            await fleet.act(0, HubEnroll(fleet.intent(user)))
            assert refusal(fleet, 0) == "REG_USER_MISMATCH"
            assert (await fleet.record(0)).device.status is EnrollmentStatus.REGISTERED
        assert fleet.devices[0].handheld.hub is None
        await fleet.server.suite.staging.devices.unlock((await fleet.record(0)).device.id)
        await fleet.act(0, HubEnroll(fleet.intent("ada")))
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")


async def test_the_binding_outlives_the_enrolment() -> None:
    """Whoever had the device may come back; anybody else finds it bound."""
    async with staged_fleet(1) as fleet:
        for user in ("ada", "grace"):
            await fleet.hire(user)
        await fleet.act(0, HubEnroll(fleet.intent("ada")))
        await fleet.act(0, RemoveProfile())
        await fleet.act(0, HubEnroll(fleet.intent("grace")))
        assert refusal(fleet, 0) == "REG_BOUND_TO_OTHER"
        await fleet.act(0, HubEnroll(fleet.intent("ada")))
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")


async def test_a_cart_enrols_each_registered_device_for_its_own_user() -> None:
    """Two ports, four devices: two for their users, one for whoever comes, one denied; each has its own result."""
    async with staged_fleet(4) as fleet:
        for user in ("ada", "grace"):
            await fleet.hire(user)
        await fleet.hire("stager", DeviceStagingType.STANDARD)
        await fleet.register(0, "ada")
        await fleet.register(1, "grace")
        serial = fleet.devices[3].handheld.hardware.serial_number
        deny = ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=[serial])
        await fleet.server.suite.staging.lists.add(deny)
        cart = Cart(2, fleet.loop.happen)
        fleet.watchers.append(cart.see)
        blueprint = Blueprint(url=fleet.server.url, group=ROOT, user_name="stager", password=PASSWORDS["stager"])
        cart.prepare(blueprint.orders(fleet.devices))
        assert await fleet.loop.until(lambda: cart.is_done, seconds=PATIENCE)
        await fleet.settle()
        assert cart.most_at_once == 2
        assert sorted(cart.enrolled) == [0, 1, 2]
        assert cart.results[3].code == "DEVICE_DENYLISTED"
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")
        assert fleet.latest(1, HubSignedIn) == HubSignedIn("grace", "Assigned")
        assert fleet.latest(2, HubLoginShown) == HubLoginShown("StagedUnclaimed")
        assert (await fleet.record(2)).device.via is EntryChannel.CONFIGURATOR
        assert all(fleet.devices[number].handheld.is_supervised for number in fleet.devices)


async def test_without_credentials_a_cart_enrols_only_what_is_registered() -> None:
    """Somebody has to answer for the others."""
    async with staged_fleet(2) as fleet:
        await fleet.hire("ada")
        await fleet.register(0, "ada")
        blueprint = Blueprint(url=fleet.server.url, group=ROOT)
        for number, order in blueprint.orders(fleet.devices).items():
            assert isinstance(order, Prepare)
            await fleet.act(number, order)
        assert fleet.latest(0, HubSignedIn) == HubSignedIn("ada", "Assigned")
        assert refusal(fleet, 1) == "hub.no_answer"


async def test_direct_enrolment_is_not_for_staging() -> None:
    """A staging user is sent to the Hub; somebody for whom it is not switched on stays unmanaged."""
    async with staged_fleet(1) as fleet:
        await fleet.hire("ada")
        await fleet.hire("stager", DeviceStagingType.STANDARD)
        url = fleet.server.url
        await fleet.act(0, DirectEnroll(url, "stager", PASSWORDS["stager"]))
        assert refusal(fleet, 0) == "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT"
        await fleet.act(0, DirectEnroll(url, "ada", PASSWORDS["ada"]))
        assert fleet.latest(0, UnmanagedEntered) == UnmanagedEntered("ada")


async def test_three_slips_bring_a_captcha_which_a_person_reads_and_a_barcode_cannot() -> None:
    """The fourth time the password is right, and there is a picture to read beside it."""
    async with staged_fleet(2) as fleet:
        await fleet.hire("ada")
        clumsy = Person(name="Ada", user_name="ada", password=PASSWORDS["ada"], habits=Habits(mistypes=1.0))
        careful = Person(name="Ada", user_name="ada", password=PASSWORDS["ada"])
        own = fleet.intent("ada", user_name=None, password=None, attempts=3)
        await fleet.act(0, HandOver(clumsy))
        await fleet.act(0, HubEnroll(own))
        assert refusal(fleet, 0) == "BAD_CREDENTIALS"
        await fleet.act(1, HubEnroll(fleet.intent("ada", channel=Channel.BARCODE)))
        assert refusal(fleet, 1) == "CREATE_MDM_ERROR"
        await fleet.act(0, HandOver(careful))
        await fleet.act(0, HubEnroll(own))
        assert Enrolled(f"{fleet.server.url}/mdm") in fleet.seen[0]
