"""Apple alone: what it refuses to start with, and that it keeps what it is told to keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.embed.apple_server import AppleServer, AppleServerSettings
from mdm_server.embed.start_error import ExitCode, ServerStartError
from mdm_server.web.listener import bind


async def test_what_it_is_told_survives_a_restart(tmp_path: Path) -> None:
    """Customers and keys are in the state directory: whoever trusted it yesterday trusts it today."""
    settings = AppleServerSettings(state_dir=tmp_path / "state")
    async with AppleServer.start(settings) as server:
        organization = server.services.business_manager.add_organization("Example Inc.")
        trusted = server.ca_file.read_bytes()
    async with AppleServer.start(settings) as server:
        assert list(server.services.business_manager.organizations()) == [organization]
        assert server.ca_file.read_bytes() == trusted


async def test_without_a_state_directory_nothing_is_left() -> None:
    """It is temporary, and goes with the server."""
    async with AppleServer.start() as server:
        folder = server.ca_file.parent
        assert folder.is_dir()
    assert not folder.exists()


async def test_two_do_not_share_a_state_directory(tmp_path: Path) -> None:
    """The second one is told that it is in use; the first goes on."""
    settings = AppleServerSettings(state_dir=tmp_path / "state")
    async with AppleServer.start(settings) as server:
        with pytest.raises(ServerStartError, match="another Apple has it open") as refused:
            await AppleServer.launch(settings)
        assert refused.value.exit_code == ExitCode.STATE_IN_USE
        server.services.business_manager.add_organization("Example Inc.")


async def test_a_database_that_is_none_is_left_as_it_is(tmp_path: Path) -> None:
    """Damaged state is said to be damaged."""
    folder = tmp_path / "state" / "apple"
    folder.mkdir(mode=0o700, parents=True)
    folder.parent.chmod(0o700)
    (folder / "apple.sqlite").write_bytes(b"junk" * 1000)
    with pytest.raises(ServerStartError, match="expected a database") as refused:
        await AppleServer.launch(AppleServerSettings(state_dir=folder.parent))
    assert refused.value.exit_code == ExitCode.STATE_DAMAGED
    assert (folder / "apple.sqlite").read_bytes() == b"junk" * 1000


async def test_every_listener_has_an_address_of_its_own() -> None:
    """Named before anything is bound for good, with the setting that has it already."""
    free = bind("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    settings = AppleServerSettings(apple=f"127.0.0.1:{port}", apns=f"127.0.0.1:{port}")
    with pytest.raises(ServerStartError, match="which is that of apple") as refused:
        await AppleServer.launch(settings)
    assert refused.value.exit_code == ExitCode.ADDRESS_UNAVAILABLE


@pytest.mark.parametrize("content", [b"{", b'{"nonsense_responses": []}', None])
async def test_a_file_of_depsim_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """What was expected, what was found, and where one is shown."""
    file = tmp_path / "config.json"
    if content is not None:
        file.write_bytes(content)
    settings = AppleServerSettings(dep=DepSettings(depsim=True), depsim_files=(file,))
    with pytest.raises(ServerStartError, match=r"config\.json") as refused:
        await AppleServer.launch(settings)
    assert refused.value.exit_code == ExitCode.BAD_SETTING
