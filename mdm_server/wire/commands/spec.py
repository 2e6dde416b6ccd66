"""What one request type is: its keys, who may send it where, and the keys of its answer.

The rows themselves are in the modules beside this one, written with the words of `support` and the constructors below,
one line a key. `string("PIN", only(macOS="10.8"))` reads: an optional string, on macOS alone, since 10.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from mdm_server.wire.commands.support import EVERY_PLATFORM, EVERYWHERE, Availability, Platform, PlatformSupport

ANY_KEY = "*"
"""The name of a field that stands for every key of an open dictionary."""

Choice = str | int
Default = str | int | bool


class Kind(StrEnum):
    """The plist types, by the names Apple's schema gives them."""

    STRING = "string"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    DATE = "date"
    DATA = "data"
    ARRAY = "array"
    DICTIONARY = "dictionary"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a command or of an answer.

    `fields` are a dictionary's keys, or the shapes an array's items may have (one shape, save for `Settings`).
    `known` are values that mean something to some device, of which others may appear: the queries of DeviceInformation.
    """

    name: str
    kind: Kind
    required: bool = False
    fields: tuple[Field, ...] = ()
    choices: tuple[Choice, ...] = ()
    range: tuple[float, float] | None = None
    default: Default | None = None
    known: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    availability: Availability = EVERYWHERE

    @property
    def item(self) -> Field:
        """The one shape of this array's items."""
        (shape,) = self.fields
        return shape

    def named(self, name: str) -> Field:
        """Return the key `name` of this dictionary (KeyError if it has none such)."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)


@dataclass(frozen=True)
class CommandSpec:
    """One request type: what it does, in a sentence of ours, and everything that can be checked about it."""

    request_type: str
    summary: str
    availability: Availability = EVERYWHERE
    fields: tuple[Field, ...] = ()
    answers: tuple[Field, ...] = ()

    @cached_property
    def support(self) -> Mapping[Platform, PlatformSupport]:
        """What each platform that knows the command demands; a platform that is not here does not know it."""
        return self.availability.within(EVERY_PLATFORM)

    @cached_property
    def fields_by_platform(self) -> Mapping[Platform, tuple[Field, ...]]:
        """The request's keys as each platform knows them: what it lacks, it passes over."""
        return MappingProxyType({each: on_platform(each, self.fields, self.support) for each in self.support})

    def named(self, name: str) -> Field:
        """Return the request's key `name` (KeyError if it has none such)."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)


def on_platform(
    platform: Platform, fields: tuple[Field, ...], inherited: Mapping[Platform, PlatformSupport]
) -> tuple[Field, ...]:
    """Return those of the keys, and of the keys in them, that exist on a platform."""
    found: list[Field] = []
    for each in fields:
        here = each.availability.within(inherited)
        if platform in here:
            found.append(replace(each, fields=on_platform(platform, each.fields, here)))
    return tuple(found)


def string(
    name: str = "",
    availability: Availability = EVERYWHERE,
    *,
    required: bool = False,
    choices: tuple[str, ...] = (),
    default: str | None = None,
    known: tuple[Field, ...] = (),
) -> Field:
    """Describe a string, perhaps one of a few."""
    values = MappingProxyType({value.name: value for value in known})
    return Field(name, Kind.STRING, required, (), choices, None, default, values, availability)


def integer(
    name: str = "",
    availability: Availability = EVERYWHERE,
    *,
    required: bool = False,
    choices: tuple[int, ...] = (),
    default: int | None = None,
) -> Field:
    """Describe an integer, perhaps one of a few."""
    return Field(name, Kind.INTEGER, required, (), choices, default=default, availability=availability)


def real(
    name: str = "",
    availability: Availability = EVERYWHERE,
    *,
    required: bool = False,
    range: tuple[float, float] | None = None,  # noqa: A002 - the schema's own word
) -> Field:
    """Describe a real number, perhaps between bounds."""
    return Field(name, Kind.REAL, required, range=range, availability=availability)


def boolean(name: str = "", availability: Availability = EVERYWHERE, *, required: bool = False) -> Field:
    """Describe a truth value without a default."""
    return Field(name, Kind.BOOLEAN, required, availability=availability)


def flag(name: str, availability: Availability = EVERYWHERE, *, default: bool = False) -> Field:
    """Describe an optional truth value, false unless said otherwise."""
    return Field(name, Kind.BOOLEAN, default=default, availability=availability)


def date(name: str = "", availability: Availability = EVERYWHERE, *, required: bool = False) -> Field:
    """Describe a date."""
    return Field(name, Kind.DATE, required, availability=availability)


def data(name: str = "", availability: Availability = EVERYWHERE, *, required: bool = False) -> Field:
    """Describe bytes."""
    return Field(name, Kind.DATA, required, availability=availability)


def anything(name: str = ANY_KEY, *, required: bool = False) -> Field:
    """Describe a value of any type; as the only key of a dictionary, whatever its keys are."""
    return Field(name, Kind.ANY, required)


def array(name: str, *shapes: Availability | Field, required: bool = False) -> Field:
    """Describe an array whose items have the given shape (or one of the given shapes)."""
    return _container(name, Kind.ARRAY, shapes, required=required)


def dictionary(name: str, *keys: Availability | Field, required: bool = False) -> Field:
    """Describe a dictionary with the given keys."""
    return _container(name, Kind.DICTIONARY, keys, required=required)


def item(*keys: Field) -> Field:
    """Describe a dictionary inside an array: it has no name of its own."""
    return dictionary("", *keys)


def each(shape: Field) -> Field:
    """Say that every key of the dictionary around, whatever its name, has this shape."""
    return replace(shape, name=ANY_KEY)


def words(text: str) -> tuple[str, ...]:
    """Split a list of choices written as one string."""
    return tuple(text.split())


def _container(name: str, kind: Kind, parts: tuple[Availability | Field, ...], *, required: bool) -> Field:
    fields = tuple(part for part in parts if isinstance(part, Field))
    places = [part for part in parts if isinstance(part, Availability)]
    return Field(name, kind, required, fields, availability=places[0] if places else EVERYWHERE)
