"""The contract of staging: organization, users, registrations, lists, devices and Hub sessions as one unit of work.

A decision of staging looks at many records and changes several of them, so a verb per decision would put the rules into
the store. Instead the store hands out a room: `work` is a plain function that reads, asks the domain and writes, and
the whole of it is one transaction. Nothing else writes meanwhile, so what was read is still true when it is written.

    async def transact(work) -> whatever work returned, durable

If `work` raises, nothing of it happened. A refusal that must leave something behind (a lock, a counter, a line in the
journal) is therefore returned by `work`, and raised by whoever called it. `work` runs on the thread of the writer, may
be called once only, and must not wait, draw random numbers or read a clock: all that is handed in.

Records are the domain's. One that is not stored yet has the `id` NEW; `add` returns it with its number. `replace` takes
the whole record and raises `api.not_found` for one that is gone; what must be unique is so in the database, and a
second of its kind raises `api.conflict` with the name of what is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from mdm_server.store.records import Occasion
from mdm_server.store.staging.abm import Abm, AbmView
from mdm_server.store.staging.devices import Attempts, AttemptsView, Devices, DevicesView
from mdm_server.store.staging.events import (
    Android,
    AndroidView,
    Completion,
    Ledger,
    MdmCommands,
    Sessions,
    SessionsView,
    Wipes,
    WipesView,
)
from mdm_server.store.staging.expectations import (
    EnrollmentProgram,
    EnrollmentProgramView,
    Lists,
    ListsView,
    Registrations,
    RegistrationsView,
)
from mdm_server.store.staging.people import (
    Groups,
    GroupsView,
    Terms,
    TermsView,
    UserGroups,
    UserGroupsView,
    Users,
    UsersView,
)
from mdm_server.store.staging.records import (
    LARGEST_PAGE,
    NEW,
    ROOT_GROUP,
    AndroidChannel,
    Found,
    Operation,
    OperationState,
)

__all__ = [
    "LARGEST_PAGE",
    "NEW",
    "ROOT_GROUP",
    "Abm",
    "AbmView",
    "Android",
    "AndroidChannel",
    "AndroidView",
    "Attempts",
    "AttemptsView",
    "Completion",
    "Devices",
    "DevicesView",
    "EnrollmentProgram",
    "EnrollmentProgramView",
    "Found",
    "Groups",
    "GroupsView",
    "Ledger",
    "Lists",
    "ListsView",
    "MdmCommands",
    "Operation",
    "OperationState",
    "Registrations",
    "RegistrationsView",
    "Sessions",
    "SessionsView",
    "Staging",
    "StagingRoom",
    "StagingView",
    "Terms",
    "TermsView",
    "UserGroups",
    "UserGroupsView",
    "Users",
    "UsersView",
    "Wipes",
    "WipesView",
]

T = TypeVar("T")


class StagingView(Protocol):
    """What can be read, in one consistent snapshot."""

    @property
    def groups(self) -> GroupsView: ...  # noqa: D102 - the type says it
    @property
    def users(self) -> UsersView: ...  # noqa: D102
    @property
    def user_groups(self) -> UserGroupsView: ...  # noqa: D102
    @property
    def terms(self) -> TermsView: ...  # noqa: D102
    @property
    def registrations(self) -> RegistrationsView: ...  # noqa: D102
    @property
    def lists(self) -> ListsView: ...  # noqa: D102
    @property
    def enrollment_program(self) -> EnrollmentProgramView: ...  # noqa: D102
    @property
    def devices(self) -> DevicesView: ...  # noqa: D102
    @property
    def attempts(self) -> AttemptsView: ...  # noqa: D102
    @property
    def sessions(self) -> SessionsView: ...  # noqa: D102
    @property
    def wipes(self) -> WipesView: ...  # noqa: D102
    @property
    def android(self) -> AndroidView: ...  # noqa: D102
    @property
    def abm(self) -> AbmView: ...  # noqa: D102


class StagingRoom(Protocol):
    """One transaction under way: everything can be read and changed. It is a StagingView, too."""

    @property
    def occasion(self) -> Occasion: ...  # noqa: D102
    @property
    def groups(self) -> Groups: ...  # noqa: D102
    @property
    def users(self) -> Users: ...  # noqa: D102
    @property
    def user_groups(self) -> UserGroups: ...  # noqa: D102
    @property
    def terms(self) -> Terms: ...  # noqa: D102
    @property
    def registrations(self) -> Registrations: ...  # noqa: D102
    @property
    def lists(self) -> Lists: ...  # noqa: D102
    @property
    def enrollment_program(self) -> EnrollmentProgram: ...  # noqa: D102
    @property
    def devices(self) -> Devices: ...  # noqa: D102
    @property
    def attempts(self) -> Attempts: ...  # noqa: D102
    @property
    def sessions(self) -> Sessions: ...  # noqa: D102
    @property
    def wipes(self) -> Wipes: ...  # noqa: D102
    @property
    def android(self) -> Android: ...  # noqa: D102
    @property
    def abm(self) -> Abm: ...  # noqa: D102
    @property
    def journal(self) -> Ledger: ...  # noqa: D102
    @property
    def commands(self) -> MdmCommands: ...  # noqa: D102
    @property
    def completion(self) -> Completion: ...  # noqa: D102


class Staging(Protocol):
    """Staging as one unit of work."""

    async def transact(self, work: Callable[[StagingRoom], T], occasion: Occasion) -> T:
        """Run `work` as one transaction and return what it returned, durable. If it raises, it did nothing."""

    async def read(self, work: Callable[[StagingView], T]) -> T:
        """Run `work` on a consistent snapshot and return what it returned."""

    def saw(self, enrollment_key: str, at: datetime) -> None:
        """Note without waiting that a device showed itself, where nothing else is written of that."""
