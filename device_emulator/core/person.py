"""The person holding a device: a name, credentials, the passcode they choose, habits. They act by `PersonActs`."""

from __future__ import annotations

from dataclasses import dataclass, field

from device_emulator.core.randomness import Randomness

FIRST_NAMES: tuple[str, ...] = (
    "Ada", "Aisha", "Anton", "Beatriz", "Chen", "Dagny", "Elif", "Emeka", "Farah", "Giulia", "Hana", "Ines", "Jonas",
    "Kofi", "Lena", "Mateo", "Mina", "Nadia", "Noor", "Olga", "Pablo", "Quinn", "Rosa", "Sami", "Tariq", "Uma", "Vera",
    "Wanda", "Ximena", "Yusuf", "Zora",
)  # fmt: skip
FAMILY_NAMES: tuple[str, ...] = (
    "Adeyemi", "Bauer", "Costa", "Demir", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jansen", "Kowalski",
    "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Rossi", "Schmidt", "Tanaka", "Usman", "Varga", "Weber",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How likely somebody does what people do: 0 is never, 1 is always.

    Attributes:
        mistypes: gets a password wrong, each time they type it.
        forgets_to_log_out: leaves a shared device logged in, each time they mean to log out.
        removes_management: tries to get rid of the management profile, on any one day.
        goes_offline: is out of reach for a few hours, on any one day.

    """

    mistypes: float = 0.0
    forgets_to_log_out: float = 0.0
    removes_management: float = 0.0
    goes_offline: float = 0.0


BLAMELESS = Habits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can hold a device. `passcode` is the one they choose; None: one drawn for the device."""

    name: str
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    passcode: str | None = field(default=None, repr=False)
    habits: Habits = BLAMELESS


def first_name(randomness: Randomness) -> str:
    """Return the first name of the device's person."""
    return randomness.stream("person").choice(FIRST_NAMES)


def full_name(randomness: Randomness) -> str:
    """Return the full name of the device's person."""
    stream = randomness.stream("person")
    return f"{stream.choice(FIRST_NAMES)} {stream.choice(FAMILY_NAMES)}"


def usual_passcode(
    randomness: Randomness, minimum_length: int = 6, *, alphanumeric: bool = False, whose: str = ""
) -> str:
    """Return the passcode this person chooses, long enough for the policy; `whose` names another than the first."""
    stream = randomness.stream(f"person's passcode {whose}".rstrip())
    length = max(6, minimum_length)
    digits = "".join(stream.sample("0123456789", k=min(length, 10)))
    digits = (digits * (length // len(digits) + 1))[:length]
    return "x" + digits[1:] if alphanumeric else digits


def wrong_passcode(randomness: Randomness, turn: int) -> str:
    """Return a passcode that is not the person's, for somebody who guesses."""
    return "".join(randomness.stream("guess", turn).choices("0123456789", k=5))
