"""Provisioning codes: the JSON in a QR code that makes a device in its setup wizard a managed one.

Keys and rules are those of Android's own ManagedProvisioning (AOSP, `parser/ExtrasProvisioningDataParser.java`,
`model/PackageDownloadInfo.java`, `model/WifiInfo.java`), so that a code which a real device refuses is refused here
for the same reason. What a device would only find out after the download (a wrong checksum, say) is not decided here.

The admin extras are those of Workspace ONE's agent: where to enrol, in which group, and with whose credentials.
Workspace ONE UEM, *Android Enrollment: Additional Enrollment Flags* (serverurl, gid, un, pw, allowUnpinning).
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec

from mdm_server.wire.errors import WireError

MAX_BYTES = 16 * 1024
LONG = "android.app.extra.PROVISIONING_"
SHORT = "a.a.e."

HUB_COMPONENT = "com.airwatch.androidagent/com.airwatch.agent.DeviceAdministratorReceiver"
HUB_SIGNATURE_CHECKSUM = "6kyqxDOjgS30jvQuzh4uvHPk-0bmAD-1QU7vtW7i_o8="
HUB_LOCATION = "https://getwsone.com/mobileenrollment/airwatchagent.apk"

SHORT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ADMIN_EXTRAS_BUNDLE": "PAEB",
        "DEVICE_ADMIN_COMPONENT_NAME": "PDACN",
        "DEVICE_ADMIN_MINIMUM_VERSION_CODE": "PDAMVC",
        "DEVICE_ADMIN_PACKAGE_CHECKSUM": "PDAPC",
        "DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION": "PDAPDL",
        "DEVICE_ADMIN_SIGNATURE_CHECKSUM": "PDASC",
        "LEAVE_ALL_SYSTEM_APPS_ENABLED": "PLASAE",
        "LOCALE": "PL",
        "ORGANIZATION_NAME": "PON",
        "SKIP_ENCRYPTION": "PSE",
        "TIME_ZONE": "PTZ",
        "WIFI_HIDDEN": "PWH",
        "WIFI_PASSWORD": "PWP",
        "WIFI_SECURITY_TYPE": "PWST",
        "WIFI_SSID": "PWS",
    }
)
"""The short spelling of each key, for codes that must stay small (`SHORTER_EXTRAS`). The long one wins over it."""


class ProvisioningError(WireError):
    """A code that Android refuses; `code` is one of those below, and the person reads `TEXT` whichever it is.

    provisioning.size        larger than a QR code can be
    provisioning.json        not a JSON object
    provisioning.admin       names no device admin component
    provisioning.location    a download location that is empty
    provisioning.checksum    a download with the checksum of neither the package nor its signature
    provisioning.base64      a checksum that is not URL-safe Base64
    provisioning.wifi        a network whose name is empty
    provisioning.locale      a locale that is no language tag
    """


TEXT = "Can't set up device. Contact your IT admin for help."


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingExtras:
    """What the agent is told: the server, the group, and (for staging without a screen) somebody's credentials."""

    server_url: str
    group_id: str | None = None
    user_name: str | None = None
    password: str | None = None
    allow_unpinning: bool = False
    unpin_password: str | None = None

    @property
    def stages(self) -> bool:
        """Say whether there is everything it takes to enrol without asking anybody."""
        return None not in (self.group_id, self.user_name, self.password)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wifi:
    """The network to join first."""

    ssid: str
    password: str | None = None
    security_type: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Where the admin application comes from, and how to know that it is the right one.

    The checksum of the package is compared if there is one, that of the signature only otherwise.
    """

    location: str
    package_checksum: bytes = b""
    signature_checksum: bytes = b""
    minimum_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningCode:
    """What a code says, as far as anybody here acts on it."""

    component: str
    download: Download | None = None
    wifi: Wifi | None = None
    skip_encryption: bool = False
    leave_all_system_apps_enabled: bool = False
    time_zone: str | None = None
    locale: str | None = None
    organization: str | None = None
    extras: Mapping[str, object] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """Return the package of the admin application."""
        return self.component.partition("/")[0]

    @property
    def staging(self) -> StagingExtras | None:
        """Return what the extras tell the agent, or None where they name no server."""
        extras = _Values(self.extras)
        server_url = extras.text("serverurl")
        if not server_url:
            return None
        return StagingExtras(
            server_url=server_url,
            group_id=extras.text("gid"),
            user_name=extras.text("un"),
            password=extras.text("pw"),
            allow_unpinning=extras.flag("allowUnpinning"),
            unpin_password=extras.text("unpinPassword"),
        )


def build(code: ProvisioningCode, *, short: bool = False) -> bytes:
    """Write a code; with `short` in the short spelling."""
    download, wifi = code.download, code.wifi
    values: dict[str, object] = {
        "DEVICE_ADMIN_COMPONENT_NAME": code.component,
        "DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION": download and download.location,
        "DEVICE_ADMIN_PACKAGE_CHECKSUM": download and encode_checksum(download.package_checksum),
        "DEVICE_ADMIN_SIGNATURE_CHECKSUM": download and encode_checksum(download.signature_checksum),
        "DEVICE_ADMIN_MINIMUM_VERSION_CODE": download and download.minimum_version,
        "WIFI_SSID": wifi and wifi.ssid,
        "WIFI_PASSWORD": wifi and wifi.password,
        "WIFI_SECURITY_TYPE": wifi and wifi.security_type,
        "WIFI_HIDDEN": (wifi and wifi.hidden) or None,
        "SKIP_ENCRYPTION": code.skip_encryption or None,
        "LEAVE_ALL_SYSTEM_APPS_ENABLED": code.leave_all_system_apps_enabled or None,
        "TIME_ZONE": code.time_zone,
        "LOCALE": code.locale,
        "ORGANIZATION_NAME": code.organization,
        "ADMIN_EXTRAS_BUNDLE": dict(code.extras) or None,
    }
    return msgspec.json.encode(
        {_spelled(name, short=short): value for name, value in values.items() if value is not None and value != ""}
    )


def staging_code(extras: StagingExtras, *, wifi: Wifi | None = None, short: bool = False) -> bytes:
    """Write the code that has Workspace ONE's agent downloaded and told where to enrol."""
    bundle: dict[str, object] = {
        "serverurl": extras.server_url,
        "gid": extras.group_id,
        "un": extras.user_name,
        "pw": extras.password,
        "allowUnpinning": extras.allow_unpinning or None,
        "unpinPassword": extras.unpin_password,
    }
    return build(
        ProvisioningCode(
            component=HUB_COMPONENT,
            download=Download(location=HUB_LOCATION, signature_checksum=decode_checksum(HUB_SIGNATURE_CHECKSUM)),
            wifi=wifi,
            skip_encryption=True,
            extras={name: value for name, value in bundle.items() if value is not None},
        ),
        short=short,
    )


def parse(payload: bytes) -> ProvisioningCode:
    """Read a code as the setup wizard does.

    Raises:
        ProvisioningError: Android would refuse it.

    """
    if len(payload) > MAX_BYTES:
        raise ProvisioningError("provisioning.size", f"expected at most {MAX_BYTES} bytes, found {len(payload)}")
    try:
        found = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProvisioningError("provisioning.json", "expected one JSON object") from error
    extras = _Extras(found)
    return ProvisioningCode(
        component=_component(extras),
        download=_download(extras),
        wifi=_wifi(extras),
        skip_encryption=extras.flag("SKIP_ENCRYPTION"),
        leave_all_system_apps_enabled=extras.flag("LEAVE_ALL_SYSTEM_APPS_ENABLED"),
        time_zone=extras.text("TIME_ZONE"),
        locale=_locale(extras),
        organization=extras.text("ORGANIZATION_NAME"),
        extras=extras.bundle("ADMIN_EXTRAS_BUNDLE"),
    )


def decode_checksum(text: str) -> bytes:
    """Decode URL-safe Base64 the way `android.util.Base64` does.

    It passes over every character that is not of its alphabet, the `+` and `/` of ordinary Base64 among them, and
    complains only if what is left cannot be. So an ordinary checksum is refused as a rule, but one with four of those
    characters is read as something else, and found out when the application is verified. So is one in hexadecimal.

    Raises:
        ProvisioningError: `provisioning.base64`.

    """
    kept = "".join(letter for letter in text if letter in _ALPHABET)
    digits = kept.rstrip("=")
    if "=" in digits or len(kept) - len(digits) not in _PADDING[len(digits) % 4]:
        raise ProvisioningError("provisioning.base64", "expected a checksum in URL-safe Base64")
    return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))


def encode_checksum(checksum: bytes) -> str:
    """Write a checksum as URL-safe Base64."""
    return base64.urlsafe_b64encode(checksum).decode()


_ALPHABET = frozenset(string.ascii_letters + string.digits + "-_=")
# How many "=" may follow so many digits of an unfinished group of four; a single digit is nothing.
_PADDING = ({0}, set[int](), {0, 2}, {0, 1})
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")


class _Values:
    """Values by name, as an Android bundle gives them out: one of another type is as good as none."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def value(self, name: str) -> object:
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        value = self.value(name)
        return value if isinstance(value, str) else None

    def flag(self, name: str) -> bool:
        return self.value(name) is True

    def number(self, name: str) -> int | None:
        value = self.value(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def bundle(self, name: str) -> Mapping[str, object]:
        value = self.value(name)
        return value if isinstance(value, dict) else {}


class _Extras(_Values):
    """The extras of a code, in the long spelling or in the short one."""

    def value(self, name: str) -> object:
        value = super().value(_spelled(name, short=False))
        return super().value(_spelled(name, short=True)) if value is None else value


def _spelled(name: str, *, short: bool) -> str:
    return SHORT + SHORT_NAMES[name] if short else LONG + name


def _component(extras: _Extras) -> str:
    """Return the component, its class written out: `ComponentName.unflattenFromString`."""
    package, slash, name = (extras.text("DEVICE_ADMIN_COMPONENT_NAME") or "").partition("/")
    if not slash or not name:
        raise ProvisioningError("provisioning.admin", "expected the component of a device admin, as PACKAGE/CLASS")
    return f"{package}/{package}{name}" if name.startswith(".") else f"{package}/{name}"


def _download(extras: _Extras) -> Download | None:
    location = extras.text("DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION")
    if location is None:
        return None
    download = Download(
        location=location,
        package_checksum=decode_checksum(extras.text("DEVICE_ADMIN_PACKAGE_CHECKSUM") or ""),
        signature_checksum=decode_checksum(extras.text("DEVICE_ADMIN_SIGNATURE_CHECKSUM") or ""),
        minimum_version=extras.number("DEVICE_ADMIN_MINIMUM_VERSION_CODE"),
    )
    if not location:
        raise ProvisioningError("provisioning.location", "expected an address to download from, found an empty one")
    if not download.package_checksum and not download.signature_checksum:
        raise ProvisioningError("provisioning.checksum", "expected the checksum of the package or of its signature")
    return download


def _wifi(extras: _Extras) -> Wifi | None:
    ssid = extras.text("WIFI_SSID")
    if ssid is None:
        return None
    if not ssid:
        raise ProvisioningError("provisioning.wifi", "expected the name of a network, found an empty one")
    return Wifi(
        ssid=ssid,
        password=extras.text("WIFI_PASSWORD"),
        security_type=extras.text("WIFI_SECURITY_TYPE"),
        hidden=extras.flag("WIFI_HIDDEN"),
    )


def _locale(extras: _Extras) -> str | None:
    locale = extras.text("LOCALE")
    if locale is not None and not _LANGUAGE_TAG.fullmatch(locale):
        raise ProvisioningError("provisioning.locale", "expected a language tag such as de-DE")
    return locale
