"""Tokens: there and back, and everything that is no token."""

from __future__ import annotations

import pytest
from cryptography.x509 import load_pem_x509_certificate

from mdm_server.domain.abm.tokens import TokenState
from mdm_server.domain.refusal import Refusal
from mdm_server.service.staging.enrollment_program import ProfileOrder
from rigs.abm_office import AbmOffice, lost, refuses, serials


async def test_a_token_goes_there_as_a_certificate_and_comes_back_as_a_p7m(office: AbmOffice) -> None:
    """It says then whose server it is, and until when it is good."""
    token = await office.abm.tokens.new("stores")
    assert token.state(office.rig.clock()) is TokenState.WAITING
    uploaded = await office.abm.tokens.upload(token.id, await office.p7m(token.id))
    assert (uploaded.server_name, uploaded.organization_name) == ("Stores", "Example")
    assert uploaded.state(office.rig.clock()) is TokenState.ACTIVE
    assert await office.abm.tokens.all() == [uploaded]
    assert await office.codes() == ["abm.token_added"]
    office.rig.clock.pass_time(days=366)
    assert uploaded.state(office.rig.clock()) is TokenState.EXPIRED


async def test_a_name_that_is_too_long_for_a_certificate_is_the_tokens_all_the_same(office: AbmOffice) -> None:
    """The certificate, which wants 64 bytes at most, has its beginning, and no half characters."""
    token = await office.abm.tokens.new("x" + 63 * "é")
    certificate = load_pem_x509_certificate((await office.abm.tokens.certificate(token.id)).encode())
    assert (token.name, certificate.subject.rfc4514_string()) == ("x" + 63 * "é", "CN=x" + 31 * "é")


async def test_neither_the_key_nor_the_token_is_ever_shown(office: AbmOffice) -> None:
    """Not in what is printed, and not in the journal."""
    token = await office.token()
    assert token.secrets is not None
    assert "PRIVATE" not in repr(token)
    assert "secret" not in repr(token)
    written = [str(entry) for entry in await office.rig.store.journal.list()]
    assert not any("CS_" in line or "PRIVATE" in line for line in written)


async def test_next_years_token_takes_the_place_of_the_old_one(office: AbmOffice) -> None:
    """The same certificate serves; Apple ends the old token, and the new one is used at once."""
    token = await office.token()
    await office.abm.sync.run(token.id)
    office.rig.clock.pass_time(days=360)
    with_new = await office.p7m(token.id)
    with pytest.raises(Refusal, match="unauthorized"):
        await office.abm.sync.run(token.id)
    renewed = await office.abm.tokens.upload(token.id, with_new)
    assert renewed.expires_at is not None
    assert token.expires_at is not None
    assert renewed.expires_at > token.expires_at
    await office.abm.sync.run(token.id)


@pytest.mark.parametrize("file", [b"", b"hello", b"\x30\x03abc", b"Content-Type: text/plain\r\n\r\nhello"])
async def test_what_is_no_token_is_refused_and_changes_nothing(office: AbmOffice, file: bytes) -> None:
    """The answer says what was expected."""
    token = await office.abm.tokens.new("stores")
    with pytest.raises(Refusal, match="expected") as refused:
        await office.abm.tokens.upload(token.id, file)
    assert refused.value.event == "abm.token:malformed"
    assert await office.abm.tokens.all() == [token]


async def test_a_token_for_another_key_is_refused(office: AbmOffice) -> None:
    """Made for the certificate of another token of ours."""
    mine, other = await office.abm.tokens.new("stores"), await office.abm.tokens.new("offices")
    with pytest.raises(Refusal, match="another") as refused:
        await office.abm.tokens.upload(mine.id, await office.p7m(other.id))
    assert refused.value.event == "abm.token:recipient"


async def test_a_token_that_is_too_old_is_refused(office: AbmOffice) -> None:
    """Downloaded last year."""
    token = await office.abm.tokens.new("stores")
    p7m = await office.p7m(token.id)
    office.rig.clock.pass_time(days=366)
    with pytest.raises(Refusal, match="one that ended 2027-06-01") as refused:
        await office.abm.tokens.upload(token.id, p7m)
    assert refused.value.event == "abm.token:expired"


async def test_a_token_of_another_server_is_refused(office: AbmOffice) -> None:
    """In the place of one, it would make our picture another server's; beside one, it would read devices twice."""
    token = await office.token()
    offices = office.manager.add_server(office.organization, "Offices")
    with pytest.raises(Refusal, match="expected a token of the server Stores, found one of Offices") as refused:
        await office.abm.tokens.upload(token.id, await office.p7m(token.id, offices.uuid))
    assert refused.value.event == "abm.token:other_server"
    again = await office.abm.tokens.new("again")
    with pytest.raises(Refusal) as taken:
        await office.abm.tokens.upload(again.id, await office.p7m(again.id))
    assert taken.value.event == "api.conflict:server_uuid"


async def test_a_token_that_cannot_be_tried_is_not_kept(office: AbmOffice) -> None:
    """Apple does not answer, or says no."""
    token = await office.abm.tokens.new("stores")
    p7m = await office.p7m(token.id)
    office.line.disturb = lambda asked: lost("connect.refused")
    with pytest.raises(Refusal) as refused:
        await office.abm.tokens.upload(token.id, p7m)
    assert refused.value.event == "abm.unreachable:connect.refused"
    office.line.disturb = lambda asked: refuses(403, "T_C_NOT_SIGNED")
    with pytest.raises(Refusal) as refused:
        await office.abm.tokens.upload(token.id, p7m)
    assert refused.value.event == "abm.refused:t_c_not_signed"
    assert await office.abm.tokens.all() == [token]


async def test_a_token_takes_its_devices_along_and_its_profiles_are_ours_again(office: AbmOffice) -> None:
    """Nothing is changed at Apple; a profile may be defined at another server afterwards."""
    token = await office.token()
    office.order(*serials(3))
    profile = await office.rig.suite.staging.program.save(ProfileOrder(name="corporate"))
    await office.abm.tokens.choose_default(token.id, profile.id)
    await office.abm.sync.run(token.id)
    defined = await office.rig.suite.staging.program.find(profile.id)
    assert (defined.token, defined.abm_uuid is None) == (token.id, False)
    await office.abm.tokens.remove(token.id)
    assert await office.abm.tokens.all() == []
    assert await office.rig.suite.staging.program.find(profile.id) == profile
    with pytest.raises(Refusal) as refused:
        await office.abm.sync.run(token.id)
    assert refused.value.event == "api.not_found:abm_token"


async def test_the_certificate_is_one_that_apple_takes_for_years(office: AbmOffice) -> None:
    """An RSA key, for Apple encrypts to it."""
    token = await office.abm.tokens.new("stores")
    certificate = load_pem_x509_certificate((await office.abm.tokens.certificate(token.id)).encode())
    assert (certificate.not_valid_after_utc - office.rig.clock()).days > 3600
    assert certificate.public_key().key_size == 2048  # type: ignore[union-attr]


async def test_a_server_that_knows_no_address_says_so(office: AbmOffice) -> None:
    """Neither a token nor a run is possible; what is kept can be looked at."""
    clients = office.abm.clients
    clients._url = None
    token = await office.abm.tokens.new("stores")
    with pytest.raises(Refusal) as refused:
        await office.abm.tokens.upload(token.id, await office.p7m(token.id))
    assert refused.value.event == "abm.no_url"
    with pytest.raises(Refusal) as refused:
        await office.abm.sync.run(token.id)
    assert refused.value.event == "abm.token:not_uploaded"
