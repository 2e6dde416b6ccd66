"""DEP profiles as an administrator keeps them."""

from __future__ import annotations

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.enrollment_program import terms_of
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.lists import ListOrder
from rigs.staging_office import StagingOffice

SERIAL = "C39DEP000001"


async def test_a_profile_is_kept_as_it_was_ordered_and_found_by_the_serial_number_it_is_assigned_to(
    office: StagingOffice,
) -> None:
    """Every field, whatever the case of the serial number; another assignment takes the place of the first."""
    program, ann = office.staging.program, await office.person("ann")
    order = ProfileOrder(
        name="kiosks",
        mandatory=False,
        supervised=True,
        removable=True,
        authentication_required=False,
        default_user=ann.id,
        skip_setup_items=("AppleID", "Siri"),
        minimum_os="18.1",
        department="Stores",
        support_phone_number="+49 30 1",
        support_email_address="help@example.org",
        language="de",
        region="DE",
        multi_user=True,
        allow_pairing=False,
        await_configuration=True,
        auto_advance=True,
        do_not_use_profile_from_backup=True,
        return_to_service=True,
        anchor_certificates=(b"\x30\x00",),
    )
    kept = await program.save(order)
    assert await program.all() == [kept]
    assert terms_of(kept) == terms_of(order)
    other = await program.save(ProfileOrder(name="phones"))
    await program.assign(SERIAL, kept.id)
    assert await program.assigned_to(SERIAL.lower()) == kept
    await program.assign(SERIAL, other.id)
    assert await program.assigned_to(SERIAL) == other
    await program.assign(SERIAL, None)
    assert await program.assigned_to(SERIAL) is None
    codes = [entry.code for entry in await office.rig.store.journal.list() if entry.code.startswith("program.")]
    assert codes == [
        "program.profile_saved",
        "program.profile_saved",
        "program.assigned",
        "program.assigned",
        "program.unassigned",
    ]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (ProfileOrder(name="locked", supervised=False), "dep.profile"),
        (ProfileOrder(name="nobody's", authentication_required=False), "dep.profile"),
        (ProfileOrder(name="nobody's", authentication_required=False, default_user=4711), "dep.profile"),
        (ProfileOrder(name="elsewhere", group=4711), "group.unknown"),
        (ProfileOrder(name="TAKEN"), "api.conflict"),
    ],
)
async def test_what_cannot_be_saved_changes_nothing(office: StagingOffice, order: ProfileOrder, code: str) -> None:
    """A profile that contradicts itself, a group that is not there, a name in use."""
    await office.staging.program.save(ProfileOrder(name="taken"))
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal) as refused:
        await office.staging.program.save(order)
    assert refused.value.code == code
    assert await office.rig.store.state_digest() == before


async def test_a_denied_device_and_a_profile_that_is_not_there_are_not_assigned(office: StagingOffice) -> None:
    """Row 49: until the entry is removed."""
    program = office.staging.program
    kept = await program.save(ProfileOrder(name="phones"))
    deny = ListOrder(kind=ListKind.DENY, attribute=ListAttribute.SERIAL_NUMBER, values=[SERIAL])
    (entry,) = await office.staging.lists.add(deny)
    for profile, code in ((kept.id, "DEP_ASSIGN_BLOCKED"), (4711, "api.not_found")):
        with pytest.raises(Refusal) as refused:
            await program.assign(SERIAL, profile)
        assert refused.value.code == code
    assert await program.assigned_to(SERIAL) is None
    await office.staging.lists.remove(entry.id)
    await program.assign(SERIAL, kept.id)
    assert await program.assigned_to(SERIAL) == kept
