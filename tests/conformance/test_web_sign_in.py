"""The sign-in page of automated enrolment, in a browser that nobody here wrote."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.identity import certificates_to_pem
from rigs.boxed_device import Box, vendor_since
from rigs.hub import password_of
from rigs.sockets import SocketRig, socket_rig
from rigs.staging_office import StagingOffice
from rigs.web_view import WebView, web_view

BLUE = "rgb(0, 88, 176)"
"""What the page's own style makes of its button, and no browser by itself."""


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Return an authority in Apple's place."""
    return vendor_since(datetime.now(UTC))


@pytest.fixture
async def rig(tmp_path: Path, vendor: Authority) -> AsyncIterator[SocketRig]:
    """Run a server that believes the vendor."""
    believed = tmp_path / "vendor.pem"
    believed.write_bytes(certificates_to_pem([vendor.root.certificate]))
    async with socket_rig(tmp_path, device_ca=believed, weak_passwords=True) as opened:
        yield opened


async def test_a_person_signs_in_with_chromium(
    rig: SocketRig, vendor: Authority, rsa_keys: list[rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    """It takes the page as its policy says, shows the error where it belongs, and brings the profile."""
    office = StagingOffice.on_sockets(rig, rsa_keys)
    await office.person("ann")
    box = await Box(office, vendor).assigned(web_sign_in=True)
    headers = {"x-apple-aspen-deviceinfo": base64.b64encode(box.describe()).decode()}
    async with web_view(tmp_path / "browser", headers) as view:
        await view.open(f"{rig.plain}/enroll/dep/web")
        assert await view.ask("document.title") == "Remote Management"
        assert await view.ask("getComputedStyle(document.querySelector('button')).backgroundColor") == BLUE
        assert await view.ask("document.activeElement.labels[0].textContent") == "User name"
        await view.ask("username.value = 'ann', password.value = 'wrong'")
        await view.press("button")
        said = await view.ask("document.querySelector('[role=alert]').textContent")
        assert said == "The user name or the password is wrong."
        assert await view.ask("[username.value, password.value]") == ["ann", ""]
        await view.ask(f"password.value = '{password_of('ann')}'")
        assert await view.press_for_download("button") == (200, "application/x-apple-aspen-config")
        assert not _forbidden(view)
    assert len(await office.told("ade.web_sign_in")) == 1


async def test_chromium_runs_no_script_on_the_page(
    rig: SocketRig, vendor: Authority, rsa_keys: list[rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    """Had somebody got a script onto it, or a picture from elsewhere, the page's policy would stop it."""
    box = await Box(StagingOffice.on_sockets(rig, rsa_keys), vendor).assigned(web_sign_in=True)
    headers = {"x-apple-aspen-deviceinfo": base64.b64encode(box.describe()).decode()}
    async with web_view(tmp_path / "browser", headers) as view:
        await view.open(f"{rig.plain}/enroll/dep/web")
        await view.ask("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
        await view.ask(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))"
        )
        assert await view.ask("window.ran") is None
        assert len(_forbidden(view)) >= 2


def _forbidden(view: WebView) -> list[str]:
    return [complaint for complaint in view.complaints if "Content Security Policy" in complaint]
