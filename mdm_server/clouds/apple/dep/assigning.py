"""Profiles: defined, looked at, given to devices and taken from them.

https://developer.apple.com/documentation/devicemanagement/define-a-profile
https://developer.apple.com/documentation/devicemanagement/assign-a-profile
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from mdm_server.clouds.apple.business_manager.program import Program
from mdm_server.clouds.apple.dep.asking import Asking, named
from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.wire.dep import AssignReply, AssignRequest, DepErrorCode, DepProfile, ResponseStatus


class Assigning:
    """Answers about profiles."""

    def __init__(self, program: Program, settings: DepSettings) -> None:
        self._program = program
        self._settings = settings

    def define(self, asking: Asking) -> AssignReply:
        """Keep a profile, and give it to the devices that it names."""
        profile = self._checked(asking)
        uuid, statuses = self._program.define(asking.server, profile)
        return AssignReply(statuses, uuid)

    def define_failing(self, asking: Asking, status: ResponseStatus) -> AssignReply:
        """Keep a profile, and say of every device that it does not get it."""
        profile = self._checked(asking)
        uuid, _ = self._program.define(asking.server, msgspec.structs.replace(profile, devices=()))
        return AssignReply(dict.fromkeys(profile.devices, status), uuid)

    def show(self, asking: Asking) -> DepProfile:
        """Return a profile."""
        return self._found(asking, dict(asking.call.query).get("profile_uuid"))

    def assign(self, asking: Asking) -> AssignReply:
        """Give devices a profile."""
        request = self._request(asking)
        uuid = self._found(asking, request.profile_uuid).profile_uuid
        return AssignReply(self._program.assign(asking.server, uuid or "", request.devices), uuid)

    def assign_failing(self, asking: Asking, status: ResponseStatus) -> AssignReply:
        """Say of every device that it does not get the profile."""
        request = self._request(asking)
        uuid = self._found(asking, request.profile_uuid).profile_uuid
        return AssignReply(dict.fromkeys(request.devices, status), uuid)

    def remove(self, asking: Asking) -> AssignReply:
        """Take a profile from devices, or whichever each of them has where none is named."""
        request = self._request(asking)
        statuses = self._program.remove(asking.server, request.profile_uuid, request.devices)
        return AssignReply(statuses, request.profile_uuid)

    def remove_failing(self, asking: Asking, status: ResponseStatus) -> AssignReply:
        """Say of every device that it keeps what it has."""
        request = self._request(asking)
        return AssignReply(dict.fromkeys(request.devices, status), request.profile_uuid)

    def _request(self, asking: Asking) -> AssignRequest:
        request = asking.read(AssignRequest)
        named(request.devices, self._settings.page_limit)
        return request

    def _found(self, asking: Asking, uuid: str | None) -> DepProfile:
        """Return a profile by whatever spelling of its UUID."""
        if not uuid:
            raise DepApiError(DepErrorCode.PROFILE_UUID_REQUIRED, "no profile_uuid")
        profile = self._program.profile(asking.server, uuid)
        if profile is None:
            raise DepApiError(DepErrorCode.PROFILE_NOT_FOUND, "no such profile of this server")
        return profile

    def _checked(self, asking: Asking) -> DepProfile:
        """Return a profile that says where to enrol and what it is called, and does not contradict itself."""
        profile = asking.read(DepProfile)
        if profile.devices:
            named(profile.devices, self._settings.page_limit)
        if not profile.url:
            raise DepApiError(DepErrorCode.CONFIG_URL_REQUIRED, "no url")
        if not _is_address(profile.url):
            raise DepApiError(DepErrorCode.CONFIG_URL_INVALID, "expected an absolute address as url, found another")
        if not profile.profile_name:
            raise DepApiError(DepErrorCode.CONFIG_NAME_REQUIRED, "no profile_name")
        if not profile.is_mdm_removable and not profile.is_supervised:
            # "This key can be set to false only if is_supervised is set to true" (Apple, Profile).
            raise DepApiError(DepErrorCode.FLAGS_INVALID, "not removable without being supervised")
        return profile


def _is_address(text: str) -> bool:
    """Say whether it is an absolute address of the web; the simulation does not insist on TLS."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
