"""What a device with a cellular modem knows about its subscription. The carriers are made up.

Their mobile country code is 999, which ITU-T E.212 keeps for private networks: no subscriber anywhere has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import luhn_digit
from device_emulator.core.preferences import Preference
from mdm_server.wire.plist import PlistValue

COUNTRY_CODE = "999"
NONE, GSM_AND_CDMA = 0, 3


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier: its name, its network code, and the version of its settings."""

    name: str
    network_code: str
    settings: str


CARRIERS: tuple[Carrier, ...] = (
    Carrier("Marigold Mobile", "01", "60.1"),
    Carrier("Heron Wireless", "02", "59.0"),
    Carrier("Polar Tel", "03", "61.0.1"),
)


def carrier(handheld: Handheld) -> Carrier:
    """Return the carrier the device's person is with."""
    return handheld.randomness.stream("carrier").choice(CARRIERS)


def card_number(handheld: Handheld) -> str:
    """Return the number of the SIM card: 89 for telecommunications, 999 for the country, and a check digit (E.118)."""
    digits = "89999" + "".join(handheld.randomness.stream("card").choices("0123456789", k=13))
    return digits + luhn_digit(digits)


def phone_number(handheld: Handheld) -> str:
    """Return the telephone number, as the carrier would write it without punctuation."""
    return "+999" + "".join(handheld.randomness.stream("phone number").choices("0123456789", k=9))


def equipment_identifier(handheld: Handheld) -> str:
    """Return the MEID: the IMEI without its check digit."""
    return (handheld.hardware.imei(handheld.randomness) or "")[:14]


def subscriptions(handheld: Handheld) -> PlistValue:
    """Return the device's one subscription, as ServiceSubscriptions lists it."""
    provider = carrier(handheld)
    return [
        {
            "CarrierSettingsVersion": provider.settings,
            "CurrentCarrierNetwork": provider.name,
            "CurrentMCC": COUNTRY_CODE,
            "CurrentMNC": provider.network_code,
            "ICCID": card_number(handheld),
            "EID": "89" + "".join(handheld.randomness.stream("eid").choices("0123456789", k=30)),
            "IMEI": handheld.hardware.imei(handheld.randomness) or "",
            "IsDataPreferred": True,
            "IsRoaming": False,
            "IsVoicePreferred": handheld.hardware.model.is_phone,
            "Label": "Primary",
            "LabelID": handheld.randomness.random_uuid("subscription"),
            "MEID": equipment_identifier(handheld),
            "PhoneNumber": phone_number(handheld),
            "Slot": "CTSubscriptionSlotOne",
            "SubscriberCarrierNetwork": provider.name,
        }
    ]


def modem_firmware(handheld: Handheld) -> str:
    """Return the version of the modem's firmware: one per release of the system."""
    major, _, minor = handheld.system.version.partition(".")
    return f"{int(major) - 15}.{minor.replace('.', '')}0.01"


Query = Callable[[Handheld], "PlistValue | None"]


def _with_modem(query: Query) -> Query:
    return lambda handheld: query(handheld) if handheld.hardware.model.has_cellular else None


_OF_A_MODEM: Mapping[str, Query] = {
    "IMEI": lambda handheld: handheld.hardware.imei(handheld.randomness),
    "MEID": equipment_identifier,
    "ModemFirmwareVersion": modem_firmware,
    "ICCID": card_number,
    "CurrentCarrierNetwork": lambda handheld: carrier(handheld).name,
    "SubscriberCarrierNetwork": lambda handheld: carrier(handheld).name,
    "CarrierSettingsVersion": lambda handheld: carrier(handheld).settings,
    "PhoneNumber": phone_number,
    "DataRoamingEnabled": lambda handheld: handheld.preferences.value(Preference.DATA_ROAMING),
    "VoiceRoamingEnabled": lambda handheld: handheld.preferences.value(Preference.VOICE_ROAMING),
    "PersonalHotspotEnabled": lambda handheld: handheld.preferences.value(Preference.PERSONAL_HOTSPOT),
    "IsRoaming": lambda handheld: False,
    "SubscriberMCC": lambda handheld: COUNTRY_CODE,
    "SubscriberMNC": lambda handheld: carrier(handheld).network_code,
    "CurrentMCC": lambda handheld: COUNTRY_CODE if handheld.network is not Network.NONE else None,
    "CurrentMNC": lambda handheld: carrier(handheld).network_code if handheld.network is not Network.NONE else None,
    "ServiceSubscriptions": subscriptions,
}

QUERIES: Mapping[str, Query] = MappingProxyType(
    {name: _with_modem(query) for name, query in _OF_A_MODEM.items()}
    | {
        "CellularTechnology": lambda handheld: GSM_AND_CDMA if handheld.hardware.model.has_cellular else NONE,
        "IsNetworkTethered": lambda handheld: False,
    }
)
"""DeviceInformation's queries about the cellular network."""
