from __future__ import annotations

import asyncio
import socket
import ssl
import stat
from asyncio import sslproto
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.embed import Server, ServerSettings, ServerStartError
from mdm_server.embed.housekeeping import trim_journal
from mdm_server.wire.courier import Listen, Push, encode, parse_from_server
from rigs.sockets import PATIENT, connect, socket_rig


async def _refused(**settings: Any) -> ServerStartError:
    with pytest.raises(ServerStartError) as refused:
        async with Server.start(ServerSettings(**settings), limits=PATIENT):
            pytest.fail("it started")
    return refused.value


def _says_everything(error: ServerStartError) -> bool:
    return "expected" in error.text and "found" in error.text and ("; " in error.text or ": " in error.text)


async def _status(server: Server, token: str | None, path: str = "/api/v1/server") -> int:
    tls = ssl.create_default_context(cafile=str(server.ca_file))
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(server.url + path, ssl=tls, headers=headers) as response:
        return response.status


async def test_a_temporary_server_leaves_nothing_behind() -> None:
    """Without a state directory everything is temporary: folder and ports are gone after the block."""
    async with Server.start() as server:
        folder, port = server.ca_file.parent, urlsplit(server.url).port
        assert server.admin_token is not None
        assert await _status(server, server.admin_token) == 200
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_two_servers_live_side_by_side() -> None:
    """Nothing is global: two servers in one process have their own ports, authorities and tokens."""
    async with Server.start() as one, Server.start() as other:
        assert one.ca_pem != other.ca_pem
        assert await _status(one, one.admin_token) == 200
        assert await _status(one, other.admin_token) == 401


async def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    """The authority, the state and the token's hash survive; the token itself is shown by the first start only."""
    settings = ServerSettings(state_dir=tmp_path / "state")
    async with Server.start(settings) as first:
        token, authority = first.admin_token, first.ca_pem
    async with Server.start(settings) as second:
        assert (second.ca_pem, second.admin_token) == (authority, None)
        assert second.admin_since is not None
        assert await _status(second, token) == 200


async def test_a_new_token_replaces_the_old_one(tmp_path: Path) -> None:
    """`new_admin_token` makes one, and the old one opens nothing any more."""
    async with Server.start(ServerSettings(state_dir=tmp_path / "state")) as first:
        old = first.admin_token
    async with Server.start(ServerSettings(state_dir=tmp_path / "state", new_admin_token=True)) as second:
        assert second.admin_token not in {None, old}
        assert await _status(second, second.admin_token) == 200
        assert await _status(second, old) == 401


async def test_a_token_handed_in_is_accepted_and_not_stored(tmp_path: Path) -> None:
    """A program that brings its own token can use it as long as it brings it."""
    async with Server.start(ServerSettings(state_dir=tmp_path / "state", admin_token="brought along")) as first:
        assert await _status(first, "brought along") == 200
    async with Server.start(ServerSettings(state_dir=tmp_path / "state")) as second:
        assert await _status(second, "brought along") == 401


async def test_private_files_are_private(tmp_path: Path) -> None:
    """T-19: directories are 0700, and no file but the CA certificate can be read by others."""
    async with Server.start(ServerSettings(state_dir=tmp_path / "state")):
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").rglob("*")}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    open_to_others = {path.name for path, mode in modes.items() if mode & 0o077}
    assert open_to_others <= {"ca.pem"}


def _wide_key(state: Path) -> None:
    (state / "authority" / "issuing.pem").chmod(0o644)


def _linked_key(state: Path) -> None:
    key = state / "authority" / "root.pem"
    key.rename(state / "elsewhere.pem")
    key.symlink_to(state / "elsewhere.pem")


def _wide_folder(state: Path) -> None:
    state.chmod(0o755)


def _wide_authority(state: Path) -> None:
    (state / "authority").chmod(0o750)


def _corrupt(state: Path) -> None:
    (state / "state.sqlite").write_bytes(b"no database " * 1000)


@pytest.mark.parametrize(
    ("damage", "exit_code"),
    [(_wide_key, 78), (_linked_key, 78), (_wide_folder, 78), (_wide_authority, 78), (_corrupt, 65)],
)
async def test_an_unsafe_or_damaged_state_is_refused_and_left_as_it_is(
    tmp_path: Path, damage: Callable[[Path], None], exit_code: int
) -> None:
    """T-19 and a corrupt file: one sentence, an exit code, and nothing in the directory is changed."""
    state = tmp_path / "state"
    async with Server.start(ServerSettings(state_dir=state)):
        pass
    damage(state)
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file() and path.suffix != ".lock"}
    error = await _refused(state_dir=state)
    assert error.exit_code == exit_code, error.text
    assert _says_everything(error), error.text
    assert {path: path.read_bytes() for path in before} == before


async def test_a_state_directory_has_one_server(tmp_path: Path) -> None:
    """A second server on the same directory is refused, and the first one goes on."""
    async with Server.start(ServerSettings(state_dir=tmp_path / "state")) as first:
        error = await _refused(state_dir=tmp_path / "state")
        assert error.exit_code == 75
        assert _says_everything(error)
        assert await _status(first, first.admin_token) == 200


async def test_a_state_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Below a file there is no directory: 73, with what to do."""
    (tmp_path / "file").touch()
    error = await _refused(state_dir=tmp_path / "file" / "state")
    assert error.exit_code == 73
    assert _says_everything(error)


async def test_a_ca_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Whatever in the directory cannot be written, it is 73 and no traceback."""
    async with Server.start(ServerSettings(state_dir=tmp_path / "state")):
        pass
    (tmp_path / "state" / "ca.pem").unlink()
    (tmp_path / "state" / "ca.pem").mkdir()
    error = await _refused(state_dir=tmp_path / "state")
    assert error.exit_code == 73
    assert _says_everything(error)


async def test_the_journal_does_not_grow_without_end(tmp_path: Path) -> None:
    """Only the newest entries stay, however often strangers are refused."""
    async with socket_rig(tmp_path) as rig:
        for _ in range(20):
            await rig.call("GET", "/devices", token="wrong")
        trimming = asyncio.create_task(trim_journal(rig.server.store, keep=5, every=0.01))
        async with asyncio.timeout(10):
            while len(await rig.server.store.journal.list()) > 5:  # noqa: ASYNC110 - nobody tells when it is done
                await asyncio.sleep(0.01)
        trimming.cancel()
        await asyncio.wait([trimming])


async def test_a_lost_authority_is_not_replaced(tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """With certificates in the database and no authority beside it the server does not start: 65."""
    state = tmp_path / "state"
    async with socket_rig(tmp_path, state_dir=state) as rig:
        await rig.devices(rsa_keys).enrolled()
    (state / "authority").rename(tmp_path / "backup")
    error = await _refused(state_dir=state)
    assert error.exit_code == 65
    assert _says_everything(error)
    (tmp_path / "backup").rename(state / "authority")
    async with Server.start(ServerSettings(state_dir=state)):
        pass


async def test_a_busy_port_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """69 names the address; no state directory was made, and the other sockets are free again."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        error = await _refused(state_dir=tmp_path / "state", http=address)
    assert (error.exit_code, address in error.text) == (69, True)
    assert _says_everything(error)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"listen": "0.0.0.0:0"}, "--expose-to-network"),
        ({"listen": "[::]:0"}, "--expose-to-network"),
        ({"http": "192.0.2.1:0"}, "--expose-to-network"),
        ({"sim": "0.0.0.0:0", "expose": True}, "sim"),
        ({"listen": "0.0.0.0:0", "expose": True, "seed": 1}, "loopback"),
        ({"listen": "8443"}, "HOST:PORT"),
        ({"listen": "127.0.0.1:99999"}, "HOST:PORT"),
        ({"listen": "::1:8443"}, "[::1]:8443"),
        ({"compat": ("kindness",)}, "kindness"),
        ({"issuing_key": "rsa-512"}, "rsa-512"),
    ],
)
async def test_a_wrong_setting_is_refused(settings: dict[str, Any], word: str) -> None:
    """Exit code 2, and a text that names the setting and what would have been right."""
    error = await _refused(**settings)
    assert error.exit_code == 2
    assert word in error.text
    assert _says_everything(error)


async def test_exposing_is_possible_when_said_so() -> None:
    """With `expose` every address is listened on, and the URL names this machine or the name that was given."""
    settings = ServerSettings(listen="0.0.0.0:0", expose=True, hostnames=("mdm.example.test",))
    async with Server.start(settings) as server:
        assert urlsplit(server.url).hostname == "mdm.example.test"


async def test_a_seed_needs_an_empty_state(tmp_path: Path) -> None:
    """A seed would repeat identifiers that are taken, so a state that has any refuses it."""
    async with socket_rig(tmp_path, state_dir=tmp_path / "state") as rig:
        await rig.call("POST", "/enrollment-profiles", json={})
    error = await _refused(state_dir=tmp_path / "state", seed=7)
    assert (error.exit_code, "seed" in error.text) == (2, True)


async def _is_listening(url: str) -> bool:
    try:
        _, writer = await connect(url)
    except ConnectionError:
        return False
    writer.close()
    return True


async def test_stopping_lets_requests_in_flight_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is being worked on is answered, a new connection is not; stopping twice is harmless."""
    async with socket_rig(tmp_path) as rig:
        entered, release = asyncio.Event(), asyncio.Event()
        store = rig.server.store

        async def slow(_: object) -> Any:
            entered.set()
            await release.wait()
            return await store.counts()

        monkeypatch.setattr(type(rig.server.suite.administration), "counts", slow)
        answer = asyncio.create_task(rig.call("GET", "/server"))
        await entered.wait()
        stopping = asyncio.create_task(rig.server.stop())
        async with asyncio.timeout(10):
            while await _is_listening(rig.plain):
                pass
        release.set()
        status, _, _ = await answer
        await stopping
        await rig.server.stop()
        assert status == 200


async def test_stopping_hangs_up_waiting_devices(tmp_path: Path) -> None:
    """An open courier connection does not hold up the end: it is closed in order."""
    async with socket_rig(tmp_path) as rig:
        waiting = await rig.session.ws_connect(f"{rig.plain}/courier")
        async with asyncio.timeout(PATIENT.stop_seconds):
            await rig.server.stop()
            assert (await waiting.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_after_a_restart_devices_with_work_are_woken(tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Pushes do not survive a restart, queues do: who has something waiting is pushed again."""
    async with socket_rig(tmp_path, state_dir=tmp_path / "state") as rig:
        device = await rig.devices(rsa_keys).enrolled()
        order = {"request_type": "DeviceInformation", "fields": {"Queries": ["OSVersion"]}, "push": False}
        await rig.call("POST", f"/devices/{device.udid}/commands", json=order)
    async with socket_rig(tmp_path, state_dir=tmp_path / "state") as rig:
        waiting = await rig.session.ws_connect(f"{rig.plain}/courier")
        await waiting.send_str(encode(Listen((device.token,))))
        frames = [parse_from_server(await waiting.receive_str(timeout=10)) for _ in range(2)]
        assert Push(device.token, device.magic) in frames
        await waiting.close()


async def test_an_authority_with_an_rsa_key_is_one_certificate(tmp_path: Path) -> None:
    """With an RSA issuing key GetCACert answers the one certificate that simple SCEP clients expect."""
    async with (
        socket_rig(tmp_path, issuing_key="rsa-2048") as rig,
        rig.session.get(f"{rig.plain}/scep?operation=GetCACert") as response,
    ):
        assert response.headers["Content-Type"] == "application/x-x509-ca-cert"


async def test_tls_connections_are_spared_their_large_buffers() -> None:
    """A TLS connection of asyncio keeps 256 KiB a connection; a server that listens has made that 16."""
    async with Server.start():
        assert sslproto.SSLProtocol.max_size == 16 * 1024


def test_it_runs_on_uvloop() -> None:
    """The same server on the faster loop: TLS, a request, a clean stop."""
    uvloop = pytest.importorskip("uvloop")

    async def life() -> int:
        async with Server.start() as server:
            return await _status(server, server.admin_token)

    assert uvloop.run(life()) == 200
