"""Apple Business Manager, in every store: what is kept, what there is one of, and errands that nothing loses."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

from mdm_server.domain.abm.devices import AbmDevice
from mdm_server.domain.abm.rules import AssignmentRule
from mdm_server.domain.abm.tokens import AbmToken, Phase
from mdm_server.store.contract import Store
from mdm_server.store.records import ResetScope
from mdm_server.store.staging import NEW, StagingRoom
from mdm_server.wire.dep import DepDevice, ProfileStatus
from rigs.staging_actors import StagingActors
from rigs.staging_samples import PROGRAM
from rigs.store_actors import NOON, refused

TOKEN = AbmToken(
    id=NEW,
    name="stores",
    identity=b"a key",
    created_at=NOON,
    secrets=b"a token",
    expires_at=NOON + timedelta(days=365),
    server_uuid="5E1F",
    server_name="Stores",
    organization_name="Example",
    default_profile=1,
    phase=Phase.SYNC,
    cursor="MDowOjE2",
    generation=4,
    synced_at=NOON,
    not_before=NOON,
    trouble="T_C_NOT_SIGNED",
)
LISTED = DepDevice(
    serial_number="C39ABM000001",
    model="iPhone 16",
    device_family="iPhone",
    os="iOS",
    profile_status=ProfileStatus.ASSIGNED,
    profile_uuid="88fc4e37",
    profile_assign_time=NOON,
)
SERIALS = ("C39ABM000001", "C39ABM000002", "C39ABM000003")


def a_token(room: StagingRoom, name: str = "stores", server_uuid: str = "5E1F") -> int:
    """Store a token, and return its number."""
    return room.abm.add_token(replace(TOKEN, name=name, server_uuid=server_uuid, default_profile=None)).id


def a_profile(room: StagingRoom, name: str = "corporate") -> int:
    """Store a profile, and return its number."""
    return room.enrollment_program.add(replace(PROGRAM, name=name, uuid=name, default_user=None)).id


def listed(room: StagingRoom, token: int, *serial_numbers: str) -> None:
    """Store devices of a token."""
    for serial_number in serial_numbers:
        room.abm.put(AbmDevice(token, replace_serial(serial_number), 1))


def replace_serial(serial_number: str) -> DepDevice:
    """Return a device as Apple would describe it."""
    return DepDevice(serial_number=serial_number, model="iPhone 16", device_family="iPhone")


class AbmContract:
    """Tokens, devices, rules and errands."""

    async def test_tokens_devices_and_rules_come_back_as_they_went_in(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Every field of every record, none of them with its default."""

        def keep(room: StagingRoom) -> list[tuple[object, object]]:
            profile = a_profile(room)
            token = room.abm.add_token(replace(TOKEN, default_profile=profile))
            device = AbmDevice(token.id, LISTED, 3)
            room.abm.put(device)
            rule = room.abm.add_rule(
                AssignmentRule(
                    id=NEW, token=token.id, profile=profile, device_family="iPad", serial_prefix="C3", model="Air"
                )
            )
            room.abm.replace_token(token)
            return [
                (token, room.abm.token(token.id)),
                (token, room.abm.tokens()[0]),
                (device, room.abm.device(token.id, " c39-abm000001")),
                (rule, room.abm.rules()[0]),
                (rule, room.abm.rules(token.id)[0]),
            ]

        for stored, found in await staging.act(keep):
            assert found == stored
        assert [each.name for each in fields(TOKEN) if getattr(TOKEN, each.name) == each.default] == []

    async def test_a_device_is_there_once_for_each_token_however_its_number_is_spelled(
        self, store: Store, staging: StagingActors
    ) -> None:
        """What is told later takes the place of what was known; a device that moves may be at both for a while."""

        def work(room: StagingRoom) -> tuple[int, int]:
            first, second = a_token(room), a_token(room, "offices", "6A")
            listed(room, first, "C39ABM000001", "c39abm000001", "C39ABM000002")
            listed(room, second, "C39ABM000001")
            return first, second

        first, second = await staging.act(work)
        assert await staging.see(lambda view: view.abm.holding("c39abm000001")) == [first, second]
        assert (await staging.see(lambda view: view.abm.devices(token=first))).total == 2
        found = await staging.see(lambda view: view.abm.devices(text="000002", token=first))
        assert [device.serial_number for device in found] == ["C39ABM000002"]
        assert await staging.act(lambda room: room.abm.remove(first, "c39abm000001"))
        assert not await staging.act(lambda room: room.abm.remove(first, "c39abm000001"))
        assert await staging.see(lambda view: view.abm.holding("C39ABM000001")) == [second]

    async def test_what_must_be_unique_of_a_token_is_refused(self, store: Store, staging: StagingActors) -> None:
        """Its name, and the server that it is of; two that wait for their server are no conflict."""
        await staging.act(lambda room: a_token(room))
        async with refused(store, "api.conflict"):
            await staging.act(lambda room: a_token(room, "STORES", "7B"))
        async with refused(store, "api.conflict"):
            await staging.act(lambda room: a_token(room, "offices"))
        await staging.act(lambda room: (a_token(room, "two", ""), a_token(room, "three", "")))

    async def test_what_was_not_seen_in_a_fetch_from_the_beginning_is_gone(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Of that token only, and with its errand."""

        def work(room: StagingRoom) -> tuple[list[str], int]:
            token, other = a_token(room), a_token(room, "offices", "6A")
            listed(room, token, *SERIALS[:2])
            listed(room, other, SERIALS[2])
            room.abm.look_at(token, SERIALS[0], NOON)
            room.abm.put(AbmDevice(token, replace_serial(SERIALS[1]), 2))
            gone = list(room.abm.remove_older(token, 2))
            return gone, len(room.abm.errands(token, NOON, 10)) + room.abm.devices(token=other).total

        assert await staging.act(work) == ([SERIALS[0]], 1)

    async def test_an_errand_is_one_for_each_device_and_a_newer_one_survives_the_settling_of_an_older(
        self, store: Store, staging: StagingActors
    ) -> None:
        """What changes while Apple is told must be told again; that it arrived is not forgotten meanwhile."""

        def work(room: StagingRoom) -> None:
            token = a_token(room)
            listed(room, token, *SERIALS)
            room.abm.look_at(token, SERIALS[0], NOON, arrived=True)
            (first,) = room.abm.errands(token, NOON, 10)
            room.abm.look_at(token, SERIALS[0].lower(), NOON)
            room.abm.settled(first)
            (again,) = room.abm.errands(token, NOON, 10)
            assert (again.serial_number, again.arrived) == (SERIALS[0], True)
            room.abm.settled(again)
            assert room.abm.errands(token, NOON, 10) == []

        await staging.act(work)

    async def test_what_is_put_off_waits_even_when_the_device_changes_meanwhile(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Apple asked for patience with this device."""
        later = NOON + timedelta(minutes=5)

        def work(room: StagingRoom) -> None:
            token = a_token(room)
            room.abm.look_at(token, SERIALS[0], NOON)
            room.abm.postpone(room.abm.errands(token, NOON, 10)[0], later)
            room.abm.look_at(token, SERIALS[0], NOON)
            assert room.abm.errands(token, NOON, 10) == []
            (errand,) = room.abm.errands(token, later, 10)
            assert (errand.attempts, errand.due_at) == (1, later)

        await staging.act(work)

    async def test_devices_are_looked_at_by_what_they_have(self, store: Store, staging: StagingActors) -> None:
        """Those without a profile when a rule is new, those with one when it changed; the oldest errand first."""

        def work(room: StagingRoom) -> None:
            token, profile = a_token(room), a_profile(room)
            listed(room, token, *SERIALS)
            room.enrollment_program.assign(SERIALS[1].lower(), profile)
            assert room.abm.look_at_unassigned(token, NOON) == 2
            assert [(e.serial_number, e.arrived) for e in room.abm.errands(token, NOON, 10)] == [
                (SERIALS[0], True),
                (SERIALS[2], True),
            ]
            assert room.abm.look_at_profile(profile, NOON) == 1
            assert [errand.serial_number for errand in room.abm.errands(token, NOON, 2)] == [SERIALS[0], SERIALS[2]]
            assert [e.arrived for e in room.abm.errands(token, NOON, 10)] == [True, True, False]

        await staging.act(work)

    async def test_a_token_takes_all_that_is_its_own_along_and_rules_go_one_by_one(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Profiles and assignments stay; a profile that a rule names cannot go."""

        def prepare(room: StagingRoom) -> tuple[int, int, int]:
            token, profile = a_token(room), a_profile(room)
            listed(room, token, *SERIALS)
            room.abm.look_at(token, SERIALS[0], NOON)
            rule = room.abm.add_rule(AssignmentRule(id=NEW, token=token, profile=profile))
            return token, profile, rule.id

        token, profile, rule = await staging.act(prepare)
        async with refused(store, "api.conflict"):
            await staging.act(lambda room: room.enrollment_program.remove(profile))
        await staging.act(lambda room: room.abm.remove_rule(rule))
        async with refused(store, "api.not_found"):
            await staging.act(lambda room: room.abm.remove_rule(rule))
        await staging.act(lambda room: room.abm.remove_token(token))
        assert (await staging.see(lambda view: view.abm.devices())).total == 0
        assert await staging.see(lambda view: view.abm.errands(token, NOON, 10)) == []
        assert await staging.see(lambda view: view.enrollment_program.get(profile)) is not None
        await staging.act(lambda room: room.enrollment_program.remove(profile))

    async def test_a_reset_of_everything_forgets_apple(self, store: Store, staging: StagingActors) -> None:
        """Its tokens with their devices; a reset of the devices does not, for Apple has them still."""

        def prepare(room: StagingRoom) -> None:
            room.abm.add_token(replace(TOKEN, default_profile=a_profile(room)))
            listed(room, 1, *SERIALS)

        await staging.act(prepare)
        await store.reset(ResetScope.DEVICES, staging.occasion())
        assert (await staging.see(lambda view: view.abm.devices())).total == 3
        await store.reset(ResetScope.EVERYTHING, staging.occasion())
        assert await staging.see(lambda view: view.abm.tokens()) == []
