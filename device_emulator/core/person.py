"""The person holding a device: a name, and the passcode they always choose. What they do arrives as `PersonActs`."""

from __future__ import annotations

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


def first_name(randomness: Randomness) -> str:
    """Return the first name of the device's person."""
    return randomness.stream("person").choice(FIRST_NAMES)


def full_name(randomness: Randomness) -> str:
    """Return the full name of the device's person."""
    stream = randomness.stream("person")
    return f"{stream.choice(FIRST_NAMES)} {stream.choice(FAMILY_NAMES)}"


def usual_passcode(randomness: Randomness, minimum_length: int = 6, *, alphanumeric: bool = False) -> str:
    """Return the passcode this person chooses, long enough for the policy."""
    stream = randomness.stream("person's passcode")
    length = max(6, minimum_length)
    digits = "".join(stream.sample("0123456789", k=min(length, 10)))
    digits = (digits * (length // len(digits) + 1))[:length]
    return "x" + digits[1:] if alphanumeric else digits


def wrong_passcode(randomness: Randomness, turn: int) -> str:
    """Return a passcode that is not the person's, for somebody who guesses."""
    return "".join(randomness.stream("guess", turn).choices("0123456789", k=5))
