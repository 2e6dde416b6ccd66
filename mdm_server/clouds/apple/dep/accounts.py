"""What concerns an organization as a whole, and the locks that it puts on its devices.

https://developer.apple.com/documentation/devicemanagement/get-account-detail
https://developer.apple.com/documentation/devicemanagement/activation-lock-a-device
"""

from __future__ import annotations

import msgspec

from mdm_server.clouds.apple.business_manager.program import Program
from mdm_server.clouds.apple.dep.asking import Asking
from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.wire.dep import (
    AccountDetail,
    AccountDrivenProfile,
    ActivationLockReply,
    ActivationLockRequest,
    BetaTokens,
    DepErrorCode,
    Limit,
    ResponseStatus,
    ServiceUrl,
)

FIRST_WITH_ORGANIZATION = 3


class Accounts:
    """Answers about the account."""

    def __init__(self, program: Program, settings: DepSettings) -> None:
        self._program = program
        pages = Limit(settings.usual_limit, settings.page_limit)
        devices = Limit(settings.page_limit, settings.page_limit)
        self._urls = (
            ServiceUrl("/session", ("GET",)),
            ServiceUrl("/account", ("GET",)),
            ServiceUrl("/server/devices", ("POST",), pages),
            ServiceUrl("/devices/sync", ("POST",), pages),
            ServiceUrl("/devices", ("POST",), devices),
            ServiceUrl("/devices/disown", ("POST",), devices),
            ServiceUrl("/device/activationlock", ("POST",)),
            ServiceUrl("/profile", ("GET", "POST"), devices),
            ServiceUrl("/profile/devices", ("PUT", "POST", "DELETE"), devices),
            ServiceUrl("/os-beta-enrollment/tokens", ("GET",)),
            ServiceUrl("/account-driven-enrollment/profile", ("POST",)),
        )

    def account(self, asking: Asking) -> AccountDetail:
        """Tell a server whose it is, and what it may call."""
        account = self._program.account(asking.server)
        if asking.version < FIRST_WITH_ORGANIZATION:
            return msgspec.structs.replace(account, org_id=None, org_id_hash=None, org_type=None, org_version=None)
        return msgspec.structs.replace(account, urls=self._urls)

    def lock(self, asking: Asking) -> ActivationLockReply:
        """Lock a device to the organization."""
        request = self._lock_request(asking)
        return ActivationLockReply(request.device, self._program.lock(asking.server, request))

    def lock_failing(self, asking: Asking, status: ResponseStatus) -> ActivationLockReply:
        """Say that a device was not locked."""
        return ActivationLockReply(self._lock_request(asking).device, status)

    def betas(self, asking: Asking) -> BetaTokens:
        """Return the beta programs of the organization."""
        tokens = self._program.betas(asking.server)
        if tokens is None:
            raise DepApiError(DepErrorCode.APPLE_SEED_FOR_IT_TURNED_OFF, "turned off")
        return BetaTokens(tokens, tokens)

    def account_driven(self, asking: Asking) -> None:
        """Keep where people are sent who sign in to enrol a device of their own."""
        url = asking.read(AccountDrivenProfile).mdm_service_discovery_url
        if not url:
            raise DepApiError(DepErrorCode.MALFORMED_REQUEST_BODY, "no mdm_service_discovery_url")
        self._program.set_discovery_url(asking.server, url)

    def _lock_request(self, asking: Asking) -> ActivationLockRequest:
        request = asking.read(ActivationLockRequest)
        if not request.device:
            raise DepApiError(DepErrorCode.DEVICE_ID_REQUIRED, "no device")
        return request
