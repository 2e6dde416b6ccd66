"""What an owner does with devices through Apple."""

from __future__ import annotations

import pytest

from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.refusal import Refusal
from mdm_server.wire.activation_lock import opens
from rigs.abm_office import AbmOffice

SERIAL = "C39ABM000001"


async def test_a_device_is_locked_to_the_organization_and_the_code_opens_it(office: AbmOffice, token: AbmToken) -> None:
    """Apple knows only what is derived from the code; nothing of it is in the journal."""
    office.order(SERIAL)
    await office.abm.sync.run(token.id)
    code = await office.abm.owning.lock(SERIAL.lower(), "Bring me back")
    lock = office.manager.activation_lock(SERIAL)
    assert lock is not None
    assert (lock.message, lock.kind) == ("Bring me back", "organization")
    assert lock.escrow_key is not None
    assert opens(code, lock.escrow_key)
    assert not any(code in str(entry) for entry in await office.rig.store.journal.list())
    assert await office.codes("abm.locked") == ["abm.locked"]


async def test_a_device_that_is_given_up_is_gone_here_too(office: AbmOffice, token: AbmToken) -> None:
    """With its assignment, and at once."""
    office.order(SERIAL)
    await office.abm.sync.run(token.id)
    await office.abm.owning.disown(SERIAL)
    assert await office.listed(token.id) == {}
    assert not any(device.serial_number == SERIAL for device in office.manager.devices(office.organization))
    assert (await office.abm.sync.run(token.id)).removed == 0


async def test_what_apple_does_not_do_is_refused_and_changes_nothing(office: AbmOffice, token: AbmToken) -> None:
    """A device it does not have for us, and one it says no for."""
    for ask in (office.abm.owning.lock(SERIAL), office.abm.owning.disown(SERIAL)):
        with pytest.raises(Refusal) as refused:
            await ask
        assert refused.value.event == "api.not_found:abm_device"
    office.order(SERIAL)
    await office.abm.sync.run(token.id)
    office.fail("post_activationlock", "failed")
    office.fail("post_devices_disown", "not_accessible")
    for ask, reason in (
        (office.abm.owning.lock(SERIAL), "failed"),
        (office.abm.owning.disown(SERIAL), "not_accessible"),
    ):
        with pytest.raises(Refusal) as refused:
            await ask
        assert refused.value.event == f"abm.refused:{reason}"
    assert set(await office.listed(token.id)) == {SERIAL}
