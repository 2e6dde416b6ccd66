"""The words of an administrator who speaks to the use cases of a server in the same process, instead of over HTTP.

`server.suite.staging.registrations.register(RegistrationOrder(user=7, platform=Platform.IOS))`: the use cases are in
the suite, and this is what they are told. For programs that put a server and its devices together.
"""

from __future__ import annotations

from mdm_server.domain.refusal import REFUSALS, Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.registration import Registration as RegistrationRecord
from mdm_server.domain.staging.settings import SettingsError, parse_settings
from mdm_server.domain.staging.vocabulary import (
    DeviceStagingType,
    ListAttribute,
    ListKind,
    Ownership,
    Platform,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeState
from mdm_server.service.abm.inventory import RuleOrder
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.staging.device_commands import DeviceCommand, command_named
from mdm_server.service.staging.device_facts import DeviceFacts
from mdm_server.service.staging.enrollment_program import ProfileOrder
from mdm_server.service.staging.groups import GroupOrder
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.users import UserChange, UserOrder
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.service.suite import ServiceSuite
from mdm_server.store.contract import Store
from mdm_server.store.staging import StagingView

__all__ = [
    "REFUSALS",
    "CommandOrder",
    "DeviceCommand",
    "DeviceFacts",
    "DeviceIdentifiers",
    "DeviceStagingType",
    "GroupOrder",
    "ListAttribute",
    "ListKind",
    "ListOrder",
    "Ownership",
    "Platform",
    "ProfileOrder",
    "Refusal",
    "RegistrationOrder",
    "RegistrationRecord",
    "RuleOrder",
    "ServiceSuite",
    "SettingsError",
    "StagingView",
    "Store",
    "UserChange",
    "UserOrder",
    "UserStatus",
    "WipeKind",
    "WipeOrder",
    "WipeState",
    "command_named",
    "parse_settings",
]
