"""What each verb does on a stage, and what it tells of it; the stages have tests of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from device_emulator.core import actions
from device_emulator.core.android.actions import FactoryReset
from device_emulator.core.events import (
    DeviceErased,
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    Event,
    HandedOver,
    HubRefused,
    HubSignedIn,
    HubSignedOut,
    LockChanged,
    NetworkChanged,
    PasscodeChanged,
    PersonForgot,
    PersonRefused,
    Unenrolled,
    UnmanagedEntered,
)
from device_emulator.core.gauges import Network
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.states import LockState
from device_emulator.scenario.checking import Script
from device_emulator.scenario.findings import Deed, Finding
from device_emulator.scenario.look import Look
from device_emulator.scenario.steps import ADMINISTRATION, STEPS
from device_emulator.scenario.steps.step import NOTHING_CAME_OF_IT
from rigs.pretend_stage import REFUSED, PretendStage

Write = Callable[..., Script]
DONE = [Enrolled("https://mdm.test/mdm")]


async def perform(script: Script, stage: PretendStage) -> list[Deed | Finding]:
    """Return what comes of a script's first step."""
    return [came async for came in script.steps[0].step.perform(stage)]


async def deed_of(write: Write, stage: PretendStage, step: str, *shows: Sequence[Event]) -> Deed:
    """Return the only deed of a step."""
    stage.shows = list(shows)
    [deed] = await perform(write(step), stage)
    assert isinstance(deed, Deed)
    return deed


# Enrolling


async def test_what_is_typed_in_the_hub_is_what_the_step_says(write: Write, stage: PretendStage) -> None:
    """Everything a wizard can ask for can be said in a script."""
    step = (
        "enrol: {device: phone, as: ada, group: TYPO, group_choice: SHOP, wrong_password: true, staging: multi,"
        " on_behalf: bo, ownership: C, terms: decline, captcha: give-up, channel: barcode}"
    )
    deed = await deed_of(write, stage, step, DONE)
    [(_, intent)] = stage.acts
    assert isinstance(intent, HubIntent)
    assert (intent.group, intent.group_choice, intent.staging, intent.on_behalf) == ("TYPO", "SHOP", "Multi", "bo")
    assert (intent.ownership, intent.accept_terms, intent.solve_captcha) == ("C", False, False)
    assert (intent.channel, intent.user_name, intent.insists) == (Channel.BARCODE, "ada", True)
    assert intent.password != "ada"
    assert deed.sentence == "ada enrols phone on behalf of bo in TYPO by barcode with a wrong password"


async def test_a_token_is_typed_in_place_of_the_group_id(write: Write, stage: PretendStage) -> None:
    """Without credentials: who has the token needs none."""
    deed = await deed_of(write, stage, "enrol: {device: phone, token: adas}", DONE)
    [(_, intent)] = stage.acts
    assert (intent.group, intent.token, intent.user_name) == ("", "token of adas", "")
    assert deed.sentence == "whoever has the token enrols phone with the token of adas"


async def test_a_series_is_enrolled_one_by_one_as_often_as_said(write: Write, stage: PretendStage) -> None:
    """The first group's ID is what people type when nothing else is said."""
    stage.shows = [DONE] * 6
    deeds = await perform(write("enrol: {device: ipad-*, as: ada, times: 2}"), stage)
    assert [device for device, _ in stage.acts] == ["ipad-1", "ipad-1", "ipad-2", "ipad-2", "ipad-3", "ipad-3"]
    assert {intent.group for _, intent in stage.acts} == {"ACME"}
    assert len(deeds) == 6


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (REFUSED, "REG_USER_MISMATCH"),
        ([EnrollmentFailed(EnrollmentStage.PROFILE, "http.400", "no")], "http.400"),
        ([PersonRefused("HubEnroll", "offline")], "offline"),
        ([*REFUSED, *DONE], ""),
        ([*DONE, *REFUSED], "REG_USER_MISMATCH"),
        ([], NOTHING_CAME_OF_IT),
    ],
)
async def test_an_enrolment_ends_as_what_was_seen_last_says(
    write: Write, stage: PretendStage, shown: Sequence[Event], code: str
) -> None:
    """Somebody who gets in at the second attempt got in."""
    stage.shows = [shown]
    [deed] = await perform(write("enrol: {device: phone, as: ada}"), stage)
    assert isinstance(deed, Deed)
    assert (deed.code, deed.passed) == (code, not code)


@pytest.mark.parametrize(
    ("unmanaged", "shown", "code"),
    [
        (False, DONE, ""),
        (True, [UnmanagedEntered("ada")], ""),
        (False, [UnmanagedEntered("ada")], "unmanaged"),
        (True, DONE, "enrolled"),
        (True, REFUSED, "REG_USER_MISMATCH"),
    ],
)
async def test_direct_enrolment_tells_managed_from_unmanaged(
    write: Write, stage: PretendStage, unmanaged: bool, shown: Sequence[Event], code: str
) -> None:
    """Neither is a refusal, and the one that was not expected is not as expected."""
    step = f"direct-enrol: {{device: phone, as: ada, unmanaged: {str(unmanaged).lower()}}}"
    deed = await deed_of(write, stage, step, shown)
    assert (deed.code, deed.passed) == (code, not code)
    assert isinstance(stage.acts[0][1], actions.DirectEnroll)


async def test_a_cart_gives_every_device_its_own_result(write: Write, stage: PretendStage) -> None:
    """Those that are expected to be refused are named."""
    step = "cart: {devices: ipad-*, ports: 2, refused: REG_USER_MISMATCH, refused_devices: [ipad-2]}"
    stage.shows = [DONE, REFUSED, DONE]
    deeds = await perform(write(step), stage)
    assert all(isinstance(deed, Deed) and deed.passed for deed in deeds)
    [(devices, (intent, ports))] = stage.acts
    assert (devices, ports, intent.channel, intent.user_name) == ("ipad-1,ipad-2,ipad-3", 2, Channel.CONFIGURATOR, None)
    stage.shows = [DONE, DONE, REFUSED]
    assert [isinstance(deed, Deed) and deed.passed for deed in await perform(write(step), stage)] == [
        True,
        False,
        False,
    ]


# Sharing and holding


@pytest.mark.parametrize(
    ("step", "shown", "action", "sentence"),
    [
        (
            "hub-login: {device: phone, as: ada, wrong_password: true}",
            HubSignedIn("ada", "Assigned"),
            actions.HubLogin("ada", "not the password"),
            "ada logs in to the Hub of phone with a wrong password",
        ),
        (
            'check-out: {device: phone, as: ada, group: SHOP, shared_passcode: "1234", terms: decline}',
            HubSignedIn("ada", "CheckedOut"),
            actions.HubLogin("ada", "ada", group="SHOP", shared_passcode="1234", accept_terms=False),
            "ada checks out phone",
        ),
        ("hub-logout: phone", HubSignedOut("ada"), actions.HubLogout(), "Somebody logs out of the Hub of phone"),
        ("check-in: phone", HubSignedOut("ada"), actions.HubLogout(), "Somebody checks in phone"),
        ("go-offline: phone", NetworkChanged(Network.WIFI, Network.NONE), actions.GoOffline(), "phone goes offline"),
        ("go-online: phone", NetworkChanged(Network.NONE, Network.WIFI), actions.GoOnline(), "phone is online again"),
        ("set-passcode: phone", PasscodeChanged(present=True), actions.SetPasscode(), "A passcode is chosen on phone"),
        (
            "remove-management: phone",
            Unenrolled("removed"),
            actions.RemoveProfile(),
            "The person holding phone removes its management profile",
        ),
        ("factory-reset: phone", DeviceErased(), FactoryReset(), "The person holding phone resets it"),
    ],
)
async def test_what_people_do_is_done_and_told(
    write: Write, stage: PretendStage, step: str, shown: Event, action: object, sentence: str
) -> None:
    """The action on the device, the sentence in the story, and what shows that it was done."""
    deed = await deed_of(write, stage, step, [shown])
    assert (deed.sentence, deed.code, stage.acts) == (sentence, "", [("phone", action)])
    assert (await deed_of(write, stage, step)).code == NOTHING_CAME_OF_IT


async def test_a_screen_is_locked_and_unlocked_by_those_who_know_how(write: Write, stage: PretendStage) -> None:
    """Whoever guesses gets as many tries as were said, and is refused each."""
    deed = await deed_of(write, stage, "lock-screen: phone", [LockChanged(LockState.UNLOCKED, LockState.LOCKED)])
    assert (deed.code, stage.acts.pop()) == ("", ("phone", actions.Lock()))
    stage.looks["phone"] = Look(screen="locked")
    step = 'unlock-screen: {device: phone, passcode: "0000", times: 2, refused: wrong_passcode}'
    deeds = await perform(write(step), stage)
    assert [isinstance(one, Deed) and one.passed for one in deeds] == [True, True]
    assert stage.acts == [("phone", actions.Unlock("0000"))] * 2
    stage.looks["phone"] = Look(screen="unlocked")
    assert (await deed_of(write, stage, "unlock-screen: phone")).passed


async def test_a_link_leads_past_the_hub(write: Write, stage: PretendStage) -> None:
    """To an enrolment profile, and nobody is asked anything."""
    deed = await deed_of(write, stage, "enrol: {device: phone, channel: link}", DONE)
    assert stage.acts == [("phone", actions.OpenEnrollmentLink("https://mdm.test/enroll"))]
    assert deed.sentence == "somebody enrols phone by a link, past the Hub"


async def test_a_made_up_token_can_be_typed_when_the_wizard_asks(write: Write, stage: PretendStage) -> None:
    """Then the Group ID is typed before it."""
    deed = await deed_of(write, stage, "enrol: {device: phone, group: ACME, typed_token: NOBODYS}", DONE)
    [(_, intent)] = stage.acts
    assert (intent.group, intent.token) == ("ACME", "NOBODYS")
    assert deed.sentence == "whoever has the token enrols phone with the token NOBODYS in ACME"


async def test_a_device_is_handed_over_with_or_without_its_passcode(write: Write, stage: PretendStage) -> None:
    """To a person, who may be called otherwise than their account."""
    deed = await deed_of(write, stage, "hand-over: {device: phone, to: bo, tells_passcode: false}", [HandedOver("bo")])
    [(_, action)] = stage.acts
    assert (action.to.name, action.tells_passcode, deed.code) == ("bo", False, "")


async def test_somebody_who_forgets_has_not_done_it(write: Write, stage: PretendStage) -> None:
    """That can be expected, too."""
    deed = await deed_of(write, stage, "check-in: {device: phone, refused: forgotten}", [PersonForgot("HubLogout")])
    assert deed.passed


# Circumstances


async def test_time_passes_and_servers_restart(write: Write, stage: PretendStage) -> None:
    """Told in words."""
    began = stage.now
    [deed] = await perform(write("wait: 61 minutes"), stage)
    assert isinstance(deed, Deed)
    assert (deed.sentence, (stage.now - began).total_seconds()) == ("61 minutes pass", 3660)
    [deed] = await perform(write("wait: 1 hour"), stage)
    assert isinstance(deed, Deed)
    assert deed.sentence == "1 hour passes"
    await perform(write("restart-server:"), stage)
    assert stage.restarts == 1


async def test_a_fault_is_arranged_for(write: Write, stage: PretendStage) -> None:
    """Which message of which device, and what becomes of it."""
    step = "inject-fault: {device: phone, message: token_update, fault: answer-lost, nth: 2}"
    [deed] = await perform(write(step), stage)
    assert isinstance(deed, Deed)
    assert stage.faults == [("phone", "token_update", "answer-lost", 2)]
    assert deed.sentence == "Message 2 of kind token_update from phone will go unanswered"


# Looking


async def test_only_what_is_said_is_looked_at(write: Write, stage: PretendStage) -> None:
    """Each thing said becomes a finding; `none` says that there is none."""
    stage.looks["phone"] = Look(known=True, status="Enrolled", user="ada", profiles=("b", "a"))
    step = (
        "expect: {device: phone, status: Enrolled, user: ada, locked: none, stager: none, managed: true,"
        " profiles: [a, b], has_profile: a, lacks_profile: c}"
    )
    findings = await perform(write(step), stage)
    assert [(isinstance(one, Finding) and one.passed) for one in findings].count(False) == 1
    [wrong] = [one for one in findings if isinstance(one, Finding) and not one.passed]
    assert (wrong.sentence, wrong.found) == ("phone: managed yes", "no")


async def test_a_series_is_compared_with_a_series(write: Write, stage: PretendStage) -> None:
    """The third device with the third user."""
    for number in (1, 2, 3):
        stage.looks[f"ipad-{number}"] = Look(user=f"worker-{number}")
    findings = await perform(write("expect: {device: ipad-*, user: worker-*}"), stage)
    assert [isinstance(one, Finding) and one.passed for one in findings] == [True] * 3
    stage.looks["ipad-3"] = Look(user="worker-1")
    findings = await perform(write("expect: {device: ipad-*, user: worker-*}"), stage)
    assert [isinstance(one, Finding) and one.passed for one in findings] == [True, True, False]


# Administering

ORDERS = {
    "save-dep-profile: corporate": ("save", "saves the DEP profile corporate"),
    "assign-dep-profile: {device: phone, profile: corporate}": (
        "assign",
        "assigns the DEP profile corporate to phone",
    ),
    "abm-rule: {profile: corporate, device_family: iPad, serial_prefix: DMP}": (
        "rule",
        "lets iPad and serial numbers DMP… have the DEP profile corporate",
    ),
    "abm-sync: {}": ("synchronize", "has the server ask Apple Business Manager what is new"),
    "order-devices: phone": ("order", "buys phone"),
    "release-devices: phone": ("release", "releases phone from Apple Business Manager"),
    "withdraw-devices: phone": ("withdraw", "takes phone away from the server in Apple Business Manager"),
    "return-to-service: {device: phone, wifi: Office}": ("command", "returns phone to service in the Wi-Fi Office"),
    "lock-activation: phone": ("lock", "locks the activation of phone"),
    "install-profile: {device: phone, payload: com.apple.applicationaccess, with: {allowCamera: false}}": (
        "command",
        "installs com.apple.applicationaccess on phone (allowCamera: false)",
    ),
    "command: {device: phone, command: ClearPasscode}": ("command", "sends phone the command ClearPasscode"),
    "register: {user: ada, device: phone, ownership: C}": ("register", "registers phone for ada"),
    "register: ada": ("register", "registers a device for ada"),
    "delete-registration: phone": ("delete_registration", "deletes the registration of phone"),
    "delete-registration: {registration: adas}": ("delete_registration", "deletes the registration adas"),
    "revoke-token: adas": ("revoke_token", "revokes the token of adas"),
    "reset-token: adas": ("reset_token", "resets the token of adas"),
    "allow: phone": ("put_on_list", "puts phone on the allow list"),
    "deny: {platform: android}": ("put_on_list", "puts every android on the deny list"),
    "allow: {made_up: 31}": ("put_values_on_list", "puts 31 identifiers at once on the allow list"),
    "disallow: phone": ("take_off_list", "takes phone off the allow list"),
    "undeny: phone": ("take_off_list", "takes phone off the deny list"),
    "unlock: phone": ("unlock", "unlocks phone"),
    "assign: {device: phone, user: bo}": ("assign", "assigns phone to bo"),
    "wipe: phone": ("wipe", "orders an enterprise wipe of phone"),
    "wipe: {device: phone, kind: device}": ("wipe", "orders a device wipe of phone"),
    "approve-wipe: phone": ("decide_wipe", "approves the wipe of phone"),
    "reject-wipe: phone": ("decide_wipe", "rejects the wipe of phone"),
    "delete-device: phone": ("delete_device", "deletes the record of phone"),
    "set: {group: ACME, settings: {max_devices: 2}}": ("change_settings", "sets max_devices to 2 in ACME"),
    "change-user: {user: ada, status: Inactive, user_groups: []}": (
        "change_user",
        "changes status and user groups of ada",
    ),
    "delete-user: ada": ("delete_user", "deletes the user ada"),
    "reset-attempts: {user: ada, device: phone}": ("reset_attempts", "forgets the failed logins of ada and phone"),
    "synchronize: {}": ("synchronize", "lets the server look at the user groups"),
}


@pytest.mark.parametrize("order", ORDERS)
async def test_the_administrator_gives_an_order_and_waits_for_what_follows(
    write: Write, stage: PretendStage, order: str
) -> None:
    """One order to the office, one sentence in the story; what is refused is a refusal like any other."""
    verb, sentence = ORDERS[order]
    [deed, *_] = await perform(write(f"admin: {{{order}}}"), stage)
    assert isinstance(deed, Deed)
    assert (deed.sentence, deed.code) == (f"The administrator {sentence}", "")
    counters = (stage.office, stage.program, stage.portal)
    assert [given[0] for counter in counters for given in counter.orders] == [verb]
    assert stage.settled == 1
    for counter in counters:
        counter.refuses[verb] = "api.invalid"
    [deed] = await perform(write(f"admin: {{{order}}}"), stage)
    assert isinstance(deed, Deed)
    assert (deed.code, deed.passed) == ("api.invalid", False)


def test_every_order_is_given_above() -> None:
    """Nothing the administrator can do is without a test."""
    assert {order.partition(":")[0] for order in ORDERS} == set(ADMINISTRATION)


async def test_a_wipe_is_a_verb_of_its_own(write: Write, stage: PretendStage) -> None:
    """For one device, or for a series."""
    deeds = await perform(write("wipe: {device: ipad-*, kind: device, prevent_reenrollment: true}"), stage)
    assert len(deeds) == 3
    assert stage.office.orders[0] == ("wipe", "ipad-1", "device", True)


@pytest.mark.parametrize("kind", [*STEPS.values(), *ADMINISTRATION.values()])
def test_every_step_says_what_it_is(kind: type) -> None:
    """For the schema, and for whoever reads it in an editor."""
    assert kind.__doc__
    assert len(kind.__doc__) > 20
    assert kind.KIND  # type: ignore[attr-defined]


async def test_a_refusal_at_the_hub_is_quoted(write: Write, stage: PretendStage) -> None:
    """What the person read is part of the deed."""
    shown = [HubRefused("CHECKED_OUT", "This device is checked out by another user.")]
    deed = await deed_of(write, stage, "check-out: {device: phone, as: ada, refused: CHECKED_OUT}", shown)
    assert deed.passed
    assert deed.ending == "refused, CHECKED_OUT “This device is checked out by another user.”"
