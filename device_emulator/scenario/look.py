"""What can be seen of a device from both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A device from both sides. `None` is that there is none: no user, no lock, no registration.

    Attributes:
        known: whether the server has a record of the device.
        status: its enrolment status.
        assignment: the state of its assignment.
        user: whose it is.
        stager: who staged it.
        group: the Group ID of its organization group.
        ownership: C, S or E.
        locked: the code of the refusal that locked it out.
        pending_verification: whether the server still waits for its identifiers.
        registration: the state of the registration for it, `none` where there is none.
        registered_to: the user of that registration.
        managed: whether the device itself believes to be managed.
        removable: whether its person may remove that management.
        passcode: whether a passcode is set on it.
        screen: what its screen lets its person do.
        life: where it is in its life.
        os_version: the system it runs.
        profiles: the identifiers of the profiles on it.
        supervised: whether it is supervised.
        apple_account: whether its person is signed in with an Apple Account.
        backed_up: whether there is a backup of it in iCloud.
        lost_mode: whether it shows that it is lost.
        panes: what Setup Assistant showed, the last time.
        skipped_panes: what it left out because it was told to.
        awaited_configuration: whether it stayed in Setup Assistant, the last time, until its server let it go on.
        applications: the identifiers of the applications on it.
        commands_waiting: how many commands it has not answered.
        at_apple: what became of its DEP profile at Apple (empty, assigned, pushed, removed); `none`: it is not there.
        activation_lock: who locked its activation at Apple: a person, or the organization.

    """

    known: bool = False
    status: str | None = None
    assignment: str | None = None
    user: str | None = None
    stager: str | None = None
    group: str | None = None
    ownership: str | None = None
    locked: str | None = None
    pending_verification: bool = False
    registration: str = "none"
    registered_to: str | None = None
    managed: bool = False
    removable: bool | None = None
    passcode: bool = False
    screen: str = "unlocked"
    life: str = ""
    os_version: str = ""
    profiles: Sequence[str] = ()
    supervised: bool = False
    apple_account: bool = False
    backed_up: bool = False
    lost_mode: bool = False
    panes: Sequence[str] = ()
    skipped_panes: Sequence[str] = ()
    awaited_configuration: bool = False
    applications: Sequence[str] = ()
    commands_waiting: int = 0
    at_apple: str | None = None
    activation_lock: str | None = None
