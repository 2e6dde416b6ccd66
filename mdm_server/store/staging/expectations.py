"""Registrations, lists and DEP profiles: whom a device is for, whether it may come at all, and what it is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.vocabulary import ListKind, Platform, RegistrationState
from mdm_server.store.staging.records import LARGEST_PAGE, Found


class RegistrationsView(Protocol):
    """Registrations."""

    def get(self, registration_id: int) -> Registration | None:
        """Find a registration by number."""

    def by_uuid(self, uuid: str) -> Registration | None:
        """Find a registration by UUID."""

    def by_token_hash(self, token_hash: str) -> Registration | None:
        """Find the registration whose token has this hash, whatever state the token is in."""

    def of_device(self, device: int) -> Sequence[Registration]:
        """List the registrations bound to a device, oldest first."""

    def for_identifiers(self, identifiers: DeviceIdentifiers) -> Sequence[Registration]:
        """List registrations that share an identifier (UDID, serial number or IMEI), oldest first."""

    def for_user(self, user: int) -> Sequence[Registration]:
        """List a user's registrations, oldest first."""

    def waiting_for_any(self, user: int) -> Sequence[Registration]:
        """List the registrations of a user that no device is bound to yet, oldest first.

        A staging user has a bound one for every device of a fleet, which nobody who enrols the next one wants to read.
        """

    def search(
        self,
        *,
        text: str | None = None,
        user: int | None = None,
        groups: Collection[int] | None = None,
        states: Collection[RegistrationState] = (),
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[Registration]:
        """Find registrations by number; `text` is contained in an identifier or the friendly name."""


class Registrations(RegistrationsView, Protocol):
    """Registrations, to change."""

    def add(self, registration: Registration) -> Registration:
        """Store a new registration; the hash of its token is unique."""

    def replace(self, registration: Registration) -> None:
        """Store a registration anew."""

    def remove(self, registration_id: int) -> None:
        """Forget a registration."""


class ListsView(Protocol):
    """The allow list and the deny list."""

    def get(self, entry_id: int) -> ListEntry | None:
        """Find an entry by number."""

    def for_identifiers(
        self, identifiers: DeviceIdentifiers, platform: Platform | None, groups: Collection[int] | None = None
    ) -> Sequence[ListEntry]:
        """List the entries of these groups (None: of all) that name an identifier or the platform, oldest first."""

    def all(self, kind: ListKind | None = None) -> Sequence[ListEntry]:
        """List the entries of a kind, or all, oldest first."""


class Lists(ListsView, Protocol):
    """The lists, to change."""

    def add(self, entry: ListEntry) -> ListEntry:
        """Store a new entry; kind, attribute, value (whatever its case) and group are unique together."""

    def remove(self, entry_id: int) -> None:
        """Remove an entry."""


class EnrollmentProgramView(Protocol):
    """DEP profiles, and the devices they are assigned to."""

    def get(self, profile_id: int) -> ProgramProfile | None:
        """Find a profile by number."""

    def by_uuid(self, uuid: str) -> ProgramProfile | None:
        """Find a profile by UUID."""

    def all(self) -> Sequence[ProgramProfile]:
        """List all profiles."""

    def assigned_to(self, serial_number: str) -> ProgramProfile | None:
        """Find the profile that is assigned to a serial number."""


class EnrollmentProgram(EnrollmentProgramView, Protocol):
    """DEP profiles, to change."""

    def add(self, profile: ProgramProfile) -> ProgramProfile:
        """Store a new profile."""

    def replace(self, profile: ProgramProfile) -> None:
        """Store a profile anew."""

    def remove(self, profile_id: int) -> None:
        """Remove a profile; `api.conflict` while a device, a rule or a token has it."""

    def assign(self, serial_number: str, profile_id: int | None) -> None:
        """Assign a profile to a serial number in the place of another; None takes it away."""
