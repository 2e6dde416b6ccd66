"""A device on paper: its state in plain JSON types, and back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from certs.key_pool import RsaKeySource
from device_emulator.core.activation import ActivationRecord
from device_emulator.core.applications import Applications
from device_emulator.core.belongings import Belongings
from device_emulator.core.enrolling import Offer
from device_emulator.core.errors import SnapshotError
from device_emulator.core.find_my import FindMy
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Clock, Handheld, LostMode
from device_emulator.core.hardware import MODELS, SYSTEM_VERSIONS, Hardware
from device_emulator.core.holder import Holder
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.keychain import Keychain
from device_emulator.core.management import Management
from device_emulator.core.messages import Errand
from device_emulator.core.passcode import Passcode
from device_emulator.core.preferences import Preferences
from device_emulator.core.randomness import Randomness
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState, LockState, PowerState
from device_emulator.core.system_update import release_as_json, release_from_json
from device_emulator.core.troubles import Troubles
from mdm_server.wire import plist

VERSION = 1


def take(handheld: Handheld) -> dict[str, object]:
    """Return the state of a device in plain JSON types. It contains its private key, unless a pool has that."""
    machine = handheld.hardware
    return {
        "version": VERSION,
        "number": handheld.randomness.number,
        "seed": handheld.randomness.seed,
        "hardware": {
            "product_name": machine.model.product_name,
            "udid": machine.udid,
            "serial_number": machine.serial_number,
            "capacity": machine.capacity,
        },
        "system": release_as_json(handheld.system),
        "life": handheld.life.value,
        "lock": handheld.lock.value,
        "power": handheld.power.value,
        "network": handheld.network.value,
        "on_call": handheld.on_call,
        "starts_until": _moment_as_text(handheld.starts_until),
        "troubles": handheld.troubles.snapshot(),
        "news": [release_as_json(each) for each in handheld.news],
        "enrollments": handheld.enrollments,
        "erasures": handheld.erasures,
        "passcode": handheld.passcode.snapshot(),
        "keychain": handheld.keychain.snapshot(),
        "profiles": [_profile_as_json(profile) for profile in handheld.profiles],
        "applications": _as_text(handheld.applications.snapshot()),
        "belongings": handheld.belongings.snapshot(),
        "preferences": _as_text(handheld.preferences.changed()),
        "find_my": handheld.find_my.snapshot(),
        "lost_mode": None if handheld.lost_mode is None else asdict(handheld.lost_mode),
        "management": None if handheld.management is None else handheld.management.snapshot(),
        "supervised": handheld.is_supervised,
        **_setting_up(handheld),
        "hub": None if handheld.hub is None else handheld.hub.snapshot(),
        "holder": None if handheld.holder is None else handheld.holder.snapshot(),
    }


def restore(
    snapshot: Mapping[str, Any],
    settings: DeviceSettings,
    *,
    clock: Clock,
    randomness: Randomness,
    key_source: RsaKeySource | None,
) -> Handheld:
    """Return the device that `snapshot` describes.

    Raises:
        SnapshotError: it is no snapshot of a device, or one of a later version.

    """
    if snapshot.get("version") != VERSION:
        raise SnapshotError(f"expected a snapshot of version {VERSION}, found {snapshot.get('version')!r}")
    try:
        handheld = Handheld(
            _hardware(snapshot["hardware"]), settings, clock=clock, randomness=randomness, key_source=key_source
        )
        _fill(handheld, snapshot, key_source)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise SnapshotError(f"expected the snapshot of a device, found one that is damaged: {error!r}") from error
    return handheld


def _fill(handheld: Handheld, snapshot: Mapping[str, Any], key_source: RsaKeySource | None) -> None:
    system = release_from_json(snapshot["system"])
    handheld.system = next((each for each in SYSTEM_VERSIONS if each.build == system.build), system)
    handheld.life = LifeState(snapshot["life"])
    handheld.lock = LockState(snapshot["lock"])
    handheld.power = PowerState(snapshot["power"])
    handheld.network = Network(snapshot["network"])
    handheld.on_call = bool(snapshot["on_call"])
    handheld.starts_until = _moment(snapshot["starts_until"])
    handheld.enrollments = int(snapshot["enrollments"])
    handheld.erasures = int(snapshot["erasures"])
    handheld.passcode = Passcode.restore(snapshot["passcode"])
    handheld.keychain = Keychain.restore(snapshot["keychain"], key_source)
    for profile in snapshot["profiles"]:
        handheld.profiles.install(_profile(profile))
    handheld.applications = Applications.restore(handheld.randomness, _value(snapshot["applications"]))
    handheld.belongings = Belongings.restore(snapshot["belongings"])
    handheld.preferences = Preferences(_value(snapshot["preferences"]))
    handheld.lost_mode = None if snapshot["lost_mode"] is None else LostMode(**snapshot["lost_mode"])
    handheld.management = None if snapshot["management"] is None else Management.restore(snapshot["management"])
    # Fleet files written before there were Hubs and holders do not have these.
    handheld.is_supervised = bool(snapshot.get("supervised", handheld.settings.supervised))
    _fill_setting_up(handheld, snapshot)
    handheld.troubles = Troubles.restore(snapshot.get("troubles"))
    handheld.news = tuple(release_from_json(each) for each in snapshot.get("news", ()))
    handheld.find_my = FindMy.restore(snapshot.get("find_my"))
    hub, holder = snapshot.get("hub"), snapshot.get("holder")
    handheld.hub = None if hub is None else HubApplication.restore(hub)
    handheld.holder = None if holder is None else Holder.restore(holder)


def _setting_up(handheld: Handheld) -> dict[str, object]:
    """Return what Setup Assistant learnt and where it stands; it holds what the person knows by heart."""
    return {
        "activation": None if handheld.activation is None else handheld.activation.snapshot(),
        "passage": None if handheld.passage is None else handheld.passage.snapshot(),
        "provisional_until": _moment_as_text(handheld.provisional_until),
        "apple_account": None if handheld.apple_account is None else asdict(handheld.apple_account),
        "backed_up_at": _moment_as_text(handheld.backed_up_at),
    }


def _fill_setting_up(handheld: Handheld, snapshot: Mapping[str, Any]) -> None:
    activation, passage = snapshot.get("activation"), snapshot.get("passage")
    account = snapshot.get("apple_account")
    handheld.activation = None if activation is None else ActivationRecord.restore(activation)
    handheld.passage = None if passage is None else Passage.restore(passage)
    handheld.provisional_until = _moment(snapshot.get("provisional_until"))
    handheld.apple_account = None if account is None else AppleAccount(**account)
    handheld.backed_up_at = _moment(snapshot.get("backed_up_at"))


def offer_as_json(offer: Offer | None) -> dict[str, str] | None:
    """Return what the person opened, in plain JSON types; who was in Setup Assistant begins there again."""
    if offer is None or offer.passage is not None:
        return None
    if offer.document is not None:
        return {"document": base64.b64encode(offer.document).decode()}
    return {"url": offer.url or ""}


def restore_errands(snapshot: Mapping[str, Any]) -> tuple[Offer | None, frozenset[Errand]]:
    """Return what was under way, to be begun anew."""
    offer = snapshot.get("offer")
    found = frozenset(Errand(errand) for errand in snapshot.get("errands", ())) - {Errand.SET_UP}
    if offer is None:
        return None, found - {Errand.ENROLL}
    if "document" in offer:
        return Offer(document=base64.b64decode(offer["document"])), found
    return Offer(url=offer["url"]), found


def _hardware(facts: Mapping[str, Any]) -> Hardware:
    model = next(model for model in MODELS if model.product_name == facts["product_name"])
    return Hardware(model, facts["udid"], facts["serial_number"], facts["capacity"])


def _profile_as_json(profile: InstalledProfile) -> dict[str, object]:
    return {
        "identifier": profile.identifier,
        "uuid": profile.uuid,
        "display_name": profile.display_name,
        "organization": profile.organization,
        "description": profile.description,
        "payloads": [{**_fields(payload), "content": _as_text(dict(payload.content))} for payload in profile.payloads],
        "removal_disallowed": profile.removal_disallowed,
        "removal_date": _moment_as_text(profile.removal_date),
        "is_managed": profile.is_managed,
        "signers": [base64.b64encode(signer).decode() for signer in profile.signers],
    }


def _profile(facts: Mapping[str, Any]) -> InstalledProfile:
    payloads = [InstalledPayload(**{**payload, "content": _value(payload["content"])}) for payload in facts["payloads"]]
    return InstalledProfile(
        **{
            **facts,
            "payloads": tuple(payloads),
            "removal_date": _moment(facts["removal_date"]),
            "signers": tuple(base64.b64decode(signer) for signer in facts["signers"]),
        }
    )


def _fields(payload: InstalledPayload) -> dict[str, object]:
    return {
        "type": payload.type,
        "identifier": payload.identifier,
        "uuid": payload.uuid,
        "display_name": payload.display_name,
        "version": payload.version,
    }


def _as_text(value: object) -> str | None:
    """Return a value that may hold bytes and dates as the text of a property list."""
    return None if value is None else plist.dumps(value).decode()


def _value(text: str | None) -> Any:
    return None if text is None else plist.loads(text.encode(), limits=plist.PROFILE)


def _moment_as_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
