"""What Apple tells a device when it is activated, and who then goes through Setup Assistant."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    certificates: tuple[bytes, ...] = ()
    configuration: CloudConfiguration | None = None
    url: str = ""
    supervised: bool = True
    skip_setup_items: frozenset[str] = frozenset()

    @property
    def profile(self) -> DepProfile | None:
        """The DEP profile; None for a device that no server was assigned."""
        if self.configuration is not None:
            return self.configuration.profile
        if not self.url:
            return None
        return DepProfile(
            url=self.url,
            is_supervised=self.supervised,
            is_mandatory=True,
            skip_setup_items=tuple(sorted(self.skip_setup_items)),
        )

    @property
    def skipped_panes(self) -> frozenset[str]:
        """The panes that its organization left out."""
        return frozenset(() if self.profile is None else self.profile.skip_setup_items)


@dataclass(frozen=True, slots=True)
class SettingUp:
    """One passage through Setup Assistant.

    Attributes:
        answers: what is typed and tapped.
        guide: by whom.
        profile: an enrolment profile that is there already, so that no server is asked for one (Return to Service).

    """

    record: ActivationRecord | None = None
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    answers: SetupAnswers = NO_ANSWERS
    guide: Guide = Guide.PERSON
    profile: bytes | None = field(default=None, repr=False)
