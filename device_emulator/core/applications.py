"""The applications on a device: those of its person, those the server manages, and those it has ordered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from device_emulator.core.application_states import ApplicationState
from device_emulator.core.randomness import Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One installed application. Sizes are in bytes.

    Of a managed one the server also decided what becomes of it (`removed_with_management`), that its data is not backed
    up (`prevents_backup`), and how it is configured.
    """

    identifier: str
    name: str
    version: str
    short_version: str
    bundle_size: int
    dynamic_size: int = 0
    store_id: int | None = None
    is_managed: bool = False
    removed_with_management: bool = False
    prevents_backup: bool = False
    configuration: Mapping[str, Any] | None = None
    attributes: Mapping[str, Any] | None = None
    feedback: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the server wants of an application, as long as there is something to tell of it.

    `application` is what it is to become; `state` holds since `since`, and until `until` if it ends by itself.
    """

    application: Application
    state: ApplicationState
    since: datetime
    until: datetime | None = None


def _app(identifier: str, name: str, version: str, megabytes: int, store_id: int) -> Application:
    return Application(
        identifier=identifier,
        name=name,
        version=version.replace(".", "") + "0",
        short_version=version,
        bundle_size=megabytes * 1_000_000,
        store_id=store_id,
    )


# What people here have on their devices; the applications are made up, and so are their numbers in the store.
CATALOGUE: tuple[Application, ...] = (
    _app("example.weather.clouds", "Clouds", "4.2.1", 88, 900000001),
    _app("example.transit.lines", "Lines", "12.0", 143, 900000002),
    _app("example.notes.inkwell", "Inkwell", "3.9.4", 61, 900000003),
    _app("example.chat.pigeon", "Pigeon", "24.11", 212, 900000004),
    _app("example.bank.vault", "Vault", "7.1", 167, 900000005),
    _app("example.music.needle", "Needle", "9.8.2", 119, 900000006),
    _app("example.maps.compass", "Compass Maps", "5.3", 256, 900000007),
    _app("example.video.reel", "Reel", "2.27.0", 178, 900000008),
    _app("example.office.desk", "Desk", "16.90", 410, 900000009),
    _app("example.fitness.stride", "Stride", "6.6", 97, 900000010),
)

# For these one pays, or has a code of somebody who did.
PAID = frozenset({"example.music.needle", "example.office.desk"})


def applications_of_a_person(randomness: Randomness) -> tuple[Application, ...]:
    """Return what the person installed before the device was managed."""
    stream = randomness.stream("applications")
    return tuple(stream.sample(CATALOGUE, k=stream.randint(3, 7)))


class Applications:
    """All applications of one device. As long as nothing was installed or removed, they are drawn, not kept."""

    __slots__ = ("_installed", "_randomness", "orders")

    def __init__(
        self,
        randomness: Randomness,
        installed: Iterable[Application] | None = None,
        orders: tuple[Order, ...] = (),
    ) -> None:
        self._randomness = randomness
        self.orders = orders
        self._installed: tuple[Application, ...] | None = None if installed is None else tuple(installed)

    def __iter__(self) -> Iterator[Application]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> tuple[Application, ...]:
        return applications_of_a_person(self._randomness) if self._installed is None else self._installed

    def find(self, identifier: str) -> Application | None:
        """Return the application with that bundle identifier."""
        return next((each for each in self._all() if each.identifier == identifier), None)

    @property
    def managed(self) -> tuple[Application, ...]:
        """The applications the server manages."""
        return () if self._installed is None else tuple(each for each in self._installed if each.is_managed)

    @property
    def size(self) -> int:
        """How many bytes all of them take."""
        return sum(each.bundle_size + each.dynamic_size for each in self._all())

    def install(self, application: Application) -> None:
        """Install an application, in place of one with the same identifier."""
        self._installed = (*(each for each in self._all() if each.identifier != application.identifier), application)

    def remove(self, identifier: str) -> Application | None:
        """Remove an application and return it; None where there is none such."""
        gone = self.find(identifier)
        if gone is not None:
            self._installed = tuple(each for each in self._all() if each is not gone)
        return gone

    def order(self, identifier: str) -> Order | None:
        """Return what the server wants of an application, if there is anything to tell of it."""
        return next((each for each in self.orders if each.application.identifier == identifier), None)

    def put_order(self, order: Order) -> None:
        """Keep an order, in place of the one for the same application."""
        before = self.order(order.application.identifier)
        kept = tuple(order if each is before else each for each in self.orders)
        self.orders = kept if before is not None else (*kept, order)

    def drop_order(self, identifier: str) -> None:
        """Forget what the server wanted of an application."""
        self.orders = tuple(each for each in self.orders if each.application.identifier != identifier)

    def management_ended(self) -> None:
        """Remove the managed applications that go with the management, and release the others from it."""
        self.orders = ()
        for each in self.managed:
            if each.removed_with_management:
                self.remove(each.identifier)
            else:
                self.install(Application(**{**_fields(each), "is_managed": False, "configuration": None}))

    def snapshot(self) -> dict[str, Any] | None:
        """Return the state in types that a property list knows; None as long as everything is as it was drawn."""
        if self._installed is None and not self.orders:
            return None
        installed = {} if self._installed is None else {"installed": [_fields(each) for each in self._installed]}
        return {**installed, "orders": [_order_fields(each) for each in self.orders]}

    @classmethod
    def restore(
        cls, randomness: Randomness, snapshot: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None
    ) -> Applications:
        """Return the applications that `snapshot` describes; fleet files written earlier have a list of them alone."""
        if not isinstance(snapshot, Mapping):
            return cls(randomness, None if snapshot is None else [Application(**each) for each in snapshot])
        installed = snapshot.get("installed")
        return cls(
            randomness,
            None if installed is None else [Application(**each) for each in installed],
            tuple(_order(each) for each in snapshot["orders"]),
        )


def _order_fields(order: Order) -> dict[str, Any]:
    until = {} if order.until is None else {"until": order.until.isoformat()}
    return {
        "application": _fields(order.application),
        "state": order.state.value,
        "since": order.since.isoformat(),
        **until,
    }


def _order(fields: Mapping[str, Any]) -> Order:
    until = fields.get("until")
    return Order(
        application=Application(**fields["application"]),
        state=ApplicationState(fields["state"]),
        since=datetime.fromisoformat(fields["since"]),
        until=None if until is None else datetime.fromisoformat(until),
    )


def _fields(application: Application) -> dict[str, Any]:
    """Return what is known of an application; what is None is left out, as a property list cannot say it."""
    return {name: value for name, value in asdict(application).items() if value is not None}
