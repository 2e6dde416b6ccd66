"""The console in a browser that nobody here wrote: from signing in to the devices that Apple has for us."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mdm_server.service.staging.enrollment_program import ProfileOrder
from rigs.abm_portal import Portal
from rigs.sockets import SocketRig, socket_rig
from rigs.web_view import WebView, web_view

BLUE = "rgb(10, 95, 180)"
"""What the console's own style makes of its buttons, and no browser by itself."""
HOSTILE = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run our server, and Apple beside it."""
    async with socket_rig(tmp_path, apple="127.0.0.1:0") as opened:
        yield opened


@pytest.fixture
async def view(rig: SocketRig, tmp_path: Path) -> AsyncIterator[WebView]:
    """Open a browser that trusts our server's key."""
    trusted = f"--ignore-certificate-errors-spki-list={await _pin(rig)}"
    async with web_view(tmp_path / "browser", {}, options=(trusted,)) as opened:
        yield opened


async def _pin(rig: SocketRig) -> str:
    """Return the name of our server's key, as Chromium writes it."""
    address = urlsplit(rig.server.url)
    pem = await asyncio.to_thread(ssl.get_server_certificate, (address.hostname or "", address.port or 0))
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return base64.b64encode(digest).decode()


async def sign_in(rig: SocketRig, view: WebView) -> None:
    """Sign in over TLS."""
    await view.open(f"{rig.server.url}/console")
    await view.ask(f"document.querySelector('#token').value = '{rig.server.admin_token}'")
    await view.press("main button")
    assert await view.ask("document.title") == "Apple Business Manager · mdmsim"


async def notices(view: WebView) -> list[str]:
    """Return what the page says came of what was done."""
    read = "Array.from(document.querySelectorAll('.notice'), each => each.innerText.replace(/\\s+/g, ' ').trim())"
    return list(await view.ask(read))


async def test_a_person_brings_a_token_and_sees_the_devices(rig: SocketRig, view: WebView, tmp_path: Path) -> None:
    """Without a script, and without a word of complaint from the browser."""
    portal = Portal.of(rig.server)
    portal.order("C39ABM000001", "C39ABM000002")
    profile = (await rig.server.suite.staging.program.save(ProfileOrder(name="corporate"))).id
    await sign_in(rig, view)
    assert await view.ask("getComputedStyle(document.querySelector('form.panel button')).backgroundColor") == BLUE
    assert await view.ask("document.querySelector('.bar img').naturalWidth") > 0

    await view.ask("document.querySelector('#name').value = 'stores'")
    await view.press('form[action$="/abm/tokens"] button')
    assert await notices(view) == ["“stores” has its key pair. Two steps are left."]
    assert await view.press_for_download('a[href$="/certificate"]') == (200, "application/x-pem-file")
    sealed = tmp_path / "server_token.p7m"
    sealed.write_bytes(portal.p7m(await rig.server.suite.abm.tokens.certificate(1)))
    await view.choose_file("input[name=p7m]", sealed)
    await view.press('form[action$="/upload"] button')
    assert await notices(view) == ["“stores” is Stores at Example. Synchronise to read its devices."]
    assert await view.ask("document.querySelector('article:target .notice') !== null")

    await view.ask(f"document.querySelector('select[name=profile]').value = '{profile}'")
    await view.press('form[action$="/default-profile"] button')
    await view.press('form[action$="/sync"] button')
    assert await notices(view) == ["“stores” is synchronised. added 2 got their profile 2"]
    serials = "Array.from(document.querySelectorAll('tbody th'), each => each.innerText)"
    assert await view.ask(serials) == ["C39ABM000001", "C39ABM000002"]
    await view.ask("document.querySelector('#text').value = '000002'")
    await view.press("form[role=search] button")
    assert await view.ask(serials) == ["C39ABM000002"]

    await view.press("a.danger")
    await view.press("button.danger")
    assert (await notices(view))[0].startswith("“stores” is forgotten.")
    await view.press('form[action$="/sign-out"] button')
    assert await view.ask("document.title") == "Sign in · mdmsim"
    assert view.complaints == []


async def test_a_hostile_name_runs_no_script(rig: SocketRig, view: WebView) -> None:
    """It is text; and had it got in, the page's policy would have stopped it."""
    await rig.server.suite.abm.tokens.new(HOSTILE)
    await sign_in(rig, view)
    assert await view.ask("document.querySelector('article h3').innerText") == HOSTILE
    assert (await view.ask("window.ran"), view.complaints) == (None, [])
    await view.ask("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    await view.ask("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert await view.ask("window.ran") is None
    assert [each for each in view.complaints if "Content Security Policy" in each]


@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_fits_and_everything_on_it_is_reached_by_keyboard(
    rig: SocketRig, view: WebView, width: int
) -> None:
    """Nothing is wider than the window, everything that takes input has a label, and focus is seen."""
    portal = Portal.of(rig.server)
    portal.order("C39ABM000001")
    token = await rig.server.suite.abm.tokens.new("a name of one word: " + "w" * 44)
    await rig.server.suite.abm.tokens.upload(
        token.id, portal.p7m(await rig.server.suite.abm.tokens.certificate(token.id))
    )
    await rig.server.suite.abm.sync.run(token.id)
    await rig.server.suite.abm.tokens.new("waits")
    await view.do("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    await sign_in(rig, view)
    for path in ("/abm", "/abm?text=nobody", f"/abm/tokens/{token.id}/remove", "/nothing"):
        await view.open(f"{rig.server.url}/console{path}")
        assert await view.ask("document.documentElement.scrollWidth <= window.innerWidth"), path
        unlabelled = (
            "Array.from(document.querySelectorAll('input:not([type=hidden]), select')).filter(e => !e.labels.length)"
        )
        assert await view.ask(f"{unlabelled}.length") == 0, path
        reached = await _walk_by_keyboard(view)
        stops = "Array.from(document.querySelectorAll('a, button, input:not([type=hidden]), select, summary'))"
        assert reached == await view.ask(f"{stops}.filter(e => e.checkVisibility()).length"), path


async def _walk_by_keyboard(view: WebView) -> int:
    """Press the tabulator until the walk begins anew; return at how many things it stopped."""
    await view.ask("window.stops = new Set()")
    for _ in range(60):
        for kind in ("keyDown", "keyUp"):
            await view.do("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        seen = await view.ask(
            "(e => { if (e === document.body || stops.has(e)) return null; stops.add(e);"
            " return getComputedStyle(e).outlineStyle })(document.activeElement)"
        )
        if seen is None:
            break
        assert seen == "solid"
    return int(await view.ask("stops.size"))
