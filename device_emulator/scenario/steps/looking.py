"""Looking at a device from both sides, and saying what ought to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from device_emulator.scenario.document import DeviceNames, Ownership, reference
from device_emulator.scenario.findings import Finding
from device_emulator.scenario.look import Look
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Step

UserOrNone = Annotated[str, reference("users", "The name of a user, or `none`.", series=True, or_none=True)]
CodeOrNone = Annotated[str, reference("codes", "The stable code of a refusal, or `none`.", or_none=True)]
QUESTIONS = {
    "has_profile": "profiles",
    "lacks_profile": "profiles",
    "showed_pane": "panes",
    "skipped_pane": "panes",
    "has_application": "applications",
    "lacks_application": "applications",
}
"""What asks whether one thing is among many."""
IN_ORDER = frozenset({"panes"})
"""Lists of which the order is looked at, too."""
NONE = "none"
"""What is written for: there is none."""


class Expect(Step, frozen=True, kw_only=True):
    """What is true of a device now. Only what is said is looked at; `none` says that there is none."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "expect"

    device: DeviceNames
    known: bool | None = None
    status: (
        Literal[
            "Discovered",
            "Registered",
            "EnrollmentInProgress",
            "Enrolled",
            "EnterpriseWipePending",
            "DeviceWipePending",
            "Retired",
            "Unenrolled",
            "none",
        ]
        | None
    ) = None
    assignment: (
        Literal["Unassigned", "Assigned", "StagedUnclaimed", "MultiIdle", "CheckedOut", "Orphaned", "none"] | None
    ) = None
    user: UserOrNone | None = None
    stager: UserOrNone | None = None
    group: str | None = None
    ownership: Ownership | Literal["none"] | None = None
    locked: CodeOrNone | None = None
    pending_verification: bool | None = None
    registration: Literal["none", "Active", "Expired", "Bound"] | None = None
    registered_to: UserOrNone | None = None
    managed: bool | None = None
    removable: bool | None = None
    passcode: bool | None = None
    screen: str | None = None
    life: str | None = None
    profiles: tuple[str, ...] | None = None
    has_profile: str | None = None
    lacks_profile: str | None = None
    supervised: bool | None = None
    os_version: str | None = None
    apple_account: bool | None = None
    backed_up: bool | None = None
    lost_mode: bool | None = None
    panes: tuple[str, ...] | None = None
    showed_pane: str | None = None
    skipped_pane: str | None = None
    awaited_configuration: bool | None = None
    has_application: str | None = None
    lacks_application: str | None = None
    commands_waiting: int | None = None
    at_apple: Literal["none", "empty", "assigned", "pushed", "removed"] | None = None
    activation_lock: Literal["none", "person", "organization"] | None = None

    async def perform(self, stage: Stage) -> Played:
        """Look at each device; everything that was said becomes a finding."""
        for number, device in enumerate(stage.devices(self.device), 1):
            look = await stage.look(device)
            for finding in self._compare(device, number, look):
                yield finding

    def _compare(self, device: str, number: int, look: Look) -> Iterator[Finding]:
        for name in self.__struct_fields__:
            wanted = getattr(self, name)
            if name == "device" or wanted is None:
                continue
            if name in QUESTIONS:
                there = wanted in getattr(look, QUESTIONS[name])
                verb, _, what = name.partition("_")
                sentence = f"{device} {verb} the {what} {wanted}"
                yield Finding(sentence=sentence, found=_spoken(there), passed=there is (verb in {"has", "showed"}))
                continue
            found = _as_written(getattr(look, name), ordered=name in IN_ORDER)
            wanted = _as_written(wanted, ordered=name in IN_ORDER)
            if isinstance(wanted, str) and wanted.endswith("*"):
                wanted = f"{wanted[:-1]}{number}"
            yield Finding(sentence=_sentence(device, name, wanted), found=_spoken(found), passed=found == wanted)


def _as_written(value: Any, *, ordered: bool) -> Any:
    if isinstance(value, list | tuple):
        return list(value) if ordered else sorted(value)
    return NONE if value is None else value


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or NONE if isinstance(value, list) else str(value)


def _sentence(device: str, name: str, wanted: Any) -> str:
    if isinstance(wanted, bool):
        return f"{device}: {name.replace('_', ' ')} {'yes' if wanted else 'no'}"
    return f"{device}: {name.replace('_', ' ')} is {_spoken(wanted)}"
