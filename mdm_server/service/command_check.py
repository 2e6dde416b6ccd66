"""Whether a command makes sense for a device: its fields, and what the device is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mdm_server.domain.enrollment import ChannelKind
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.store.records import EnrollmentRow
from mdm_server.wire.commands import COMMANDS, AccessRight, Channel, Platform, Situation, check_fields, may_run

_USER_CHANNELS = frozenset({ChannelKind.USER, ChannelKind.USER_ENROLLMENT_USER, ChannelKind.SHARED_IPAD})
_USER_ENROLLMENTS = frozenset({ChannelKind.USER_ENROLLMENT_DEVICE, ChannelKind.USER_ENROLLMENT_USER})
_PLATFORMS = (
    (("iPhone", "iPad", "iPod"), Platform.IOS),
    (("Mac", "iMac", "VirtualMac"), Platform.MACOS),
    (("AppleTV",), Platform.TVOS),
    (("Watch",), Platform.WATCHOS),
    (("RealityDevice",), Platform.VISIONOS),
)


def check_command(
    request_type: str, fields: Mapping[str, Any], enrollment: EnrollmentRow, *, force: bool
) -> tuple[str, ...]:
    """Return warnings about a command, or raise Refusal `command.fields` or `command.not_possible`.

    With `force` everything is a warning, for whoever wants to see how a device answers nonsense.
    """
    spec = COMMANDS.get(request_type)
    if spec is None:
        return (f"{request_type} is not in the command table",)
    problems = check_fields(spec, fields)
    errors = [str(problem) for problem in problems if not problem.is_note]
    if errors and not force:
        raise DetailedRefusal("command.fields", detail="; ".join(errors[:5]))
    warnings = [str(problem) for problem in problems]
    situation = situation_of(enrollment)
    refused = None if situation is None else may_run(spec, situation)
    if refused is not None:
        if not force:
            raise DetailedRefusal("command.not_possible", reason=refused.reason, detail=refused.text)
        warnings.append(refused.text)
    return tuple(warnings)


def situation_of(enrollment: EnrollmentRow) -> Situation | None:
    """Return what we know of a device, as far as commands ask; None while we do not know what it is."""
    product = str(enrollment.details.get("ProductName") or enrollment.details.get("Model") or "")
    version = enrollment.details.get("OSVersion")
    platform = next((each for names, each in _PLATFORMS if product.startswith(names)), None)
    if platform is None or not isinstance(version, str):
        return None
    return Situation(
        platform=platform,
        os_version=version,
        supervised=bool(enrollment.supervised),
        access_rights=AccessRight(enrollment.access_rights),
        channel=Channel.USER if enrollment.kind in _USER_CHANNELS else Channel.DEVICE,
        user_enrollment=enrollment.kind in _USER_ENROLLMENTS,
        shared_ipad=enrollment.kind is ChannelKind.SHARED_IPAD,
    )
