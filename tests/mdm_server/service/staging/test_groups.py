from __future__ import annotations

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.vocabulary import EnrollmentMode
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.store.staging import ROOT_GROUP
from rigs.staging_office import StagingOffice


async def test_a_group_inherits_what_it_does_not_override(office: StagingOffice) -> None:
    """Settings of the root are those of a group below it, until that says otherwise, and again when it stops."""
    groups = office.staging.groups
    east = await groups.create(GroupOrder(group_id="EAST", name="East", parent=ROOT_GROUP))
    await groups.change_settings(ROOT_GROUP, {"mode": "RegisteredOnly", "shared": {"passcode_required": True}})
    await groups.change_settings(east.id, {"mode": "Open", "shared": {"auto_logout_minutes": 30}})
    settings = (await groups.tree()).settings(east.id)
    assert settings.mode is EnrollmentMode.OPEN
    assert (settings.shared.passcode_required, settings.shared.auto_logout_minutes) == (True, 30)
    await groups.inherit_setting(east.id, "mode")
    assert (await groups.tree()).settings(east.id).mode is EnrollmentMode.REGISTERED_ONLY
    assert [entry.detail["group"] for entry in await office.told("group.")] == ["EAST", "MDMSIM", "EAST", "EAST"]


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"token_length": 5}, "from 6 to 20, found 5"),
        ({"token_length": 21}, "from 6 to 20, found 21"),
        ({"mode": "Closed"}, "mode"),
        ({"tokn_length": 8}, "did you mean token_length"),
        ({"shared": {"group_mod": "Fixed"}}, "did you mean group_mode"),
    ],
)
async def test_impossible_settings_are_refused_and_change_nothing(
    office: StagingOffice, settings: dict[str, object], hint: str
) -> None:
    """The error names the setting, and the nearest one there is (row 15); nothing was stored, nothing journaled."""
    before = await office.rig.store.state_digest()
    with pytest.raises(Refusal, match=hint) as refused:
        await office.staging.groups.change_settings(ROOT_GROUP, settings)
    assert refused.value.code == "api.invalid"
    assert await office.rig.store.state_digest() == before
    assert await office.told("group.") == []


async def test_a_group_id_is_taken_once_whatever_its_case(office: StagingOffice) -> None:
    """What people type leads to one group only; it has to be something that can be typed."""
    await office.staging.groups.create(GroupOrder(group_id="East"))
    with pytest.raises(Refusal) as refused:
        await office.staging.groups.create(GroupOrder(group_id="EAST"))
    assert refused.value.code == "api.conflict"
    for wrong in ("", "  ", "x" * 21, "new\nline"):
        with pytest.raises(Refusal, match="1 to 20 characters"):
            await office.staging.groups.create(GroupOrder(group_id=wrong))


async def test_what_is_not_there_is_refused_by_name(office: StagingOffice) -> None:
    """A number or a UUID of nothing, wherever a group is asked for."""
    groups = office.staging.groups
    for key in (99, "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(Refusal) as refused:
            await groups.find(key)
        assert refused.value.code == "group.unknown"
    with pytest.raises(Refusal, match="no such organization group"):
        await groups.create(GroupOrder(group_id="X", parent=99))
    with pytest.raises(Refusal, match="no such user group"):
        await groups.remove_user_group(99)


async def test_a_group_goes_only_when_nothing_is_in_it(office: StagingOffice) -> None:
    """A user in it keeps it; the way out is to move the user."""
    east = await office.staging.groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    await office.user("anna", group=east.id)
    with pytest.raises(Refusal) as refused:
        await office.staging.groups.remove(east.id)
    assert refused.value.code == "api.conflict"
    await office.staging.users.remove((await office.staging.users.named("anna")).id)
    await office.staging.groups.remove(east.uuid)
    assert east.id not in await office.staging.groups.tree()


async def test_user_groups_lead_somewhere_and_have_names(office: StagingOffice) -> None:
    """A name is taken once; removing a group takes everybody out of it."""
    groups = office.staging.groups
    east = await groups.create(GroupOrder(group_id="EAST", parent=ROOT_GROUP))
    nurses = await groups.create_user_group("Nurses", ROOT_GROUP, enrollment_group=east.uuid, rank=2)
    assert (nurses.enrollment_group, nurses.rank) == (east.id, 2)
    for taken in ("nurses", " Nurses "):
        with pytest.raises(Refusal) as refused:
            await groups.create_user_group(taken, ROOT_GROUP)
        assert refused.value.code == "api.conflict"
    with pytest.raises(Refusal, match="some text"):
        await groups.create_user_group(" ", ROOT_GROUP)
    anna = await office.user("anna", user_groups=(nurses.id,))
    assert anna.user_groups == (nurses.id,)
    await groups.remove_user_group(nurses.id)
    assert await groups.user_groups() == []
    assert (await office.staging.users.find(anna.id)).user_groups == ()
