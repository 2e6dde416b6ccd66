"""What is well formed and means nothing, or not what its author meant: it is told like any other mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias

from device_emulator.core.android.hardware import AndroidModel
from device_emulator.scenario.cast import MODELS, Cast, expand
from device_emulator.scenario.document import Scenario
from device_emulator.scenario.reading import Path
from device_emulator.scenario.steps import Step
from device_emulator.scenario.steps.enrolling import Cart, Enrol

Nonsense: TypeAlias = Iterator[tuple[Path, str, str]]
"""Where, what, and what to do instead."""


def nonsense(document: Scenario, steps: Mapping[Path, Step]) -> Nonsense:
    """Yield everything that cannot be meant."""
    yield from _names(document)
    yield from _devices(document)
    yield from _registrations(document)
    cast = Cast.of(document)
    for path, step in steps.items():
        match step:
            case Cart():
                yield from _cart(path, step, cast)
            case Enrol() if step.token is not None and step.typed_token is not None:
                yield path, '"token" and "typed_token" exclude each other', "keep one of them"
            case _:
                pass


def _names(document: Scenario) -> Nonsense:
    organization = document.organization
    users = [list(expand([user])) for user in organization.users]
    # To the server capitals are no difference; in a script Ada may well hold the account ada.
    yield from _twice(("organization", "groups"), [[group.id] for group in organization.groups], str.casefold)
    yield from _twice(("organization", "users"), users, str.casefold)
    yield from _twice(("organization", "user_groups"), [[one.name] for one in organization.user_groups])
    yield from _twice(("devices",), [list(expand([device])) for device in document.devices])
    yield from _twice(("registrations",), [[one.name] if one.name else [] for one in document.registrations])
    yield from _twice(("people",), [[person.name] for person in document.people], known=chain.from_iterable(users))


def _twice(
    path: Path,
    records: Iterable[Iterable[str]],
    same: Callable[[str], str] = str,
    *,
    known: Iterable[str] = (),
) -> Nonsense:
    """Yield the records that have a name another one has."""
    taken = {same(name): name for name in known}
    for number, names in enumerate(records):
        for name in names:
            if same(name) in taken:
                yield (*path, number), f'"{taken[same(name)]}" is there already', "give it another name"
            taken[same(name)] = name


def _devices(document: Scenario) -> Nonsense:
    for number, device in enumerate(document.devices):
        path: Path = ("devices", number)
        android = device.platform == "android"
        if device.model is not None and isinstance(MODELS[device.model], AndroidModel) is not android:
            other = "ios" if android else "android"
            yield (*path, "model"), f"a {device.model} does not run {device.platform}", f"say `platform: {other}`"
        if device.management is not None and not android:
            yield (*path, "management"), "only an Android is managed in one way or another", "leave the key out"
        if device.system is not None and android:
            yield (*path, "system"), "the version of an Android is that of its model", "leave the key out"
        if device.abm and android:
            yield (*path, "abm"), "Apple sells no Androids", "leave the key out"
        elif device.abm and "dep" not in document.needs:
            yield (*path, "abm"), "nobody plays Apple here", "say `needs: [dep]`"


def _registrations(document: Scenario) -> Nonsense:
    cast = Cast.of(document)
    for number, one in enumerate(document.registrations):
        if one.device is None:
            continue
        users, devices = len(cast.matching_users(one.user)), len(cast.matching_devices(one.device))
        if users != devices:
            text = f"{one.user} and {one.device} are not as many: {users} and {devices}"
            yield ("registrations", number), text, "each user gets one device"


def _cart(path: Path, cart: Cart, cast: Cast) -> Nonsense:
    if bool(cart.refused_devices) is not bool(cart.refused):
        yield path, '"refused" and "refused_devices" go together', "say which code, and for which devices"
    androids = [name for name in cast.matching_devices(cart.devices) if cast.devices[name].platform == "android"]
    if androids:
        yield (*path, "devices"), f"Apple Configurator prepares no Android, and {androids[0]} is one", "enrol it"
