"""The numbers and domains of a device's errors.

They are those of Apple's archived MDM Protocol Reference (2019-03-25, “Error Codes”); Apple has listed none since and
says that they may change, so nobody should decide by them. What a device says beside the number is in our words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from device_emulator.core.answers.answerer import Answer
from mdm_server.wire.results import ErrorChainItem, Status


class ErrorCode(IntEnum):
    """The errors a device here may report; the name of its domain follows from the number (`domain`)."""

    MALFORMED_PROFILE = 1000
    BAD_SIGNATURE = 1004
    CANNOT_PARSE_PROFILE = 4000
    INSTALLATION_FAILURE = 4001
    CANNOT_CLEAR_PASSCODE = 5013
    NOT_AUTHORIZED = 12007
    MALFORMED_REQUEST = 12008
    INTERNAL_INCONSISTENCY = 12010
    MDM_REPLACEMENT_MISMATCH = 12012
    PROFILE_NOT_MANAGED = 12013
    PROVISIONING_PROFILE_NOT_MANAGED = 12014
    INVALID_REQUEST_TYPE = 12021
    UNKNOWN_STORE_ID = 12023
    APP_ALREADY_INSTALLED = 12025
    APP_ALREADY_QUEUED = 12026
    NOT_WAITING_FOR_REDEMPTION = 12028
    APP_NOT_MANAGED = 12029
    INVALID_URL = 12030
    URL_IS_NOT_HTTPS = 12034
    MEDIA_DOWNLOAD_FAILURE = 12043
    CANNOT_VALIDATE_MEDIA_ID = 12046
    NO_UPDATE_AVAILABLE = 12048
    NO_SPACE_FOR_DOWNLOAD = 12054
    NO_NETWORK_FOR_DOWNLOAD = 12056
    NO_POWER_FOR_DOWNLOAD = 12055
    INSTALL_REQUIRES_DOWNLOAD = 12059
    NO_SPACE_FOR_INSTALL = 12060
    NO_POWER_FOR_INSTALL = 12061
    CANNOT_ENABLE_LOST_MODE = 12066
    NOT_IN_LOST_MODE = 12067
    CANNOT_DETERMINE_LOCATION = 12068
    CANNOT_LIST_USERS = 12070
    PROFILE_NOT_INSTALLED = 12075
    INVALID_IN_LOST_MODE = 12078
    NOT_NETWORK_TETHERED = 12081
    BAD_PROVISIONING_PROFILE = 25000
    UNKNOWN_SETTING = 28000
    BAD_WALLPAPER_IMAGE = 28001
    CELLULAR_FAILURE = 36001

    @property
    def domain(self) -> str:
        """The domain in which this number means what it means."""
        return DOMAINS[self // 1000]


DOMAINS: Mapping[int, str] = {
    1: "MCProfileErrorDomain",
    4: "MCInstallationErrorDomain",
    5: "MCPasscodeErrorDomain",
    12: "MCMDMErrorDomain",
    25: "MCProvisioningProfileErrorDomain",
    28: "MCSettingsErrorDomain",
    36: "MCCellularErrorDomain",
}


def link(code: ErrorCode, description: str) -> ErrorChainItem:
    """Return one link of an error chain. Every device here speaks English, so both descriptions are the same."""
    return ErrorChainItem(code=int(code), domain=code.domain, description=description, us_english=description)


def failed(code: ErrorCode, description: str, *causes: ErrorChainItem, **values: Any) -> Answer:
    """Answer with an Error; `causes` are the errors beneath it, `values` what the answer says besides."""
    return Answer(status=Status.ERROR, error_chain=(link(code, description), *causes), values=values)


def malformed(description: str) -> Answer:
    """Answer that a command is not one."""
    chain = (link(ErrorCode.MALFORMED_REQUEST, description),)
    return Answer(status=Status.COMMAND_FORMAT_ERROR, error_chain=chain)
