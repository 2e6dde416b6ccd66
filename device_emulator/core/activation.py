"""What Apple tells a device when it is activated, and who then goes through Setup Assistant."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from device_emulator.core.setting_up.answers import NO_ANSWERS, Guide, SetupAnswers
from mdm_server.wire.activation import ACTIVATION, ACTIVATION_LOCK, CloudConfiguration
from mdm_server.wire.dep import DepProfile


@dataclass(frozen=True, slots=True)
class AppleAddress:
    """Where Apple's services are, as a device knows them."""

    url: str

    @property
    def activation(self) -> str:
        """Where devices are activated."""
        return f"{self.url}{ACTIVATION}"

    @property
    def activation_lock(self) -> str:
        """Where devices tell of Find My."""
        return f"{self.url}{ACTIVATION_LOCK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRecord:
    """What a device keeps of its activation until it is erased.

    `certificates` vouch for the key that the machine was made with, its own first (DER). `configuration` is what its
    organization decided for it; a device of nobody's has none.
    """

    certificates: tuple[bytes, ...]
    configuration: CloudConfiguration | None = None

    @property
    def profile(self) -> DepProfile | None:
        """The DEP profile; None for a device that no server was assigned."""
        return None if self.configuration is None else self.configuration.profile

    @property
    def skipped_panes(self) -> frozenset[str]:
        """The panes that its organization left out."""
        return frozenset(() if self.profile is None else self.profile.skip_setup_items)

    def snapshot(self) -> dict[str, object]:
        """Return the record in plain JSON types."""
        decided = self.configuration
        return {
            "certificates": [base64.b64encode(each).decode() for each in self.certificates],
            "configuration": None if decided is None else msgspec.to_builtins(decided),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> ActivationRecord:
        """Return the record that `snapshot` describes."""
        decided = snapshot["configuration"]
        return cls(
            certificates=tuple(base64.b64decode(each) for each in snapshot["certificates"]),
            configuration=None if decided is None else msgspec.convert(decided, CloudConfiguration),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingUp:
    """One passage through Setup Assistant.

    Attributes:
        answers: what is typed and tapped.
        guide: by whom.
        profile: an enrolment profile that is there already, so that no server is asked for one (Return to Service).

    """

    answers: SetupAnswers = NO_ANSWERS
    guide: Guide = Guide.PERSON
    profile: bytes | None = field(default=None, repr=False)
