"""Who plays: the devices of a script, drawn from the seed, and the people with their credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.hardware import ANDROID_10, AndroidModel, draw_android
from device_emulator.core.android.hardware import MODELS as ANDROIDS
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.device import Device
from device_emulator.core.hardware import MODELS as APPLES
from device_emulator.core.hardware import SYSTEM_VERSIONS, Model, SystemVersion, draw_hardware
from device_emulator.core.person import Habits, Person
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from device_emulator.fleet.keys import KeySupply
from device_emulator.scenario import document
from device_emulator.scenario.document import Identifier, Scenario

Named = TypeVar("Named", document.User, document.Device)
AnyDevice: TypeAlias = Device | AndroidDevice
MODELS: Mapping[str, Model | AndroidModel] = {model.marketing_name: model for model in APPLES} | {
    model.model: model for model in ANDROIDS
}
"""Every product by the name it is known by."""
SYSTEMS: Mapping[str, SystemVersion] = {system.version: system for system in SYSTEM_VERSIONS}
# What a work profile has to be verified on; older ones know their serial number at once.
CURRENT_ANDROIDS = tuple(model for model in ANDROIDS if model.versions[0].api_level >= ANDROID_10)


@dataclass(slots=True)
class Cast:
    """Everybody and everything that has a name in a script."""

    devices: Mapping[str, document.Device]
    users: Mapping[str, document.User]
    people: Mapping[str, document.Person]
    """Everybody of whom there is more to say than that they have an account."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The token of each registration that has one, by the registration's name."""

    @classmethod
    def of(cls, scenario: Scenario) -> Cast:
        """Return the cast of a script, series written out."""
        return cls(
            devices=dict(_written_out(scenario.devices)),
            users=dict(_written_out(scenario.organization.users)),
            people={person.name: person for person in scenario.people},
        )

    def number(self, device: str) -> int:
        """Return the number of a device in the fleet."""
        return list(self.devices).index(device)

    def matching_devices(self, names: str) -> Sequence[str]:
        """Return the devices that a name, or a series `ipad-*`, stands for."""
        return matching(self.devices, names)

    def matching_users(self, names: str) -> Sequence[str]:
        """Return the users that a name, or a series `worker-*`, stands for."""
        return matching(self.users, names)

    def password(self, user: str) -> str:
        """Return the password of a user: the document's, or one made up of the name."""
        return self.users[user].password or f"password of {user}"

    def person(self, name: str) -> Person:
        """Return somebody with their credentials and their habits."""
        said = self.people.get(name)
        if said is None:
            return Person(name=name, user_name=name, password=self.password(name))
        habits = Habits(
            mistypes=said.mistypes,
            forgets_to_log_out=said.forgets_to_log_out,
            removes_management=said.removes_management,
            goes_offline=said.goes_offline,
        )
        password = self.password(said.user)
        return Person(name=name, user_name=said.user, password=password, passcode=said.passcode, habits=habits)


def draw_device(
    said: document.Device,
    number: int,
    seed: int,
    settings: DeviceSettings,
    *,
    clock: Callable[[], datetime],
    keys: KeySupply,
) -> AnyDevice:
    """Return a device, the same for the same seed and number."""
    randomness = Randomness(seed, number)
    chosen = None if said.model is None else MODELS[said.model]
    if said.platform == "android":
        models = (chosen,) if isinstance(chosen, AndroidModel) else CURRENT_ANDROIDS
        hardware = draw_android(randomness, models)
        return AndroidDevice(hardware, AndroidSettings(), clock=clock, randomness=randomness)
    products = (chosen,) if isinstance(chosen, Model) else APPLES
    machine = draw_hardware(randomness, products)
    device = Device(machine, settings, clock=clock, randomness=randomness, key_source=keys.for_device(number))
    if said.system is not None:
        device.handheld.system = SYSTEMS[said.system]
    return device


def identifier_of(device: AnyDevice, identifier: Identifier) -> str | None:
    """Return an identifier of a device; None where it has none."""
    hardware = device.handheld.hardware
    match identifier:
        case "serial_number":
            return hardware.serial_number
        case "udid":
            return device.handheld.identifier if isinstance(device, AndroidDevice) else device.handheld.hardware.udid
        case "imei" if isinstance(device, AndroidDevice):
            return device.handheld.hardware.imei
    return device.handheld.hardware.imei(device.handheld.randomness)


def matching(names: Iterable[str], pattern: str) -> list[str]:
    """Return the names that a name, or a series `ipad-*`, stands for."""
    if pattern.endswith("*"):
        return [name for name in names if name.startswith(pattern[:-1])]
    return [name for name in names if name == pattern]


def expand(records: Iterable[document.User | document.Device]) -> Iterator[str]:
    """Return the names of all records, series written out."""
    for record in records:
        if record.count is None:
            yield record.name
        else:
            yield from (f"{record.name}-{number}" for number in range(1, record.count + 1))


def _written_out(records: Iterable[Named]) -> Iterator[tuple[str, Named]]:
    for record in records:
        for name in expand([record]):
            yield name, replace(record, name=name, count=None)
